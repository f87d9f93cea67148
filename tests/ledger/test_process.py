"""Whether a process is alive, by host, boot, namespaces, number and start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.ledger.process import Process, current_process, process_state, read_process_start

US = Process("host", 4711, "boot", "pid:[1] time:[2]", "100")
OTHER = replace(US, pid=12, start="90")


def test_a_process_with_the_same_number_and_start_is_alive() -> None:
    assert process_state(OTHER, US, lambda _pid: "90") == "alive"


def test_a_process_whose_number_does_not_exist_is_gone() -> None:
    assert process_state(OTHER, US, lambda _pid: None) == "gone"


def test_a_process_whose_number_was_reused_is_gone() -> None:
    assert process_state(OTHER, US, lambda _pid: "95") == "gone"


def test_a_process_whose_start_is_hidden_is_unknown() -> None:
    assert process_state(OTHER, US, lambda _pid: "") == "unknown"


@pytest.mark.parametrize(
    "difference",
    [
        {"host": "another"},
        {"boot": "another"},
        {"namespaces": "another"},
        {"boot": ""},
        {"namespaces": ""},
        {"start": ""},
    ],
)
def test_a_process_of_another_host_boot_or_namespace_is_unknown(difference: dict[str, str]) -> None:
    assert process_state(replace(OTHER, **difference), US, lambda _pid: None) == "unknown"


def test_the_current_process_is_alive() -> None:
    us = current_process()
    assert us.pid == os.getpid()
    assert all((us.host, us.boot, us.namespaces, us.start))
    assert process_state(us, us) == "alive"
    assert str(us) == f"process {us.pid} on {us.host}"


def test_a_killed_process_is_gone_before_its_parent_waits_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        start = read_process_start(child.pid)
        process = replace(current_process(), pid=child.pid, start=start or "")
        assert start
        child.send_signal(signal.SIGSTOP)
        assert process_state(process, current_process()) == "alive"
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process_state(process, current_process()) == "gone"
    assert read_process_start(child.pid) is None


def test_a_number_that_is_too_large_for_a_process_has_no_start() -> None:
    assert read_process_start(2**70) is None


def test_the_start_of_another_users_process_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_permission(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", no_permission)
    assert read_process_start(os.getpid()) == current_process().start


def proc(folder: Path, stat: str) -> Path:
    """Make a `/proc` in which the current process has this line in `stat`."""
    for name in ("self/ns", "sys/kernel/random", str(os.getpid())):
        (folder / name).mkdir(parents=True)
    (folder / "self" / "stat").write_text(stat)
    (folder / str(os.getpid()) / "stat").write_text(stat)
    (folder / "sys" / "kernel" / "random" / "boot_id").write_text("b00t\n")
    (folder / "self" / "ns" / "pid").symlink_to("pid:[7]")
    return folder


def test_a_process_name_with_brackets_and_blanks_is_skipped(tmp_path: Path) -> None:
    fields = " ".join(str(number) for number in range(4, 30))
    found = current_process(proc(tmp_path, f"{os.getpid()} (a) S (b) S {fields}"))
    assert (found.boot, found.namespaces, found.start) == ("b00t", "pid:[7]", "22")


def test_a_proc_of_another_namespace_gives_only_host_and_number(tmp_path: Path) -> None:
    found = current_process(proc(tmp_path, "1 (init) S 0"))
    assert (found.pid, found.boot, found.namespaces, found.start) == (os.getpid(), "", "", "")


def test_a_system_without_proc_gives_only_host_and_number(tmp_path: Path) -> None:
    assert current_process(tmp_path).boot == ""
    assert read_process_start(os.getpid(), tmp_path) == ""


def test_a_truncated_stat_line_gives_no_start(tmp_path: Path) -> None:
    assert read_process_start(os.getpid(), proc(tmp_path, f"{os.getpid()} (python) S 1")) == ""
