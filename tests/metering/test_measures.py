"""Tests of the hours that each measure chooses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.billing_rules import Measure
from reconciler.metering.measures import DeviceReading, HourTotal, choose_hours

from .builders import HOUR, NOON

BYTES = st.integers(0, 2**50)


def hour(number: int, *missing: str, **devices: int) -> HourTotal:
    """Return an hour with these devices and their bytes."""
    at = NOON + HOUR * number
    return HourTotal(
        at, number, at, tuple(DeviceReading(key, size, at, held=False) for key, size in devices.items()), missing
    )


def hours_of(*totals: int) -> tuple[HourTotal, ...]:
    """Return hours with these totals of one device."""
    return tuple(hour(number, a=total) for number, total in enumerate(totals))


@pytest.mark.parametrize(("measure", "total"), [("last", 4), ("peak", 9), ("p95", 9), ("mean", 20)])
def test_each_measure_chooses_its_hours(measure: Measure, total: int) -> None:
    taken = choose_hours(measure, hours_of(1, 9, 6, 4), elapsed=7)
    assert taken is not None
    assert (taken.total, taken.known_of_elapsed) == (total, (4, 7))


def test_the_95th_percentile_is_an_hour_that_19_of_20_do_not_exceed() -> None:
    taken = choose_hours("p95", hours_of(*range(1, 21)))
    assert taken is not None
    assert taken.total == 19


@pytest.mark.parametrize(("measure", "totals", "chosen"), [("peak", (3, 8, 8), 1), ("p95", (5, 8, 8, 8), 1)])
def test_the_first_of_equal_hours_is_chosen(measure: Measure, totals: tuple[int, ...], chosen: int) -> None:
    taken = choose_hours(measure, hours_of(*totals))
    assert taken is not None
    assert taken.chosen[0].hour == NOON + HOUR * chosen


def test_nothing_is_measured_without_a_known_hour() -> None:
    assert choose_hours("mean", ()) is None


def test_the_mean_of_a_device_counts_hours_without_it_as_zero() -> None:
    taken = choose_hours("mean", [hour(1, a=4, b=2), hour(2, a=4)])
    assert taken is not None
    assert taken.by_device == {"a": 8, "b": 2}
    assert taken.hours == 2


def test_each_device_without_a_figure_is_named_once_for_all_hours() -> None:
    taken = choose_hours("mean", [hour(1, "a", b=1), hour(2, "a", b=1)])
    assert taken is not None
    assert taken.missing == ("a",)


@given(st.lists(BYTES, min_size=1, max_size=60))
def test_the_measures_are_in_order_of_size(totals: list[int]) -> None:
    hours = hours_of(*totals)
    taken = {measure: choose_hours(measure, hours) for measure in ("last", "peak", "mean", "p95")}
    values = {name: Decimal(each.total) / each.hours for name, each in taken.items() if each is not None}
    assert values["last"] == totals[-1]
    assert min(totals) <= values["p95"] <= values["peak"] == max(totals)
    assert min(totals) <= values["mean"] <= max(totals)
    assert sum(total > values["p95"] for total in totals) * 20 <= len(totals)


@given(st.lists(BYTES, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_peak_mean_and_p95_do_not_depend_on_the_order_of_hours(totals: list[int], random: object) -> None:
    shuffled = list(totals)
    random.shuffle(shuffled)
    for measure in ("peak", "mean", "p95"):
        one, other = choose_hours(measure, hours_of(*totals)), choose_hours(measure, hours_of(*shuffled))
        assert one is not None
        assert other is not None
        assert one.total == other.total


def test_the_elapsed_hours_are_known_only_if_they_are_given() -> None:
    taken = choose_hours("last", hours_of(1))
    assert taken is not None
    assert taken.known_of_elapsed is None
