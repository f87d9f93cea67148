"""The rules of invoices: the cycle that an agreement's invoice covers, its total, and what it keeps from changing.

The source is CONNECTWISE.md, "How an agreement invoice is made".
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from reconciler.sandbox.connectwise.rules.agreements import MOVED
from reconciler.sandbox.connectwise.rules.base import Draft, Rules, Writes
from reconciler.sandbox.connectwise.rules.billed import cycle_of, invoices_of, keep
from reconciler.sandbox.connectwise.rules.cycles import ONCE, day, next_cycle, option_of, wire
from reconciler.sandbox.connectwise.rules.invoice_lines import billed_lines, total_of
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

EARLY: Final = timedelta(days=90)
"""The longest time between the date of an invoice and its later period [docs]."""
_ZERO: Final = Decimal("0.00")


class InvoiceRules(Rules):
    """An agreement's invoice covers one billing cycle, bills its additions, and moves the next invoice date on."""

    def prepare(self, draft: Draft) -> None:
        """Set dates, number, status, currency and terms that the request leaves out."""
        store = draft.store
        draft.default("date", store.today)
        draft.default("dueDate", draft.values["date"])
        draft.default("status", store.default_of("BillingStatus", "BillingStatus"))
        draft.default("currency", store.default_of("Currency", "Currency"))
        draft.default("billingTerms", store.default_of("billingTerm", "BillingTerms"))
        draft.default("billToCompany", draft.values.get("company"))
        draft.default("invoiceNumber", str(store.tables["invoice"].next_id))

    def check(self, draft: Draft) -> None:
        """Refuse an agreement of another company, and an invoice of a period that cannot be invoiced."""
        agreement = draft.row_of("Agreement", "agreement")
        if draft.row is not None:
            self._check_unchanged(draft, draft.row)
        elif draft.values.get("type") == "Agreement" and agreement is None:
            draft.refuse("invoice", "agreement", "An agreement invoice needs an agreement", "MissingRequiredField")
        elif agreement is not None and agreement.data["company"]["id"] != draft.values["company"]["id"]:
            draft.refuse("invoice", "agreement", f"Agreement {agreement.id} belongs to another company")
        elif agreement is not None and draft.values["type"] == "Agreement":
            first = day(agreement.data["nextInvoiceDate"])
            if day(draft.values["date"]) < first - EARLY:
                draft.refuse("invoice", "date", f"The period begins on {first}, more than 90 days after the invoice")
            if (reason := no_more_invoices(draft.store, agreement)) is not None:
                draft.refuse("invoice", "agreement", reason)

    def _check_unchanged(self, draft: Draft, row: Row) -> None:
        """Refuse another agreement or another type for an invoice of a period [guess]."""
        if cycle_of(row) is None:
            return
        for name in ("agreement", "type"):
            if draft.values.get(name) != row.data.get(name):
                draft.refuse("invoice", name, f"Invoice {row.id} bills a period: delete it instead")

    def created(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
        """Compute the totals, and move the next invoice date of the agreement to the day after the period."""
        agreement = store.row_of("Agreement", values.get("agreement"))
        amount = _ZERO
        if agreement is not None and values["type"] == "Agreement":
            cycle = next_cycle(store, agreement)
            lines = billed_lines(store, agreement, cycle)
            amount = agreement.data["billAmount"] + total_of(lines)
            keep(row, cycle, lines)
            row.data.setdefault("applyToType", "Agreement")
            row.data.setdefault("applyToId", agreement.id)
            agreement.data["nextInvoiceDate"] = wire(cycle.following)
            agreement.secrets[MOVED] = True
        for name in ("agreementAmount", "subtotal", "total", "balance"):
            row.data[name] = amount
        for name in ("serviceTotal", "expenseTotal", "productTotal", "salesTax", "payments", "credits"):
            row.data[name] = _ZERO
        return ()

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return a later invoice of the same agreement: only the newest one can be deleted."""
        agreement, cycle = store.row_of("Agreement", row.data.get("agreement")), cycle_of(row)
        if agreement is None or cycle is None:
            return None
        cycles = ((each, cycle_of(each)) for each in invoices_of(store, agreement))
        later = (each.id for each, other in cycles if other is not None and other.first > cycle.first)
        return next((f"invoice {number}" for number in later), None)

    def delete(self, store: Store, row: Row) -> bool:
        """Set the next invoice date of the agreement back. The tenant then removes the row."""
        agreement, cycle = store.row_of("Agreement", row.data.get("agreement")), cycle_of(row)
        if agreement is not None and cycle is not None:
            agreement.data["nextInvoiceDate"] = wire(cycle.first)
        return False


def no_more_invoices(store: Store, agreement: Row) -> str | None:
    """Return the reason why an agreement has no next invoice: it has ended before the period, or is billed once."""
    data, first = agreement.data, day(agreement.data["nextInvoiceDate"])
    cancelled = data.get("dateCancelled") if data["cancelledFlag"] else None
    if cancelled is not None and day(cancelled) < first:
        return f"Agreement {agreement.id} is cancelled on {day(cancelled)}; the period begins on {first}"
    if data.get("endDate") and day(data["endDate"]) < first:
        return f"Agreement {agreement.id} ends on {day(data['endDate'])}; the period begins on {first}"
    if option_of(store, agreement) == ONCE and next(invoices_of(store, agreement), None) is not None:
        return f"Agreement {agreement.id} is billed once, and has its invoice"
    return None
