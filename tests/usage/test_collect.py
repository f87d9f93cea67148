"""From pulls through a real ledger to what is billed, hour after hour."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.usage.collect import Collected, collect
from reconciler.usage.desired import UsageResult, desired
from reconciler.usage.loading import load_facts
from reconciler.usage.measure import Measured
from reconciler.usage.rules import Rule
from reconciler.usage.sources.csv_file import CsvSettings

from .builders import GB, HOUR, NOON, SETTINGS, Used, rule


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOON) as opened:
        yield opened


def reading(used: Used, at: datetime, *, failed: bool = False) -> Pull:
    return Pull(
        "cove",
        at,
        at + timedelta(minutes=1),
        "failed" if failed else "whole",
        tuple(Customer("cove", each, f"Customer {each}") for each in used),
        tuple(Sample("cove", each, name, at, size) for each, devices in used.items() for name, size in devices.items()),
        "no network" if failed else None,
    )


class Hours:
    """An hourly job: pull, record, load, bill."""

    def __init__(self, ledger: Ledger, *rules: Rule) -> None:
        self.ledger = ledger
        self.rules = rules

    def run(self, used: Used, at: datetime, *, failed: bool = False) -> UsageResult:
        async def pull(_: Any, now: datetime) -> Pull:
            return reading(used, now, failed=failed)

        fresh = asyncio.run(collect(self.ledger, [CsvSettings("cove", Path())], at, pull=pull))
        return self.bill(at, fresh)

    def bill(self, at: datetime, fresh: tuple[Collected, ...] = ()) -> UsageResult:
        facts = load_facts(self.ledger, {"cove": "GB"}, self.rules, SETTINGS, at, fresh)
        return desired(at, SETTINGS, self.rules, [], facts)


def quantities(result: UsageResult) -> list[Decimal | None]:
    return [None if bill.trail is None else bill.trail.quantity for bill in result.bills]


def test_an_hour_is_billed_from_what_was_just_pulled(ledger: Ledger) -> None:
    assert quantities(Hours(ledger, rule()).run({"1": {"a": 3 * GB}}, NOON)) == [3]


def test_an_hour_can_be_computed_again_from_the_ledger(ledger: Ledger) -> None:
    job = Hours(ledger, rule(), rule("2", measure="mean"), rule("3", measure="peak"), rule("4"))
    job.run({"1": {"a": 3 * GB}, "2": {"b": GB}, "3": {"c": 9 * GB, "d": GB}, "4": {"e": GB}}, NOON - 2 * HOUR)
    job.run({"1": {"a": None}, "2": {"b": 2 * GB}, "3": {"c": None, "d": None}}, NOON - HOUR)
    then = job.run({"1": {"a": 4 * GB}, "2": {"b": None}, "3": {"c": GB, "d": None}}, NOON)
    job.run({"1": {"a": 5 * GB}, "2": {"b": 5 * GB}, "3": {"c": 5 * GB}, "4": {"e": 5 * GB}}, NOON + HOUR)
    again = job.bill(NOON)
    assert quantities(again) == quantities(then) == [4, 2, 10, None]
    assert [bill.lines for bill in again.bills] == [bill.lines for bill in then.bills]
    assert [_hours(bill.measured) for bill in again.bills] == [_hours(bill.measured) for bill in then.bills]


def _hours(measured: Measured | None) -> Any:
    return None if measured is None else [(hour.hour, hour.devices) for hour in measured.chosen]


def test_a_failed_pull_keeps_no_samples_and_holds(ledger: Ledger) -> None:
    job = Hours(ledger, rule())
    job.run({"1": {"a": 3 * GB}}, NOON - HOUR)
    result = job.run({"1": {"a": 9 * GB}}, NOON, failed=True)
    assert [bill.state for bill in result.bills] == ["held"]
    assert "no network" in result.warnings[0]
    assert quantities(job.run({"1": {"a": 4 * GB}}, NOON + HOUR)) == [4]


def test_a_source_that_only_ever_failed_is_unknown(ledger: Ledger) -> None:
    result = Hours(ledger, rule()).run({}, NOON, failed=True)
    assert [row.state for row in result.coverage.rows] == ["unknown"]


def test_a_source_without_any_pull_is_unknown(ledger: Ledger) -> None:
    assert [row.detail for row in Hours(ledger, rule()).bill(NOON).coverage.rows] == ["it was never read"]


def test_a_silent_device_is_held_at_its_last_figure_over_the_turn_of_the_month(ledger: Ledger) -> None:
    job = Hours(ledger, rule(), rule("2", measure="mean"))
    first = NOON.replace(day=1, hour=0)
    job.run({"1": {"a": 3 * GB}, "2": {"b": 5 * GB}}, first - 2 * HOUR)
    result = job.run({"1": {"a": None}, "2": {"b": None}}, first)
    assert quantities(result) == [3, 5]
    assert str(result.period) == "2025-11"


def test_a_vanished_customer_is_zero_after_the_grace_and_billed_when_it_comes_back(ledger: Ledger) -> None:
    job = Hours(ledger, rule(), rule("2"))
    job.run({"1": {"a": 3 * GB}, "2": {"b": GB}}, NOON - 24 * HOUR)
    states = [job.run({"2": {"b": GB}}, NOON + delay).bills[0].state for delay in (-HOUR, 0 * HOUR)]
    assert states == ["held", "zero"]
    assert quantities(job.run({"1": {"a": 2 * GB}, "2": {"b": GB}}, NOON + HOUR)) == [2, 1]


def test_a_rename_is_known_in_the_next_hours_too(ledger: Ledger) -> None:
    job = Hours(ledger, rule())
    job.run({"1": {"a": GB}}, NOON - HOUR)

    async def pull(_: Any, now: datetime) -> Pull:
        renamed = reading({"1": {"a": GB}}, now)
        return Pull("cove", now, now, "whole", (Customer("cove", "1", "New"),), renamed.samples)

    for hour in range(2):
        fresh = asyncio.run(collect(ledger, [CsvSettings("cove", Path())], NOON + hour * HOUR, pull=pull))
        (row,) = job.bill(NOON + hour * HOUR, fresh).coverage.rows
        assert row.shown_name == "Customer 1 → New"


async def test_sources_are_pulled_at_once_and_a_failed_one_stops_no_other(ledger: Ledger) -> None:
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
    facts = load_facts(ledger, {"first": "GB", "second": "GiB"}, [], SETTINGS, NOON)
    assert facts["first"].latest is not None
    assert facts["first"].whole is None
    assert facts["second"].whole is not None
