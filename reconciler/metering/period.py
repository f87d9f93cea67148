"""The billing period: a calendar month in the workspace's zone, half-open, as moments of UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end) in UTC; `first_day` and `last_day` are the dates that ConnectWise is told."""

    first_day: date
    last_day: date
    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"


def period_of(moment: datetime, timezone: str) -> Period:
    """The month that holds a moment, as clocks in the zone show it."""
    zone = ZoneInfo(timezone)
    first_day = local_date(moment, timezone).replace(day=1)
    next_first = (first_day + timedelta(days=31)).replace(day=1)
    return Period(
        first_day=first_day,
        last_day=next_first - timedelta(days=1),
        start=_midnight(first_day, zone),
        end=_midnight(next_first, zone),
    )


def day_start(day: date, timezone: str) -> datetime:
    """The first moment of a date in the zone, in UTC."""
    return _midnight(day, ZoneInfo(timezone))


def local_date(moment: datetime, timezone: str) -> date:
    """The date that a calendar in the zone shows at a moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(ZoneInfo(timezone)).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Where clocks skip midnight, this is the moment after the skip; where it comes twice, the first."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
