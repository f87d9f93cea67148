"""The hours of a charge as figures for a plot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.charge import Charge
from reconciler.kinds.billing_rules import Allowance, Range, Rule
from reconciler.metering.measures import DeviceReading, HourTotal, Measured
from reconciler.metering.period import Span
from reconciler.rating.rate import RatingTrace
from reconciler.reporting.hours import allowance_of, hours_of
from reconciler.reporting.report import Hours
from tests.rendering.report.reports import PERIOD

HOUR = timedelta(hours=1)
RULE = Rule("acme", "cove", "1", "GB", (Range("backup-gb"),), measure="peak")
TRACE = RatingTrace(Decimal(0), Decimal("120.5"), Decimal("80.5"), Decimal(81), Decimal(81))


def total(number: int, size: int) -> HourTotal:
    moment = PERIOD.start + number * HOUR
    return HourTotal(moment, number, moment, (DeviceReading("a", size, moment, held=False),), ())


def made(*totals: HourTotal, hours: float = 5, begins: int = 0, **more: Any) -> Hours:
    charge = Charge("acme", "cove", "1", "billed", "", **more)
    span = Span(PERIOD.start, PERIOD.end, PERIOD.start + hours * HOUR, HOUR, HOUR)
    return hours_of(RULE, charge, totals, span, PERIOD.start + begins * HOUR)


def test_an_hour_has_its_figure_in_the_unit_or_none() -> None:
    found = made(total(1, 120_400_500_000), total(3, 0))

    assert found.figures == (None, Decimal("120.400"), None, Decimal("0.000"), None)
    assert (found.known, found.elapsed, found.hours_of) == (2, 5, PERIOD.start)


def test_the_hour_that_has_begun_counts_and_hours_after_the_month_do_not() -> None:
    assert made(hours=5.5).elapsed == 6
    assert made(hours=2000).elapsed == 744


def test_hours_count_from_the_moment_at_which_usage_begins() -> None:
    assert made(hours=5, begins=2).elapsed == 3
    assert made(hours=0).elapsed == 0


def test_the_chosen_hours_are_numbers() -> None:
    found = made(total(1, 5), total(3, 9), measured=Measured("peak", (total(3, 9),), 2))

    assert found.chosen == (3,)


@pytest.mark.parametrize(
    ("allowance", "trace", "level"),
    [
        (None, TRACE, None),
        (Allowance(Decimal(50), "customer"), None, Decimal(50)),
        (Allowance(Decimal(20), "device"), TRACE, Decimal(40)),
        (Allowance(Decimal(20), "device"), None, None),
    ],
)
def test_an_allowance_of_each_device_is_what_it_took_off(
    allowance: Allowance | None, trace: RatingTrace | None, level: Decimal | None
) -> None:
    charge = Charge("acme", "cove", "1", "billed", "", trace=trace)

    assert allowance_of(replace(RULE, allowance=allowance), charge) == level
