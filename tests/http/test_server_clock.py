"""What a `Date` header shows of a server's clock, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.server_clock import ServerClock

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_one_answer_tells_the_offset_within_its_second_and_the_time_it_took() -> None:
    clock = ServerClock.seen(after(600), sent=NOON, received=after(3))
    assert clock == ServerClock(timedelta(seconds=599), timedelta(seconds=2))
    assert clock.least_skew == timedelta(seconds=597)


def test_a_clock_that_may_be_right_has_no_skew() -> None:
    assert ServerClock.seen(NOON, sent=NOON, received=after(1)).least_skew == timedelta(0)


def test_a_clock_behind_ours_has_a_skew_that_is_positive() -> None:
    assert ServerClock.seen(after(-600), sent=NOON, received=NOON).least_skew == timedelta(seconds=599)


def test_the_last_second_of_all_is_a_date_as_well() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert ServerClock.seen(last, sent=NOON, received=NOON).least_skew > timedelta(days=365 * 7000)


def test_two_answers_narrow_it_down() -> None:
    wide = ServerClock.seen(after(60), sent=NOON, received=after(10))
    close = ServerClock.seen(after(61), sent=NOON, received=after(0.5))
    both = wide.narrowed(close)
    assert both.uncertainty < close.uncertainty < wide.uncertainty


def test_where_two_answers_disagree_the_newer_one_holds() -> None:
    newer = ServerClock.seen(after(3600), sent=NOON, received=NOON)
    assert ServerClock.seen(NOON, sent=NOON, received=NOON).narrowed(newer) == newer


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 60), st.floats(0, 60)), min_size=1, max_size=6),
)
def test_the_true_offset_is_always_within_the_bounds(offset: float, answers: list[tuple[float, float, float]]) -> None:
    clock: ServerClock | None = None
    for at, there, back in answers:
        stamped = after(at + there + offset).replace(microsecond=0)
        seen = ServerClock.seen(stamped, sent=after(at), received=after(at + there + back))
        clock = clock.narrowed(seen) if clock else seen
    assert clock is not None
    slack = timedelta(microseconds=5)
    assert abs(timedelta(seconds=offset) - clock.offset) <= clock.uncertainty + slack
