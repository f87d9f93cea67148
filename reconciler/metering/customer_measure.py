"""Measure one customer: choose the hours of the period that its rule bills."""

from __future__ import annotations

from datetime import datetime

from reconciler.kinds.billing_rules import Rule
from reconciler.metering.customer_now import CustomerNow
from reconciler.metering.history import History
from reconciler.metering.measures import HourTotal, Measured, choose_hours


def measure(
    rule: Rule, history: History, current: CustomerNow, start: datetime, until: datetime | None = None
) -> Measured | None:
    """Return a customer's measure from `start` to now, or to `until` if that is earlier. None if no figure is known.

    `last` uses the newest pull. Figures from before `start` are not measured, but a device that reports no figure
    after `start` keeps its last earlier one.
    """
    span = history.span
    over = until is not None and until <= span.now
    if rule.measure == "last" and not over:
        total = history.total_now(current, start)
        return choose_hours("last", () if total is None else (total,))
    hours = history.hours(rule.customer_id, start)
    first = history.source.first_seen.get(rule.customer_id)
    begins = start if first is None else max(start, first)
    newest = span.hour_of(span.now)
    if until is not None and over:
        hours = tuple(each for each in hours if each.hour < until)
        newest = span.hour_of(until) - 1
    return choose_hours(rule.measure, hours, elapsed=newest - span.hour_of(begins) + 1)


def no_usage(history: History, start: datetime) -> Measured:
    """Return a measure of 0 bytes, for a customer that the source has never listed. Only a minimum bills it."""
    span = history.span
    hour = span.hour(span.hour_of(max(start, span.now)))
    return Measured("last", (HourTotal(hour, 0, span.now, (), ()),), 0)
