"""The kind Agreement: the contract that a company is billed under (guide step 6, `/finance/agreements`)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr, StringConstraints, model_validator

from reconciler.amounts import decimals_of, figure_text
from reconciler.kinds.base import Kind, NestedRead, Spec
from reconciler.kinds.field_mapping import Object, date, date_text, ending, flag, reference, setup, text
from reconciler.kinds.fields import ByEmail, ById, ByIdentifier, DateText, Model, Name
from reconciler.kinds.money import monthly_amount
from reconciler.kinds.retirement import NOT_BILLED, Billed, Retirement
from reconciler.kinds.values import plain_text


class AgreementSpec(Spec):
    """The fields of an agreement."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, strict=True), text("name")] = Field(
        description="Name of the agreement, unique at its company.", examples=["Acme - Managed Backup"]
    )
    company: Annotated[Name | ByIdentifier | ById, reference("company", "Company", label="identifier")] = Field(
        description="The company: its manifest name, or a look-up such as {identifier: ACME}.",
        examples=["acme", {"identifier": "ACME"}],
    )
    contact: Annotated[Name | ByEmail | ById, reference("contact", "Contact")] = Field(
        description="The contact: its manifest name, or a look-up at this company such as {email: ann@acme.example}.",
        examples=["acme", {"email": "ada.moss@acme.example"}],
    )
    type: Annotated[StrictStr, setup("type", "finance/agreements/types", inactive=True)] = Field(
        description="Name of the agreement type. The vendor's guide uses Managed Service.", examples=["Managed Service"]
    )
    start_date: Annotated[datetime.date, DateText, date("startDate")] = Field(
        description='First day of the agreement, such as "2026-11-01". It must be the first of a month, unless '
        "allowMidMonthStart is true.",
        examples=["2026-11-01"],
    )
    end_date: Annotated[Annotated[datetime.date, DateText] | None, ending("endDate", "noEndingDateFlag")] = Field(
        None,
        description="Last day of the agreement; null for no end, as in the vendor's guide.",
        examples=["2027-10-31", None],
    )
    allow_mid_month_start: StrictBool = Field(
        False, description="If true, startDate may be any day of a month. This is not sent to ConnectWise."
    )
    billing_cycle: Annotated[StrictStr | None, setup("billingCycle", "finance/billingCycles")] = Field(
        None, description="Name of the billing cycle, such as Monthly.", examples=["Monthly"]
    )
    billing_terms: Annotated[StrictStr | None, setup("billingTerms", "finance/billingTerms")] = Field(
        None, description="Name of the billing terms, such as Net 30.", examples=["Net 30"]
    )
    prorate: Annotated[StrictBool | None, flag("prorateFlag")] = Field(
        None,
        description="If true, ConnectWise prorates additions by their dates. reconciler itself never prorates.",
    )
    invoiced: Literal["advance", "arrears"] = Field(
        "advance",
        description="When ConnectWise makes the invoice of a month: `advance`, in the month or before it, or "
        "`arrears`, after it. This is not sent to ConnectWise. With `arrears`, each month of usage has an addition of "
        "its own.",
        examples=["arrears"],
    )
    customer_po: Annotated[Annotated[str, StringConstraints(max_length=50, strict=True)] | None, text("customerPO")] = (
        Field(None, alias="customerPO", description="The customer's purchase order number.", examples=["PO-2026-117"])
    )
    work_order: Annotated[Annotated[str, StringConstraints(max_length=20, strict=True)] | None, text("workOrder")] = (
        Field(None, description="Number of the customer's work order.", examples=["WO-118"])
    )
    internal_notes: Annotated[StrictStr | None, text("internalNotes")] = Field(
        None, description="Notes that the customer does not see.", examples=["Renew in October."]
    )
    invoice_description: Annotated[StrictStr | None, text("invoiceDescription")] = Field(
        None,
        description="Text for the invoices of the agreement.",
        examples=["Managed backup, billed for the month of use"],
    )

    @model_validator(mode="after")
    def _dates_in_order(self) -> AgreementSpec:
        if self.start_date.day != 1 and not self.allow_mid_month_start:
            first = self.start_date.replace(day=1)
            raise ValueError(
                f"startDate {self.start_date} is not the first of a month: use {first}, or set allowMidMonthStart: true"
            )
        if self.end_date is not None and self.end_date < self.start_date:
            raise ValueError(f"endDate {self.end_date} is before startDate {self.start_date}")
        return self


