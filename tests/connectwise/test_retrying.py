"""How long is waited, and for what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise.retrying import LONGEST_PAUSE, backoff, capped, pause


@given(st.integers(1, 50), st.floats(0, 1))
def test_waits_grow_to_half_a_minute_and_chance_takes_up_to_half(tries: int, chance: float) -> None:
    longest = min(30.0, 0.5 * 2 ** (tries - 1))
    assert longest / 2 <= backoff(tries, chance) <= longest


@given(st.none() | st.floats(0, 1e9), st.integers(1, 50), st.floats(0, 1))
def test_a_pause_is_never_nothing_and_never_longer_than_two_minutes(
    asked: float | None, refusals: int, chance: float
) -> None:
    assert 0.1 <= pause(asked, refusals, chance) <= LONGEST_PAUSE


def test_what_is_asked_for_is_followed_up_to_the_cap() -> None:
    assert [capped(None), capped(5), capped(5000)] == [0, 5, LONGEST_PAUSE]
