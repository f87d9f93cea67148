"""Identify a process, so that another run can tell whether the holder of a lock is still alive.

A process number alone is not enough: systems reuse numbers, each container counts its own, and containers can share a
host name. Two processes are the same only if host, boot, namespaces, number and start are all the same.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROC = Path("/proc")

ProcessState = Literal["alive", "gone", "unknown"]
"""`unknown`: this machine cannot tell, for example because the process runs on another host."""

ReadStart = Callable[[int], str | None]
"""Returns the start of the process with this number; None if there is no such process, "" if its start is hidden."""


@dataclass(frozen=True, slots=True)
class Process:
    """The values that identify a process. A text is empty if the system does not report it."""

    host: str
    pid: int
    boot: str = ""
    """The id of the machine's boot."""
    namespaces: str = ""
    """The Linux namespaces that `pid` and `start` belong to."""
    start: str = ""
    """When the process started, in clock ticks since the boot."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def current_process(proc: Path = PROC) -> Process:
    """Return this process; only host and number where `/proc` is missing or belongs to another namespace."""
    pid = os.getpid()
    host = socket.gethostname()
    try:
        stat = (proc / "self" / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (proc / "sys" / "kernel" / "random" / "boot_id").read_text(encoding="utf-8").strip()
        pid_namespace = str((proc / "self" / "ns" / "pid").readlink())
    except OSError:
        return Process(host, pid)
    if stat.partition(" ")[0] != str(pid):
        return Process(host, pid)
    return Process(host, pid, boot, pid_namespace + _time_namespace(proc), _state_and_start(stat)[1])


def _time_namespace(proc: Path) -> str:
    """Return the time namespace, which shifts start times; "" on kernels before 5.6, which have none."""
    try:
        return f" {(proc / 'self' / 'ns' / 'time').readlink()}"
    except OSError:
        return ""


def read_process_start(pid: int, proc: Path = PROC) -> str | None:
    """Return when a process of this machine started, as `ReadStart` says. A zombie process counts as gone."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:  # the process exists and belongs to another user
        pass
    try:
        state, start = _state_and_start((proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return None if state in {"Z", "X"} else start


def _state_and_start(stat: str) -> tuple[str, str]:
    """Return state and start from `/proc/PID/stat`. The name in brackets before them can hold any character."""
    fields = stat.rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else ("", "")


def process_state(process: Process, here: Process, read_start: ReadStart = read_process_start) -> ProcessState:
    """Return whether a process is alive, as far as the process `here` can tell."""
    identity = (process.boot, process.namespaces, process.start)
    if not all(identity) or (process.host, process.boot, process.namespaces) != (here.host, here.boot, here.namespaces):
        return "unknown"
    start = read_start(process.pid)
    if start == "":
        return "unknown"
    return "alive" if start == process.start else "gone"
