"""Run command lines of `reconciler` in processes of their own, from a server that has imported everything before.

Starting Python and importing takes half a second; a fork takes some milliseconds. The server has one thread and no
event loop, so a fork of it is as good as a new process. For each job it forks an attendant, which forks the process
under test, reads what that process writes, waits for its end, and answers.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from importlib import import_module
from pathlib import Path

import msgspec

from reconciler.cli.main import main
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.connection import Connection, secrets
from reconciler.kinds.registry import all_kinds
from reconciler.metering.sources import cove, cove_history, cove_report_pull
from reconciler.sandbox.shared.environment import Credentials
from tests.crash.jobs import BROKEN, Ended, Job, Report, read_all, run_job
from tests.crash.points import Points

IMPORTED_LATE = (
    *("reconciler.cli.plan", "reconciler.cli.apply", "reconciler.connectwise.transport", "certifi", "rich.table"),
    *("reconciler.ledger.migrations", "alembic.context", "sqlalchemy.dialects.sqlite", "deepdiff"),
    "concurrent.futures.thread",
)
"""The modules that a run imports only when it needs them."""


def serve(path: Path) -> None:
    """Run each job that comes over the socket, until standard input ends."""
    _warm()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, selectors.DefaultSelector() as either:
        listener.bind(str(path))
        listener.listen(64)
        either.register(listener, selectors.EVENT_READ)
        either.register(sys.stdin, selectors.EVENT_READ)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets attendants that have ended
        print("ready", flush=True)
        while all(key.fileobj is listener for key, _ in either.select()):
            connection, _ = listener.accept()
            if os.fork() == 0:
                _attend(connection, path)
                os._exit(0)
            connection.close()


def _warm() -> None:
    """Import everything, and compile the pattern that finds the sandbox's secrets, which takes a tenth of a second."""
    for module in IMPORTED_LATE:
        import_module(module)
    all_kinds()
    known = Credentials()
    keys = {"client_id": known.client_id, "public_key": known.public_key, "private_key": known.private_key}
    secrets(Connection(site="http://127.0.0.1", company=known.company, **keys)).scrub("x")
    gc.collect()
    gc.freeze()


def _attend(connection: socket.socket, launcher: Path) -> None:
    """Run one job in a forked process, and answer how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    job = msgspec.json.decode(read_all(connection), type=Job)
    pipes = [os.pipe() for _ in range(3)]
    process = os.fork()
    if process == 0:
        connection.close()
        out, err, report = (writing for _, writing in pipes)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = (os.fdopen(file, "w", encoding="utf-8", closefd=False) for file in (1, 2))
        try:
            code = _run(job, report, launcher)
        except BaseException:  # noqa: BLE001 - the loop of the server must not go on in this process
            traceback.print_exc()
            code = BROKEN
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    for _, writing in pipes:
        os.close(writing)
    out, err, lines = _read_together([reading for reading, _ in pipes])
    _, status = os.waitpid(process, 0)
    reports = [msgspec.json.decode(line, type=Report) for line in lines.splitlines()]
    second = next((report for report in reports if report.second is not None), Report())
    ended = Ended(
        code=os.waitstatus_to_exitcode(status),
        out=out.decode(),
        err=err.decode(),
        points=[report.point for report in reports if report.point is not None],
        second=second.second,
        locked=second.locked,
    )
    connection.sendall(msgspec.json.encode(ended))
    connection.close()


def _run(job: Job, report: int, launcher: Path) -> int:
    """Run a command line in this process, and return its exit code."""
    os.environ.clear()
    os.environ.update(job.environ)
    for function in (ConnectWise.__init__, cove.pull, cove_history.history, cove_report_pull.pull):
        function.__kwdefaults__["sleep"] = _no_wait
    again = Job(job.arguments, job.environ)
    Points(report, job.disturbance, lambda: run_job(launcher, again)).install()
    return main(job.arguments)


async def _no_wait(_seconds: float) -> None:
    """Return at once instead of sleeping before a retry."""


def _read_together(files: list[int]) -> list[bytes]:
    """Return what comes from each of several pipes until all are closed."""
    found: dict[int, list[bytes]] = {file: [] for file in files}
    with selectors.DefaultSelector() as ready:
        for file in files:
            ready.register(file, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                part = os.read(key.fd, 65536)
                if part:
                    found[key.fd].append(part)
                else:
                    ready.unregister(key.fd)
                    os.close(key.fd)
    return [b"".join(found[file]) for file in files]


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
