"""Whether a process is the one that it was: by number, boot, namespaces and start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.ledger.process import Process, start_of, state_of, this_process

US = Process("host", 4711, "boot", "pid:[1] time:[2]", "100")
THEY = replace(US, pid=12, start="90")


def test_a_process_that_is_there_with_its_start_is_alive() -> None:
    assert state_of(THEY, US, lambda _pid: "90") == "alive"


def test_a_number_that_nobody_has_is_a_process_that_is_gone() -> None:
    assert state_of(THEY, US, lambda _pid: None) == "gone"


def test_a_number_that_lives_on_as_another_process_is_one_that_is_gone() -> None:
    assert state_of(THEY, US, lambda _pid: "95") == "gone"


def test_a_process_whose_start_is_hidden_from_us_cannot_be_told() -> None:
    assert state_of(THEY, US, lambda _pid: "") == "unseen"


@pytest.mark.parametrize(
    "other",
    [
        {"host": "another"},
        {"boot": "another"},
        {"namespaces": "another"},
        {"boot": ""},
        {"namespaces": ""},
        {"start": ""},
    ],
)
def test_a_process_of_another_host_boot_or_namespace_cannot_be_told(other: dict[str, str]) -> None:
    assert state_of(replace(THEY, **other), US, lambda _pid: None) == "unseen"


def test_we_see_ourselves() -> None:
    us = this_process()
    assert us.pid == os.getpid()
    assert all((us.host, us.boot, us.namespaces, us.start))
    assert state_of(us, us) == "alive"
    assert str(us) == f"process {us.pid} on {us.host}"


def test_a_process_that_was_killed_is_gone_also_before_anybody_asked_how_it_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        started = start_of(child.pid)
        them = replace(this_process(), pid=child.pid, start=started or "")
        assert started
        child.send_signal(signal.SIGSTOP)
        assert state_of(them, this_process()) == "alive"
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert state_of(them, this_process()) == "gone"
    assert start_of(child.pid) is None


def test_a_number_that_no_system_has_is_nobodys() -> None:
    assert start_of(2**70) is None


def test_a_process_of_another_user_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_ours(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", not_ours)
    assert start_of(os.getpid()) == this_process().start


def proc(folder: Path, stat: str) -> Path:
    """A `/proc` that says this of whoever asks."""
    for name in ("self/ns", "sys/kernel/random", str(os.getpid())):
        (folder / name).mkdir(parents=True)
    (folder / "self" / "stat").write_text(stat)
    (folder / str(os.getpid()) / "stat").write_text(stat)
    (folder / "sys" / "kernel" / "random" / "boot_id").write_text("b00t\n")
    (folder / "self" / "ns" / "pid").symlink_to("pid:[7]")
    return folder


def test_a_name_with_brackets_and_blanks_hides_nothing(tmp_path: Path) -> None:
    fields = " ".join(str(number) for number in range(4, 30))
    found = this_process(proc(tmp_path, f"{os.getpid()} (a) S (b) S {fields}"))
    assert (found.boot, found.namespaces, found.start) == ("b00t", "pid:[7]", "22")


def test_where_proc_counts_other_numbers_than_ours_only_host_and_number_are_told(tmp_path: Path) -> None:
    found = this_process(proc(tmp_path, "1 (init) S 0"))
    assert (found.pid, found.boot, found.namespaces, found.start) == (os.getpid(), "", "", "")


def test_a_system_without_proc_tells_only_host_and_number(tmp_path: Path) -> None:
    assert this_process(tmp_path).boot == ""
    assert start_of(os.getpid(), tmp_path) == ""


def test_a_line_that_is_cut_off_tells_no_start(tmp_path: Path) -> None:
    assert start_of(os.getpid(), proc(tmp_path, f"{os.getpid()} (python) S 1")) == ""
