"""Builders and helpers for tests of the lock and the lease."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.lease import hold_lock
from reconciler.ledger.lock import LEASE_LENGTH
from reconciler.ledger.process import Process
from reconciler.ledger.store import Ledger

US = Process("host", 4712, "boot", "pid:[1]", "200")
GONE = replace(US, pid=4711, start="100")
"""A process of this machine that has ended."""
ELSEWHERE = replace(US, pid=1, namespaces="pid:[2]", start="150")
"""A process of another container with the same host name, which cannot be checked from here."""


def only_us(pid: int) -> str | None:
    """Return the start of a process on a machine where only US is running."""
    return {US.pid: US.start}.get(pid)


def insert_lock(ledger: Ledger, holder: Process, *, age: timedelta = timedelta(), **more: Any) -> None:
    """Insert a lock of a holder that renewed it this long ago."""
    renewed_at = datetime.now(UTC) - age
    values = {"host": holder.host, "pid": holder.pid, "boot": holder.boot, "namespaces": holder.namespaces}
    values |= {"process_start": holder.start, "acquired_at": renewed_at, "renewed_at": renewed_at, "renewals": 7}
    values |= {"workspace": "main", "token": "lost", "lease_seconds": int(LEASE_LENGTH.total_seconds()), **more}
    with ledger.write() as connection:
        connection.execute(sa.insert(schema.locks).values(**values))


def change(ledger: Ledger, **values: Any) -> None:
    """Change columns of all locks."""
    with ledger.write() as connection:
        connection.execute(sa.update(schema.locks).values(**values))


def holders(ledger: Ledger) -> list[tuple[str, int]]:
    """Return host and number of the processes that hold a lock."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(schema.locks.c.host, schema.locks.c.pid))
        return [(host, pid) for host, pid in rows]


async def no_wait(_seconds: float) -> None:
    """Return at once instead of sleeping."""


async def no_sleep_allowed(_seconds: float) -> None:
    raise AssertionError("the lock was watched")


async def take(ledger: Ledger, **more: Any) -> None:
    """Hold the lock as US for a moment; the test fails if an expired lock is watched first."""
    options = {"here": US, "read_start": only_us, "sleep": no_sleep_allowed, **more}
    async with hold_lock(ledger, "main", **options):
        assert (US.host, US.pid) in holders(ledger)
