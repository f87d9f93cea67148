"""Tests that commands which only read run with a read-only folder, a read-only ledger or no ledger."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.ledger import recording
from reconciler.ledger.errors import Unwritable
from tests.prepared import prepared
from tests.shop import ALDER, Shop

LOOKS = [
    ["plan"],
    ["plan", "--only", "setup"],
    ["show", "Company/alder-dental"],
    ["usage", "report"],
    ["usage", "coverage"],
]
NOTE = "what this run reads is not saved"


@prepared
def standing(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


def as_nobody() -> None:
    """Change to the user `nobody` if the test runs as root, because root can write everywhere."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def reachable(path: Path) -> None:
    """Let every user read this folder and enter the folders above it."""
    for above in [path, *path.parents]:
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)


def looks(shop: Shop, *arguments: str) -> tuple[int, str, str]:
    """Run a command as a user who cannot write here; return its exit code, output and error output."""
    read, write = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.dup2(read[1], 1)
            os.dup2(write[1], 2)
            as_nobody()
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            code = run(["-C", str(shop.folder), "--now", shop.now, *arguments])
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    os.close(read[1])
    os.close(write[1])
    with os.fdopen(read[0]) as out, os.fdopen(write[0]) as err:
        said = out.read(), err.read()
    return (os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), *said)


def everything(shop: Shop) -> dict[str, Any]:
    root = shop.folder.parent
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_a_reading_command_runs_with_read_only_files(standing: Shop, command: list[str]) -> None:
    for path in standing.folder.parent.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    reachable(standing.folder.parent)
    before = everything(standing)

    code, out, err = looks(standing, *command)

    assert code == 0, out + err
    assert err.count(NOTE) == 1
    assert err.startswith("note: ")
    assert everything(standing) == before


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_a_reading_command_runs_where_no_ledger_can_be_created(standing: Shop, command: list[str]) -> None:
    for path in standing.ledger.parent.iterdir():
        path.unlink()
    standing.ledger.parent.rmdir()
    standing.ledger.parent.write_text("a file has taken the folder's place", encoding="utf-8")

    said = standing(*command)

    assert said.code == 0, said.out + said.err
    assert said.err.count(NOTE) == 1


def test_records_of_a_read_only_ledger_are_used(standing: Shop) -> None:
    """Only the ledger can show that a customer has vanished."""
    standing.world.remove_customer(ALDER, standing.time)
    for path in standing.ledger.parent.iterdir():
        path.chmod(0o444)
    standing.ledger.parent.chmod(0o555)
    reachable(standing.folder.parent)

    _, out, err = looks(standing, "usage", "coverage")

    assert "vanished" in out + err or "not believed" in out + err


@pytest.mark.parametrize("room", [100, 8_000])
def test_a_plan_runs_although_the_disk_fills_up(standing: Shop, room: int) -> None:
    """No file can grow beyond `room` bytes, so a write to the ledger fails."""

    def quota() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    process = standing.start("plan", preexec_fn=quota)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, out + err
    assert err.count(NOTE) == 1
    assert "No changes." in out


def test_a_plan_runs_although_its_pull_cannot_be_recorded(standing: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    note = recording.record_pull
    fails = [True]

    def full(*about: Any, **more: Any) -> Any:
        if fails.pop() if fails else False:
            raise Unwritable("the disk is full", where="ledger")
        return note(*about, **more)

    monkeypatch.setattr(recording, "record_pull", full)
    standing.uses(ALDER, "300")
    kept = standing.kept_bytes()

    said = standing("plan")

    assert said.code == 0
    assert said.err.count(NOTE) == 1
    assert "300" in said.out
    assert len(standing.kept_bytes()) == len(kept)


@pytest.mark.parametrize("command", [["apply", "--auto-approve"], ["usage", "pull"], ["unlock"]], ids=" ".join)
def test_a_command_that_must_write_the_ledger_fails_without_permission(standing: Shop, command: list[str]) -> None:
    for path in standing.ledger.parent.iterdir():
        path.chmod(0o444)
    standing.ledger.parent.chmod(0o555)
    reachable(standing.folder.parent)
    before = standing.counts()

    code, _, err = looks(standing, *command)

    assert code == 1
    assert "no permission to write the ledger" in err
    assert "Traceback" not in err
    assert standing.counts() == before


def test_a_plan_with_a_damaged_ledger_is_an_error(standing: Shop) -> None:
    standing.ledger.write_bytes(b"not a database" * 1000)

    said = standing("plan")

    assert said.code == 1
    assert "not a ledger: it is not a SQLite database" in said.err
