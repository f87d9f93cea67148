"""One apply per workspace at a time: a row that names who holds it.

A holder that died on this machine is recognised by its process id and replaced at once. One on another machine
cannot be looked at, so it keeps the lock until it has not renewed it for `LEASE`.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reconciler.errors import Refused
from reconciler.ledger import schema
from reconciler.ledger.store import Ledger

LEASE = timedelta(hours=1)

_locks = schema.locks
# Tokens held by this very process, so that a lock left by an earlier process of the same number and host
# name (each start of one container) is told apart from our own.
_ours: set[str] = set()


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that may hold the lock."""

    host: str
    pid: int

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process() -> Owner:
    return Owner(socket.gethostname(), os.getpid())


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is there, and another user's
        return True
    return True


@dataclass(frozen=True, slots=True)
class Lease:
    """The lock while it is held; a long apply renews it now and then."""

    ledger: Ledger
    workspace: str
    token: str

    def renew(self, now: datetime) -> None:
        """Say that this apply is still at work. Raises Refused when another run has taken the lock over."""
        with self.ledger.write() as connection:
            result = connection.execute(
                sa.update(_locks).where(_mine(self.workspace, self.token)).values(renewed_at=now)
            )
        if result.rowcount == 0:
            raise Refused(
                f"another run has taken over the lock of workspace {self.workspace}, "
                f"because this one was silent for more than {_minutes(LEASE)}",
                where="ledger",
                advice="let that run end, then run `reconciler plan` again",
            )


@contextmanager
def hold(
    ledger: Ledger,
    workspace: str,
    now: datetime,
    *,
    owner: Owner | None = None,
    alive: Callable[[int], bool] = is_alive,
) -> Iterator[Lease]:
    """Hold the workspace's lock. Raises Refused (exit 3), naming who holds it and since when."""
    owner = owner or this_process()
    lease = Lease(ledger, workspace, secrets.token_hex(8))
    _take(lease, owner, now, alive)
    _ours.add(lease.token)
    try:
        yield lease
    finally:
        _ours.discard(lease.token)
        with ledger.write() as connection:
            connection.execute(sa.delete(_locks).where(_mine(workspace, lease.token)))


def _take(lease: Lease, owner: Owner, now: datetime, alive: Callable[[int], bool]) -> None:
    """Insert our row, or replace a stale one; the database decides between two that try at once."""
    ours = {"token": lease.token, "host": owner.host, "pid": owner.pid, "since": now, "renewed_at": now}
    here = _locks.c.workspace == lease.workspace
    try:
        with lease.ledger.write() as connection:
            held = connection.execute(sa.select(_locks).where(here)).first()
            if held is None:
                connection.execute(sa.insert(_locks).values(workspace=lease.workspace, **ours))
                return
            if not _stale(held, owner, now, alive):
                raise _refusal(lease.workspace, held)
            result = connection.execute(sa.update(_locks).where(_mine(lease.workspace, held.token)).values(**ours))
            if result.rowcount:
                return
    except sa.exc.IntegrityError:
        pass  # another run inserted between our look and our insert (PostgreSQL): it holds the lock
    with lease.ledger.read() as connection:
        held = connection.execute(sa.select(_locks).where(here)).first()
    raise _refusal(lease.workspace, held)


def _mine(workspace: str, token: str) -> sa.ColumnElement[bool]:
    return sa.and_(_locks.c.workspace == workspace, _locks.c.token == token)


def _stale(held: sa.Row[Any], owner: Owner, now: datetime, alive: Callable[[int], bool]) -> bool:
    if held.host != owner.host:
        return bool(now - held.renewed_at > LEASE)
    if held.pid == owner.pid:
        return held.token not in _ours
    return not alive(held.pid)


def _refusal(workspace: str, held: sa.Row[Any] | None) -> Refused:
    if held is None:
        return Refused(
            f"another apply of workspace {workspace} held the lock a moment ago",
            where="ledger",
            advice="run again",
        )
    return Refused(
        f"another apply of workspace {workspace} is at work: {Owner(held.host, held.pid)}, "
        f"since {held.since:%Y-%m-%d %H:%M:%S} UTC",
        where="ledger",
        advice=f"wait for it to end; if it is gone, the lock falls free {_minutes(LEASE)} after its last sign of life",
    )


def _minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} minutes"
