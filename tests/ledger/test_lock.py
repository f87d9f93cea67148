"""One run at a time holds the lock of a workspace; a lock is taken only from a holder that is gone."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from reconciler.errors import Refused
from reconciler.ledger import lock, schema
from reconciler.ledger.lease import hold_lock
from reconciler.ledger.lock import LEASE_LENGTH, WATCH_SECONDS, free_lock, read_lock
from reconciler.ledger.process import Process, current_process
from reconciler.ledger.store import Ledger

from .locks import ELSEWHERE, GONE, US, change, holders, insert_lock, no_sleep_allowed, no_wait, only_us, take

# ── one run at a time ────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_apply_is_refused_with_the_holder_and_the_time(ledger: Ledger) -> None:
    async with hold_lock(ledger, "main"):
        with pytest.raises(Refused) as caught:
            async with hold_lock(ledger, "main"):
                pass
    text = str(caught.value)
    holder = f"process {os.getpid()} on {current_process().host}"
    assert f"another apply of workspace main is running: {holder}, since 20" in text
    assert caught.value.exit_code == 3
    assert "Wait for it to end, as `reconciler apply --wait 20m` does." in text


async def test_each_workspace_has_its_own_lock(ledger: Ledger) -> None:
    async with hold_lock(ledger, "main"), hold_lock(ledger, "test"):
        assert len(holders(ledger)) == 2


async def test_the_lock_is_released_after_an_error_too(ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt):
        async with hold_lock(ledger, "main"):
            raise KeyboardInterrupt
    assert holders(ledger) == []
    await take(ledger)


async def test_one_of_several_runs_that_start_at_once_gets_the_lock(ledger: Ledger) -> None:
    """Each run has its own connection, as separate processes would."""

    def try_to_hold() -> bool:
        async def held() -> bool:
            try:
                async with hold_lock(ledger, "main"):
                    await asyncio.sleep(0.5)
            except Refused:
                return False
            return True

        return asyncio.run(held())

    found = await asyncio.gather(*(asyncio.to_thread(try_to_hold) for _ in range(4)))
    assert sorted(found) == [False, False, False, True]


# ── holders that are gone, and holders that are not ──────────────────────────────────────────────────────


async def test_a_lock_whose_process_is_gone_is_taken_at_once(ledger: Ledger) -> None:
    insert_lock(ledger, GONE)
    await take(ledger)
    assert holders(ledger) == []


async def test_a_lock_whose_process_number_was_reused_is_taken_at_once(ledger: Ledger) -> None:
    insert_lock(ledger, replace(US, start="199"))
    await take(ledger)


async def test_a_lock_that_this_process_could_not_release_is_taken_at_once(ledger: Ledger) -> None:
    insert_lock(ledger, US)
    await take(ledger)


async def test_a_lock_of_a_live_process_is_never_taken(ledger: Ledger) -> None:
    insert_lock(ledger, GONE, age=timedelta(days=3))
    with pytest.raises(Refused) as caught:
        await take(ledger, read_start=lambda _pid: GONE.start, sleep=no_sleep_allowed)
    assert "That process is running, but has not renewed its lock for 4320 minutes. Wait for it, or end it." in str(
        caught.value
    )


@pytest.mark.parametrize(
    "holder",
    [ELSEWHERE, replace(GONE, host="another"), replace(GONE, boot="another"), Process("host", 4711)],
    ids=["other namespace", "other host", "other boot", "a system without /proc"],
)
async def test_a_lock_whose_holder_cannot_be_checked_is_valid_for_its_length(ledger: Ledger, holder: Process) -> None:
    insert_lock(ledger, holder, age=LEASE_LENGTH / 2)
    with pytest.raises(Refused, match="the lock is free 60 seconds after its last renewal, which was 30 seconds ago"):
        await take(ledger)


async def test_an_expired_lock_is_watched_and_then_taken(ledger: Ledger) -> None:
    insert_lock(ledger, ELSEWHERE, age=LEASE_LENGTH * 2)
    waited: list[float] = []
    messages: list[str] = []

    async def watch(seconds: float) -> None:
        waited.append(seconds)

    await take(ledger, sleep=watch, on_wait=messages.append)

    assert waited == [WATCH_SECONDS]
    assert messages[0].startswith("process 1 on host, since 20")
    assert "seems to have ended; watching its lock for 12 seconds before taking it" in messages[0]


@pytest.mark.parametrize("age", [LEASE_LENGTH * 2, -LEASE_LENGTH * 100], ids=["clock ahead", "clock behind"])
async def test_a_lock_that_is_renewed_while_it_is_watched_is_not_taken(ledger: Ledger, age: timedelta) -> None:
    insert_lock(ledger, ELSEWHERE, age=age)

    async def holder_renews(_seconds: float) -> None:
        change(ledger, renewals=8)

    with pytest.raises(Refused, match="another apply of workspace main is running: process 1 on host"):
        await take(ledger, sleep=holder_renews)
    assert holders(ledger) == [("host", 1)]


async def test_a_lock_that_another_run_took_while_it_was_watched_is_not_taken(ledger: Ledger) -> None:
    insert_lock(ledger, ELSEWHERE, age=LEASE_LENGTH * 2)

    async def another_run_takes_it(_seconds: float) -> None:
        change(ledger, token="new", pid=2, renewals=0, renewed_at=datetime.now(UTC))

    with pytest.raises(Refused, match="process 2 on host"):
        await take(ledger, sleep=another_run_takes_it)


async def test_a_lock_that_was_released_while_it_was_watched_is_taken(ledger: Ledger) -> None:
    insert_lock(ledger, ELSEWHERE, age=LEASE_LENGTH * 2)

    async def holder_releases(_seconds: float) -> None:
        with ledger.write() as connection:
            connection.execute(sa.delete(schema.locks))

    await take(ledger, sleep=holder_releases)


async def test_a_lock_of_an_earlier_version_is_valid_for_one_hour(ledger: Ledger) -> None:
    """That version renewed the lock once a minute, and stored only host and process number."""
    insert_lock(ledger, Process("host", 4711), age=timedelta(minutes=50), lease_seconds=3600)
    with pytest.raises(Refused, match="the lock is free 3600 seconds after"):
        await take(ledger)
    change(ledger, renewed_at=datetime.now(UTC) - timedelta(minutes=61))
    await take(ledger, sleep=no_wait)


async def test_of_two_runs_that_insert_the_lock_at_once_one_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL both can read no row; the primary key decides. Here the first read returns None."""
    insert_lock(ledger, ELSEWHERE)
    read = lock._read
    answers = iter([None])
    monkeypatch.setattr(lock, "_read", lambda *arguments: next(answers, read(*arguments)))
    with pytest.raises(Refused, match="process 1 on host"):
        await take(ledger)


