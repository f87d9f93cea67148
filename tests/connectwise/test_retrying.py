"""How long is waited, and for what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise.retrying import LONGEST_PAUSE, backoff, capped, pause, retry_after

NOW = datetime(2026, 11, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "Sun, 01 Nov 2026 10:01:00 GMT"}, 60.0),
        ({"retry-after": "Sun, 01 Nov 2026 10:01:00 GMT", "date": "Sun, 01 Nov 2026 10:00:50 GMT"}, 10.0),
        ({"retry-after": "Sun, 01 Nov 2026 10:01:00 -0000", "date": "never"}, 60.0),
        ({"retry-after": "Sun, 01 Nov 2026 09:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=NOW) == seconds


@given(st.text())
def test_no_retry_after_is_too_broken_to_read(text: str) -> None:
    seconds = retry_after({"retry-after": text, "date": text}, now=NOW)
    assert seconds is None or seconds >= 0


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
