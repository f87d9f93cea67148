"""Run `reconciler` in forks of a process that has imported everything; see `programs`."""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from importlib import import_module
from typing import Any

from reconciler.cli.main import main
from reconciler.connectwise import ConnectWise
from reconciler.kinds.registry import all_kinds
from reconciler.metering.sources import cove, cove_history, cove_report_pull

_IMPORTED_LATE = (
    *("reconciler.cli.plan", "reconciler.cli.apply", "reconciler.cli.show", "reconciler.cli.validate", "rich.table"),
    *("reconciler.connectwise.transport", "certifi", "reconciler.ledger.migrations", "alembic.context", "deepdiff"),
    *("sqlalchemy.dialects.sqlite", "concurrent.futures.thread", "reconciler.manifests.policies"),
    *("reconciler.manifests.touched", "reconciler.rendering.html.plan", "reconciler.cli.fmt"),
)


def serve(path: str) -> None:
    """Run each command line that comes over the socket, until standard input ends."""
    for module in _IMPORTED_LATE:
        import_module(module)
    all_kinds()
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, selectors.DefaultSelector() as either:
        listener.bind(path)
        listener.listen(8)
        either.register(listener, selectors.EVENT_READ)
        either.register(sys.stdin, selectors.EVENT_READ)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.write(1, b"ready\n")
        while all(key.fileobj is listener for key, _ in either.select()):
            connection, _ = listener.accept()
            if os.fork() == 0:
                _attend(connection)
                os._exit(0)
            connection.close()


def _attend(connection: socket.socket) -> None:
    """Run one command line in a fork of this fork, with the files of the client, and answer its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    start, files, _, _ = socket.recv_fds(connection, 8, 3)
    size, text = int.from_bytes(start, "big"), b""
    while len(text) < size:
        text += connection.recv(size - len(text))
    process = os.fork()
    if process == 0:
        connection.close()
        try:
            code = _run(json.loads(text), files)
        except BaseException:  # noqa: BLE001 - the loop of the server must not go on in this process
            traceback.print_exc()
            code = 70
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    for file in files:
        os.close(file)
    _, status = os.waitpid(process, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _run(job: dict[str, Any], files: list[int]) -> int:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = (os.fdopen(file, "w", encoding="utf-8", closefd=False) for file in (1, 2))
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environ"])
    for function in (ConnectWise.__init__, cove.pull, cove_history.history, cove_report_pull.pull):
        function.__kwdefaults__["sleep"] = _no_wait
    return main(job["arguments"])


async def _no_wait(_seconds: float) -> None:
    """Return at once instead of sleeping before a retry."""


if __name__ == "__main__":
    serve(sys.argv[1])