ENDED = ("Cancelled", "Expired")
"""The values of `agreementStatus` of an agreement that no longer bills."""


class Cancellation(Model):
    """The fields of an agreement that cancelling it writes."""

    cancelled: Annotated[StrictBool, flag("cancelledFlag")]
    """True if it is cancelled."""
    date_cancelled: Annotated[datetime.date | None, date("dateCancelled")]
    """Its last day, which may be in the future [guess]."""
    reason_cancelled: Annotated[StrictStr | None, text("reasonCancelled")]
    """Why it was cancelled."""


_MONTHS = {
    "monthly": 1,
    "bimonthly": 2,
    "quarterly": 3,
    "semiannual": 6,
    "semiannually": 6,
    "yearly": 12,
    "annually": 12,
}
"""The months of a billing cycle, by its name without hyphens and blanks. The names are the defaults of ConnectWise."""


def months_of(cycle: str) -> int | None:
    """Return the months of a billing cycle, by its name. None if the name is not one of the defaults."""
    return _MONTHS.get("".join(letter for letter in cycle.casefold() if letter.isalpha()))


def goes_on(obj: Object, after: str) -> bool:
    """Return whether an agreement bills after a day. A cancelled one bills to its last day."""
    last = None if obj.get("noEndingDateFlag") else date_text(obj.get("endDate"))
    cancelled = bool(obj.get("cancelledFlag")) and (date_text(obj.get("dateCancelled")) or "") <= after
    return obj.get("agreementStatus") not in ENDED and not cancelled and (last is None or last > after)


def _bills(obj: Object, additions: Sequence[Object], after: str) -> Billed:
    """Return the amount of an agreement per month: its own per cycle, and its additions that bill after a day."""
    if not goes_on(obj, after):
        return NOT_BILLED
    currency = plain_text((obj.get("currency") or {}).get("currencyCode") or "")
    going_on = [each for each in additions if (date_text(each.get("cancelledDate")) or "9999") > after]
    own = Decimal(obj.get("billAmount") or 0)
    total = own + sum((monthly_amount(each, currency) for each in going_on), Decimal(0))
    cycle = str((obj.get("billingCycle") or {}).get("name") or "Monthly")
    months = months_of(cycle)
    parts = [f"its own {figure_text(own, currency)}"] if own else []
    parts += [f"{len(going_on)} addition{'s' if len(going_on) > 1 else ''}"] if going_on else []
    if not total:
        return NOT_BILLED
    if months is None:
        return Billed(None, currency, f"{' and '.join(parts)}, {figure_text(total, currency)} each cycle {cycle}")
    monthly = (total / months).quantize(Decimal(1).scaleb(-decimals_of(currency))) if months > 1 else total
    return Billed(monthly, currency, " and ".join(parts))


KIND = Kind(
    name="Agreement",
    spec=AgreementSpec,
    describes="The contract that a company is billed under (step 6 of the vendor's guide).",
    key=("company", "name"),
    collection="finance/agreements",
    rename_key="name",
    lookup_path="company/identifier",
    inactive=lambda obj: bool(obj.get("cancelledFlag")),
    retirement=Retirement(
        retired={"cancelled": True},
        alive={"cancelled": False, "dateCancelled": None, "reasonCancelled": None},
        fields=Cancellation,
        last_day="dateCancelled",
        first_day="startDate",
        reason="reasonCancelled",
        end="endDate",
        computed=frozenset({"agreementStatus"}),
        reason_length=100,
    ),
    bills=_bills,
    import_also=lambda spec: {} if str(spec.get("startDate"))[8:] == "01" else {"allowMidMonthStart": True},
    nested_reads=(NestedRead("Addition"),),
    read_also=(
        "cancelledFlag",
        "agreementStatus",
        "startDate",
        "endDate",
        "noEndingDateFlag",
        "prorateFlag",
        "billStartDate",
        "nextInvoiceDate",
        "billingCycle/id",
        "billingCycle/name",
        "currency/currencyCode",
        "billAmount",
        "dateCancelled",
    ),
)
