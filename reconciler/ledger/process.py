"""Which process holds a lock, so that it can be told whether that process still lives.

A process number alone says little: numbers are used again, each container counts its own, and containers may share
a host name. A process is the same only where host, boot, number space and moment of start are the same, too.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROC = Path("/proc")

ProcessState = Literal["alive", "gone", "unseen"]
"""`unseen`: it cannot be told from here."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it can be told apart from every other; empty text is what this system does not tell."""

    host: str
    pid: int
    boot: str = ""
    """The boot of the machine that it runs on."""
    namespaces: str = ""
    """The namespaces in which its number and its start count."""
    start: str = ""
    """When it started, in clock ticks since the boot."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


StartOf = Callable[[int], str | None]
"""The start of the process with this number: None where there is none, empty where it cannot be told."""


def this_process(proc: Path = PROC) -> Process:
    """Who we are. Where `/proc` counts processes differently than we are counted, only the host and number are told."""
    pid = os.getpid()
    host = socket.gethostname()
    try:
        counted = (proc / "self" / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (proc / "sys" / "kernel" / "random" / "boot_id").read_text(encoding="utf-8").strip()
        space = str((proc / "self" / "ns" / "pid").readlink())
    except OSError:
        return Process(host, pid)
    if counted.partition(" ")[0] != str(pid):
        return Process(host, pid)
    return Process(host, pid, boot, space + _time_space(proc), _parsed(counted)[1])


def _time_space(proc: Path) -> str:
    """The namespace of time, which shifts the moments of start; kernels before 5.6 have none."""
    try:
        return f" {(proc / 'self' / 'ns' / 'time').readlink()}"
    except OSError:
        return ""


def start_of(pid: int, proc: Path = PROC) -> str | None:
    """The start of the process with this number on this machine. One that ended and was not reaped yet is gone."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:  # it is there, and another user's
        pass
    try:
        state, started = _parsed((proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return None if state in {"Z", "X"} else started


def _parsed(stat: str) -> tuple[str, str]:
    """State and start of a line of `/proc/PID/stat`; the name in brackets before them may hold anything."""
    fields = stat.rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else ("", "")


def state_of(of: Process, here: Process, look: StartOf = start_of) -> ProcessState:
    """Whether a process lives, as far as that can be told by the process `here`."""
    told = (of.boot, of.namespaces, of.start)
    if not all(told) or (of.host, of.boot, of.namespaces) != (here.host, here.boot, here.namespaces):
        return "unseen"
    found = look(of.pid)
    if found == "":
        return "unseen"
    return "alive" if found == of.start else "gone"
