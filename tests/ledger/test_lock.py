from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.errors import Refused
from reconciler.ledger import lock, schema
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.ledger.journal import begin_run, open_intents, write_intent
from reconciler.ledger.lock import LEASE, WATCH, HeldLock, Lease, free_lock, hold, read_lock
from reconciler.ledger.process import Process, this_process
from reconciler.ledger.store import Ledger

from .conftest import NOON

US = Process("host", 4712, "boot", "pid:[1]", "200")
GONE = replace(US, pid=4711, start="100")
ELSEWHERE = replace(US, pid=1, namespaces="pid:[2]", start="150")
"""A process of another container with the same host name."""
STARTS = {US.pid: US.start}


def here(pid: int) -> str | None:
    """The processes that are seen from here: we alone."""
    return STARTS.get(pid)


def left_behind(ledger: Ledger, holder: Process, *, silent: timedelta = timedelta(), **more: Any) -> None:
    """A lock whose holder renewed it so long ago."""
    moment = datetime.now(UTC) - silent
    values = {"host": holder.host, "pid": holder.pid, "boot": holder.boot, "namespaces": holder.namespaces}
    values |= {"process_start": holder.start, "acquired_at": moment, "renewed_at": moment, "renewals": 7}
    values |= {"token": "lost", "lease_seconds": int(LEASE.total_seconds()), **more}
    with ledger.write() as connection:
        connection.execute(sa.insert(schema.locks).values(workspace="main", **values))


def change(ledger: Ledger, **values: Any) -> None:
    with ledger.write() as connection:
        connection.execute(sa.update(schema.locks).values(**values))


def holders(ledger: Ledger) -> list[tuple[str, int]]:
    with ledger.read() as connection:
        rows = connection.execute(sa.select(schema.locks.c.host, schema.locks.c.pid))
        return [(host, pid) for host, pid in rows]


async def no_wait(_seconds: float) -> None:
    """Sleeps no real seconds."""


async def never(_seconds: float) -> None:
    raise AssertionError("nothing was to be waited for")


async def taken(ledger: Ledger, **more: Any) -> None:
    """Hold the lock as US for a moment."""
    async with hold(ledger, "main", **{"here": US, "look": here, "sleep": never, **more}):
        assert (US.host, US.pid) in holders(ledger)


# ── one at a time ────────────────────────────────────────────────────────────────────────────────────────


async def test_one_apply_at_a_time_and_the_other_is_told_who_and_since_when(any_ledger: Ledger) -> None:
    async with hold(any_ledger, "main"):
        with pytest.raises(Refused) as caught:
            async with hold(any_ledger, "main"):
                pass
    text = str(caught.value)
    assert (
        f"another apply of workspace main is at work: process {os.getpid()} on {this_process().host}, since 20" in text
    )
    assert caught.value.exit_code == 3
    assert "Wait for it to end." in text


async def test_workspaces_do_not_wait_for_each_other(any_ledger: Ledger) -> None:
    async with hold(any_ledger, "main"), hold(any_ledger, "test"):
        assert len(holders(any_ledger)) == 2


async def test_the_lock_is_given_back_also_after_an_error(any_ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt):
        async with hold(any_ledger, "main"):
            raise KeyboardInterrupt
    assert holders(any_ledger) == []
    await taken(any_ledger)


async def test_of_many_that_reach_for_it_at_once_one_gets_it(any_ledger: Ledger) -> None:
    """Each from a connection of its own, as processes would."""

    def reach() -> bool:
        async def held() -> bool:
            try:
                async with hold(any_ledger, "main"):
                    await asyncio.sleep(0.5)
            except Refused:
                return False
            return True

        return asyncio.run(held())

    found = await asyncio.gather(*(asyncio.to_thread(reach) for _ in range(4)))
    assert sorted(found) == [False, False, False, True]


# ── whose holder is gone, and whose is not ───────────────────────────────────────────────────────────────


async def test_a_lock_of_a_process_that_is_gone_is_taken_at_once(any_ledger: Ledger) -> None:
    left_behind(any_ledger, GONE)
    await taken(any_ledger)
    assert holders(any_ledger) == []


async def test_a_lock_whose_number_lives_on_as_another_process_is_taken_at_once(any_ledger: Ledger) -> None:
    left_behind(any_ledger, replace(US, start="199"))
    await taken(any_ledger)


async def test_a_lock_that_this_very_process_could_not_give_back_is_taken_at_once(ledger: Ledger) -> None:
    left_behind(ledger, US)
    await taken(ledger)


