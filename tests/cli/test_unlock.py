"""Tests of the workspace lock with real processes, and of `reconciler unlock`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from reconciler.cli import unlock as command
from reconciler.ledger import lock
from tests.shop import ALDER, Shop, locked

SMALL = 12
"""Documents and additions of an estate with one customer."""


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop("plan")
    return shop


@contextmanager
def at_work(shop: Shop) -> Iterator[subprocess.Popen[str]]:
    """Start an apply as a process; it holds the lock while it waits for slow responses."""
    shop.fault("slow:ms=3000@/apis/3.0")
    with shop.start("apply", "--auto-approve") as process:
        try:
            shop.until(lambda: bool(rows(shop)), process)
            assert rows(shop), process.communicate()
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.communicate()
            shop.fault()


def rows(shop: Shop) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(shop.ledger)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM locks")]


def change(shop: Shop, **values: Any) -> None:
    """Change columns of the lock's row."""
    with closing(sqlite3.connect(shop.ledger)) as connection, connection:
        names = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"UPDATE locks SET {names}", tuple(values.values()))


def once(shop: Shop) -> None:
    """Check that everything was created, and nothing twice."""
    assert sum(shop.counts().values()) == SMALL
    assert shop("plan", "--detailed-exitcode").code == 0


def test_the_next_run_takes_the_lock_of_a_killed_run_at_once(small: Shop) -> None:
    with at_work(small) as process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie: its parent has not waited for it
        assert rows(small)
        small.fault()
        small.apply()
    once(small)


def test_a_stopped_run_keeps_its_lock_and_continues(small: Shop) -> None:
    with at_work(small) as process:
        process.send_signal(signal.SIGSTOP)
        change(small, renewed_at="2026-01-01 00:00:00.000000")
        small.fault()

        said = small("apply", "--auto-approve")

        assert said.code == 3
        assert "Wait for it, or end it." in said.err
        process.send_signal(signal.SIGCONT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    once(small)


def test_a_run_in_another_container_with_the_same_host_name_keeps_its_lock(small: Shop) -> None:
    """Two containers each have a process 1, and can have the same host name."""
    with at_work(small) as process:
        change(small, namespaces="pid:[1]", pid=2**22 + 1)
        small.fault()

        said = small("apply", "--auto-approve")

        assert said.code == 3
        assert "This machine cannot check that process" in said.err
        process.communicate(timeout=60)
    once(small)


def test_a_lock_whose_process_number_was_reused_is_taken_at_once(small: Shop) -> None:
    with at_work(small) as process:
        process.kill()
        process.wait()
        change(small, pid=os.getppid())
        small.fault()
        small.apply()
    once(small)


def test_a_stopped_run_whose_lock_was_taken_writes_nothing_more(small: Shop) -> None:
    """The run is stopped for longer than its lease, so a run on another machine takes its lock."""
    with at_work(small) as process:
        process.send_signal(signal.SIGSTOP)
        change(small, host="elsewhere", renewed_at="2026-01-01 00:00:00.000000")
        small.fault()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lock, "WATCH_SECONDS", 0.01)
            small.apply()
        done = small.journal()

        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60)

        assert process.returncode in {0, 3}, out + err  # 0 if nothing was left to do
        assert small.journal() == done
    once(small)


def test_two_applies_at_once_create_nothing_twice(small: Shop) -> None:
    small.fault("slow:ms=200@/apis/3.0")
    both = [small.start("apply", "--auto-approve") for _ in range(2)]
    codes = sorted((process.communicate(timeout=120), process.returncode)[1] for process in both)
    small.fault()
    assert codes in ([0, 3], [0, 0])  # 0 twice if the second started after the first ended
    once(small)


def test_a_run_renews_its_lock_while_it_waits_for_a_response(small: Shop) -> None:
    with at_work(small):
        small.fault("slow:ms=20000@/apis/3.0")
        before, end = rows(small)[0], time.monotonic() + 15
        while time.monotonic() < end and rows(small)[0]["renewals"] < 2:
            time.sleep(0.1)
        after = rows(small)[0]
    assert after["renewals"] >= 2
    assert after["renewed_at"] > before["renewed_at"]


# ── unlock ───────────────────────────────────────────────────────────────────────────────────────────────


