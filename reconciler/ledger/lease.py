"""Hold the lock of a workspace during a run, and renew it in the background.

A run that could not renew its lock in time, for example because the laptop was suspended, finds out before its next
request that writes: see `Lease.confirm`.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from reconciler.ledger import lock, schema
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.ledger.process import Process, ReadStart, current_process, read_process_start
from reconciler.ledger.store import Ledger
from reconciler.ledger.waiting import Waiting, steady_seconds, take_in_time

RENEW_SECONDS = 5.0
"""Seconds between two renewals."""
_SAFE_SECONDS = lock.LEASE_LENGTH.total_seconds() / 2
"""Seconds after a renewal during which no other run can have taken the lock."""

_locks = schema.locks


class Lease:
    """A lock that this run holds."""

    def __init__(self, ledger: Ledger, workspace: str, *, clock: Callable[[], float] | None = None) -> None:
        self.ledger = ledger
        self.workspace = workspace
        self.token = secrets.token_hex(8)
        self.lost = ""
        """Why this run no longer holds the lock; empty while it does."""
        self.waited = False
        """True if this run had to wait for the lock, so that what it read before may have changed."""
        self._clock = clock or steady_seconds
        self._renewed = self._clock()

    def renew(self) -> None:
        """Renew the lock. Raises `LostLease` when this run no longer holds it."""
        started = self._clock()
        self._check_file()
        with self.ledger.write() as connection:
            values = {"renewed_at": lock.clock(connection), "renewals": _locks.c.renewals + 1}
            result = connection.execute(sa.update(_locks).where(self._row).values(**values))
        if result.rowcount == 0:
            raise self._taken()
        self._renewed = started

    def confirm(self) -> None:
        """Check that this run still holds the lock; call it before each request that writes.

        Costs nothing while the last renewal is recent. Raises `LostLease` when the lock is lost, and `LedgerError`
        when the ledger cannot be used to renew it.
        """
        if self.lost:
            raise self._lost(self.lost)
        if not 0 <= self._clock() - self._renewed < _SAFE_SECONDS:
            self.renew()

    def check(self, connection: sa.Connection) -> None:
        """Check within a transaction that this run still holds the lock. Raises `LostLease` when it does not."""
        self._check_file()
        if connection.execute(sa.select(_locks.c.token).where(self._row)).first() is None:
            raise self._taken()

    def release(self) -> None:
        """Delete the lock, unless this run no longer holds it."""
        if not self.lost and not self.ledger.file_replaced():
            with self.ledger.write() as connection:
                connection.execute(sa.delete(_locks).where(self._row))

    @property
    def _row(self) -> sa.ColumnElement[bool]:
        return lock.row_of(self.workspace, self.token)

    def _check_file(self) -> None:
        if self.ledger.file_replaced():
            raise self._lost("the ledger was moved away or replaced during this run")

    def _taken(self) -> LostLease:
        return self._lost(f"another run has taken over the lock of workspace {self.workspace}")

    def _lost(self, why: str) -> LostLease:
        self.lost = why
        return LostLease(
            why,
            where="ledger",
            advice="This run has stopped writing. Wait for the other run to end, then run again: "
            "interrupted changes are looked up first and not made twice.",
        )


@asynccontextmanager
async def hold_lock(
    ledger: Ledger,
    workspace: str,
    *,
    wait: timedelta = timedelta(),
    here: Process | None = None,
    read_start: ReadStart = read_process_start,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = steady_seconds,
    on_wait: Callable[[str], None] = lambda _text: None,
) -> AsyncIterator[Lease]:
    """Hold the lock of a workspace and renew it in the background.

    Raises `LockHeld` (exit 3), which names the holder, where another run still holds the lock after `wait`. `on_wait`
    gets a message before each wait.
    """
    lease = Lease(ledger, workspace)
    lock.own_tokens.add(lease.token)
    try:
        take = partial(lock.take_lock, ledger, workspace, lease.token, here or current_process(), read_start)
        lease.waited = await take_in_time(take, Waiting(wait, sleep, clock, on_wait))
        renewals = _Renewals(lease)
        renewals.start()
        try:
            yield lease
        finally:
            renewals.stop()
            lease.release()
    finally:
        lock.own_tokens.discard(lease.token)


class _Renewals(threading.Thread):
    """Renews a lease until it is stopped. It is a thread so that a long computation does not delay a renewal."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(name="lease", daemon=True)
        self._lease = lease
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(RENEW_SECONDS):
            try:
                self._lease.renew()
            except LostLease:
                return
            except LedgerError:
                continue  # tried again at the next renewal; `confirm` stops the writes where that fails too

    def stop(self) -> None:
        self._stopped.set()
        self.join()
