"""Tests of which figure counts in which hour, and for which customer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.metering.period import Span, period_of

from .builders import HOUR, NOON, seen
from .histories import MINUTE, START, Row, history, pull, totals


def test_the_devices_of_a_customer_are_summed_within_an_hour() -> None:
    assert totals([pull(HOUR, ("1", "a", 1), ("1", "b", 2), ("2", "c", 4))]) == {1: 3}


def test_of_several_pulls_in_an_hour_the_last_figure_of_each_device_counts() -> None:
    pulls = [pull(5 * MINUTE, ("1", "a", 9), ("1", "b", 1)), pull(50 * MINUTE, ("1", "a", 4), ("1", "b", None))]
    assert totals(pulls) == {0: 5}


def test_a_device_that_the_last_pull_of_the_hour_does_not_list_counts_zero() -> None:
    pulls = [
        pull(5 * MINUTE, ("1", "a", 9), ("1", "b", 1)),
        pull(50 * MINUTE, ("1", "b", 1)),
        pull(HOUR, ("1", "b", 2)),
    ]
    assert totals(pulls) == {0: 1, 1: 2}


def test_a_device_counts_zero_from_the_hour_of_a_pull_without_it_until_it_returns() -> None:
    pulls = [
        pull(0 * HOUR, ("1", "a", 9), ("1", "b", 1)),
        pull(HOUR, ("1", "b", 1)),
        pull(2 * HOUR, ("1", "a", None), ("1", "b", 1)),
    ]
    assert totals(pulls) == {0: 10, 1: 1, 2: 10}


def test_a_customer_absent_from_a_believed_pull_counts_zero_after_the_grace() -> None:
    pulls = [pull(0 * HOUR, ("1", "a", 7)), *(pull(hour * HOUR) for hour in (1, 2, 3))]
    assert totals(pulls, grace=2 * HOUR) == {0: 7, 2: 0, 3: 0}
    assert totals([*pulls, pull(4 * HOUR, ("1", "a", 5))], grace=2 * HOUR) == {0: 7, 2: 0, 3: 0, 4: 5}


def test_an_hour_in_which_a_customer_vanishes_is_left_out() -> None:
    assert totals([pull(5 * MINUTE, ("1", "a", 7)), pull(50 * MINUTE), pull(HOUR, ("1", "a", 8))]) == {1: 8}


def test_hours_before_the_first_sample_ever_are_left_out() -> None:
    pulls = [pull(0 * HOUR), pull(HOUR), pull(2 * HOUR, ("1", "a", 8))]
    assert totals(pulls) == {2: 8}
    assert totals(pulls, last_seen=seen("1", NOON - 24 * HOUR)) == {0: 0, 1: 0, 2: 8}


def test_an_hour_with_a_held_figure_has_the_time_of_that_figure() -> None:
    _, second = history(
        [pull(HOUR, ("1", "a", 7), ("1", "b", 1)), pull(2 * HOUR, ("1", "a", None), ("1", "b", 2))]
    ).hours("1", START)
    assert [(device.bytes, device.held) for device in second.devices] == [(7, True), (2, False)]
    assert second.devices[0].read_at == NOON + HOUR


def test_a_device_that_never_reported_a_figure_counts_zero_and_is_named() -> None:
    (hour,) = history([pull(HOUR, ("1", "a", None), ("1", "b", 3))]).hours("1", START)
    assert (hour.bytes, hour.missing) == (3, ("a",))
    (hour,) = history([pull(HOUR, ("1", "a", None))]).hours("1", START)
    assert (hour.bytes, hour.missing) == (0, ("a",))


def test_a_figure_counts_in_the_hour_it_is_about_and_not_when_it_was_read() -> None:
    pulls = [
        pull(5 * MINUTE, ("1", "a", 1, -10 * MINUTE)),
        pull(HOUR + 5 * MINUTE, ("1", "a", 1, -10 * MINUTE)),
        pull(2 * HOUR + 5 * MINUTE, ("1", "a", 2, HOUR + 50 * MINUTE)),
    ]
    assert totals(pulls) == {-1: 1, 1: 2}


def test_a_late_figure_counts_in_its_own_hour_and_does_not_replace_a_newer_one() -> None:
    pulls = [pull(3 * HOUR, ("1", "a", 7)), pull(4 * HOUR, ("1", "a", 99, HOUR))]
    assert totals(pulls) == {1: 99, 3: 7}
    (now,) = history(pulls).customer_now("1").devices
    assert (now.bytes, now.read_at) == (7, NOON + 3 * HOUR)


def test_a_new_device_whose_figure_arrives_late_counts_in_its_hour_too() -> None:
    pulls = [pull(30 * MINUTE, ("1", "a", 1)), pull(HOUR, ("1", "a", 1), ("1", "b", 4, 10 * MINUTE))]
    assert totals(pulls) == {0: 5, 1: 5}


def test_a_new_customer_whose_figure_arrives_late_counts_in_its_hour_too() -> None:
    pulls = [pull(30 * MINUTE, ("2", "b", 1)), pull(HOUR + MINUTE, ("1", "a", 4, 10 * MINUTE), ("2", "b", 1))]
    assert totals(pulls) == {0: 4}


def test_a_late_figure_does_not_count_if_the_hour_has_a_newer_one() -> None:
    assert totals([pull(50 * MINUTE, ("1", "a", 4)), pull(HOUR + MINUTE, ("1", "a", 9, 10 * MINUTE))]) == {0: 4}


def test_several_figures_of_one_device_in_one_pull_count_each_in_its_hour() -> None:
    rows: list[Row] = [("1", "a", hour, hour * HOUR) for hour in (3, 1, 2)]
    pulls = [pull(3 * HOUR + MINUTE, *rows)]
    assert totals(pulls) == {1: 1, 2: 2, 3: 3}
    (now,) = history(pulls).customer_now("1").devices
    assert now.bytes == 3


def test_devices_that_are_listed_with_an_older_figure_count_beside_newer_ones() -> None:
    pulls = [pull(HOUR + 5 * MINUTE, ("1", "a", 5, -30 * MINUTE), ("1", "b", 7, 50 * MINUTE))]
    assert totals(pulls) == {-1: 5, 0: 12}


def test_a_device_that_moves_counts_for_the_new_customer_from_the_hour_of_its_first_sample_there() -> None:
    pulls = [pull(5 * MINUTE, ("1", "a", 9), ("1", "c", 1)), pull(40 * MINUTE, ("2", "a", 9), ("1", "c", 1))]
    pulls = [pull(-HOUR, ("1", "a", 8), ("1", "c", 1)), *pulls]
    assert totals(pulls) == {-1: 9, 0: 1}
    assert totals(pulls, "2") == {0: 9}


def test_an_hour_with_a_total_beside_devices_is_left_out() -> None:
    pulls = [pull(0 * HOUR, ("1", None, 9)), pull(HOUR, ("1", None, 9), ("1", "a", 2)), pull(2 * HOUR, ("1", "a", 3))]
    assert totals(pulls) == {0: 9, 2: 3}
    assert history(pulls[:2]).customer_now("1").mixed


def test_totals_and_devices_of_the_same_hour_are_never_added() -> None:
    pulls = [pull(5 * MINUTE, ("1", "a", 2), ("1", "b", 3)), pull(HOUR, ("1", None, 6, 50 * MINUTE))]
    assert totals(pulls) == {0: 6}
    devices = [pull(5 * MINUTE, ("1", None, 6)), pull(HOUR, ("1", "a", 2, 50 * MINUTE), ("1", "b", 3, 50 * MINUTE))]
    assert totals(devices) == {0: 5}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "America/New_York"])
def test_hours_are_counted_from_the_start_of_the_period_in_the_billing_zone(zone: str) -> None:
    period = period_of(NOON, zone)
    minutes = (0, 14, 15, 29, 30, 44, 45, 59)
    pulls = [pull(minute * MINUTE, ("1", "a", minute + 1)) for minute in minutes]
    found = history(pulls, period=period).hours("1", START)
    for hour in found:
        assert (hour.hour - period.start) % HOUR == timedelta()
        assert hour.hour <= hour.observed_at < hour.hour + HOUR
    boundary = (period.start - NOON) % HOUR / MINUTE
    split = [minute for minute in minutes if minute < boundary]
    expected = [max(split)] if split else []
    assert [hour.bytes - 1 for hour in found] == [*expected, 59]


def test_a_month_in_which_clocks_change_has_hours_without_a_gap_or_an_overlap() -> None:
    for month, days in [(3, 31), (10, 31), (4, 30)]:
        moment = datetime(2026, month, 15, tzinfo=UTC)
        for zone in ("Europe/Berlin", "Australia/Lord_Howe"):
            period = period_of(moment, zone)
            span = Span(period.start, period.end, period.end, HOUR, HOUR)
            last = span.hour_of(period.end - timedelta(microseconds=1))
            assert abs(last + 1 - days * 24) <= 1
            assert span.hour_of(period.start) == 0


def test_a_device_from_before_the_loaded_pulls_counts_zero_if_a_pull_does_not_list_it() -> None:
    pulls = [pull(30 * MINUTE, ("1", "b", 1)), pull(HOUR, ("1", "a", 5, 10 * MINUTE), ("1", "b", 1))]
    assert totals(pulls) == {0: 6, 1: 6}
    long_ago = {"1": {"a": NOON - 99 * HOUR, "b": NOON - 99 * HOUR}}
    assert totals(pulls, devices_since=long_ago) == {0: 1, 1: 6}
    only_then = {"1": {"a": NOON + 10 * MINUTE}}
    assert totals(pulls, devices_since=only_then) == {0: 6, 1: 6}


def test_a_device_that_moved_does_not_count_in_earlier_hours_of_a_later_pull() -> None:
    """There is no pull in the hour after noon. The next pull has a late figure and a silent device that moved."""
    first = pull(-HOUR, ("1", "a", 1), ("2", "b", 9))
    late = pull(HOUR, ("1", "a", 2, 30 * MINUTE), ("1", "b", None))
    assert totals([first, late]) == {-1: 1, 0: 2, 1: 11}
    assert totals([first, late], "2") == {-1: 9}


def test_the_first_pull_with_samples_of_an_hour_lists_the_devices_of_an_hour_without_a_pull() -> None:
    first = pull(-HOUR, ("1", "a", 1), ("1", "b", 9))
    late = pull(HOUR, ("1", "a", 2, 30 * MINUTE), ("1", "b", None))
    again = pull(2 * HOUR, ("1", "a", 2, 30 * MINUTE), ("1", "c", 5))
    assert totals([first, late]) == {-1: 10, 0: 11, 1: 11}
    assert totals([first, late, again]) == {-1: 10, 0: 11, 1: 11, 2: 7}


def test_a_device_that_is_gone_later_counts_in_an_earlier_hour_without_a_pull() -> None:
    pulls = [
        pull(-HOUR, ("1", "a", 1), ("1", "b", 9)),
        pull(HOUR, ("1", "a", 1), ("1", "b", 9)),
        pull(2 * HOUR, ("1", "a", 1)),
    ]
    assert totals(pulls) == {-1: 10, 1: 10, 2: 1}
    late = pull(3 * HOUR, ("1", "a", 1), ("1", "a", 2, 30 * MINUTE))
    assert totals([*pulls, late]) == {-1: 10, 0: 11, 1: 10, 2: 1, 3: 1}


def test_a_device_that_was_gone_before_an_hour_without_a_pull_counts_from_its_next_sample() -> None:
    first, without = pull(-2 * HOUR, ("1", "a", 1), ("1", "b", 9)), pull(-HOUR, ("1", "a", 1))
    late = pull(3 * HOUR, ("1", "a", 1), ("1", "a", 2, 30 * MINUTE), ("1", "a", 3, 2 * HOUR), ("1", "b", 5, HOUR))
    assert totals([first, without, late]) == {-2: 10, -1: 1, 0: 2, 1: 7, 2: 8, 3: 6}


def test_a_device_that_the_next_pull_no_longer_lists_does_not_count_in_an_hour_without_a_pull() -> None:
    first = pull(-HOUR, ("1", "a", 1), ("1", "b", 9))
    late = pull(HOUR, ("1", "a", 2, 30 * MINUTE), ("2", "b", 7, 10 * MINUTE))
    assert (totals([first, late])[0], totals([first, late], "2")[0]) == (2, 7)


def test_a_silent_device_counts_in_an_hour_without_a_pull_although_the_next_pull_does_not_list_it() -> None:
    pulls = [pull(-HOUR, ("1", "a", 4)), pull(HOUR, ("2", "b", 1)), pull(2 * HOUR, ("1", "a", None, 30 * MINUTE))]
    assert totals(pulls)[0] == 4


def test_a_figure_that_is_dated_into_an_hour_after_all_pulls_counts_there() -> None:
    assert totals([pull(59 * MINUTE, ("1", "a", 4, 61 * MINUTE), ("1", "b", 2))]) == {0: 2, 1: 6}


def test_an_hour_without_a_pull_has_the_total_that_a_source_of_devices_changed_to() -> None:
    pulls = [pull(-HOUR, ("1", "a", 2)), pull(HOUR, ("1", None, 9, 30 * MINUTE), ("1", None, 9))]
    assert totals(pulls) == {-1: 2, 0: 9, 1: 9}


def test_without_an_earlier_pull_a_device_counts_from_its_first_sample() -> None:
    pulls = [pull(2 * HOUR, ("1", "a", 1, -HOUR), ("1", "a", 2, 0 * HOUR), ("1", "b", 5, HOUR), ("1", "a", 3))]
    assert totals(pulls) == {-1: 1, 0: 2, 1: 7, 2: 8}
