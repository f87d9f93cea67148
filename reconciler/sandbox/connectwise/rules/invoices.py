"""The rules of invoices: the period that an agreement's invoice covers, and the additions that it bills.

The source is CONNECTWISE.md, "How an agreement invoice is made".
"""

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
"""The longest time between the date of an invoice and its later period [docs]."""
_ZERO: Final = Decimal("0.00")
_BEGAN: Final = "billed_from"
"""The key under which a row keeps the first day of its period. It is never shown."""


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
        """Refuse an agreement of another company, and an invoice more than 90 days before its period."""
        agreement = draft.row_of("Agreement", "agreement")
        if draft.values.get("type") == "Agreement" and agreement is None:
            draft.refuse("invoice", "agreement", "An agreement invoice needs an agreement", "MissingRequiredField")
        elif agreement is not None and agreement.data["company"]["id"] != draft.values["company"]["id"]:
            draft.refuse("invoice", "agreement", f"Agreement {agreement.id} belongs to another company")
        elif agreement is not None and draft.row is None and draft.values["type"] == "Agreement":
            first = _day(agreement.data["nextInvoiceDate"])
            if _day(draft.values["date"]) < first - _EARLY:
                draft.refuse("invoice", "date", f"The period begins on {first}, more than 90 days after the invoice")
            cancelled = agreement.data.get("dateCancelled") if agreement.data["cancelledFlag"] else None
            if cancelled is not None and _day(cancelled) < first:
                message = f"Agreement {agreement.id} is cancelled on {_day(cancelled)}; the period begins on {first}"
                draft.refuse("invoice", "agreement", message)

    def created(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
        """Compute the totals, and move the next invoice date of the agreement to the day after the period."""
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

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return a later invoice of the same agreement: only the newest one can be deleted."""
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
        """Set the next invoice date of the agreement back. The tenant then removes the row."""
        agreement = store.row_of("Agreement", row.data.get("agreement"))
        if agreement is not None and _BEGAN in row.secrets:
            agreement.data["nextInvoiceDate"] = row.secrets[_BEGAN]
        return False


def _is_of(invoice: Row, agreement: Row) -> bool:
    return bool((invoice.data.get("agreement") or {}).get("id") == agreement.id)


def _additions(store: Store, agreement: Row, first: str, following: str) -> Decimal:
    """Return the amount of an agreement's additions in a period, at their current quantities and prices.

    `first` is the first day of the period, `following` the day after it. Where the agreement prorates, an addition that
    starts inside the period bills its share of it, and all of it in every later period.
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
    """Return the day after a billing cycle that starts on `first`."""
    start = _day(first)
    if weeks := _WEEKS.get(cycle):
        return _wire(start + timedelta(weeks=weeks))
    year, month = divmod(start.year * 12 + start.month - 1 + _MONTHS.get(cycle, 0), 12)
    return _wire(date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])))


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _wire(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
