"""The rules of agreements and additions: the amounts that ConnectWise computes, and the values that it refuses."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from reconciler.sandbox.connectwise.rules.base import Draft, Rules, Writes
from reconciler.sandbox.connectwise.rules.billed import billing
from reconciler.sandbox.connectwise.schema.validation import CENTS, money
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

_FROM_TYPE: Final = {
    "billingCycle": "billingCycle",
    "billingTerms": "billingTerms",
    "location": "location",
    "department": "department",
    "sla": "sla",
    "workRole": "workRole",
    "workType": "workType",
}
"""Fields that a POST without them takes from the agreement type: field of the agreement to field of the type."""
_FLAGS_FROM_TYPE: Final = {
    "prorateFlag": "prorateFlag",
    "invoiceProratedAdditionsFlag": "invoiceProratedAdditionsFlag",
    "taxable": "taxableFlag",
    "autoInvoiceFlag": "autoInvoiceFlag",
    "billZeroAmountFlag": "billZeroAmountFlag",
}
"""The same for flags."""
_ZERO: Final = Decimal("0.00")


class AgreementRules(Rules):
    """An agreement has an end date or is marked as endless. Its contact belongs to its company."""

    def prepare(self, draft: Draft) -> None:
        """Set the fields that a POST leaves out from the agreement type, the company and the setup tables."""
        store, values = draft.store, draft.values
        kind = draft.row_of("AgreementType", "type")
        if draft.row is None and kind is not None:
            for mine, theirs in _FROM_TYPE.items():
                draft.default(mine, kind.data.get(theirs))
            for mine, theirs in _FLAGS_FROM_TYPE.items():
                if mine not in draft.given:
                    values[mine] = kind.data[theirs]
        draft.default("startDate", store.today)
        draft.default("billingCycle", store.default_of("billingCycle", "BillingCycle"))
        draft.default("billingTerms", store.default_of("billingTerm", "BillingTerms"))
        draft.default("location", store.default_of("location", "SystemLocation"))
        draft.default("department", store.default_of("SystemDepartment", "SystemDepartment"))
        draft.default("currency", store.default_of("Currency", "Currency"))
        company = draft.row_of("Company", "company")
        if company is not None:
            for name in ("site", "billToSite"):
                draft.default(name, company.data.get("site"))
            draft.default("billToCompany", values.get("company"))
            draft.default("billToContact", values.get("contact"))
        if values.get("noEndingDateFlag") and values.get("endDate") and "endDate" not in draft.given:
            values["endDate"] = None
        if values.get("cancelledFlag"):
            draft.default("dateCancelled", store.today)

    def check(self, draft: Draft) -> None:
        """Refuse an end before the start, a contact of another company, and a deleted company."""
        values = draft.values
        end = values.get("endDate")
        if values.get("noEndingDateFlag"):
            if end is not None:
                draft.refuse("agreement", "endDate", "endDate must be empty when noEndingDateFlag is true")
        elif end is None:
            message = "endDate is required unless noEndingDateFlag is true"
            draft.refuse("agreement", "endDate", message, "MissingRequiredField")
        elif end < values["startDate"]:
            draft.refuse("agreement", "endDate", "endDate is before startDate")
        cancelled = values.get("dateCancelled") if values.get("cancelledFlag") else None
        if cancelled is not None and cancelled < values["startDate"]:
            draft.refuse("agreement", "dateCancelled", "dateCancelled is before startDate")
        contact = draft.row_of("Contact", "contact")
        company = draft.row_of("Company", "company")
        if contact is not None and contact.data.get("company", {}).get("id") != values["company"]["id"]:
            message = f"Contact {contact.id} does not belong to company {values['company']['id']}"
            draft.refuse("agreement", "contact", message)
        if company is not None and company.data["deletedFlag"]:
            draft.refuse("agreement", "company", f"Company {company.id} is deleted", "InvalidReference")
        parent = values.get("parentAgreement")
        if parent is not None and draft.row is not None and parent["id"] == draft.row.id:
            draft.refuse("agreement", "parentAgreement", "An agreement cannot be its own parent")

    def created(self, _store: Store, row: Row, values: dict[str, Any]) -> Writes:
        """Store whether the request sets the next invoice date."""
        _note_next_invoice(row, values)
        return ()

    def changed(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
        """Compute the fields of the agreement and of all its additions again."""
        _note_next_invoice(row, values)
        self.compute(store, row)
        for child in store.children("addition", row.id):
            AdditionRules().compute(store, child)
        return ()

    def compute(self, store: Store, row: Row) -> None:
        """Compute the status, and the next invoice date while it follows the first day."""
        data, today = row.data, store.today
        data["agreementStatus"] = _status(data, today)
        if not data.get("nextInvoiceDate") or not row.secrets.get(MOVED):
            data["nextInvoiceDate"] = data.get("billStartDate") or data["startDate"]

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return an addition of the agreement."""
        return next((f"addition {child.id}" for child in store.children("addition", row.id)), None)


MOVED: Final = "next_invoice_moved"
"""The key under which a row keeps that its next invoice date no longer follows its first day. It is never shown."""


def _note_next_invoice(row: Row, values: dict[str, Any]) -> None:
    if values.get("nextInvoiceDate"):
        row.secrets[MOVED] = True


def _status(data: dict[str, Any], today: str) -> str:
    """Return the status: cancelled by its flag, expired after its end, inactive before its start [guess], or active."""
    if data["cancelledFlag"] and data.get("dateCancelled", today) <= today:
        return "Cancelled"
    if data.get("endDate") and data["endDate"] < today:
        return "Expired"
    return "Inactive" if data["startDate"] > today else "Active"


