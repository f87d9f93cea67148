"""How long a server asks to be left alone: `Retry-After`, and the dates of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, given as seconds or as an HTTP date; None without a usable one.

    A date is measured against the answer's own `Date`, so that a clock that is wrong here does no harm.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until, since = http_date(text), http_date(headers.get("date", "")) or now
    return None if until is None else max(0.0, (until - since).total_seconds())


def http_date(text: str) -> datetime | None:
    """The moment that an HTTP date names, aware and in UTC; None for anything else."""
    try:
        value = parsedate_to_datetime(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
