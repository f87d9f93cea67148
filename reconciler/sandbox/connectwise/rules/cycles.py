"""Billing cycles: the period that an invoice covers, and the share of it in which an addition is active."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

ONCE: Final = "NotRecurring"
"""The billing option of a cycle with one invoice."""
_MONTHS: Final = {"Monthly": 1, "BiMonthly": 2, "Quarterly": 3, "SemiAnnual": 6, "Yearly": 12}
_WEEKS: Final = {"Weekly": 1, "BiWeekly": 2}


@dataclass(frozen=True, slots=True)
class Cycle:
    """The days of one billing cycle: `first` belongs to it, `following` is the day after it."""

    first: date
    following: date

    def share(self, effective: date, cancelled: date | None) -> Fraction:
        """Return the share of the days on which an addition is active, from 0 to 1. It is active when it is cancelled.

        A cycle without days has the share 1.
        """
        begins = max(self.first, effective)
        ends = self.following if cancelled is None else min(self.following, cancelled + timedelta(days=1))
        days = (self.following - self.first).days
        return Fraction(max((ends - begins).days, 0), days) if days else Fraction(1)


def option_of(store: Store, agreement: Row) -> str:
    """Return the billing option of an agreement, such as `Monthly`. Empty if it has no billing cycle."""
    cycle = store.row_of("BillingCycle", agreement.data.get("billingCycle"))
    return "" if cycle is None else str(cycle.data["billingOptions"])


def next_cycle(store: Store, agreement: Row) -> Cycle:
    """Return the cycle that the next invoice of an agreement covers."""
    first = day(agreement.data["nextInvoiceDate"])
    option = option_of(store, agreement)
    if weeks := _WEEKS.get(option):
        return Cycle(first, first + timedelta(weeks=weeks))
    starts_on = day(agreement.data.get("billStartDate") or agreement.data["startDate"]).day
    year, month = divmod(first.year * 12 + first.month - 1 + _MONTHS.get(option, 0), 12)
    # A cycle that starts on the 31st starts on the last day of a shorter month, and on the 31st again after it.
    last = monthrange(year, month + 1)[1]
    wanted = starts_on if first.day == min(starts_on, monthrange(first.year, first.month)[1]) else first.day
    return Cycle(first, date(year, month + 1, min(wanted, last)))


def day(text: str) -> date:
    """Return the date in a stored value such as `2026-11-01T00:00:00Z`."""
    return date.fromisoformat(text[:10])


def wire(value: date) -> str:
    """Return a date as the tenant stores it."""
    return f"{value.isoformat()}T00:00:00Z"