class AdditionRules(Rules):
    """An addition bills the quantity above what is included. Amounts are rounded half up to cents."""

    def prepare(self, draft: Draft) -> None:
        """Set quantity, dates and flags, and the prices and texts of the product in a POST."""
        values, store = draft.values, draft.store
        product = draft.row_of("IvItem", "product")
        draft.default("quantity", Decimal("1.00"))
        draft.default("lessIncluded", _ZERO)
        draft.default("effectiveDate", store.today)
        if product is not None and draft.row is None:
            draft.default("unitPrice", product.data["price"])
            draft.default("unitCost", product.data["cost"])
            if values.get("taxableFlag") is None:
                values["taxableFlag"] = product.data["taxableFlag"]
            draft.default("invoiceDescription", product.data["customerDescription"])
        draft.default("unitPrice", _ZERO)
        draft.default("unitCost", _ZERO)
        draft.default("taxableFlag", value=False)
        if draft.row is None:
            draft.default("sequenceNumber", money(len(store.children("addition", draft.parent or 0)) + 1))

    def check(self, draft: Draft) -> None:
        """Refuse a cancel date before the start, a bundle, a start that is too early, and changes of a billed line."""
        values = draft.values
        cancelled = values.get("cancelledDate")
        if cancelled is not None and cancelled < values["effectiveDate"]:
            draft.refuse("addition", "cancelledDate", "cancelledDate is before effectiveDate")
        product = draft.row_of("IvItem", "product")
        if product is not None and product.data["productClass"] == "Bundle":
            draft.refuse("addition", "product", f"Product {product.data['identifier']} is a bundle")
        row = draft.row
        if row is None or draft.values["effectiveDate"] != row.data["effectiveDate"]:
            _check_start(draft)
        if row is not None:
            _check_billed(draft, row)

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return an invoice that bills the addition [guess: a line that was billed cannot be deleted]."""
        invoice = billing(store, row)
        return None if invoice is None else f"invoice {invoice.id}"

    def compute(self, store: Store, row: Row) -> None:
        """Compute quantity, prices, costs, margin and status from the fields, the agreement and the product."""
        data = row.data
        agreement = store.tables["agreement"].rows[row.parent or 0].data
        product = store.tables["catalogItem"].rows[data["product"]["id"]].data
        billed = max(data["quantity"] - data["lessIncluded"], _ZERO)
        data["agreementId"] = row.parent
        data["description"] = product["description"]
        data["uom"] = product["unitOfMeasure"]["name"]
        data["billedQuantity"] = money(billed)
        data["extPrice"] = cents(billed * data["unitPrice"])
        data["extCost"] = cents(billed * data["unitCost"])
        data["margin"] = data["extPrice"] - data["extCost"]
        share = _share(data["effectiveDate"]) if agreement["prorateFlag"] else Decimal(1)
        data["proratePrice"] = cents(data["unitPrice"] * share) if share != 1 else data["unitPrice"]
        data["prorateCost"] = cents(data["unitCost"] * share) if share != 1 else data["unitCost"]
        data["extendedProratePrice"] = cents(billed * data["unitPrice"] * share)
        data["extendedProrateCost"] = cents(billed * data["unitCost"] * share)
        data["prorateCurrentPeriodFlag"] = share != 1
        cancelled = data.get("cancelledDate")
        over = cancelled is not None and cancelled <= store.today
        data["agreementStatus"] = "Cancelled" if over else agreement["agreementStatus"]


def _check_billed(draft: Draft, row: Row) -> None:
    """Refuse another product or first day for a line that an invoice bills [guess]. Quantity and price can change."""
    changed = [name for name in ("product", "effectiveDate") if draft.values[name] != row.data[name]]
    if changed and (invoice := billing(draft.store, row)) is not None:
        for name in changed:
            draft.refuse("addition", name, f"Invoice {invoice.id} bills addition {row.id}: its {name} cannot change")


def _check_start(draft: Draft) -> None:
    """Refuse a first day before billing starts [docs].

    Without proration, also refuse one in an invoiced period [docs for a new addition, guess for a changed one].
    """
    agreement = draft.store.tables["agreement"].rows[draft.parent or 0].data
    begins = draft.values["effectiveDate"][:10]
    bills_from = (agreement.get("billStartDate") or agreement["startDate"])[:10]
    if agreement.get("billStartDate") and begins < bills_from:
        message = f"effectiveDate {begins} is before the agreement's billStartDate {bills_from}"
        draft.refuse("addition", "effectiveDate", message)
    following = agreement["nextInvoiceDate"][:10]
    if not agreement["prorateFlag"] and bills_from < following and begins < following:
        message = f"effectiveDate {begins} is in an invoiced period; the next invoice date is {following}"
        draft.refuse("addition", "effectiveDate", message)


def cents(value: Decimal) -> Decimal:
    """Return an amount rounded half up to cents."""
    return value.quantize(CENTS, ROUND_HALF_UP)


def _share(effective: str) -> Decimal:
    """Return the share of its first month that an addition is billed for, above 0 and at most 1."""
    day = date.fromisoformat(effective[:10])
    days = monthrange(day.year, day.month)[1]
    return Decimal(days - day.day + 1) / days


class SiteRules(Rules):
    """A site that an agreement covers."""

    def compute(self, _store: Store, row: Row) -> None:
        """Show the id of the agreement."""
        row.data["agreementId"] = row.parent
