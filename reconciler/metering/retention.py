"""Which months of usage a ledger still keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reconciler.kinds.billing_rules import BillingSettings
from reconciler.ledger.records import SKEW
from reconciler.metering.period import day_start, period_of


@dataclass(frozen=True, slots=True)
class Limit:
    """The end of what is kept."""

    period: str
    """The newest month that is sealed, as `2025-09`."""
    samples_before: datetime
    """Pulls that started before then lose their samples. It is before the end of the month, because the first hours of
    the next one need the figures that devices had then."""


def limit_of(now: datetime, keep_months: int, settings: BillingSettings) -> Limit:
    """Return what is no longer kept at a moment: all but the running month and `keep_months` whole ones before it."""
    running = period_of(now, settings.timezone).first_day
    months = running.year * 12 + running.month - 1 - keep_months
    first_kept = date(months // 12, months % 12 + 1, 1)
    margin = longest_look_back(settings)
    last_sealed = first_kept - timedelta(days=1)
    return Limit(f"{last_sealed:%Y-%m}", day_start(first_kept, settings.timezone) - margin)


def longest_look_back(settings: BillingSettings) -> timedelta:
    """Return how long before a month the pulls begin that its first hours need."""
    return max(settings.max_age, settings.grace) + SKEW + timedelta(hours=1)