async def test_a_lock_of_a_process_that_lives_is_never_taken_however_long_it_is_silent(ledger: Ledger) -> None:
    left_behind(ledger, GONE, silent=timedelta(days=3))
    with pytest.raises(Refused) as caught:
        await taken(ledger, look=lambda _pid: GONE.start, sleep=never)
    assert "no sign of life for 4320 minutes, but it is there: let it go on, or end it" in str(caught.value)


@pytest.mark.parametrize(
    "holder",
    [ELSEWHERE, replace(GONE, host="another"), replace(GONE, boot="another"), Process("host", 4711)],
    ids=["other namespace", "other host", "other boot", "a system that tells little"],
)
async def test_a_lock_of_one_that_cannot_be_seen_from_here_holds_for_its_length(
    any_ledger: Ledger, holder: Process
) -> None:
    left_behind(any_ledger, holder, silent=LEASE / 2)
    with pytest.raises(Refused, match="falls free 60 seconds after its last sign of life, which was 30 seconds ago"):
        await taken(any_ledger)


async def test_one_that_was_not_renewed_for_its_length_is_watched_and_then_taken(any_ledger: Ledger) -> None:
    left_behind(any_ledger, ELSEWHERE, silent=LEASE * 2)
    waited: list[float] = []
    told: list[str] = []

    async def watch(seconds: float) -> None:
        waited.append(seconds)

    await taken(any_ledger, sleep=watch, on_wait=told.append)

    assert waited == [WATCH]
    assert told[0].startswith("process 1 on host, since 20")
    assert "seems to be gone; watching its lock for 12 seconds before taking it" in told[0]


@pytest.mark.parametrize("silent", [LEASE * 2, -LEASE * 100], ids=["clock ahead", "clock behind"])
async def test_one_that_moves_while_it_is_watched_is_not_taken_whatever_the_clocks_say(
    any_ledger: Ledger, silent: timedelta
) -> None:
    left_behind(any_ledger, ELSEWHERE, silent=silent)

    async def it_lives(_seconds: float) -> None:
        change(any_ledger, renewals=8)

    with pytest.raises(Refused, match="another apply of workspace main is at work: process 1 on host"):
        await taken(any_ledger, sleep=it_lives)
    assert holders(any_ledger) == [("host", 1)]


async def test_one_that_another_run_took_while_it_was_watched_is_not_taken_again(ledger: Ledger) -> None:
    left_behind(ledger, ELSEWHERE, silent=LEASE * 2)

    async def another(_seconds: float) -> None:
        change(ledger, token="new", pid=2, renewals=0, renewed_at=datetime.now(UTC))

    with pytest.raises(Refused, match="process 2 on host"):
        await taken(ledger, sleep=another)


async def test_one_that_fell_free_while_it_was_watched_is_taken(ledger: Ledger) -> None:
    left_behind(ledger, ELSEWHERE, silent=LEASE * 2)

    async def it_ends(_seconds: float) -> None:
        with ledger.write() as connection:
            connection.execute(sa.delete(schema.locks))

    await taken(ledger, sleep=it_ends)


async def test_a_lock_that_an_earlier_version_holds_keeps_its_hour(ledger: Ledger) -> None:
    """It renewed once a minute at best, and told host and number alone."""
    left_behind(ledger, Process("host", 4711), silent=timedelta(minutes=50), lease_seconds=3600)
    with pytest.raises(Refused, match="falls free 3600 seconds after"):
        await taken(ledger)
    change(ledger, renewed_at=datetime.now(UTC) - timedelta(minutes=61))
    await taken(ledger, sleep=no_wait)


