"""`Retry-After` in seconds or as a date, and the dates of HTTP headers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.retry_after import parse_http_date, retry_after_seconds

NOW = datetime(2026, 11, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sun, 01 Nov 2026 10:00:00 GMT", NOW),
        ("Sun, 01 Nov 2026 11:00:00 +0100", NOW),
        ("Sun, 01 Nov 2026 10:00:00", NOW),
        ("yesterday", None),
        ("", None),
    ],
)
def test_an_http_date_is_read_as_utc(text: str, moment: datetime | None) -> None:
    assert parse_http_date(text) == moment


@given(st.text())
def test_no_text_in_place_of_a_date_raises(text: str) -> None:
    parse_http_date(text)


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
    assert retry_after_seconds(headers, now=NOW) == seconds


@given(st.text())
def test_no_text_in_retry_after_raises(text: str) -> None:
    seconds = retry_after_seconds({"retry-after": text, "date": text}, now=NOW)
    assert seconds is None or seconds >= 0
