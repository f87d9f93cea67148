"""Measure one customer: choose the hours of the period that its rule bills."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.kinds.billing_rules import Measure, Rule
from reconciler.metering.customer_now import CustomerNow
from reconciler.metering.history import History
from reconciler.metering.measures import HourTotal, Measured, choose_hours


def measure(
    rule: Rule,
    history: History,
    current: CustomerNow,
    start: datetime,
    until: datetime | None = None,
    other: History | None = None,
) -> Measured | None:
    """Return a customer's measure from `start` to now, or to `until` if that is earlier. None if no figure is known.

    `other` is the history of the allowance's meter. Only hours in which both are known can be chosen.

    `last` uses the newest pull. Figures from before `start` are not measured, but a device that reports no figure
    after `start` keeps its last earlier one.
    """
    span = history.span
    over = until is not None and until <= span.now
    if rule.measure == "last" and not over:
        total = history.total_now(current, start)
        newest_hours = () if total is None else (total,)
        beside = None if other is None else other.total_now(other.customer_now(rule.customer_id), start)
        return _chosen(rule.measure, newest_hours, None if other is None else () if beside is None else (beside,))
    hours = history.hours(rule.customer_id, start)
    first = history.source.first_seen.get(rule.customer_id)
    begins = start if first is None else max(start, first)
    newest = span.hour_of(span.now)
    if until is not None and over:
        hours = hours[: bisect_left(hours, until, key=lambda each: each.hour)]
        newest = span.hour_of(until) - 1
    others = None if other is None else other.hours(rule.customer_id, start)
    from_hour = span.hour_of(begins)
    elapsed = newest - from_hour + 1 - history.trial_hours(rule.customer_id, from_hour, newest)
    return _chosen(rule.measure, hours, others, elapsed=elapsed)


def _chosen(
    which: Measure, hours: Sequence[HourTotal], others: Sequence[HourTotal] | None, *, elapsed: int | None = None
) -> Measured | None:
    """Return the hours that the measure bills. `others` are those of the allowance's meter. None if it has none."""
    if others is None:
        return choose_hours(which, hours, elapsed=elapsed)
    beside = {each.hour: each.bytes for each in others}
    measured = choose_hours(which, [each for each in hours if each.hour in beside], elapsed=elapsed)
    if measured is None:
        return None
    return replace(measured, others=sum(beside[each.hour] for each in measured.chosen))


def no_usage(history: History, start: datetime) -> Measured:
    """Return a measure of 0 bytes, for a customer that the source has never listed. Only a minimum bills it."""
    span = history.span
    hour = span.hour(span.hour_of(max(start, span.now)))
    return Measured("last", (HourTotal(hour, 0, span.now, (), ()),), 0)
