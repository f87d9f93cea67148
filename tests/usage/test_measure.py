from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ledger.records import Reading, Sample
from reconciler.usage.measure import HourTotal, Observation, hourly_totals, take
from reconciler.usage.rules import Measure

from .builders import HOUR, NOON

BYTES = st.integers(0, 2**50)


def observe(at: timedelta, **devices: int | None) -> Observation:
    moment = NOON + at
    number = int(at / timedelta(minutes=1))
    return Observation(number, moment, tuple(Sample("cove", "1", key, moment, size) for key, size in devices.items()))


def hours_of(*totals: int) -> tuple[HourTotal, ...]:
    return hourly_totals([observe(HOUR * number, a=total) for number, total in enumerate(totals)], {})


def test_the_devices_of_a_customer_are_summed_within_an_hour() -> None:
    (hour,) = hourly_totals([observe(HOUR, a=1, b=2)], {})
    assert (hour.bytes, hour.hour) == (3, NOON + HOUR)


def test_of_several_pulls_in_an_hour_the_last_counts() -> None:
    (hour,) = hourly_totals([observe(timedelta(minutes=5), a=9), observe(timedelta(minutes=50), a=4)], {})
    assert (hour.bytes, hour.pull_id) == (4, 50)


def test_a_customer_absent_from_a_whole_pull_used_nothing() -> None:
    assert [hour.bytes for hour in hourly_totals([observe(HOUR, a=7), observe(2 * HOUR)], {})] == [7, 0]


def test_a_device_without_a_figure_counts_with_its_last_known_one() -> None:
    first, second = hourly_totals([observe(HOUR, a=7, b=1), observe(2 * HOUR, a=None, b=2)], {})
    assert second.bytes == 9
    assert [device.held for device in second.devices] == [True, False]
    assert second.devices[0].read_at == first.observed_at


def test_a_device_without_a_figure_counts_with_one_from_before_the_period() -> None:
    (hour,) = hourly_totals([observe(HOUR, a=None)], {"a": Reading("1", "a", 5, NOON)})
    assert (hour.bytes, hour.missing) == (5, ())


def test_a_device_that_never_gave_a_figure_is_named_and_counts_for_nothing() -> None:
    (hour,) = hourly_totals([observe(HOUR, a=None, b=3)], {})
    assert (hour.bytes, hour.missing) == (3, ("a",))


def test_an_hour_in_which_no_device_has_any_figure_is_unknown_and_not_zero() -> None:
    assert hourly_totals([observe(HOUR, a=None)], {}) == ()


def test_an_unknown_pull_does_not_undo_a_known_one_of_its_hour() -> None:
    known, unknown = observe(timedelta(minutes=5), a=9), observe(timedelta(minutes=50), b=None)
    assert [hour.bytes for hour in hourly_totals([known, unknown], {})] == [9]


@pytest.mark.parametrize(("measure", "total"), [("last", 4), ("peak", 9), ("p95", 9), ("mean", 20)])
def test_each_measure_chooses_its_hours(measure: Measure, total: int) -> None:
    taken = take(measure, hours_of(1, 9, 6, 4))
    assert taken is not None
    assert (taken.total, taken.of_hours) == (total, 4)


def test_the_95th_percentile_is_an_hour_that_19_of_20_do_not_exceed() -> None:
    taken = take("p95", hours_of(*range(1, 21)))
    assert taken is not None
    assert taken.total == 19


def test_of_equal_peaks_the_first_is_shown() -> None:
    taken = take("peak", hours_of(3, 8, 8))
    assert taken is not None
    assert taken.chosen[0].hour == NOON + HOUR


def test_nothing_is_measured_where_no_hour_is_known() -> None:
    assert take("mean", ()) is None


def test_the_mean_of_a_device_counts_hours_without_it_as_zero() -> None:
    taken = take("mean", hourly_totals([observe(HOUR, a=4, b=2), observe(2 * HOUR, a=4)], {}))
    assert taken is not None
    assert taken.by_device == {"a": 8, "b": 2}
    assert taken.hours == 2


def test_devices_without_a_figure_are_named_once_over_all_hours() -> None:
    taken = take("mean", hourly_totals([observe(HOUR, a=None, b=1), observe(2 * HOUR, a=None, b=1)], {}))
    assert taken is not None
    assert taken.missing == ("a",)


@given(st.lists(BYTES, min_size=1, max_size=60))
def test_the_measures_lie_in_order(totals: list[int]) -> None:
    hours = hours_of(*totals)
    taken = {measure: take(measure, hours) for measure in ("last", "peak", "mean", "p95")}
    values = {name: Decimal(each.total) / each.hours for name, each in taken.items() if each is not None}  # type: ignore[attr-defined]
    assert values["last"] == totals[-1]
    assert min(totals) <= values["p95"] <= values["peak"] == max(totals)
    assert min(totals) <= values["mean"] <= max(totals)
    assert sum(total > values["p95"] for total in totals) * 20 <= len(totals)


@given(st.lists(BYTES, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_peak_mean_and_p95_do_not_depend_on_the_order_of_hours(totals: list[int], random: object) -> None:
    shuffled = list(totals)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for measure in ("peak", "mean", "p95"):
        one, other = take(measure, hours_of(*totals)), take(measure, hours_of(*shuffled))  # type: ignore[arg-type]
        assert one is not None
        assert other is not None
        assert one.total == other.total
