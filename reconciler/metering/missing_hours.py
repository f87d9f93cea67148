"""Decide which hours no run has read, and which of them the next run reads from the history of a source.

    first whole pull ──▶ hours with a pull, in any state      read
                    └──▶ hours without a pull, before now     missing: the run was away

A failed pull reads its hour too: that hour has no figure, for good. The hour of the run itself is read by its own pull.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from reconciler.metering.period import Period, period_of
from reconciler.metering.period import month_before as period_before

HOURS_PER_RUN = 72
"""The most hours that one run reads from the history of a source. The next run reads the hours that are left."""

_HOUR = timedelta(hours=1)


def window(now: datetime, timezone: str, *, month_before: bool) -> tuple[Period, ...]:
    """Return the periods whose missing hours are read: that of `now`, and with `month_before` the one before it."""
    current = period_of(now, timezone)
    return (current, period_before(current, timezone)) if month_before else (current,)


def missing_hours(
    periods: Iterable[Period], pulled: Iterable[datetime], first: datetime | None, now: datetime
) -> tuple[datetime, ...]:
    """Return the first moment of each hour of these periods that no run has read, newest first.

    `pulled` are the starts of all pulls in the periods, and `first` is the start of the first whole pull ever. Nothing
    before `first` is missing, so a first run reaches back to no hour.
    """
    if first is None:
        return ()
    starts = [*pulled, now]
    found: list[datetime] = []
    for period in periods:
        read = {(start - period.start) // _HOUR for start in starts if start in period}
        end = min(period.end, now)
        moments = (
            period.start + number * _HOUR for number in range(-((period.start - end) // _HOUR)) if number not in read
        )
        found += [moment for moment in moments if first < moment]
    return tuple(sorted(found, reverse=True))
