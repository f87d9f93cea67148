"""One apply per workspace at a time: a lease, which is a row that its holder renews while it lives.

The lock is never taken from a holder that is seen to live. It falls free at once where the holder is known to be
gone: same host, boot and process space, and no process with that number and start. Of a holder that cannot be seen
from here only the renewals speak: after `LEASE` without one, and a look of `WATCH` seconds in which none comes, it
is taken. So a clock that jumps, or differs between two machines, takes a lock from nobody.

A holder that was silent for too long (a suspended laptop) finds out before its next write: see `Lease.confirm`.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from reconciler.errors import Refused
from reconciler.ledger import schema
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.ledger.process import Process, StartOf, start_of, state_of, this_process
from reconciler.ledger.store import Ledger

LEASE = timedelta(seconds=60)
RENEW_EVERY = 5.0
"""Seconds between two renewals."""
WATCH = 12.0
"""Seconds for which a lock that seems to be left is watched before it is taken."""
_SURE = LEASE.total_seconds() / 2
"""Seconds after a renewal within which nobody else can have taken the lock."""

LockState = Literal["alive", "gone", "held", "silent"]
"""`held`: by one who cannot be seen from here, and who renewed it in time. `silent`: by one who did not."""

_locks = schema.locks
# Tokens held by this very process: a lock that it failed to give back is told apart from one that it holds.
_ours: set[str] = set()


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock as it was found, at `seen_at` by the ledger's clock."""

    workspace: str
    token: str
    holder: Process
    acquired_at: datetime
    renewed_at: datetime
    renewals: int
    length: timedelta
    seen_at: datetime

    @property
    def silence(self) -> timedelta:
        """How long ago it was renewed; below zero where a clock was set back, or differs from the holder's."""
        return self.seen_at - self.renewed_at

    def state(self, here: Process, look: StartOf) -> LockState:
        seen = state_of(self.holder, here, look)
        if seen == "alive" and self.holder == here and self.token not in _ours:
            return "gone"
        if seen != "unseen":
            return seen
        return "held" if -self.length <= self.silence <= self.length else "silent"


class Lease:
    """The lock while it is held."""

    def __init__(self, ledger: Ledger, workspace: str, *, moment: Callable[[], float] | None = None) -> None:
        self.ledger = ledger
        self.workspace = workspace
        self.token = secrets.token_hex(8)
        self.lost = ""
        """Why the lock is ours no more; empty while it is."""
        self._moment = moment or _moment
        self._renewed = self._moment()

    def renew(self) -> None:
        """Say that this run is still at work. Raises `LostLease` when the lock is no longer ours."""
        begun = self._moment()
        self._still_there()
        with self.ledger.write() as connection:
            values = {"renewed_at": _now(connection), "renewals": _locks.c.renewals + 1}
            result = connection.execute(sa.update(_locks).where(_mine(self.workspace, self.token)).values(**values))
        if result.rowcount == 0:
            raise self._gone(f"another run has taken over the lock of workspace {self.workspace}")
        self._renewed = begun

    def confirm(self) -> None:
        """Call before each request that writes. Costs nothing while the renewals are fresh.

        Raises `LostLease`; `LedgerError` where the lock can neither be renewed nor be told to be ours.
        """
        if self.lost:
            raise self._gone(self.lost)
        if not 0 <= self._moment() - self._renewed < _SURE:
            self.renew()

    def check(self, connection: sa.Connection) -> None:
        """Within a transaction: raises `LostLease` when the lock is no longer ours."""
        self._still_there()
        found = connection.execute(sa.select(_locks.c.token).where(_mine(self.workspace, self.token))).first()
        if found is None:
            raise self._gone(f"another run has taken over the lock of workspace {self.workspace}")

    def _still_there(self) -> None:
        if self.ledger.replaced():
            raise self._gone("the ledger was moved away or replaced while this run was at work")

    def _gone(self, why: str) -> LostLease:
        self.lost = why
        return LostLease(
            why,
            where="ledger",
            advice="This run has stopped writing. Let the other one end, then run again: "
            "what was under way is looked up first, and not made twice.",
        )


@asynccontextmanager
async def hold(
    ledger: Ledger,
    workspace: str,
    *,
    here: Process | None = None,
    look: StartOf = start_of,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    on_wait: Callable[[str], None] = lambda _text: None,
) -> AsyncIterator[Lease]:
    """Hold the workspace's lock, renewed in the background. Raises `Refused` (exit 3), naming who holds it.

    `on_wait` is told why it takes a while, where a lock that seems to be left is watched first.
    """
    here = here or this_process()
    lease = Lease(ledger, workspace)
    _ours.add(lease.token)
    try:
        silent = _take(lease, here, look, None)
        if silent is not None:
            on_wait(f"{_who(silent)} seems to be gone; watching its lock for {WATCH:.0f} seconds before taking it")
            await sleep(WATCH)
            _take(lease, here, look, silent)
        renewing = _Renewing(lease)
        renewing.start()
        try:
            yield lease
        finally:
            renewing.end()
            if not lease.lost and not ledger.replaced():
                with ledger.write() as connection:
                    connection.execute(sa.delete(_locks).where(_mine(workspace, lease.token)))
    finally:
        _ours.discard(lease.token)


