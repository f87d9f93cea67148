"""Read the console's monthly report once a day, and once more when its month has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.ledger import pulls
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger
from reconciler.metering.monthly_report import moment_after, report_of
from reconciler.metering.period import Period, day_start, local_date, month_before, period_of

if TYPE_CHECKING:
    from reconciler.metering.sources.registry import SourceSettings

Read = Callable[["SourceSettings", str, Period, datetime], Awaitable[Pull]]
"""Read the report of a period, as a pull of the source with this name at a moment."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Which monthly reports a run reads, and how."""

    timezone: str
    """The time zone of the billing days and months."""
    sources: Collection[str]
    """The sources whose report a meter counts."""
    read: Read
    month_before: bool = False
    """Whether usage of the month before can still change an addition."""

    def due(self, ledger: Ledger, source: str, now: datetime) -> list[tuple[Period, datetime]]:
        """Return the months whose report is read now, each with the moment that the report is about.

        The running month is due until a report of this day is believed. The month before is due until its last report
        is believed, if an earlier one of that month is.
        """
        if source not in self.sources:
            return []
        name, running = report_of(source), period_of(now, self.timezone)
        found: list[tuple[Period, datetime]] = []
        before = month_before(running, self.timezone)
        last = moment_after(before.end)
        newest = pulls.latest_whole_pull(ledger, name, before=last, since=before.start)
        if self.month_before and newest is not None and newest.started_at < last:
            found.append((before, last))
        today = day_start(local_date(now, self.timezone), self.timezone)
        if pulls.latest_whole_pull(ledger, name, before=now, since=today) is None:
            found.append((running, now))
        return found
