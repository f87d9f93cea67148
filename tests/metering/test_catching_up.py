"""Tests of a run that reads the hours in which no run was there, with a real ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.ledger import pulls
from reconciler.ledger.records import Customer, Pull
from reconciler.ledger.store import Ledger
from reconciler.metering.catching_up import CatchUp, Owners
from reconciler.metering.collect import collect
from reconciler.metering.missing_hours import HOURS_PER_RUN
from reconciler.metering.sources import registry
from reconciler.metering.sources.csv_file import CsvSettings

from .builders import GB, HOUR, NOON, Used, rule
from .runs import Hours, quantities, reading

HERE: Used = {"1": {"a": 3 * GB}}


class Away(Hours):
    """An hourly run that reads the missing hours from a source with a history, which uses `past` at every moment."""

    def __init__(self, ledger: Ledger, *rules: Any, past: Used = HERE) -> None:
        super().__init__(ledger, *rules)
        self.past = past
        self.fails_at: datetime | None = None
        self.asked: list[datetime] = []
        self.owners: Owners = {}

    def history(
        self, _settings: Any, moments: Sequence[datetime], _now: datetime, owners: Owners
    ) -> AsyncGenerator[Pull, None]:
        self.owners = owners
        return self._read(moments)

    async def _read(self, moments: Sequence[datetime]) -> AsyncGenerator[Pull, None]:
        for moment in moments:
            self.asked.append(moment)
            yield reading(self.past, moment, failed=moment == self.fails_at)

    def read(
        self, used: Used, at: datetime, *, failed: bool = False, history: Any = None, month_before: bool = False
    ) -> Pull:
        """Run at a moment and return the pull of the run."""

        async def pull(_: Any, now: datetime) -> Pull:
            return reading(used, now, failed=failed)

        catch_up = CatchUp("UTC", history or self.history, month_before)
        settings = [CsvSettings("cove", Path())]
        (found,) = asyncio.run(collect(self.ledger, settings, at, pull=pull, catch_up=catch_up))
        return found.pull


def test_hours_without_a_run_are_read_from_the_history_and_measured(ledger: Ledger) -> None:
    job = Away(ledger, rule(measure="mean"), past={"1": {"a": 6 * GB}})
    job.read(HERE, NOON)
    note = job.read(HERE, NOON + 3 * HOUR).notes
    assert job.asked == [NOON + 2 * HOUR, NOON + HOUR]
    assert len(note) == 1
    assert note[0].startswith("no run read 2 hours (the first 2025-")
    assert note[0].endswith(": 2 read from the history of the console")
    assert quantities(job.charge(NOON + 3 * HOUR)) == [5]  # the mean of 3, 6, 6 and 3 GB, rounded up


def test_no_hour_is_read_twice(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read(HERE, NOON)
    job.read(HERE, NOON + 3 * HOUR)
    assert job.read(HERE, NOON + 4 * HOUR).notes == ()
    assert len(job.asked) == 2
    found = pulls.pulls_between(ledger, "cove", NOON, NOON + 5 * HOUR)
    assert [each.started_at for each in found] == [NOON + number * HOUR for number in range(5)]


def test_a_first_run_reads_no_history(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    assert job.read(HERE, NOON).notes == ()
    assert job.asked == []


def test_an_hour_whose_pull_failed_stays_without_a_figure(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read(HERE, NOON)
    job.read(HERE, NOON + HOUR, failed=True)
    job.read(HERE, NOON + 2 * HOUR)
    assert job.asked == []


def test_while_the_source_fails_no_history_is_read(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read(HERE, NOON)
    job.read(HERE, NOON + 3 * HOUR, failed=True)
    assert job.asked == []
    job.read(HERE, NOON + 4 * HOUR)
    assert job.asked == [NOON + 2 * HOUR, NOON + HOUR]


def test_a_history_that_fails_is_named_and_tried_again(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read(HERE, NOON)
    job.fails_at = NOON + HOUR
    (note,) = job.read(HERE, NOON + 3 * HOUR).notes
    assert note.endswith(
        ": 1 read from the history of the console; that of 2025-11-22 13:00 UTC could not be read: no network; "
        "the next run tries again"
    )
    job.fails_at = None
    (note,) = job.read(HERE, NOON + 4 * HOUR).notes
    assert note.startswith("no run read 1 hour (")
    assert job.asked == [NOON + 2 * HOUR, NOON + HOUR, NOON + HOUR]


def test_a_long_absence_is_read_by_several_runs(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read(HERE, NOON)
    (note,) = job.read(HERE, NOON + (HOURS_PER_RUN + 3) * HOUR).notes
    assert note.endswith(": 72 read from the history of the console; the next run reads up to 72 of the others")
    job.read(HERE, NOON + (HOURS_PER_RUN + 4) * HOUR)
    assert len(job.asked) == len({*job.asked}) == HOURS_PER_RUN + 2


def test_hours_of_an_ended_month_are_read_only_if_it_can_still_change(ledger: Ledger) -> None:
    last_hour = datetime(2025, 11, 30, 23, tzinfo=UTC)
    job = Away(ledger, rule())
    job.read(HERE, last_hour - HOUR)
    assert job.read(HERE, last_hour + HOUR).notes == ()
    job.read(HERE, last_hour + 2 * HOUR, month_before=True)
    assert job.asked == [last_hour]


def test_a_past_hour_that_lost_too_much_is_not_believed(ledger: Ledger) -> None:
    many: Used = {str(number): {"a": GB} for number in range(10)}
    job = Away(ledger, rule(measure="mean"), past={"1": {"a": 9 * GB}})
    job.read(many, NOON)
    (note,) = job.read(many, NOON + 2 * HOUR).notes
    assert note.endswith("; 1 of these lost too many customers or devices and are not believed")
    assert quantities(job.charge(NOON + 2 * HOUR)) == [1]


def test_the_owner_of_each_device_in_the_newest_pull_is_known_to_the_history(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read({"1": {"a": GB, None: GB}, "2": {"b": GB}}, NOON)
    job.read(HERE, NOON + 2 * HOUR)
    assert job.owners == {"a": "1", "b": "2"}


def test_a_file_has_no_history(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read(HERE, NOON)
    assert job.read(HERE, NOON + 3 * HOUR, history=registry.history).notes == ()


def test_a_customer_that_vanished_in_the_absence_is_held_from_its_last_sample(ledger: Ledger) -> None:
    both: Used = {"1": {"a": 3 * GB}, "2": {"b": GB}}
    job = Away(ledger, rule(), rule("2"), past=both)
    job.read(both, NOON)
    job.read({"2": {"b": GB}}, NOON + 10 * HOUR)
    states = [charge.state for charge in job.charge(NOON + 10 * HOUR).charges]
    assert states == ["held", "billed"]
    last = pulls.devices_of_customers(ledger, "cove", ["1"])[0].last_seen_at
    assert last == NOON + 9 * HOUR


def test_a_reading_of_the_past_replaces_no_newer_one(ledger: Ledger) -> None:
    job = Away(ledger, rule(), past={"1": {"a": 9 * GB}})
    job.read(HERE, NOON)
    job.read({"1": {"a": 4 * GB}}, NOON + 3 * HOUR)
    assert quantities(job.charge(NOON + 3 * HOUR)) == [4]
    assert pulls.devices_of_customers(ledger, "cove", ["1"])[0].last_bytes == 4 * GB


def test_a_trial_of_today_is_not_one_of_the_hours_that_were_missed(ledger: Ledger) -> None:
    trial = (Customer("cove", "1", "Acme", state="InTrial"),)

    class Begun(Away):
        async def _read(self, moments: Sequence[datetime]) -> AsyncGenerator[Pull, None]:
            for moment in moments:
                yield replace(reading(HERE, moment), customers=trial, past=True)

    job = Begun(ledger, rule())
    job.read(HERE, NOON)
    job.read(HERE, NOON + 3 * HOUR)
    assert pulls.customer_records(ledger, "cove")["1"].trials == ()


def test_notes_of_the_new_pull_stay(ledger: Ledger) -> None:
    job = Away(ledger, rule())
    job.read(HERE, NOON)

    async def pull(_: Any, now: datetime) -> Pull:
        return replace(reading(HERE, now), notes=("in the recycle bin",))

    settings = [CsvSettings("cove", Path())]
    catch_up = CatchUp("UTC", job.history)
    (found,) = asyncio.run(collect(ledger, settings, NOON + 2 * HOUR, pull=pull, catch_up=catch_up))
    assert found.pull.notes[0] == "in the recycle bin"
    assert len(found.pull.notes) == 2