def read_lock(ledger: Ledger, workspace: str) -> HeldLock | None:
    """Who holds the lock; None where nobody does."""
    with ledger.read() as connection:
        return _read(connection, workspace)


def free_lock(ledger: Ledger, held: HeldLock) -> bool:
    """Free a lock as it was found. False where it was renewed, freed or taken since."""
    unchanged = sa.and_(_mine(held.workspace, held.token), _locks.c.renewals == held.renewals)
    with ledger.write() as connection:
        return bool(connection.execute(sa.delete(_locks).where(unchanged)).rowcount)


def refusal(held: HeldLock, standing: LockState) -> Refused:
    """Why a lock is not taken, and what to do about it."""
    length = int(held.length.total_seconds())
    if standing == "alive" and held.silence > held.length:
        advice = f"It has shown no sign of life for {_span(held.silence)}, but it is there: let it go on, or end it."
    elif standing == "alive":
        advice = "Wait for it to end."
    else:
        advice = (
            f"Wait for it to end. It cannot be seen from here; if it is gone, its lock falls free {length} seconds "
            f"after its last sign of life, which was {_span(held.silence)} ago."
        )
    return Refused(
        f"another apply of workspace {held.workspace} is at work: {_who(held)}", where="ledger", advice=advice
    )


class _Renewing(threading.Thread):
    """Renews a lease until it is told to end: in a thread, which a long request or a long computation does not stop."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(name="lease", daemon=True)
        self._lease = lease
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(RENEW_EVERY):
            try:
                self._lease.renew()
            except LostLease:
                return
            except LedgerError:
                continue  # tried again at the next turn; `confirm` stops the writes where it never comes right

    def end(self) -> None:
        self._over.set()
        self.join()


def _take(lease: Lease, here: Process, look: StartOf, watched: HeldLock | None) -> HeldLock | None:
    """Make the lock ours; the database decides between two that try at once.

    Gives back a lock whose holder seems to be gone, to be watched; one that was watched and did not move is taken.
    """
    workspace = lease.workspace
    try:
        with lease.ledger.write() as connection:
            held = _read(connection, workspace)
            ours = _row(lease, here, _now(connection))
            if held is None:
                connection.execute(sa.insert(_locks).values(workspace=workspace, **ours))
                return None
            standing = held.state(here, look)
            unmoved = watched is not None and (watched.token, watched.renewals) == (held.token, held.renewals)
            if standing == "silent" and watched is None:
                return held
            if standing == "gone" or (standing == "silent" and unmoved):
                same = sa.and_(_mine(workspace, held.token), _locks.c.renewals == held.renewals)
                if connection.execute(sa.update(_locks).where(same).values(**ours)).rowcount:
                    return None
            else:
                raise refusal(held, standing)
    except sa.exc.IntegrityError:
        pass  # another run inserted between our look and our insert (PostgreSQL): it holds the lock
    held = read_lock(lease.ledger, workspace)
    if held is None:
        raise Refused(
            f"another apply of workspace {workspace} held the lock a moment ago", where="ledger", advice="Run again."
        )
    raise refusal(held, held.state(here, look))


def _row(lease: Lease, here: Process, now: datetime) -> dict[str, Any]:
    return {
        "token": lease.token,
        "host": here.host,
        "pid": here.pid,
        "boot": here.boot,
        "namespaces": here.namespaces,
        "process_start": here.start,
        "acquired_at": now,
        "renewed_at": now,
        "renewals": 0,
        "lease_seconds": int(LEASE.total_seconds()),
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
        _now(connection),
    )


def _now(connection: sa.Connection) -> datetime:
    """The clock that all who share the ledger share: the database server's, or this machine's for a file.

    Never the run's own time, which `--now` can set: a lease is about processes.
    """
    if connection.dialect.name != "postgresql":
        return datetime.now(UTC)
    found: datetime = connection.execute(sa.select(sa.func.clock_timestamp(type_=schema.UtcTime))).scalar_one()
    return found


def _moment() -> float:
    """Seconds that go on while the machine is suspended, where the system tells them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


def _mine(workspace: str, token: str) -> sa.ColumnElement[bool]:
    return sa.and_(_locks.c.workspace == workspace, _locks.c.token == token)


def _who(held: HeldLock) -> str:
    return f"{held.holder}, since {held.acquired_at:%Y-%m-%d %H:%M:%S} UTC"


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"
