"""How long the client waits before a retry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise.retries import MAX_PAUSE, backoff, capped, throttle_delay


@given(st.integers(1, 50), st.floats(0, 1))
def test_waits_double_up_to_thirty_seconds_and_jitter_takes_up_to_half(tries: int, jitter: float) -> None:
    longest = min(30.0, 0.5 * 2 ** (tries - 1))
    assert longest / 2 <= backoff(tries, jitter) <= longest


@given(st.none() | st.floats(0, 1e9), st.integers(1, 50), st.floats(0, 1))
def test_a_pause_after_429_is_never_zero_and_never_longer_than_two_minutes(
    retry_after: float | None, throttled: int, jitter: float
) -> None:
    assert 0.1 <= throttle_delay(retry_after, throttled, jitter) <= MAX_PAUSE


def test_retry_after_is_followed_up_to_the_longest_pause() -> None:
    assert [capped(None), capped(5), capped(5000)] == [0, 5, MAX_PAUSE]
