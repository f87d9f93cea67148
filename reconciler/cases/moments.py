"""Days and times in case files. Without a zone, they are those of the workspace's billing zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from reconciler.metering.period import Period, day_start, period_of
from reconciler.metering.sources.cells import quoted

_FORM = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
_MOMENT = re.compile(_FORM, re.ASCII)
_MONTH_FORM = r"[0-9]{4}-[0-9]{2}"
_MONTH = re.compile(_MONTH_FORM, re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a time that may have a zone."""

    text: str
    """As written, for messages."""
    day: date
    time: datetime | None = None
    """None for a whole day. Without a zone if none was written."""

    def begins(self, timezone: str) -> datetime:
        """Return the moment, or the first moment of the day, in UTC. Raises `ValueError` if clocks skip it."""
        if self.time is None:
            return day_start(self.day, timezone)
        if self.time.tzinfo is not None:
            return self.time.astimezone(UTC)
        zone = ZoneInfo(timezone)
        found = self.time.replace(tzinfo=zone).astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None) != self.time:
            raise ValueError(f"{self.text} does not exist in {timezone}, because the clocks skip it")
        return found

    def ends(self, timezone: str) -> datetime:
        """Return the first moment after the day, or after the moment, in UTC. Raises `ValueError` as `begins` does."""
        if self.time is None:
            return day_start(self.day + _DAY, timezone)
        return self.begins(timezone) + timedelta.resolution


def moment_of(value: Any) -> Moment:
    """Return the moment in a text. Raises `ValueError` if it is neither a day nor a time."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{quoted(value)} is not in the calendar") from None
        _check_year(found.year)
        return Moment(value, found.date(), None if len(value) == len("2026-11-01") else found)
    raise ValueError(f"{quoted(value)} is neither a day nor a time: write 2026-11-01, or 2026-11-01 06:00")


def month_of(value: Any) -> date:
    """Return the first day of a month that is written as `2026-11`. Raises `ValueError` for anything else."""
    if isinstance(value, str) and _MONTH.fullmatch(value):
        try:
            found = date.fromisoformat(f"{value}-01")
        except ValueError:
            raise ValueError(f"{quoted(value)} is not in the calendar") from None
        _check_year(found.year)
        return found
    raise ValueError(f"{quoted(value)} is not a month: write it as 2026-11")


def period_in(month: date, timezone: str) -> Period:
    """Return the billing period of a month, by its first day."""
    return period_of(day_start(month, timezone), timezone)


def last_hour(period: Period) -> datetime:
    """Return the first moment of the last hour of a period: the last hourly run is at that time.

    Hours are counted from the start. Where clocks change by half an hour, the last one is shorter.
    """
    hour = timedelta(hours=1)
    return period.start + ((period.end - timedelta.resolution - period.start) // hour) * hour


def _check_year(year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"the year {year} is not between {_FIRST_YEAR} and {_LAST_YEAR}")


def time_text(moment: datetime, timezone: str) -> str:
    """Return a moment as text in a time zone, such as `2026-11-15 12:00`."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


MomentText = Annotated[Moment, PlainValidator(moment_of), WithJsonSchema({"type": "string", "pattern": f"^{_FORM}$"})]
"""A day such as `2026-11-01`, or a time such as `2026-11-01 06:00`."""

Month = Annotated[date, BeforeValidator(month_of), WithJsonSchema({"type": "string", "pattern": f"^{_MONTH_FORM}$"})]
"""A month such as `2026-11`, by its first day."""
