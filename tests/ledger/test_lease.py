"""A lease is renewed in the background; a run that has lost it writes nothing more."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.ledger import lease as leases
from reconciler.ledger import lock
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.ledger.journal import begin_run, open_intents, write_intent
from reconciler.ledger.lease import Lease, hold_lock
from reconciler.ledger.lock import HeldLock, read_lock
from reconciler.ledger.store import Ledger

from .conftest import NOON
from .locks import change, holders, take


async def test_the_lock_is_renewed_in_the_background(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    async with hold_lock(ledger, "main"):
        found: list[HeldLock | None] = []
        for _ in range(500):
            held = read_lock(ledger, "main")
            found.append(held)
            if held is not None and held.renewals > 2:
                break
            await asyncio.sleep(0.01)
    first, last = found[0], found[-1]
    assert first is not None
    assert last is not None
    assert last.renewals > 2
    assert first.renewed_at < last.renewed_at
    assert first.acquired_at == last.acquired_at


async def test_a_run_whose_lock_was_taken_over_stops_and_does_not_free_the_new_lock(ledger: Ledger) -> None:
    async with hold_lock(ledger, "main") as lease:
        change(ledger, token="new", host="third", pid=3)
        with pytest.raises(LostLease, match="another run has taken over the lock of workspace main") as caught:
            lease.renew()
        assert caught.value.exit_code == 3
        with pytest.raises(LostLease):
            lease.confirm()
    assert holders(ledger) == [("third", 3)]


async def test_no_intent_is_stored_after_the_lock_is_lost(ledger: Ledger) -> None:
    async with hold_lock(ledger, "main") as lease:
        run = begin_run(ledger, "main", "digest", NOON)
        request: dict[str, Any] = {"method": "POST", "path": "p", "body": {}, "natural_key": {}, "now": NOON}
        write_intent(ledger, run, "Company/a", lease=lease, **request)
        change(ledger, token="new")
        with pytest.raises(LostLease):
            write_intent(ledger, run, "Company/b", lease=lease, **request)
    assert [intent.address for intent in open_intents(ledger, "main")] == ["Company/a"]
    assert lease.lost


async def test_a_lease_that_was_not_renewed_for_long_is_renewed_before_the_next_write(ledger: Ledger) -> None:
    """For example on a laptop that was suspended. No other run took the lock, so this run continues."""
    async with hold_lock(ledger, "main") as held:
        seconds = iter([0.0, 20.0, 5000.0, 5000.0, 5001.0])
        lease = Lease(ledger, "main", clock=lambda: next(seconds))
        lease.token = held.token
        lease.confirm()
        before = read_lock(ledger, "main")
        lease.confirm()
        lease.confirm()
        after = read_lock(ledger, "main")
    assert before is not None
    assert after is not None
    assert after.renewals == before.renewals + 1


async def test_a_lease_that_cannot_be_renewed_allows_no_write(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    async with hold_lock(ledger, "main") as lease:
        lease._renewed -= 40

        def disk_full(_connection: sa.Connection) -> datetime:
            raise LedgerError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(lock, "clock", disk_full)
            with pytest.raises(LedgerError, match="disk is full"):
                lease.confirm()
        assert not lease.lost
        lease.confirm()


async def test_renewing_continues_after_a_failure_and_ends_when_the_lock_is_lost(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.001)
    errors = iter([LedgerError("busy"), LedgerError("busy"), LostLease("taken")])
    raised: list[Exception] = []
    all_raised = threading.Event()

    def renew(_lease: Lease) -> None:
        raised.append(next(errors))
        if len(raised) == 3:
            all_raised.set()
        raise raised[-1]

    monkeypatch.setattr(Lease, "renew", renew)
    async with hold_lock(ledger, "main"):
        await asyncio.to_thread(all_raised.wait, 10)
        await asyncio.sleep(0.02)
    assert len(raised) == 3


async def test_a_lease_is_lost_when_the_ledger_file_is_moved_or_replaced(sqlite_ledger: Ledger) -> None:
    """A run that creates a new ledger in its place gets the lock there."""
    file = sqlite_ledger._file
    assert file is not None
    async with hold_lock(sqlite_ledger, "main") as lease:
        file.rename(file.with_name("old"))
        with pytest.raises(LostLease, match="the ledger was moved away or replaced during this run"):
            lease.renew()
        async with asyncio.timeout(5):
            with Ledger.open(str(file), now=NOON) as other:
                await take(other)
        with pytest.raises(LostLease), sqlite_ledger.read() as connection:
            lease.check(connection)
