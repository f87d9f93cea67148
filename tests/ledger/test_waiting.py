"""A run may wait for the lock of another one. Time is an argument, so no test waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.errors import LockHeld
from reconciler.ledger.lease import hold_lock
from reconciler.ledger.lock import LEASE_LENGTH, HeldLock
from reconciler.ledger.store import Ledger
from reconciler.ledger.waiting import POLL_SECONDS, Waiting, take_in_time

from .locks import ELSEWHERE, US, change, holders, insert_lock, only_us

MINUTES = 20
LONGEST = timedelta(minutes=MINUTES)


class Clock:
    """A clock that only a sleep moves. `meanwhile` is called in each sleep, with the seconds since the start."""

    def __init__(self, meanwhile: Callable[[float], None] = lambda _seconds: None) -> None:
        self.seconds = 0.0
        self.told: list[str] = []
        self._meanwhile = meanwhile

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self._meanwhile(self.seconds)

    def waiting(self, longest: timedelta = LONGEST) -> Waiting:
        return Waiting(longest, self.sleep, lambda: self.seconds, self.told.append)


def run_of(holders: list[str]) -> Callable[[HeldLock | None], HeldLock | None]:
    """Return a `take` that finds these holders, one at each attempt, and then a free lock."""
    left = iter(holders)

    def take(_watched: HeldLock | None) -> HeldLock | None:
        if (holder := next(left, None)) is not None:
            raise LockHeld(f"{holder} is running", where="ledger", advice="Wait for it.")
        return None

    return take


async def test_a_free_lock_is_taken_at_once() -> None:
    clock = Clock()
    assert not await take_in_time(run_of([]), clock.waiting())
    assert (clock.seconds, clock.told) == (0, [])


async def test_a_run_waits_until_the_lock_is_free() -> None:
    clock = Clock()
    assert await take_in_time(run_of(["apply 1"] * 3), clock.waiting())
    assert clock.seconds == 3 * POLL_SECONDS
    assert clock.told == ["apply 1 is running; waiting for it for up to 20 minutes"]


async def test_each_run_that_holds_the_lock_is_named_once_with_the_rest_of_the_wait() -> None:
    clock = Clock()
    await take_in_time(run_of(["apply 1"] * 560 + ["apply 2"] * 2), clock.waiting())
    assert clock.told == [
        "apply 1 is running; waiting for it for up to 20 minutes",
        "apply 2 is running; waiting for it for up to 80 seconds",
    ]


async def test_a_lock_that_stays_held_is_refused_after_the_wait_with_its_last_holder() -> None:
    clock = Clock()
    with pytest.raises(LockHeld) as caught:
        await take_in_time(run_of(["apply 1"] + ["apply 2"] * 10_000), clock.waiting())
    assert str(caught.value) == "ledger: apply 2 is running\n  This run waited 20 minutes for it. Wait for it."
    assert caught.value.exit_code == 3
    assert clock.seconds == LONGEST.total_seconds()


async def test_the_last_attempt_is_made_when_the_wait_ends() -> None:
    clock = Clock()
    assert await take_in_time(run_of(["apply 1"] * 2), clock.waiting(timedelta(seconds=POLL_SECONDS * 1.5)))
    assert clock.seconds == POLL_SECONDS * 1.5


async def test_without_a_wait_a_held_lock_is_refused_at_once() -> None:
    clock = Clock()
    with pytest.raises(LockHeld) as caught:
        await take_in_time(run_of(["apply 1"]), clock.waiting(timedelta()))
    assert str(caught.value) == "ledger: apply 1 is running\n  Wait for it."
    assert (clock.seconds, clock.told) == (0, [])


async def test_the_lock_of_a_live_holder_is_never_taken(ledger: Ledger) -> None:
    """The holder cannot be checked from here, but it renews its lock."""
    insert_lock(ledger, ELSEWHERE)
    clock = Clock()
    with pytest.raises(LockHeld, match="process 1 on host"):
        async with hold_lock(ledger, "main", **options(clock, timedelta(seconds=20))):
            raise AssertionError("the lock was taken")
    assert holders(ledger) == [("host", 1)]
    assert "another apply of workspace main is running: process 1 on host, since 20" in clock.told[0]
    assert clock.told[0].endswith("; waiting for it for up to 20 seconds")


async def test_a_lock_that_is_released_during_the_wait_is_taken(ledger: Ledger) -> None:
    insert_lock(ledger, ELSEWHERE)

    def release(seconds: float) -> None:
        if seconds >= 10:
            with ledger.write() as connection:
                connection.execute(sa.delete(schema.locks))

    clock = Clock(release)
    async with hold_lock(ledger, "main", **options(clock)) as lease:
        assert lease.waited
        lease.confirm()
        assert holders(ledger) == [("host", 4712)]
    assert clock.seconds == 10
    assert holders(ledger) == []


async def test_a_lock_that_expires_during_the_wait_is_watched_before_it_is_taken(ledger: Ledger) -> None:
    insert_lock(ledger, ELSEWHERE)
    expired: list[float] = []

    def expire(seconds: float) -> None:
        if not expired:
            expired.append(seconds)
            with ledger.write() as connection:
                connection.execute(sa.update(schema.locks).values(lease_seconds=0))

    clock = Clock(expire)
    async with hold_lock(ledger, "main", **options(clock)) as lease:
        assert lease.waited
    assert len(clock.told) == 2
    assert "seems to have ended; watching its lock for 12 seconds before taking it" in clock.told[1]


async def test_a_holder_that_renews_its_lock_while_it_is_watched_is_waited_for(ledger: Ledger) -> None:
    insert_lock(ledger, ELSEWHERE, age=LEASE_LENGTH * 2)
    renewals = iter(range(8, 1000))
    clock = Clock(lambda _seconds: change(ledger, renewals=next(renewals)))
    with pytest.raises(LockHeld, match="process 1 on host"):
        async with hold_lock(ledger, "main", **options(clock, timedelta(minutes=1))):
            raise AssertionError("the lock was taken")
    assert clock.seconds >= 60


async def test_a_wait_that_is_cancelled_leaves_the_lock_alone(ledger: Ledger) -> None:
    insert_lock(ledger, ELSEWHERE)

    def interrupt(_seconds: float) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        async with hold_lock(ledger, "main", **options(Clock(interrupt))):
            raise AssertionError("the lock was taken")
    assert holders(ledger) == [("host", 1)]


def options(clock: Clock, wait: timedelta = LONGEST) -> dict[str, object]:
    """Return options of `hold_lock` with which US waits by this clock."""
    told = {"sleep": clock.sleep, "clock": lambda: clock.seconds, "on_wait": clock.told.append}
    return {"wait": wait, "here": US, "read_start": only_us, **told}
