"""Tests of the decision which hours no run has read, and which of them are read from the history of a source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.metering.missing_hours import missing_hours, window

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def missing(
    pulled: list[datetime],
    now: datetime = NOON,
    first: datetime | None = None,
    zone: str = "UTC",
    *,
    month_before: bool = False,
) -> list[str]:
    """Return day and time of the missing hours. Without `first`, it is the earliest pull."""
    if first is None:
        first = min(pulled, default=None)
    found = missing_hours(window(now, zone, month_before=month_before), pulled, first, now)
    return [f"{moment:%d %H:%M}" for moment in found]


def test_the_hours_between_two_runs_are_missing_newest_first() -> None:
    assert missing([NOON - 4 * HOUR]) == ["10 11:00", "10 10:00", "10 09:00"]


def test_a_run_in_every_hour_misses_none() -> None:
    assert missing([NOON - HOUR + timedelta(minutes=50), NOON - 2 * HOUR]) == []


def test_the_hour_of_the_run_is_not_missing() -> None:
    assert missing([NOON - 2 * HOUR], NOON + timedelta(minutes=30)) == ["10 11:00"]


def test_a_first_run_reaches_back_to_no_hour() -> None:
    assert missing([]) == []


def test_no_hour_before_the_first_whole_pull_is_missing() -> None:
    first = NOON - 3 * HOUR + timedelta(minutes=5)
    assert missing([NOON - 100 * HOUR, first], first=first) == ["10 11:00", "10 10:00"]


def test_hours_of_the_month_before_are_missing_if_they_are_asked_for_and_older_ones_are_not() -> None:
    first = datetime(2026, 11, 1, tzinfo=UTC)
    assert missing([first - timedelta(days=90)], first + HOUR) == ["01 00:00"]
    found = missing([first - timedelta(days=90)], first + HOUR, month_before=True)
    assert (found[0], found[-1], len(found)) == ("01 00:00", "01 00:00", 31 * 24 + 1)


def test_hours_begin_as_those_of_the_billing_zone() -> None:
    assert missing([NOON - 2 * HOUR], zone="Asia/Kolkata") == ["10 10:30"]


def test_the_hour_that_a_change_of_the_clocks_repeats_is_read_twice() -> None:
    begins = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin, on a day of 25 hours
    assert len(missing([begins], begins + 25 * HOUR, zone="Europe/Berlin")) == 24


@given(st.sets(st.integers(0, 60)), st.integers(1, 60), st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Berlin"]))
def test_each_hour_since_the_first_pull_is_read_or_missing_once(read: set[int], last: int, zone: str) -> None:
    begins = datetime(2026, 10, 31, tzinfo=UTC)
    now = begins + last * HOUR
    pulled = [begins, *(begins + number * HOUR for number in read if number < last)]
    periods = window(now, zone, month_before=True)
    found = missing_hours(periods, pulled, begins, now)

    def hour(moment: datetime) -> tuple[str, int]:
        period = next(each for each in periods if moment in each)
        return str(period), (moment - period.start) // HOUR

    hours = [hour(moment) for moment in (*found, *pulled, now)]
    assert len({*hours}) == len(found) + len({hour(moment) for moment in (*pulled, now)})
    assert {hour(begins + number * HOUR) for number in range(last + 1)} <= {*hours}
