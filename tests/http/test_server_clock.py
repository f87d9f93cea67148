"""The difference between the clocks, from `Date` headers and the times of the requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.server_clock import ServerClock

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_one_response_gives_the_offset_within_its_second_and_the_time_of_the_request() -> None:
    clock = ServerClock.from_response(after(600), sent=NOON, received=after(3))
    assert clock == ServerClock(timedelta(seconds=599), timedelta(seconds=2))
    assert clock.minimum_skew == timedelta(seconds=597)


def test_a_clock_that_may_be_right_has_a_minimum_skew_of_zero() -> None:
    assert ServerClock.from_response(NOON, sent=NOON, received=after(1)).minimum_skew == timedelta(0)


def test_a_clock_behind_ours_has_a_positive_skew() -> None:
    assert ServerClock.from_response(after(-600), sent=NOON, received=NOON).minimum_skew == timedelta(seconds=599)


def test_the_last_second_that_python_can_hold_is_accepted() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert ServerClock.from_response(last, sent=NOON, received=NOON).minimum_skew > timedelta(days=365 * 7000)


def test_two_responses_together_are_more_certain() -> None:
    wide = ServerClock.from_response(after(60), sent=NOON, received=after(10))
    close = ServerClock.from_response(after(61), sent=NOON, received=after(0.5))
    both = wide.combined_with(close)
    assert both.uncertainty < close.uncertainty < wide.uncertainty


def test_where_two_responses_contradict_each_other_the_newer_one_counts() -> None:
    newer = ServerClock.from_response(after(3600), sent=NOON, received=NOON)
    assert ServerClock.from_response(NOON, sent=NOON, received=NOON).combined_with(newer) == newer


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 60), st.floats(0, 60)), min_size=1, max_size=6),
)
def test_the_true_offset_is_always_within_the_bounds(offset: float, answers: list[tuple[float, float, float]]) -> None:
    clock: ServerClock | None = None
    for at, there, back in answers:
        stamped = after(at + there + offset).replace(microsecond=0)
        seen = ServerClock.from_response(stamped, sent=after(at), received=after(at + there + back))
        clock = clock.combined_with(seen) if clock else seen
    assert clock is not None
    slack = timedelta(microseconds=5)
    assert abs(timedelta(seconds=offset) - clock.offset) <= clock.uncertainty + slack
