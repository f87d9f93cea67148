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
from fractions import Fraction
from typing import Any, Literal

from reconciler.kinds.agreement import ENDED, months_of
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.money import WHOLE, monthly_amount

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

    def share_of(self, fields: Mapping[str, Any]) -> Fraction:
        """Return the share of its days on which an addition bills. It is all of it if its last day is not known."""
        if self.last_day is None:
            return WHOLE
        effective, cancelled = date_text(fields.get("effectiveDate")), date_text(fields.get("cancelledDate"))
        return share_of_days(self.first_day, self.last_day, effective, cancelled)


def next_invoice(agreement: Mapping[str, Any], invoiced: Invoiced) -> NextInvoice | None:
    """Return the next invoice of a live agreement. None if ConnectWise gives no date for it, or if it has ended before.

    The last period of an agreement in arrears is invoiced when the agreement has ended.
    """
    first = date_text(agreement.get("nextInvoiceDate"))
    if first is None:
        return None
    last_day = last_day_of(agreement)
    if last_day < first if last_day else agreement.get("agreementStatus") in ENDED:
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


def last_day_of(agreement: Mapping[str, Any]) -> str | None:
    """Return the last billed day of an agreement: the day of its cancellation, or its end. None without either."""
    days = [
        date_text(agreement.get("dateCancelled")) if agreement.get("cancelledFlag") else None,
        None if agreement.get("noEndingDateFlag") else date_text(agreement.get("endDate")),
    ]
    return min((each for each in days if each is not None), default=None)


def amount_on(
    invoice: NextInvoice, fields: Mapping[str, Any], currency: str | None, *, prorates: bool = False
) -> Decimal:
    """Return what an invoice bills of an addition: 0 if it does not take it, and its days if the agreement prorates."""
    if not invoice.takes(fields):
        return Decimal(0)
    return monthly_amount(fields, currency, invoice.share_of(fields) if prorates else WHOLE)


def share_of_days(first: date, last: date, effective: str | None, cancelled: str | None) -> Fraction:
    """Return the share of the days from `first` to `last`, on which an addition with these days bills."""
    begins = max(first, first if effective is None else date.fromisoformat(effective))
    ends = min(last, last if cancelled is None else date.fromisoformat(cancelled))
    return Fraction(max((ends - begins).days + 1, 0), (last - first).days + 1)


def _plus_months(day: date, months: int) -> date:
    """Return the day some months later. A day that the month does not have is its last one."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=day.day - 1), next_first - timedelta(days=1))
