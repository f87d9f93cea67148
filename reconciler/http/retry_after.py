"""Read the wait in `Retry-After`, and dates in HTTP headers (RFC 9110)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after_seconds(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for, or None without a usable value.

    The header holds seconds or an HTTP date. A date is compared with the response's own `Date`, so a wrong clock on
    this machine does not matter; `now` is used where the response has no `Date`.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until, since = parse_http_date(text), parse_http_date(headers.get("date", "")) or now
    return None if until is None else max(0.0, (until - since).total_seconds())


def parse_http_date(text: str) -> datetime | None:
    """Return an HTTP date as an aware datetime in UTC, or None for any other text."""
    try:
        value = parsedate_to_datetime(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
