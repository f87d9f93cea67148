"""Count the points of a run, and disturb it at one of them. Runs inside the process under test.

It wraps the transport to ConnectWise, the commits of SQLAlchemy and the renaming of files from outside, so the product
needs no hooks.
"""

from __future__ import annotations

import fcntl
import os
import re
import resource
import signal
import sqlite3
import threading
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.default import DefaultDialect

from reconciler.connectwise import session
from tests.crash.jobs import Disturbance, Ended, How, Point, Report, Stage

_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|ALTER TABLE)\s+\W*(\w+)", re.IGNORECASE)


class Points:
    """The points of this process. Each is reported before the disturbance, so that it is known after a SIGKILL."""

    def __init__(self, report: int, disturbance: Disturbance | None, second: Callable[[], Ended]) -> None:
        self._report = report
        self._disturbance = disturbance
        self._second = second
        self._passed = 0
        self._one_at_a_time = threading.RLock()
        self._tables: list[str] = []
        self._full = False

    def install(self) -> None:
        """Wrap transport, ledger and files. A thread renews the lease by the clock, so its commits are no points."""
        made = session.default_transport
        session.default_transport = lambda *about: _Watched(made(*about), self)
        event.listen(sa.Engine, "begin", self._begin)
        event.listen(sa.Engine, "before_cursor_execute", self._execute)
        commit = DefaultDialect.do_commit

        def watched_commit(dialect: DefaultDialect, connection: Any) -> None:
            what = "+".join(dict.fromkeys(self._tables)) or "nothing"
            self.reach("commit", what)
            commit(dialect, connection)
            self.reach("committed", what)

        DefaultDialect.do_commit = watched_commit
        replace = Path.replace

        def watched_replace(path: Path, target: Path) -> Path:
            self.reach("replace", target.name)
            replaced = replace(path, target)
            self.reach("replaced", target.name)
            return replaced

        Path.replace = watched_replace  # type: ignore[method-assign,assignment]  # it counts the renames

    def reach(self, stage: Stage, what: str) -> None:
        """Count a point and report it, and disturb the run if it is the one."""
        if threading.current_thread().name == "lease":
            return
        with self._one_at_a_time:
            self._passed += 1
            self._write(Report(point=Point(self._passed, stage, what)))
            if self._disturbance is not None and self._disturbance.at == self._passed:
                self._disturb(self._disturbance.how)

    def _disturb(self, how: How) -> None:
        match how:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "drop" | "drop all":
                _set_fault("drop:1" if how == "drop" else "drop")
            case "full":
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            case "delete":
                for file in _ledger().parent.glob(f"{_ledger().name}*"):
                    file.unlink()
            case "second" | "second and kill":
                locked = _is_locked()
                self._write(Report(second=self._second(), locked=locked))
                if how == "second and kill":
                    os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, report: Report) -> None:
        line = msgspec.json.encode(report) + b"\n"
        while line:
            line = line[os.write(self._report, line) :]

    def _begin(self, connection: sa.Connection) -> None:
        if connection.get_execution_options().get("ledger_writes"):
            self.reach("begin", "a transaction")
            if threading.current_thread().name != "lease":
                self._tables = []

    def _execute(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found = _WRITES.match(statement)
        if found and threading.current_thread().name != "lease":
            self._tables.append(found.group(1))


class _Watched(httpx.AsyncBaseTransport):
    """The production transport, with a point before and after each request that writes."""

    def __init__(self, inner: httpx.AsyncBaseTransport, points: Points) -> None:
        self._inner = inner
        self._points = points

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "GET" or path.endswith(("/system/bundles", "/search")):
            return await self._inner.handle_async_request(request)
        what = f"{request.method} {path.partition('/apis/3.0')[2]}"
        self._points.reach("send", what)
        response = await self._inner.handle_async_request(request)
        self._points.reach("answered", what)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _set_fault(fault: str) -> None:
    request = urllib.request.Request(
        f"{os.environ['CONNECTWISE_SITE']}/sandbox/faults",
        data=msgspec.json.encode({"faults": [fault]}),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def _ledger() -> Path:
    return Path(os.environ["CRASH_LEDGER"])


def _is_locked() -> bool:
    """Return whether this process holds the lock of the workspace, or of the manifest folder."""
    folder = os.open(os.environ["CRASH_MANIFESTS"], os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(folder)
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{_ledger()}?mode=ro", uri=True)) as ledger:
        return bool(ledger.execute("SELECT count(*) FROM locks").fetchone()[0])
    return False
