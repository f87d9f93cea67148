"""Read the month of `--period`."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

import typer

from reconciler.errors import ReconcilerError
from reconciler.metering.period import Period, day_start, period_of

PeriodOption = Annotated[
    str | None, typer.Option("--period", metavar="MONTH", help="The month, such as 2026-10. Default: the running one.")
]

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def period_named(text: str | None, now: datetime, timezone: str) -> Period:
    """Return the month that a text such as `2026-10` names, by the clocks of the time zone. None is the running one.

    Raises `ReconcilerError` for any other text, and for a month that has not begun.
    """
    running = period_of(now, timezone)
    if text is None:
        return running
    found = _MONTH.fullmatch(text.strip())
    try:
        first_day = date(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        first_day = None
    if first_day is None:
        advice = f"Write the year and the month, such as {running}."
        raise ReconcilerError(f"{text or 'an empty text'} is not a month", where="--period", advice=advice)
    if first_day > running.first_day:
        advice = f"The running month is {running}."
        raise ReconcilerError(f"{first_day:%Y-%m} has not begun", where="--period", advice=advice)
    return period_of(day_start(first_day, timezone), timezone)
