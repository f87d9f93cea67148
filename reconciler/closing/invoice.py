"""What the next invoice of an agreement covers, and which lines it takes.

An invoice covers one billing cycle, from `nextInvoiceDate` on. It takes the amount of the agreement itself, and every
addition that begins before the end of the cycle and has no last day before its start, at the quantity and price that
stand when it is made [docs]. In advance it is made by the first day of the cycle, in arrears after its last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from reconciler.kinds.agreement import goes_on, months_of
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.money import monthly_amount

Invoiced = Literal["advance", "arrears"]

MONTHLY = "Monthly"


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """The next invoice of an agreement."""

    first_day: date
    """The first day that no invoice covers yet."""
    last_day: date | None
    """The last day that it covers. None for a cycle that is not a number of months."""
    invoiced: Invoiced

    def made(self) -> tuple[str, date | None]:
        """Return when it is made: `by` its first day or `after` its last day, with that day."""
        return ("by", self.first_day) if self.invoiced == "advance" else ("after", self.last_day)

    def takes(self, fields: Mapping[str, Any]) -> bool:
        """Return whether the invoice bills an addition with these fields, which have their names in ConnectWise."""
        first, last = date_text(fields.get("effectiveDate")), date_text(fields.get("cancelledDate"))
        end = self.first_day if self.last_day is None else self.last_day
        begins = first is None or first <= end.isoformat()
        return begins and (last is None or last >= self.first_day.isoformat())

    def precedes(self, fields: Mapping[str, Any]) -> bool:
        """Return whether an addition begins after its last day."""
        first = date_text(fields.get("effectiveDate"))
        return first is not None and self.last_day is not None and first > self.last_day.isoformat()

    def takes_a_part(self, fields: Mapping[str, Any]) -> bool:
        """Return whether an addition that it takes begins after its first day, or ends before its last one."""
        first, last = date_text(fields.get("effectiveDate")), date_text(fields.get("cancelledDate"))
        late = first is not None and first > self.first_day.isoformat()
        return late or (last is not None and self.last_day is not None and last < self.last_day.isoformat())


def next_invoice(agreement: Mapping[str, Any], invoiced: Invoiced) -> NextInvoice | None:
    """Return the next invoice of a live agreement. None if ConnectWise gives no date for it, or if it has ended."""
    first = date_text(agreement.get("nextInvoiceDate"))
    if first is None:
        return None
    before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
    if not goes_on(agreement, before):
        return None
    months = months_of(cycle_of(agreement))
    day = date.fromisoformat(first)
    last = None if months is None else _plus_months(day, months) - timedelta(days=1)
    return NextInvoice(day, last, invoiced)


def cycle_of(agreement: Mapping[str, Any]) -> str:
    """Return the name of the billing cycle of a live agreement."""
    return str((agreement.get("billingCycle") or {}).get("name") or MONTHLY)


def own_amount(agreement: Mapping[str, Any]) -> Decimal:
    """Return what an agreement bills each cycle by itself, beside its additions."""
    return Decimal(agreement.get("billAmount") or 0)


def amount_on(invoice: NextInvoice, fields: Mapping[str, Any], currency: str | None) -> Decimal:
    """Return what an invoice bills of an addition as a whole: 0 if it does not take it."""
    return monthly_amount(fields, currency) if invoice.takes(fields) else Decimal(0)


def _plus_months(day: date, months: int) -> date:
    """Return the day some months later. A day that the month does not have is its last one."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=day.day - 1), next_first - timedelta(days=1))
