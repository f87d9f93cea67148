"""Tests of moved devices, silent devices and late figures, hour by hour through a real ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.billing_rules import Measure
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import collect
from reconciler.metering.sources.csv_file import CsvSettings

from .builders import GB, HOUR, NOON, rule
from .runs import Hours, quantities


def test_a_silent_device_that_moves_keeps_its_figure_and_is_held_when_it_is_too_old(ledger: Ledger) -> None:
    job = Hours(ledger, rule("1"), rule("2"), rule("3", measure="peak"))
    job.run({"1": {"a": 3 * GB, "x": GB}, "2": {"b": GB}, "3": {"c": GB}}, NOON)
    for hour in (1, 6):
        moved = job.run({"1": {"x": GB}, "2": {"a": None, "b": GB}, "3": {"c": GB}}, NOON + hour * HOUR)
        assert quantities(moved) == [1, 4, 1]
    held = job.run({"1": {"x": GB}, "2": {"a": None, "b": GB}, "3": {"a": None, "c": GB}}, NOON + 7 * HOUR)
    assert [charge.state for charge in held.charges] == ["billed", "held", "held"]
    back = job.run({"1": {"x": GB, "a": None}, "2": {"b": 2 * GB}, "3": {"c": GB}}, NOON + 5 * HOUR)
    assert quantities(back) == [4, 2, 1]


def test_a_peak_keeps_the_hour_of_a_device_that_moved_later_and_can_be_computed_again(ledger: Ledger) -> None:
    job = Hours(ledger, rule("1", measure="peak"), rule("2", measure="mean"), rule("3"))
    job.run({"1": {"a": 9 * GB}, "2": {"b": GB}, "3": {"c": GB}}, NOON)
    moved = job.run({"1": {"x": GB}, "2": {"a": None, "b": GB}, "3": {"c": None}}, NOON + HOUR)
    assert quantities(moved) == [9, 6, 1]  # a mean of 1 and 10
    job.run({"1": {"x": GB}, "2": {"a": 5 * GB, "b": GB}, "3": {"c": 7 * GB, "a": None}}, NOON + 2 * HOUR)
    again = job.charge(NOON + HOUR)
    assert quantities(again) == [9, 6, 1]
    assert [charge.lines for charge in again.charges] == [charge.lines for charge in moved.charges]


def test_hours_before_the_first_figure_of_a_device_are_known_in_every_later_run(ledger: Ledger) -> None:
    """A device that never had a figure counts 0 in known hours. A device with a very old figure holds its customer."""
    job = Hours(ledger, rule("1", measure="mean"), rule("2", measure="mean"))
    start = datetime(2025, 10, 31, 23, tzinfo=UTC)
    job.run({"1": {"x": GB}, "2": {"a": GB, "y": GB}}, start - 40 * HOUR)
    for hour in range(3):
        job.run({"1": {"a": None, "x": GB}, "2": {"b": None, "y": GB, "a": None}}, start + hour * HOUR)
    result = job.run({"1": {"a": 5 * GB, "x": GB}, "2": {"b": 5 * GB, "y": GB, "a": GB}}, start + 3 * HOUR)
    assert [None if charge.measured is None else charge.measured.known_hours for charge in result.charges] == [4, 1]
    alone = Hours(ledger, rule("2", measure="mean", name="only"))
    assert [charge.measured and charge.measured.elapsed_hours for charge in alone.charge(start + 3 * HOUR).charges] == [
        4
    ]


def test_a_second_run_at_the_same_time_changes_nothing(ledger: Ledger) -> None:
    job = Hours(ledger, *(rule(str(each), measure=how) for each, how in enumerate(("last", "peak", "mean", "p95"))))
    job.run({str(each): {"a": each * GB} for each in range(4)}, NOON)
    first = job.run({str(each): {"a": 5 * GB} for each in range(4)}, NOON + HOUR)
    second = job.run({str(each): {"a": 5 * GB} for each in range(4)}, NOON + HOUR)
    assert quantities(first) == quantities(second)
    assert [charge.measured and charge.measured.known_hours for charge in second.charges] == [1, 2, 2, 2]


@pytest.mark.parametrize("measure", ["last", "peak", "mean", "p95"])
def test_the_second_of_two_pulls_at_one_moment_lists_the_devices(ledger: Ledger, measure: Measure) -> None:
    job = Hours(ledger, rule("1", measure=measure), rule("2", measure=measure))
    job.run({"1": {"a": GB, "x": GB}, "2": {"b": GB, "c": GB}}, NOON - 30 * HOUR)
    job.run({"1": {"a": 9 * GB, "x": GB}, "2": {"b": 9 * GB, "c": GB}}, NOON)
    then = job.run({"1": {"a": None, "x": GB}, "2": {"c": GB}}, NOON)
    assert [charge.state for charge in then.charges] == ["billed", "billed"]
    assert quantities(then) == [6 if measure == "mean" else 10, 2 if measure in ("peak", "p95", "mean") else 1]


def test_in_a_new_month_a_vanished_customer_is_held_until_its_grace_is_over(ledger: Ledger) -> None:
    job = Hours(ledger, rule("1", measure="peak"), rule("2", measure="peak"))
    start = datetime(2025, 10, 31, 23, tzinfo=UTC)
    job.run({"1": {"a": 5 * GB}, "2": {"b": GB}}, start - 20 * HOUR)
    assert [charge.state for charge in job.run({"2": {"b": GB}}, start).charges] == ["held", "billed"]
    gone = job.run({"2": {"b": GB}}, start + 4 * HOUR)
    assert (gone.charges[0].state, quantities(gone)) == ("zero", [0, 1])
    back = job.run({"1": {"a": 3 * GB}, "2": {"b": GB}}, start + 5 * HOUR)
    assert [charge.measured and charge.measured.known_hours for charge in back.charges] == [2, 3]


def test_a_vanished_customer_with_a_peak_is_billed_until_the_end_of_the_month(ledger: Ledger) -> None:
    job = Hours(ledger, rule("1", measure="peak"), rule("2"))
    job.run({"1": {"a": 5 * GB}, "2": {"b": GB}}, NOON)
    gone = job.run({"2": {"b": GB}}, NOON + 30 * HOUR)
    assert (gone.charges[0].state, quantities(gone)) == ("zero", [5, 1])


def test_a_file_may_contain_many_hours_of_a_device(ledger: Ledger) -> None:
    job = Hours(ledger, rule("1", measure="peak"), rule("2", measure="mean"))

    def rows(last: int) -> tuple[Sample, ...]:
        return tuple(
            Sample("cove", customer, "a", NOON + hour * HOUR, size * GB)
            for customer, sizes in (("1", (1, 9, 2)), ("2", (1, 2, 6)))
            for hour, size in list(enumerate(sizes))[: last + 1]
        )

    for last in (1, 2, 2):
        at = NOON + last * HOUR + timedelta(minutes=5)

        async def pull(_: Any, now: datetime, last: int = last) -> Pull:
            listed = (Customer("cove", "1", "One"), Customer("cove", "2", "Two"))
            return Pull("cove", now, now, "whole", listed, rows(last))

        fresh = asyncio.run(collect(ledger, [CsvSettings("cove", Path())], at, pull=pull))
        assert quantities(job.charge(at, fresh)) == quantities(job.charge(at)) == [9, 3 if last == 2 else 2]
