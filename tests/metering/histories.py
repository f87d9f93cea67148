"""Build the history of a source for tests, from pulls around noon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.ledger.records import Sample
from reconciler.metering.history import History
from reconciler.metering.period import Span, period_of
from reconciler.metering.snapshot import SourceSnapshot, WholePull

from .builders import HOUR, NOON, record

MINUTE = timedelta(minutes=1)
START = datetime(2025, 11, 1, tzinfo=UTC)

Row = tuple[str, str | None, int | None] | tuple[str, str | None, int | None, timedelta]
"""Customer, device and bytes, and the moment that the figure is about (after noon) if it is not the pull's."""


def pull(at: timedelta, *rows: Row) -> WholePull:
    """Return a pull at a time after noon."""
    moment = NOON + at
    samples: dict[str, list[Sample]] = {}
    for customer, device, size, *when in rows:
        samples.setdefault(customer, []).append(
            Sample("cove", customer, device, NOON + when[0] if when else moment, size)
        )
    number = int(at / MINUTE) + 10_000
    return WholePull(record(number, moment), {each: tuple(some) for each, some in samples.items()})


def history(pulls: Sequence[WholePull], *, now: timedelta | None = None, **more: Any) -> History:
    """Return a history of these pulls at the time of the newest one, or at `now` after noon."""
    *earlier, newest = pulls
    exclusions = more.pop("exclusions", None)
    moment = newest.record.started_at if now is None else NOON + now
    max_age, grace = more.pop("max_age", 6 * HOUR), more.pop("grace", 24 * HOUR)
    period = more.pop("period", period_of(NOON, "UTC"))
    source = SourceSnapshot("cove", "GB", latest=newest.record, whole=newest, earlier=tuple(earlier), **more)
    return History(source, Span(period.start, period.end, moment, max_age, grace), exclusions)


def totals(pulls: Sequence[WholePull], customer: str = "1", **more: Any) -> dict[float, int]:
    """Return the total of each hour in bytes, by hours after noon."""
    found = history(pulls, **more).hours(customer, START)
    return {(hour.hour - NOON) / HOUR: hour.bytes for hour in found}
