"""Tests of the last figure of each device, the last sample of a customer, and the total now."""

from __future__ import annotations

from reconciler.ledger.records import Reading
from reconciler.metering.period import period_of

from .builders import HOUR, NOON, seen
from .histories import MINUTE, START, history, pull, totals


def test_a_silent_device_counts_with_its_last_figure_until_max_age() -> None:
    pulls = [pull(0 * HOUR, ("1", "a", 7), ("1", "b", 1))]
    pulls += [pull(hour * HOUR, ("1", "a", None), ("1", "b", 1)) for hour in range(1, 5)]
    assert totals(pulls, max_age=2 * HOUR) == {0: 8, 1: 8, 2: 8}
    back = [*pulls, pull(5 * HOUR, ("1", "a", 3), ("1", "b", 1))]
    assert totals(back, max_age=2 * HOUR) == {0: 8, 1: 8, 2: 8, 5: 4}


def test_a_silent_device_keeps_a_figure_from_before_the_loaded_pulls() -> None:
    before = {"1": {"a": Reading("1", "a", 5, NOON - HOUR)}}
    assert totals([pull(HOUR, ("1", "a", None))], before=before) == {1: 5}


def test_of_two_figures_for_one_moment_the_one_from_the_later_pull_counts() -> None:
    pulls = [pull(2 * HOUR, ("1", "a", 7, HOUR)), pull(3 * HOUR, ("1", "a", 6, HOUR))]
    assert totals(pulls) == {1: 6}
    (now,) = history(pulls).customer_now("1").devices
    assert now.bytes == 6


def test_a_device_whose_figure_is_dated_ahead_is_listed_without_a_figure() -> None:
    pulls = [
        pull(0 * HOUR, ("1", "a", 5)),
        pull(HOUR, ("1", "a", 900, HOUR + 6 * MINUTE)),
        pull(2 * HOUR, ("1", "a", 6)),
    ]
    assert totals(pulls) == {0: 5, 1: 5, 2: 6}
    now = history(pulls[:2]).customer_now("1")
    assert (now.ahead, now.bytes, now.devices[0].state) == (("a",), 5, "silent")


def test_a_silent_device_keeps_its_last_figure_when_it_moves() -> None:
    pulls = [pull(0 * HOUR, ("1", "a", 9)), pull(HOUR, ("2", "a", None)), pull(2 * HOUR, ("2", "a", None))]
    assert totals(pulls, "2") == {1: 9, 2: 9}
    (now,) = history(pulls).customer_now("2").devices
    assert (now.state, now.bytes, now.read_at) == ("silent", 9, NOON)
    (old,) = history(pulls, max_age=HOUR).customer_now("2").devices
    assert old.state == "stale"
    assert totals(pulls, "2", max_age=HOUR) == {1: 9}


def test_a_silent_device_that_moves_keeps_a_figure_from_before_the_loaded_pulls() -> None:
    before = {"1": {"a": Reading("1", "a", 5, NOON - HOUR)}, "2": {"a": Reading("2", "a", 3, NOON - 5 * HOUR)}}
    pulls = [pull(0 * HOUR, ("2", "a", None))]
    assert totals(pulls, "2", before=before) == {0: 5}
    assert totals(pulls, "2", before={**before, "1": {"a": Reading("1", "a", 5, NOON - 5 * HOUR)}}) == {0: 3}


def test_two_customers_may_have_devices_with_the_same_id() -> None:
    pulls = [pull(0 * HOUR, ("1", "a", 9), ("2", "a", None)), pull(HOUR, ("1", "a", 9), ("2", "a", None))]
    assert totals(pulls, "2") == {0: 0, 1: 0}
    (now,) = history(pulls).customer_now("2").devices
    assert now.state == "never"


def test_an_excluded_device_is_in_no_hour_until_its_exclusion_ends() -> None:
    pulls = [pull(hour * HOUR, ("1", "a", 9), ("1", "b", None if hour == 1 else 1)) for hour in range(3)]
    assert totals(pulls, exclusions={("1", "a"): None}) == {0: 1, 1: 1, 2: 1}
    assert totals(pulls, exclusions={("1", "a"): NOON + 2 * HOUR}) == {0: 1, 1: 1, 2: 10}
    assert totals(pulls, exclusions={("1", "b"): None, ("1", "a"): None}) == {0: 0, 1: 0, 2: 0}
    now = history(pulls, exclusions={("1", "a"): None}).customer_now("1")
    assert ([each.device_id for each in now.devices], now.excluded[0].device_id) == (["b"], "a")


def test_samples_outside_the_period_or_before_a_start_are_not_measured() -> None:
    period = period_of(NOON, "UTC")
    pulls = [
        pull(period.end - NOON - 2 * MINUTE, ("1", "a", 7, period.end - NOON)),
        pull(period.end - NOON - MINUTE, ("1", "a", 8)),
    ]
    assert list(totals(pulls).values()) == [8]
    (now,) = history(pulls[:1]).customer_now("1").devices
    assert now.state == "never"
    earlier = [pull(0 * HOUR, ("1", "a", 1)), pull(HOUR, ("1", "a", 2))]
    assert [hour.bytes for hour in history(earlier).hours("1", NOON + MINUTE)] == [2]


def test_the_last_sample_is_the_newest_of_pulls_and_ledger() -> None:
    known = seen("1", NOON - HOUR, 4)
    assert history([pull(0 * HOUR)], last_seen=known).last_sample("1") == known["1"]
    found = history([pull(0 * HOUR, ("1", "a", 5), ("1", "b", None)), pull(HOUR)], last_seen=known).last_sample("1")
    assert found is not None
    assert (found.observed_at, found.bytes) == (NOON, 5)
    silent = history([pull(0 * HOUR, ("1", "a", None))]).last_sample("1")
    assert silent is not None
    assert silent.bytes is None
    late = history([pull(0 * HOUR, ("1", "a", 5, -2 * HOUR))], last_seen=known).last_sample("1")
    assert late == known["1"]
    assert history([pull(0 * HOUR)]).last_sample("1") is None


def test_the_total_now_is_one_hour_from_the_newest_pull() -> None:
    found = history([pull(0 * HOUR, ("1", "a", 5)), pull(HOUR, ("1", "a", None), ("1", "b", 2), ("1", "c", None))])
    total = found.total_now(found.customer_now("1"), START)
    assert total is not None
    assert (total.bytes, total.missing, total.hour) == (7, ("c",), NOON + HOUR)
    assert [device.held for device in total.devices] == [True, False]
    assert found.total_now(found.customer_now("1"), NOON + 2 * HOUR) is None
