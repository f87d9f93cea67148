"""Causes before an invoice: customers that are not accounted for, and whose agreement is invoiced within days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from reconciler.alerts.cause import Cause, risk_of
from reconciler.alerts.gaps import members_of
from reconciler.planning.plan import EVERY_CUSTOMER, CoverageRow, Plan
from reconciler.rendering.counts import numbered

_UNMAPPED = frozenset({"unmapped", "unattributed"})
_OPEN = _UNMAPPED | {"held", "stale", "unknown", "refused", "vanished"}
"""The states of customers whose invoice may be wrong."""
_OVERDUE = 31
"""Days after an invoice date. An agreement that was not invoiced for longer is probably not invoiced at all."""


def invoice_causes(plan: Plan, invoices: Mapping[str, date], today: date, days: int) -> Iterator[Cause]:
    """Yield a cause for each invoice date within `days` days, with the customers that are not accounted for.

    An invoice that has been due for at most a month counts too. `invoices` has the next invoice date of a mapping's
    agreement, by the address of the mapping. Customers without a mapping have no agreement. They count for the next
    date.
    """
    near = {address: day for address, day in invoices.items() if -_OVERDUE <= (day - today).days <= days}
    to_come = sorted(day for day in near.values() if day >= today)
    following = to_come[0] if to_come else max(near.values(), default=None)
    by_day: dict[date, list[CoverageRow]] = {}
    for row in plan.coverage:
        if row.accounted or row.state not in _OPEN or row.customer == EVERY_CUSTOMER:
            continue
        day = following if row.state in _UNMAPPED else near.get(row.address or "")
        if day is not None:
            by_day.setdefault(day, []).append(row)
    for day, rows in sorted(by_day.items()):
        members = members_of(rows)
        when = f"invoices of {day}" if day >= today else f"invoices that are due since {day}"
        yield Cause(
            key=f"invoice:{day}",
            event="invoice",
            title=f"{when}: {numbered(len(members), 'customer')} not accounted for",
            subject=f"{when}: customers not accounted for",
            advice="Correct them before the invoices are made. To list them, run: reconciler usage coverage",
            members=members,
            risk=risk_of((row.money for row in rows), plan.summary.money.currency),
        )
