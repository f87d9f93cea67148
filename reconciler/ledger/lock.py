"""The lock of a workspace: a row in the ledger that allows one apply at a time.

The holder renews the row every few seconds (`lease`). No run takes the lock from a holder that is alive. The lock is
free at once if the holder is certainly gone: same host, boot and namespaces, and no process with that number and
start. A holder that cannot be checked from here counts as gone if it has not renewed the lock for `LEASE_LENGTH` and
does not renew it during another `WATCH_SECONDS`. The second check is needed because the clocks of two machines differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.errors import LockHeld
from reconciler.ledger.process import Process, ReadStart, process_state
from reconciler.ledger.store import Ledger

LEASE_LENGTH = timedelta(seconds=60)
"""How long a lock is valid after its last renewal."""
WATCH_SECONDS = 12.0
"""Seconds for which a run watches an expired lock before it takes it."""

LockState = Literal["alive", "gone", "renewed", "expired"]
"""`alive` and `gone`: the holder was checked. `renewed` and `expired`: the holder cannot be checked from here. It has,
or has not, renewed the lock in time."""

own_tokens: set[str] = set()
"""Tokens of the locks that this process holds. A lock of this process with another token was not released."""

_WAIT = "Wait for it to end, as `reconciler apply --wait 20m` does"

_locks = schema.locks


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock as it was read at `read_at`; all times are by the ledger's clock."""

    workspace: str
    token: str
    holder: Process
    acquired_at: datetime
    renewed_at: datetime
    renewals: int
    length: timedelta
    read_at: datetime

    @property
    def age(self) -> timedelta:
        """Return the time since the last renewal; negative if a clock was set back or the holder's clock is ahead."""
        return self.read_at - self.renewed_at

    def state(self, here: Process, read_start: ReadStart) -> LockState:
        """Return the state of the holder, as far as the process `here` can check it."""
        state = process_state(self.holder, here, read_start)
        if state == "alive" and self.holder == here and self.token not in own_tokens:
            return "gone"
        if state != "unknown":
            return state
        return "renewed" if -self.length <= self.age <= self.length else "expired"


def read_lock(ledger: Ledger, workspace: str) -> HeldLock | None:
    """Return the lock of a workspace; None if no run holds it."""
    with ledger.read() as connection:
        return _read(connection, workspace)


def free_lock(ledger: Ledger, held: HeldLock) -> bool:
    """Delete a lock; return False if it was renewed, released or taken after it was read."""
    with ledger.write() as connection:
        return bool(connection.execute(sa.delete(_locks).where(_unchanged(held))).rowcount)


def take_lock(
    ledger: Ledger, workspace: str, token: str, here: Process, read_start: ReadStart, watched: HeldLock | None
) -> HeldLock | None:
    """Take the lock and return None, or return an expired lock that the caller has to watch first.

    `watched` is such a lock after `WATCH_SECONDS`: it is taken if it is unchanged. Raises `LockHeld` where another run
    holds the lock. Where two runs try at once, the database decides.
    """
    try:
        with ledger.write() as connection:
            held = _read(connection, workspace)
            values = _values(token, here, clock(connection))
            if held is None:
                connection.execute(sa.insert(_locks).values(workspace=workspace, **values))
                return None
            state = held.state(here, read_start)
            unmoved = watched is not None and (watched.token, watched.renewals) == (held.token, held.renewals)
            if state == "expired" and watched is None:
                return held
            if state == "gone" or (state == "expired" and unmoved):
                if connection.execute(sa.update(_locks).where(_unchanged(held)).values(**values)).rowcount:
                    return None
            else:
                raise refusal(held, state)
    except sa.exc.IntegrityError:
        pass  # PostgreSQL: another run inserted the row after we read none
    held = read_lock(ledger, workspace)
    if held is None:
        raise LockHeld(
            f"another apply of workspace {workspace} held the lock a moment ago", where="ledger", advice="Run again."
        )
    raise refusal(held, held.state(here, read_start))


def refusal(held: HeldLock, state: LockState) -> LockHeld:
    """Return the error that says who holds a lock and what to do."""
    if state == "alive" and held.age > held.length:
        advice = (
            f"That process is running, but has not renewed its lock for {span_text(held.age)}. Wait for it, or end it."
        )
    elif state == "alive":
        advice = f"{_WAIT}."
    else:
        advice = (
            f"{_WAIT}. This machine cannot check that process. If it is gone, the lock is free "
            f"{int(held.length.total_seconds())} seconds after its last renewal, which was {span_text(held.age)} ago."
        )
    return LockHeld(
        f"another apply of workspace {held.workspace} is running: {describe(held)}", where="ledger", advice=advice
    )


def describe(held: HeldLock) -> str:
    """Return the holder and when it took the lock, for a message."""
    return f"{held.holder}, since {held.acquired_at:%Y-%m-%d %H:%M:%S} UTC"


def row_of(workspace: str, token: str) -> sa.ColumnElement[bool]:
    """Return the condition for the row of a lock while this token holds it."""
    return sa.and_(_locks.c.workspace == workspace, _locks.c.token == token)


def clock(connection: sa.Connection) -> datetime:
    """Return the time by the clock that all users of the ledger share: the database server's, or this machine's.

    `--now` does not change it, because a lease is about real processes.
    """
    if connection.dialect.name != "postgresql":
        return datetime.now(UTC)
    found: datetime = connection.execute(sa.select(sa.func.clock_timestamp(type_=schema.UtcTime))).scalar_one()
    return found


def _unchanged(held: HeldLock) -> sa.ColumnElement[bool]:
    return sa.and_(row_of(held.workspace, held.token), _locks.c.renewals == held.renewals)


def _values(token: str, here: Process, now: datetime) -> dict[str, Any]:
    return {
        "token": token,
        "host": here.host,
        "pid": here.pid,
        "boot": here.boot,
        "namespaces": here.namespaces,
        "process_start": here.start,
        "acquired_at": now,
        "renewed_at": now,
        "renewals": 0,
        "lease_seconds": int(LEASE_LENGTH.total_seconds()),
    }


def _read(connection: sa.Connection, workspace: str) -> HeldLock | None:
    row = connection.execute(sa.select(_locks).where(_locks.c.workspace == workspace)).first()
    if row is None:
        return None
    return HeldLock(
        workspace,
        row.token,
        Process(row.host, row.pid, row.boot, row.namespaces, row.process_start),
        row.acquired_at,
        row.renewed_at,
        row.renewals,
        timedelta(seconds=row.lease_seconds),
        clock(connection),
    )


def span_text(span: timedelta) -> str:
    """Return a span of time in seconds, or in minutes if it is long."""
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"
