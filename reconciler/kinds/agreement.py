"""Agreement: what a company is billed under (guide step 6, `/finance/agreements`)."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field, StrictBool, StrictStr, StringConstraints, model_validator

from reconciler.kinds.base import Kind, NestedRead, Spec
from reconciler.kinds.field_mapping import date, ending, flag, reference, setup, text
from reconciler.kinds.fields import ByEmail, ById, ByIdentifier, DateText, Name


class AgreementSpec(Spec):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, strict=True), text("name")] = Field(
        description="A descriptive name; with the company it says which agreement this is."
    )
    company: Annotated[Name | ByIdentifier | ById, reference("company", "Company", label="identifier")] = Field(
        description="The company, by its manifest name or looked up."
    )
    contact: Annotated[Name | ByEmail | ById, reference("contact", "Contact")] = Field(
        description="The contact, by its manifest name or looked up at this company by `{email: …}`."
    )
    type: Annotated[StrictStr, setup("type", "finance/agreements/types", inactive=True)] = Field(
        description="Agreement type, by its name; the guide wants Managed Service."
    )
    start_date: Annotated[datetime.date, DateText, date("startDate")] = Field(
        description="First day of a month, unless allowMidMonthStart."
    )
    end_date: Annotated[Annotated[datetime.date, DateText] | None, ending("endDate", "noEndingDateFlag")] = Field(
        None, description="Last day; null for no end, which the guide wants."
    )
    allow_mid_month_start: StrictBool = Field(
        False, description="Allow a start date that is not the first of a month. Not sent to ConnectWise."
    )
    billing_cycle: Annotated[StrictStr | None, setup("billingCycle", "finance/billingCycles")] = Field(
        None, description="Billing cycle, by its name: Monthly."
    )
    billing_terms: Annotated[StrictStr | None, setup("billingTerms", "finance/billingTerms")] = Field(
        None, description="Billing terms, by their name."
    )
    prorate: Annotated[StrictBool | None, flag("prorateFlag")] = Field(
        None, description="ConnectWise prorates. Leave it off where usage is billed: one owner of proration."
    )
    customer_po: Annotated[Annotated[str, StringConstraints(max_length=50, strict=True)] | None, text("customerPO")] = (
        Field(None, alias="customerPO", description="The customer's purchase order.")
    )
    work_order: Annotated[Annotated[str, StringConstraints(max_length=20, strict=True)] | None, text("workOrder")] = (
        Field(None, description="Work order.")
    )
    internal_notes: Annotated[StrictStr | None, text("internalNotes")] = Field(None, description="Notes for ourselves.")
    invoice_description: Annotated[StrictStr | None, text("invoiceDescription")] = Field(
        None, description="Text on the invoice."
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


KIND = Kind(
    name="Agreement",
    spec=AgreementSpec,
    describes="What a company is billed under (seed guide, step 6).",
    key=("company", "name"),
    collection="finance/agreements",
    rename_key="name",
    lookup_path="company/identifier",
    inactive=lambda obj: bool(obj.get("cancelledFlag")),
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
    ),
)
