"""Tests from pulls through a real ledger to charges, hour by hour."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import collect
from reconciler.metering.loading import load_snapshots
from reconciler.metering.measures import Measured
from reconciler.metering.sources.csv_file import CsvSettings

from .builders import GB, HOUR, NOON, SETTINGS, rule
from .runs import Hours, quantities, reading


def test_an_hour_is_billed_from_the_new_pull(ledger: Ledger) -> None:
    assert quantities(Hours(ledger, rule()).run({"1": {"a": 3 * GB}}, NOON)) == [3]


def test_an_hour_can_be_computed_again_from_the_ledger(ledger: Ledger) -> None:
    job = Hours(ledger, rule(), rule("2", measure="mean"), rule("3", measure="peak"), rule("4"))
    job.run({"1": {"a": 3 * GB}, "2": {"b": GB}, "3": {"c": 9 * GB, "d": GB}, "4": {"e": GB}}, NOON - 2 * HOUR)
    job.run({"1": {"a": None}, "2": {"b": 2 * GB}, "3": {"c": None, "d": None}}, NOON - HOUR)
    then = job.run({"1": {"a": 4 * GB}, "2": {"b": None}, "3": {"c": GB, "d": None}}, NOON)
    job.run({"1": {"a": 5 * GB}, "2": {"b": 5 * GB}, "3": {"c": 5 * GB}, "4": {"e": 5 * GB}}, NOON + HOUR)
    again = job.charge(NOON)
    assert quantities(again) == quantities(then) == [4, 2, 10, None]
    assert [charge.lines for charge in again.charges] == [charge.lines for charge in then.charges]
    assert [_hours(charge.measured) for charge in again.charges] == [_hours(charge.measured) for charge in then.charges]


def _hours(measured: Measured | None) -> Any:
    return None if measured is None else [(hour.hour, hour.devices) for hour in measured.chosen]


def test_a_failed_pull_keeps_no_samples_and_holds_customers(ledger: Ledger) -> None:
    job = Hours(ledger, rule())
    job.run({"1": {"a": 3 * GB}}, NOON - HOUR)
    result = job.run({"1": {"a": 9 * GB}}, NOON, failed=True)
    assert [charge.state for charge in result.charges] == ["held"]
    assert "no network" in result.warnings[0]
    assert quantities(job.run({"1": {"a": 4 * GB}}, NOON + HOUR)) == [4]


def test_a_source_that_only_ever_failed_is_unknown(ledger: Ledger) -> None:
    result = Hours(ledger, rule()).run({}, NOON, failed=True)
    assert [row.state for row in result.coverage.rows] == ["unknown"]


def test_a_source_without_any_pull_is_unknown(ledger: Ledger) -> None:
    assert [row.detail for row in Hours(ledger, rule()).charge(NOON).coverage.rows] == ["this source was never read"]


def test_a_silent_device_keeps_its_last_figure_into_the_next_month(ledger: Ledger) -> None:
    job = Hours(ledger, rule(), rule("2", measure="mean"))
    first = NOON.replace(day=1, hour=0)
    job.run({"1": {"a": 3 * GB}, "2": {"b": 5 * GB}}, first - 2 * HOUR)
    result = job.run({"1": {"a": None}, "2": {"b": None}}, first)
    assert quantities(result) == [3, 5]
    assert str(result.period) == "2025-11"


def test_a_vanished_customer_counts_zero_after_the_grace_and_is_billed_when_it_returns(ledger: Ledger) -> None:
    job = Hours(ledger, rule(), rule("2"))
    job.run({"1": {"a": 3 * GB}, "2": {"b": GB}}, NOON - 24 * HOUR)
    states = [job.run({"2": {"b": GB}}, NOON + delay).charges[0].state for delay in (-HOUR, 0 * HOUR)]
    assert states == ["held", "zero"]
    assert quantities(job.run({"1": {"a": 2 * GB}, "2": {"b": GB}}, NOON + HOUR)) == [2, 1]


def test_a_rename_is_shown_in_later_hours_too(ledger: Ledger) -> None:
    job = Hours(ledger, rule())
    job.run({"1": {"a": GB}}, NOON - HOUR)

    async def pull(_: Any, now: datetime) -> Pull:
        renamed = reading({"1": {"a": GB}}, now)
        return Pull("cove", now, now, "whole", (Customer("cove", "1", "New"),), renamed.samples)

    for hour in range(2):
        fresh = asyncio.run(collect(ledger, [CsvSettings("cove", Path())], NOON + hour * HOUR, pull=pull))
        (row,) = job.charge(NOON + hour * HOUR, fresh).coverage.rows
        assert row.shown_name == "Customer 1 → New"


async def test_one_pull_is_recorded_after_another(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[str] = []

    async def to_thread(record: Any, *given: Any) -> Any:
        running.append("one")
        assert running == ["one"]
        await asyncio.sleep(0)  # the others run now, if they can
        running.pop()
        return record(*given)

    async def pull(settings: Any, now: datetime) -> Pull:
        return Pull(settings.name, now, now, "failed", error="down")

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    found = await collect(ledger, [CsvSettings(name, Path()) for name in "abc"], NOON, pull=pull)
    assert [each.pull.source for each in found] == ["a", "b", "c"]


async def test_sources_are_pulled_at_the_same_time_and_a_failed_one_does_not_stop_the_others(ledger: Ledger) -> None:
    reached = asyncio.Event()

    async def pull(settings: Any, now: datetime) -> Pull:
        if settings.name == "first":
            await reached.wait()
            return Pull("first", now, now, "failed", error="down")
        reached.set()
        return Pull("second", now, now, "whole", (), (Sample("second", "1", "a", now, 1),))

    sources = [CsvSettings("first", Path()), CsvSettings("second", Path())]
    first, second = await collect(ledger, sources, NOON, pull=pull)
    assert (first.pull.state, second.pull.state) == ("failed", "whole")
    snapshots = load_snapshots(ledger, {"first": "GB", "second": "GiB"}, [], SETTINGS, NOON)
    assert snapshots["first"].latest is not None
    assert snapshots["first"].whole is None
    assert snapshots["second"].whole is not None