async def test_of_two_that_reach_for_the_lock_at_once_one_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL two can both see no row; the primary key decides. Here the look is made to see nothing."""
    left_behind(ledger, ELSEWHERE)
    read = lock._read
    looks = iter([None])
    monkeypatch.setattr(lock, "_read", lambda *about: next(looks, read(*about)))
    with pytest.raises(Refused, match="process 1 on host"):
        await taken(ledger)


async def test_of_two_that_replace_a_lock_at_once_one_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(ledger, GONE)
    mine = lock._mine
    monkeypatch.setattr(lock, "_mine", lambda workspace, _: mine(workspace, "never"))
    with pytest.raises(Refused, match="process 4711"):
        await taken(ledger)


async def test_a_lock_that_is_freed_between_two_looks_asks_for_another_try(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(ledger, ELSEWHERE)
    monkeypatch.setattr(lock, "_read", lambda *_about: None)
    with pytest.raises(Refused, match=r"held the lock a moment ago\n  Run again"):
        await taken(ledger)


# ── renewed, lost ────────────────────────────────────────────────────────────────────────────────────────


async def test_it_is_renewed_in_the_background_also_while_nothing_else_goes_on(
    any_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "RENEW_EVERY", 0.01)
    async with hold(any_ledger, "main"):
        found: list[HeldLock | None] = []
        for _ in range(500):
            held = read_lock(any_ledger, "main")
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


async def test_a_run_whose_lock_was_taken_over_is_told_and_does_not_free_the_new_one(any_ledger: Ledger) -> None:
    async with hold(any_ledger, "main") as lease:
        change(any_ledger, token="new", host="third", pid=3)
        with pytest.raises(LostLease, match="another run has taken over the lock of workspace main") as caught:
            lease.renew()
        assert caught.value.exit_code == 3
        with pytest.raises(LostLease):
            lease.confirm()
    assert holders(any_ledger) == [("third", 3)]


async def test_no_intent_is_noted_once_the_lock_is_lost(any_ledger: Ledger) -> None:
    async with hold(any_ledger, "main") as lease:
        run = begin_run(any_ledger, "main", "digest", NOON)
        about: dict[str, Any] = {"method": "POST", "path": "p", "body": {}, "natural_key": {}, "now": NOON}
        write_intent(any_ledger, run, "Company/a", lease=lease, **about)
        change(any_ledger, token="new")
        with pytest.raises(LostLease):
            write_intent(any_ledger, run, "Company/b", lease=lease, **about)
    assert [intent.address for intent in open_intents(any_ledger, "main")] == ["Company/a"]
    assert lease.lost


async def test_a_lock_that_was_silent_for_a_while_is_renewed_before_the_next_write(ledger: Ledger) -> None:
    """A laptop that was asleep: nobody else took the lock, so the run goes on."""
    async with hold(ledger, "main") as held:
        time = iter([0.0, 20.0, 5000.0, 5000.0, 5001.0])
        lease = Lease(ledger, "main", moment=lambda: next(time))
        lease.token = held.token
        lease.confirm()
        before = read_lock(ledger, "main")
        lease.confirm()
        lease.confirm()
        after = read_lock(ledger, "main")
    assert before is not None
    assert after is not None
    assert after.renewals == before.renewals + 1


async def test_a_lock_that_cannot_be_renewed_lets_no_write_through(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hold(ledger, "main") as lease:
        lease._renewed -= 40

        def full(_connection: sa.Connection) -> datetime:
            raise LedgerError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(lock, "_now", full)
            with pytest.raises(LedgerError, match="disk is full"):
                lease.confirm()
        assert not lease.lost
        lease.confirm()


async def test_renewing_goes_on_after_a_failure_and_ends_with_the_lock(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "RENEW_EVERY", 0.001)
    ways = iter([LedgerError("busy"), LedgerError("busy"), LostLease("taken")])
    seen: list[Exception] = []
    over = threading.Event()

    def renew(_lease: Lease) -> None:
        seen.append(next(ways))
        if len(seen) == 3:
            over.set()
        raise seen[-1]

    monkeypatch.setattr(Lease, "renew", renew)
    async with hold(ledger, "main"):
        await asyncio.to_thread(over.wait, 10)
        await asyncio.sleep(0.02)
    assert len(seen) == 3


async def test_a_ledger_that_was_moved_away_or_replaced_is_a_lock_that_is_lost(ledger: Ledger) -> None:
    """Who makes a new ledger in its place gets a lock of its own there."""
    file = ledger._file
    assert file is not None
    async with hold(ledger, "main") as lease:
        file.rename(file.with_name("old"))
        with pytest.raises(LostLease, match="the ledger was moved away or replaced while this run was at work"):
            lease.renew()
        async with asyncio.timeout(5):
            with Ledger.open(str(file), now=NOON) as other:
                await taken(other)
        with pytest.raises(LostLease), ledger.read() as connection:
            lease.check(connection)


# ── looked at, freed ─────────────────────────────────────────────────────────────────────────────────────


def test_nobody_holds_a_lock_that_is_not_there(any_ledger: Ledger) -> None:
    assert read_lock(any_ledger, "main") is None


def test_a_lock_is_freed_as_it_was_found_and_not_when_it_has_moved(any_ledger: Ledger) -> None:
    left_behind(any_ledger, GONE)
    held = read_lock(any_ledger, "main")
    assert held is not None
    assert held.state(US, here) == "gone"
    change(any_ledger, renewals=8)
    assert not free_lock(any_ledger, held)
    held = read_lock(any_ledger, "main")
    assert held is not None
    assert free_lock(any_ledger, held)
    assert read_lock(any_ledger, "main") is None
