"""Tests of the meters of the console's monthly report, with a real ledger: read once a day, and measured."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.additions.charges import ChargedUsage, ChargeInputs, charge_usage
from reconciler.closing.steps import steps_of
from reconciler.kinds.billing_rules import Allowance, Exclusion, Rule
from reconciler.kinds.meters import BUILT_IN, RECOVERY
from reconciler.kinds.meters import USERS as USERS_COLUMN
from reconciler.ledger import pulls
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import Approval, collect
from reconciler.metering.customer_measure import measure
from reconciler.metering.history import History
from reconciler.metering.loading import load_snapshots
from reconciler.metering.monthly_report import report_span
from reconciler.metering.period import Period, Span, period_of
from reconciler.metering.reading_reports import Reports
from reconciler.metering.sources.csv_file import CsvSettings

from .builders import GB, HOUR, NOON, SETTINGS, rule
from .runs import quantities, reading

DAY = timedelta(days=1)
REPORT = "cove:report"
Report = Mapping[str, Mapping[str, tuple[int, int]]]
"""The users and the recovery of each device, by customer."""
ACME: Report = {"1": {"a": (7, 0), "b": (0, 1), "c": (0, 2), "d": (0, 1)}}


def meter(name: str, customer: str = "1", **more: Any) -> Rule:
    return rule(customer, meter=BUILT_IN[name], charge=name, unit=None, **more)


USERS = meter("m365-users")


class Days:
    """A job that reads a console with one customer, and its monthly report."""

    def __init__(self, ledger: Ledger, *rules: Rule, month_before: bool = False) -> None:
        self.ledger = ledger
        self.rules = rules or (USERS,)
        self.exclusions: tuple[Exclusion, ...] = ()
        self.month_before = month_before
        self.report: Report | None = ACME
        self.console_fails = False
        self.read: list[str] = []
        self.customers = ("1",)
        self.state = "InProduction"
        self.counted: tuple[str, ...] = ("cove",)

    def run(self, at: datetime, *, approved: bool = False) -> ChargedUsage:
        """Pull and record at a moment, and return the charges."""

        async def pull(_: Any, now: datetime) -> Pull:
            found = reading({each: {"a": GB} for each in self.customers}, now, failed=self.console_fails)
            return replace(found, customers=tuple(replace(each, state=self.state) for each in found.customers))

        async def read(_: Any, name: str, period: Period, moment: datetime) -> Pull:
            self.read.append(f"{period} at {moment:%m-%d %H:%M}")
            return self._report(name, moment)

        reports = Reports("Europe/Berlin", self.counted, read, self.month_before)
        approval = Approval("me") if approved else None
        settings = [CsvSettings("cove", Path())]
        fresh = asyncio.run(collect(self.ledger, settings, at, pull=pull, reports=reports, approval=approval))
        snapshots = load_snapshots(self.ledger, {"cove": "GB"}, self.rules, SETTINGS, at, fresh)
        return charge_usage(ChargeInputs(at, SETTINGS, self.rules, self.exclusions, snapshots))

    def _report(self, name: str, at: datetime) -> Pull:
        if self.report is None:
            return Pull(name, at, at, "failed", (), (), "no report")
        customers = tuple(
            Customer(name, each, f"Customer {each}") for each in dict.fromkeys((*self.customers, *self.report))
        )
        samples = tuple(
            Sample(name, customer, device, at, None, {USERS_COLUMN: str(users), RECOVERY: str(recovery)})
            for customer, devices in self.report.items()
            for device, (users, recovery) in devices.items()
        )
        return Pull(name, at, at, "whole", customers, samples, columns=(USERS_COLUMN, RECOVERY))


@pytest.mark.parametrize(("name", "quantity"), [("m365-users", 7), ("recovery-testing", 2), ("standby-image", 1)])
def test_each_meter_counts_its_part_of_the_report(ledger: Ledger, name: str, quantity: int) -> None:
    found = Days(ledger, meter(name)).run(NOON)
    assert quantities(found) == [quantity]
    assert [(row.state, row.charge, row.quantity) for row in found.coverage.rows] == [("billed", name, quantity)]
    assert found.coverage.is_complete


def test_the_report_is_read_once_a_billing_day(ledger: Ledger) -> None:
    job = Days(ledger)
    for hour in range(14):  # noon in UTC is 13:00 in Berlin, where a new day begins after 11 hours
        assert quantities(job.run(NOON + hour * HOUR)) == [7]
    assert job.read == ["2025-11 at 11-22 12:00", "2025-11 at 11-22 23:00"]
    found = pulls.pulls_between(ledger, REPORT, NOON, NOON + DAY)
    assert [(each.state, each.samples) for each in found] == [("whole", 4), ("whole", 4)]


def test_a_report_that_fails_is_read_again_by_the_next_run_and_holds_its_charges_alone(ledger: Ledger) -> None:
    job = Days(ledger, rule(), USERS)
    job.run(NOON)
    job.report = None
    found = job.run(NOON + DAY)
    assert [each.state for each in found.charges] == ["billed", "held"]
    assert quantities(found) == [1, None]
    assert found.warnings == (
        "cove:report: the pull at 2025-11-23 12:00 UTC failed: no report; the last believed pull was at "
        "2025-11-22 12:00 UTC; 1 mapped customer is held at its last quantity",
    )
    assert found.coverage.failed_sources == (REPORT,)
    job.report = ACME
    assert quantities(job.run(NOON + DAY + HOUR)) == [1, 7]


def test_without_any_report_its_charges_are_held(ledger: Ledger) -> None:
    snapshots = load_snapshots(ledger, {"cove": "GB"}, [USERS], SETTINGS, NOON)
    found = charge_usage(ChargeInputs(NOON, SETTINGS, [USERS], [], snapshots))
    assert found.charges[0].state == "held"
    assert found.warnings[-1].startswith("cove:report: this source was never read; 1 mapped customer is held")


def test_a_report_still_counts_while_the_hourly_pull_fails(ledger: Ledger) -> None:
    job = Days(ledger, rule(), USERS)
    job.run(NOON)
    job.console_fails = True
    assert [each.state for each in job.run(NOON + HOUR).charges] == ["held", "billed"]


def test_a_report_of_two_days_ago_is_too_old(ledger: Ledger) -> None:
    job = Days(ledger)
    job.run(NOON)
    snapshots = load_snapshots(ledger, {"cove": "GB"}, [USERS], SETTINGS, NOON + 2 * DAY + HOUR)
    found = charge_usage(ChargeInputs(NOON + 2 * DAY + HOUR, SETTINGS, [USERS], [], snapshots))
    assert "which is older than the 48 h that a monthly report counts" in found.coverage.source_problems[REPORT]


def test_a_customer_that_a_whole_report_does_not_list_used_nothing(ledger: Ledger) -> None:
    job = Days(ledger, USERS, meter("m365-users", "2", minimum=Decimal(3)))
    job.customers = ("1", "2")
    found = job.run(NOON)
    assert quantities(found) == [7, 3]
    assert [row.state for row in found.coverage.rows] == ["billed", "billed"]
    assert found.coverage.is_complete
    job.report = {**ACME, "2": {"e": (9, 0)}}
    assert quantities(job.run(NOON + DAY)) == [7, 9]
    job.report = ACME
    assert quantities(job.run(NOON + 2 * DAY)) == [7, 3]


def test_a_customer_that_the_console_does_not_know_is_named(ledger: Ledger) -> None:
    found = Days(ledger, meter("m365-users", "9")).run(NOON)
    states = {row.customer_id: row.state for row in found.coverage.rows}
    assert states == {"1": "unmapped", "9": "never seen"}


def test_a_device_that_is_gone_counts_nothing_at_once(ledger: Ledger) -> None:
    job = Days(ledger)
    job.report = {"1": {"a": (7, 0), "b": (5, 0), "c": (1, 0)}}
    assert quantities(job.run(NOON)) == [13]
    job.report = {"1": {"a": (7, 0), "c": (1, 0)}}
    assert quantities(job.run(NOON + DAY)) == [8]


def test_a_new_month_begins_with_its_own_report(ledger: Ledger) -> None:
    job = Days(ledger)
    job.run(datetime(2025, 11, 30, 12, tzinfo=UTC))
    job.report = None
    first = datetime(2025, 12, 1, 6, tzinfo=UTC)
    assert job.run(first).charges[0].state == "held"
    job.report = {"1": {"a": (2, 0), "b": (0, 1), "c": (0, 2), "d": (0, 1)}}
    assert quantities(job.run(first + HOUR)) == [2]


def test_the_last_report_of_a_month_is_read_when_it_has_ended(ledger: Ledger) -> None:
    job = Days(ledger, month_before=True)
    job.run(datetime(2025, 11, 30, 12, tzinfo=UTC))
    for hour in (6, 7):
        job.run(datetime(2025, 12, 1, hour, tzinfo=UTC))
    assert job.read == ["2025-11 at 11-30 12:00", "2025-11 at 11-30 22:59", "2025-12 at 12-01 06:00"]


def test_a_first_run_reads_no_report_of_the_month_before(ledger: Ledger) -> None:
    job = Days(ledger, month_before=True)
    job.run(datetime(2025, 12, 1, 6, tzinfo=UTC))
    assert job.read == ["2025-12 at 12-01 06:00"]


def test_a_report_that_lost_too_much_is_not_believed_until_it_is_approved(ledger: Ledger) -> None:
    job = Days(ledger)
    job.run(NOON)
    job.report = {"1": {"a": (1, 0)}}
    found = job.run(NOON + DAY)
    advice = "accept it with: reconciler usage pull --approve shrink=cove:report"
    assert advice in found.coverage.source_problems[REPORT]
    assert quantities(job.run(NOON + DAY + HOUR, approved=True)) == [1]


def test_an_excluded_device_has_no_users(ledger: Ledger) -> None:
    job = Days(ledger)
    job.exclusions = (Exclusion("lab", "cove", "1", "a lab", None, "a"),)
    assert quantities(job.run(NOON)) == [0]


def test_a_report_gives_an_allowance_and_has_allowances(ledger: Ledger) -> None:
    per_user = Allowance(Decimal(1), "m365-users", BUILT_IN["m365-users"])
    free_users = meter("m365-users", allowance=Allowance(Decimal(2), "customer"))
    job = Days(ledger, rule(minimum=None, allowance=per_user), free_users)
    assert quantities(job.run(NOON)) == [0, 5]


def test_a_count_of_the_report_leaves_no_device_uncounted(ledger: Ledger) -> None:
    found = Days(ledger, rule(), meter("recovery-testing")).run(NOON)
    assert {row.state for row in found.coverage.rows} == {"billed"}


def test_a_trial_that_ends_after_the_report_of_the_day_has_ended_for_the_report_too(ledger: Ledger) -> None:
    job = Days(ledger)
    job.state = "InTrial"
    assert [row.state for row in job.run(NOON).coverage.rows] == ["trial"]
    job.state = "InProduction"
    assert quantities(job.run(NOON + HOUR)) == [7]


def test_without_a_report_the_amount_of_an_unmapped_customer_is_unknown(ledger: Ledger) -> None:
    job = Days(ledger)
    job.run(NOON)
    snapshots = load_snapshots(ledger, {"cove": "GB"}, [], SETTINGS, NOON)
    found = charge_usage(ChargeInputs(NOON, SETTINGS, [], [], snapshots, default_rules=[USERS]))
    assert [(row.state, row.money) for row in found.coverage.rows] == [("unmapped", None)]


def test_an_ended_month_is_billed_by_its_last_report(ledger: Ledger) -> None:
    job = Days(ledger, month_before=True)
    job.run(datetime(2025, 11, 29, 12, tzinfo=UTC))
    job.report = {"1": {"a": (9, 0), "b": (0, 1), "c": (0, 2), "d": (0, 1)}}
    now = datetime(2025, 12, 2, 6, tzinfo=UTC)
    job.run(now)
    november = period_of(NOON, "Europe/Berlin")
    snapshot = load_snapshots(ledger, {"cove": "GB"}, [USERS], SETTINGS, now, ended=november)["cove"]
    assert snapshot.report is not None
    span = report_span(Span(november.start, november.end, now, 6 * HOUR, DAY))
    history = History(snapshot.report, span, None, USERS.meter)
    measured = measure(USERS, history, history.customer_now("1"), november.start, november.end)
    assert measured is not None
    assert [(each.bytes, each.observed_at) for each in measured.chosen] == [(9, november.end - timedelta(seconds=1))]


def test_the_first_step_of_the_rating_names_the_report(ledger: Ledger) -> None:
    job = Days(ledger, USERS, meter("m365-users", "2"))
    job.customers = ("1", "2")
    texts = [next(iter(steps_of(each, USERS, "USD"))).text for each in job.run(NOON).charges]
    assert texts == [
        "meter m365-users, the monthly report that was read at 2025-11-22 12:00 UTC",
        "meter m365-users, no monthly report has ever had a device of the customer",
    ]


def test_a_report_that_no_meter_counts_is_not_read(ledger: Ledger) -> None:
    job = Days(ledger)
    job.counted = ()
    job.run(NOON)
    assert job.read == []
