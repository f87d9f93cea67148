"""The console's monthly report as a usage source of its own, beside the source whose hours are read.

A report has the highest values of the month so far, and is read once a day. So its values count for longer than those
of an hour, and a customer that the report does not list used nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.kinds.meters import Meter
from reconciler.metering.period import Span
from reconciler.metering.snapshot import SourceSnapshot

MAX_AGE = timedelta(hours=48)
"""How old a report may be. It is read once a day, and a day can have 25 hours."""
LIMIT = "the {} that a monthly report counts"
"""The words for this limit in messages."""

_SUFFIX = ":report"


def report_of(source: str) -> str:
    """Return the name under which the ledger has the monthly report of a source. No source has such a name."""
    return f"{source}{_SUFFIX}"


def read_from(source: str, meter: Meter) -> str:
    """Return the name of what a meter counts: the source, or its monthly report."""
    return report_of(source) if meter.reported else source


def part_for(snapshot: SourceSnapshot, meter: Meter) -> SourceSnapshot:
    """Return the part of a snapshot that a meter counts: the source, or its monthly report."""
    if not meter.reported:
        return snapshot
    return snapshot.report or SourceSnapshot(report_of(snapshot.source), snapshot.unit)


def report_span(span: Span) -> Span:
    """Return the limits of time that apply to a monthly report."""
    return span._replace(max_age=MAX_AGE, grace=timedelta())


def moment_after(end: datetime) -> datetime:
    """Return the moment of the last report of a month that ends at `end`: its last second."""
    return end - timedelta(seconds=1)
