"""Read the time of `--since`: a date, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from reconciler.cli.durations import FORMS, duration_of
from reconciler.errors import ReconcilerError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def since_moment(text: str, now: datetime, timezone: str) -> datetime:
    """Return the time that a text names, in UTC: `7d` ago, a date, or a time.

    A date is its midnight in the time zone of the workspace, and so is a time without a zone. Raises `ReconcilerError`
    for any other text.
    """
    given = text.strip()
    try:
        if (ago := duration_of(given)) is not None:
            return now - ago
        if _DATE.fullmatch(given):
            found = datetime.combine(date.fromisoformat(given), time())
        else:
            found = datetime.fromisoformat(given)
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ReconcilerError(
            f"{text or 'an empty text'} is neither a time nor a duration",
            where="--since",
            advice=f"Write how long ago ({FORMS}), a date (2026-11-01), or a time (2026-11-01T06:00:00Z).",
        ) from None
