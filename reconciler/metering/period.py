"""The billing period: one calendar month in the workspace's time zone, with its bounds in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Period:
    """One month. It contains `start` and every moment before `end`, both in UTC."""

    first_day: date
    """The first and the last day in the workspace's time zone. ConnectWise gets these dates."""
    last_day: date
    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"


class Span(NamedTuple):
    """The bounds of a period, the moment of the run, and the workspace's time limits."""

    start: datetime
    """The start of hour 0."""
    end: datetime
    now: datetime
    max_age: timedelta
    """How old a figure may be. An older one holds its customer."""
    grace: timedelta
    """How long a vanished customer keeps its quantity."""

    def hour_of(self, moment: datetime) -> int:
        """Return the number of the hour that contains a moment. It is negative before `start`."""
        return (moment - self.start) // _HOUR

    def hour(self, number: int) -> datetime:
        """Return the first moment of an hour, by its number."""
        return self.start + number * _HOUR


def period_of(moment: datetime, timezone: str) -> Period:
    """Return the month that contains a moment, by the clocks of the time zone (an IANA name)."""
    zone = ZoneInfo(timezone)
    first_day = local_date(moment, timezone).replace(day=1)
    next_first = (first_day + timedelta(days=31)).replace(day=1)
    return Period(
        first_day=first_day,
        last_day=next_first - timedelta(days=1),
        start=_midnight(first_day, zone),
        end=_midnight(next_first, zone),
    )


def month_before(period: Period, timezone: str) -> Period:
    """Return the month before a period."""
    return period_of(period.start - timedelta.resolution, timezone)


def day_start(day: date, timezone: str) -> datetime:
    """Return the first moment of a date in the time zone, in UTC."""
    return _midnight(day, ZoneInfo(timezone))


def local_date(moment: datetime, timezone: str) -> date:
    """Return the date at a moment in the time zone. Raises `ValueError` if the moment has no time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(ZoneInfo(timezone)).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the start of a day in UTC. If clocks skip midnight, it is the moment after. If it repeats, the first."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
