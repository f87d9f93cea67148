"""Tests from pulls through a real ledger to charges, hour by hour."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.additions.charges import ChargedUsage, charge_usage
from reconciler.kinds.billing_rules import Measure, Rule
from reconciler.ledger.pulls import latest_whole_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import Approval, Collected, approval_of, collect
from reconciler.metering.errors import UsageError
from reconciler.metering.loading import load_snapshots
from reconciler.metering.measure import Measured
from reconciler.metering.sources.csv_file import CsvSettings

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
    """An hourly run: pull, record, load, charge."""

    def __init__(self, ledger: Ledger, *rules: Rule) -> None:
        self.ledger = ledger
        self.rules = rules

    def run(self, used: Used, at: datetime, *, failed: bool = False) -> ChargedUsage:
        async def pull(_: Any, now: datetime) -> Pull:
            return reading(used, now, failed=failed)

        fresh = asyncio.run(collect(self.ledger, [CsvSettings("cove", Path())], at, pull=pull))
        return self.charge(at, fresh)

    def charge(self, at: datetime, fresh: tuple[Collected, ...] = ()) -> ChargedUsage:
        snapshots = load_snapshots(self.ledger, {"cove": "GB"}, self.rules, SETTINGS, at, fresh)
        return charge_usage(at, SETTINGS, self.rules, [], snapshots)


def quantities(result: ChargedUsage) -> list[Decimal | None]:
    return [None if charge.trace is None else charge.trace.quantity for charge in result.charges]


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


# Which pulls are believed


def devices(count: int, *, customers: int = 1, since: int = 0) -> Used:
    """Return the usage of `count` devices that are spread over the customers."""
    used: dict[str, dict[str | None, int | None]] = {}
    for number in range(since, since + count):
        used.setdefault(str(number % customers), {})[f"d{number}"] = GB
    return used


async def pulled(ledger: Ledger, used: Used, at: datetime, **more: Any) -> Collected:
    failed = more.pop("failed", False)

    async def pull(_: Any, now: datetime) -> Pull:
        return reading(used, now, failed=failed)

    (found,) = await collect(ledger, [CsvSettings("cove", Path())], at, pull=pull, **more)
    return found


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (devices(20), devices(16), None),
        (devices(20), devices(15), "it no longer lists 5 of 20 devices, which is more than 20 %"),
        (devices(4), devices(2), None),
        (devices(4), devices(1), "it no longer lists 3 of 4 devices, which is more than 20 %"),
        (devices(10, customers=10), devices(8, customers=10), None),
        (
            {**devices(10, customers=10), "big": {f"b{each}": GB for each in range(90)}},
            {**devices(7, customers=10), "big": {f"b{each}": GB for each in range(90)}},
            "it no longer lists 3 of 11 customers with devices, which is more than 20 %",
        ),
        ({"1": {f"d{each}": GB for each in range(5)}}, {"2": {f"d{each}": GB for each in range(5)}}, None),
        ({str(each): {None: GB} for each in range(5)}, {"0": {None: GB}}, "4 of 5 customers with devices and 4 of 5"),
        (devices(5), devices(5, since=5), "it no longer lists 5 of 5 devices"),
    ],
)
async def test_a_pull_that_lost_much_at_once_is_not_believed(
    ledger: Ledger, before: Used, after: Used, reason: str | None
) -> None:
    await pulled(ledger, before, NOON)
    found = await pulled(ledger, after, NOON + HOUR)
    assert found.pull.state == ("whole" if reason is None else "disbelieved")
    assert (reason or "") in (found.pull.error or "")


async def test_an_empty_pull_is_not_believed_without_an_approval(ledger: Ledger) -> None:
    first = await pulled(ledger, {}, NOON)
    assert (first.pull.state, first.pull.error) == ("disbelieved", "it is complete but lists no devices")
    assert (await pulled(ledger, devices(1), NOON + HOUR)).pull.state == "whole"
    assert (await pulled(ledger, {}, NOON + 2 * HOUR)).pull.state == "disbelieved"


async def test_the_largest_believed_loss_is_a_setting(ledger: Ledger) -> None:
    await pulled(ledger, devices(20), NOON)
    assert (await pulled(ledger, devices(10), NOON + HOUR, shrink=Decimal(50))).pull.state == "whole"
    assert (await pulled(ledger, devices(7), NOON + 2 * HOUR, shrink=Decimal(0))).pull.state == "disbelieved"


def test_a_pull_that_is_not_believed_counts_as_failed_and_later_pulls_are_not_compared_with_it(ledger: Ledger) -> None:
    job = Hours(ledger, *(rule(str(each)) for each in range(10)))
    job.run(devices(10, customers=10), NOON)
    result = job.run(devices(1, customers=10), NOON + HOUR)
    assert {charge.state for charge in result.charges} == {"held"}
    assert result.coverage.failed_sources == ("cove",)
    assert {charge.state for charge in job.run(devices(2, customers=10), NOON + 2 * HOUR).charges} == {"held"}
    again = job.run(devices(9, customers=10), NOON + 3 * HOUR)
    assert [charge.state for charge in again.charges] == ["billed"] * 9 + ["held"]
    assert [row.state for row in again.coverage.rows if not row.accounted] == ["vanished"]


async def test_an_approved_pull_is_believed_and_the_next_pull_is_compared_with_it(ledger: Ledger) -> None:
    await pulled(ledger, devices(10), NOON)
    approval = approval_of(["shrink"], ["cove"], "ann@desk")
    found = await pulled(ledger, devices(2), NOON + HOUR, approval=approval)
    assert (found.pull.state, found.approved) == ("whole", found.pull_id)
    believed = latest_whole_pull(ledger, "cove")
    assert believed is not None
    assert (believed.id, believed.approved_by, believed.approved_at) == (found.pull_id, "ann@desk", NOON + HOUR)
    assert (await pulled(ledger, devices(2), NOON + 2 * HOUR)).pull.state == "whole"


async def test_the_next_pull_is_compared_with_an_approved_empty_pull(ledger: Ledger) -> None:
    await pulled(ledger, devices(3), NOON)
    await pulled(ledger, {}, NOON + HOUR, approval=Approval("ann@desk"))
    assert (await pulled(ledger, {}, NOON + 2 * HOUR)).pull.state == "whole"


async def test_if_the_new_pull_failed_an_approval_is_for_the_newest_earlier_pull(ledger: Ledger) -> None:
    approval = Approval("ann@desk", frozenset({"cove"}))
    await pulled(ledger, devices(10), NOON)
    lost = await pulled(ledger, devices(2), NOON + HOUR)
    found = await pulled(ledger, {}, NOON + 2 * HOUR, failed=True, approval=approval)
    assert (found.pull.state, found.approved) == ("failed", lost.pull_id)
    believed = latest_whole_pull(ledger, "cove")
    assert believed is not None
    assert believed.id == lost.pull_id
    nothing = await pulled(ledger, {}, NOON + 3 * HOUR, failed=True, approval=approval)
    assert nothing.approved is None
    other = await pulled(ledger, devices(1), NOON + 4 * HOUR, approval=Approval("ann@desk", frozenset({"other"})))
    assert (other.pull.state, other.approved) == ("whole", None)


def test_an_approval_may_name_a_source_of_the_workspace() -> None:
    assert approval_of(["money", "zero=x"], ["cove"], "ann@desk") is None
    assert approval_of(["shrink=cove"], ["cove", "file"], "ann@desk") == Approval("ann@desk", frozenset({"cove"}))
    with pytest.raises(UsageError, match="there is no usage source cave"):
        approval_of(["shrink=cave"], ["cove"], "ann@desk")


# Moved devices, silent devices and late figures


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
