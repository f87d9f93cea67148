"""Read the durations of the command line: `30m`, `24h`, `7d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta

from reconciler.errors import ReconcilerError

FORMS = "30m, 24h, 7d, 2w"
"""Examples for messages."""
_DURATION = re.compile(r"(\d{1,5})\s*([mhdw])", re.ASCII | re.IGNORECASE)
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def duration_of(text: str) -> timedelta | None:
    """Return the duration that a text names, such as `30m`. None if the text is no duration."""
    found = _DURATION.fullmatch(text.strip())
    return None if found is None else int(found[1]) * _UNITS[found[2].lower()]


def longest_wait(text: str | None) -> timedelta:
    """Return the duration of `--wait`, or zero without it. Raises `ReconcilerError` for a text that is no duration."""
    if text is None:
        return timedelta()
    found = duration_of(text)
    if found is None:
        what = f"{text or 'an empty text'} is no duration"
        raise ReconcilerError(what, where="--wait", advice=f"Write how long to wait, such as {FORMS}.")
    return found