async def test_of_two_runs_that_replace_a_lock_at_once_one_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_lock(ledger, GONE)
    monkeypatch.setattr(lock, "_unchanged", lambda _held: sa.false())
    with pytest.raises(Refused, match="process 4711"):
        await take(ledger)


async def test_a_lock_that_is_released_between_two_reads_is_refused_with_the_advice_to_run_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_lock(ledger, ELSEWHERE)
    monkeypatch.setattr(lock, "_read", lambda *_arguments: None)
    with pytest.raises(Refused, match=r"held the lock a moment ago\n  Run again"):
        await take(ledger)


# ── read and freed ───────────────────────────────────────────────────────────────────────────────────────


def test_a_lock_that_no_run_holds_is_none(ledger: Ledger) -> None:
    assert read_lock(ledger, "main") is None


def test_a_lock_is_freed_unless_it_was_renewed_after_it_was_read(ledger: Ledger) -> None:
    insert_lock(ledger, GONE)
    held = read_lock(ledger, "main")
    assert held is not None
    assert held.state(US, only_us) == "gone"
    change(ledger, renewals=8)
    assert not free_lock(ledger, held)
    held = read_lock(ledger, "main")
    assert held is not None
    assert free_lock(ledger, held)
    assert read_lock(ledger, "main") is None
