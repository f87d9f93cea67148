"""Invoices: what an agreement's invoice covers and bills (CONNECTWISE.md, "How an agreement invoice is made")."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from reconciler.sandbox.connectwise.rules.agreements import MOVED
from reconciler.sandbox.connectwise.rules.base import Draft, Rules, Writes
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

_MONTHS: Final = {"Monthly": 1, "BiMonthly": 2, "Quarterly": 3, "SemiAnnual": 6, "Yearly": 12}
_WEEKS: Final = {"Weekly": 1, "BiWeekly": 2}
_EARLY: Final = timedelta(days=90)
"""How long before its period an invoice can be made [docs]."""
_ZERO: Final = Decimal("0.00")
_BEGAN: Final = "billed_from"
"""Where a row keeps the first day of the period that it covers; it is never shown."""


class InvoiceRules(Rules):
    """An invoice of an agreement covers one billing cycle, bills what stands then, and moves the next date on."""

    def prepare(self, draft: Draft) -> None:
        store = draft.store
        draft.default("date", store.today)
        draft.default("dueDate", draft.values["date"])
        draft.default("status", store.default_of("BillingStatus", "BillingStatus"))
        draft.default("currency", store.default_of("Currency", "Currency"))
        draft.default("billingTerms", store.default_of("billingTerm", "BillingTerms"))
        draft.default("billToCompany", draft.values.get("company"))
        draft.default("invoiceNumber", str(store.tables["invoice"].next_id))

    def check(self, draft: Draft) -> None:
        agreement = draft.row_of("Agreement", "agreement")
        if draft.values.get("type") == "Agreement" and agreement is None:
            draft.refuse("invoice", "agreement", "An agreement invoice needs an agreement", "MissingRequiredField")
        elif agreement is not None and agreement.data["company"]["id"] != draft.values["company"]["id"]:
            draft.refuse("invoice", "agreement", f"Agreement {agreement.id} belongs to another company")
        elif agreement is not None and draft.row is None and draft.values["type"] == "Agreement":
            first = _day(agreement.data["nextInvoiceDate"])
            if _day(draft.values["date"]) < first - _EARLY:
                draft.refuse("invoice", "date", f"The period begins on {first}, more than 90 days after the invoice")

    def made(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
        agreement = store.row_of("Agreement", values.get("agreement"))
        amount = _ZERO
        if agreement is not None and values["type"] == "Agreement":
            first = agreement.data["nextInvoiceDate"]
            cycle = store.row_of("BillingCycle", agreement.data.get("billingCycle"))
            following = _after(first, "" if cycle is None else cycle.data["billingOptions"])
            amount = agreement.data["billAmount"] + _additions(store, agreement, first, following)
            row.secrets[_BEGAN] = first
            agreement.data["nextInvoiceDate"] = following
            agreement.secrets[MOVED] = True
        for name in ("agreementAmount", "subtotal", "total", "balance"):
            row.data[name] = amount
        for name in ("serviceTotal", "expenseTotal", "productTotal", "salesTax", "payments", "credits"):
            row.data[name] = _ZERO
        return ()

    def user(self, store: Store, row: Row) -> str | None:
        """Only the newest invoice of an agreement can be deleted: the later ones follow from it."""
        agreement = store.row_of("Agreement", row.data.get("agreement"))
        if agreement is None or _BEGAN not in row.secrets:
            return None
        later = (
            each.id
            for each in store.tables["invoice"].rows.values()
            if each.secrets.get(_BEGAN, "") > row.secrets[_BEGAN] and _is_of(each, agreement)
        )
        return next((f"invoice {number}" for number in later), None)

    def delete(self, store: Store, row: Row) -> bool:
        """Puts the next invoice date back; the row is removed like any other."""
        agreement = store.row_of("Agreement", row.data.get("agreement"))
        if agreement is not None and _BEGAN in row.secrets:
            agreement.data["nextInvoiceDate"] = row.secrets[_BEGAN]
        return False


def _is_of(invoice: Row, agreement: Row) -> bool:
    return bool((invoice.data.get("agreement") or {}).get("id") == agreement.id)


def _additions(store: Store, agreement: Row, first: str, following: str) -> Decimal:
    """What the additions of a period bill, as they stand now.

    Where the agreement prorates, an addition that begins in the period bills its part of it. In every later period it
    bills whole.
    """
    prorates = agreement.data["prorateFlag"]
    return sum(
        (
            addition.data[
                "extendedProratePrice" if prorates and addition.data["effectiveDate"] >= first else "extPrice"
            ]
            for addition in store.children("addition", agreement.id)
            if addition.data["effectiveDate"] < following
            and (addition.data.get("cancelledDate") or following) >= first
            and addition.data["billCustomer"] == "Billable"
        ),
        _ZERO,
    )


def _after(first: str, cycle: str) -> str:
    """The day after a billing cycle that begins on this one."""
    start = _day(first)
    if weeks := _WEEKS.get(cycle):
        return _wire(start + timedelta(weeks=weeks))
    year, month = divmod(start.year * 12 + start.month - 1 + _MONTHS.get(cycle, 0), 12)
    return _wire(date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])))


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _wire(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
