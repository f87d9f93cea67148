"""The jobs of the launcher and their results, and how a socket carries both."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

import msgspec

How = Literal["kill", "drop", "drop all", "full", "delete", "second", "second and kill"]
"""How a run is disturbed at a point.

| how | what happens |
|---|---|
| kill | the process gets SIGKILL |
| drop | the sandbox carries the next write out, and drops the connection |
| drop all | the same for every write from then on |
| full | no file can be written from then on |
| delete | the files of the ledger are deleted |
| second | the same command runs in a second process, and then the first one continues |
| second and kill | the same, and then the first one gets SIGKILL |
"""
Stage = Literal["send", "answered", "begin", "commit", "committed", "replace", "replaced"]
"""The stages of a request that writes, of a transaction of the ledger, and of a file, each just before or just after it
happens.

| stage | the moment |
|---|---|
| send | before a request that writes is sent |
| answered | its response came, and nothing has read it yet |
| begin | before a transaction that writes begins |
| commit | all its statements ran, and it is not committed yet |
| committed | it is committed |
| replace | before a file that is written gets its name |
| replaced | after that |
"""
BROKEN = 99
"""The exit code of a process that raised an error, which no command line does."""


class Point(msgspec.Struct, frozen=True):
    """A moment of a run. `what` names the request, the tables that the transaction writes, or the file."""

    number: int
    stage: Stage
    what: str

    def __str__(self) -> str:
        return f"point {self.number}, {self.stage} {self.what}"


class Disturbance(msgspec.Struct, frozen=True):
    """What happens at the point with number `at`; the first one is 1."""

    at: int
    how: How


class Job(msgspec.Struct, frozen=True):
    """A command line of `reconciler`, with its environment variables, and how it is disturbed."""

    arguments: list[str]
    environ: dict[str, str]
    disturbance: Disturbance | None = None


class Ended(msgspec.Struct, frozen=True):
    """How a process ended: its exit code, or the negative number of the signal that ended it."""

    code: int
    out: str
    err: str
    points: list[Point]
    second: Ended | None = None
    """How the second process ended that a disturbance started."""
    locked: bool = False
    """Whether the first process held the lock when the second one started."""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line that a process under test writes to the launcher."""

    point: Point | None = None
    second: Ended | None = None
    locked: bool = False


def run_job(launcher: Path, job: Job) -> Ended:
    """Let the launcher that listens at a socket run a job, and return how it ended."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(launcher))
        connection.sendall(msgspec.json.encode(job))
        connection.shutdown(socket.SHUT_WR)
        return msgspec.json.decode(read_all(connection), type=Ended)


def read_all(connection: socket.socket) -> bytes:
    """Return all bytes that the other end sends before it closes its side."""
    return b"".join(iter(lambda: connection.recv(65536), b""))