def test_unlock_reports_that_there_is_no_lock(small: Shop) -> None:
    said = small("unlock")
    assert (said.code, said.out) == (0, "The lock of workspace example is free. There is nothing to unlock.\n")
    assert small("--json", "unlock").json == {"workspace": "example", "freed": False, "holder": None}


def test_unlock_frees_the_lock_of_a_dead_run(small: Shop) -> None:
    with at_work(small) as process:
        process.kill()
        process.wait()
    said = small("unlock")
    assert said.code == 0
    assert said.out == (
        f"Freed the lock of workspace example. Its holder has ended: process {process.pid} on {os.uname().nodename}.\n"
    )
    assert rows(small) == []


def test_unlock_with_json_names_the_holder(small: Shop) -> None:
    with at_work(small) as process:
        process.kill()
        process.wait()
    found = json.loads(small("--json", "unlock").out)
    assert found["freed"]
    assert found["holder"]["pid"] == process.pid
    assert set(found["holder"]) == {"host", "pid", "since", "renewed_at"}


def test_unlock_refuses_to_free_the_lock_of_a_live_run(small: Shop) -> None:
    with locked(small):
        said = small("unlock")
        assert said.code == 3
        assert f"another apply of workspace example is running: process {os.getpid()} on " in said.err
        assert rows(small)


def test_unlock_watches_an_expired_lock_and_frees_it_if_it_is_not_renewed(
    small: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "WATCH_SECONDS", 0.01)
    with locked(small):
        change(small, host="elsewhere", renewed_at="2026-01-01 00:00:00.000000")
        said = small("unlock")
        assert said.code == 0
        assert "seems to have ended; watching its lock" in said.err
        assert "process " in said.out
        assert rows(small) == []


@pytest.mark.parametrize(("moves", "code"), [("UPDATE locks SET renewals = 99", 3), ("DELETE FROM locks", 0)])
def test_unlock_does_not_free_a_lock_that_changes_while_it_is_watched(
    small: Shop, monkeypatch: pytest.MonkeyPatch, moves: str, code: int
) -> None:
    def meanwhile(_seconds: float) -> None:
        with closing(sqlite3.connect(small.ledger)) as connection, connection:
            connection.execute(moves)

    with locked(small):
        change(small, host="elsewhere", renewed_at="2026-01-01 00:00:00.000000")
        monkeypatch.setattr(command.time, "sleep", meanwhile)
        said = small("unlock")
        assert said.code == code
        assert "Freed" not in said.out


# ── process namespaces, deleted ledgers ──────────────────────────────────────────────────────────────────


def can_unshare() -> bool:
    made = subprocess.run(["unshare", "-p", "-f", "--mount-proc", "true"], check=False, capture_output=True)
    return made.returncode == 0


@pytest.mark.skipif(shutil.which("unshare") is None or not can_unshare(), reason="no right to make a namespace")
def test_a_run_in_its_own_process_namespace_keeps_its_lock(small: Shop) -> None:
    """Its process number in the namespace is below 10, and on this machine another process has that number."""
    small.fault("slow:ms=3000@/apis/3.0")
    command = [sys.executable, "-m", "reconciler", "-C", str(small.folder), "--now", small.now]
    with subprocess.Popen(
        ["unshare", "-p", "-f", "--mount-proc", "--kill-child", *command, "apply", "--auto-approve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **small.variables},
    ) as process:
        small.until(lambda: bool(rows(small)), process)
        (row,) = rows(small)
        assert row["pid"] < 10
        small.fault()
        said = small("apply", "--auto-approve")
        _, err = process.communicate(timeout=60)
    assert said.code == 3
    assert "This machine cannot check that process" in said.err
    assert process.returncode == 0, err
    once(small)


def test_an_apply_stops_when_its_ledger_is_deleted(small: Shop) -> None:
    """Another run could create a new ledger and take its lock, so this run must not write any more."""
    small.fault("slow:ms=300@/apis/3.0")
    with small.start("apply", "--auto-approve") as process:
        small.until(lambda: bool(small.journal()), process)
        for path in small.ledger.parent.iterdir():
            path.unlink()
        out, err = process.communicate(timeout=60)
    small.fault()

    assert process.returncode in {3, 4}, out + err
    assert "the ledger was moved away or replaced during this run" in out + err
    assert "Traceback" not in out + err
    small.apply()
    once(small)
