"""The kind Company: a customer or reseller that is billed (guide step 4, `/company/companies`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictStr, StringConstraints, model_validator

from reconciler.http import shapes
from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.custom_fields import CUSTOM_FIELDS
from reconciler.kinds.field_mapping import (
    FieldMapping,
    Subcollection,
    Tables,
    link_of,
    links_of,
    setup,
    text,
    wire_link,
)
from reconciler.kinds.retirement import Retirement
from reconciler.kinds.values import Value

ADDRESS = ("address_line1", "address_line2", "city", "state", "zip", "country")


def _encode_types(value: Value, _: Tables) -> dict[str, Any]:
    return {"types": [wire_link(link) for link in sorted(value or (), key=lambda link: link.id)]}


TYPES = FieldMapping(
    ("types",),
    lambda obj: links_of(obj, "types"),
    _encode_types,
    setup("types", "company/companies/types").target,
    subcollection=Subcollection(
        "company/companies/{id}/typeAssociations",
        lambda child: link_of(child.get("type")),
        lambda item, _value, _: {"type": wire_link(item)},
        shape={"type": shapes.reference("name")},
    ),
    array=True,
    shape={"types": shapes.ListOf(shapes.reference("name"))},
)
"""ConnectWise accepts `types` in a POST only. Afterwards they change through the type associations [spec]."""


def limited(length: int) -> Any:
    """Return the constraint of text with at most `length` characters."""
    return StringConstraints(max_length=length, strict=True)


class CompanySpec(Spec):
    """The fields of a company."""

    identifier: Annotated[
        str, StringConstraints(min_length=1, max_length=156, strict=True), text("identifier", exact=True)
    ] = Field(
        description="The unique Company ID. At most 25 characters before ConnectWise 2025.1, 30 before 2026.4.",
        examples=["ACME"],
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=156, strict=True), text("name")] = Field(
        description="Name of the company.", examples=["Acme Dental Group"]
    )
    status: Annotated[StrictStr | None, setup("status", "company/companies/statuses", inactive=True)] = Field(
        None, description="Name of the company status, such as Active.", examples=["Active"]
    )
    types: Annotated[tuple[StrictStr, ...] | None, TYPES] = Field(
        None, description="Names of the company types, in any order.", examples=[["Customer"]]
    )
    address_line1: Annotated[Annotated[str, limited(50)] | None, text("addressLine1")] = Field(
        None,
        description="First line of the address. ConnectWise requires at least one address field.",
        examples=["12 Mill Road"],
    )
    address_line2: Annotated[Annotated[str, limited(50)] | None, text("addressLine2")] = Field(
        None, description="Second line of the address.", examples=["Suite 4"]
    )
    city: Annotated[Annotated[str, limited(50)] | None, text("city")] = Field(
        None, description="City of the address.", examples=["Tampa"]
    )
    state: Annotated[Annotated[str, limited(50)] | None, text("state")] = Field(
        None, description="State or province.", examples=["FL"]
    )
    zip: Annotated[Annotated[str, limited(12)] | None, text("zip")] = Field(
        None, description="Postal code, as text in quotes.", examples=["33602"]
    )
    country: Annotated[StrictStr | None, setup("country", "company/countries")] = Field(
        None, description="Name of the country, such as United States.", examples=["United States"]
    )
    phone_number: Annotated[Annotated[str, limited(30)] | None, text("phoneNumber")] = Field(
        None, description="Telephone number, as text in quotes.", examples=["813-555-0100"]
    )
    fax_number: Annotated[Annotated[str, limited(30)] | None, text("faxNumber")] = Field(
        None, description="Fax number, as text in quotes.", examples=["813-555-0199"]
    )
    website: Annotated[Annotated[str, limited(255)] | None, text("website")] = Field(
        None, description="URL of the web site.", examples=["https://acme.example"]
    )
    account_number: Annotated[StrictStr | None, text("accountNumber")] = Field(
        None, description="Account number in your accounting system.", examples=["10042"]
    )
    tax_identifier: Annotated[StrictStr | None, text("taxIdentifier")] = Field(
        None, description="The company's tax number, such as a VAT id.", examples=["59-1234567"]
    )
    vendor_identifier: Annotated[StrictStr | None, text("vendorIdentifier")] = Field(
        None, description="The company's number at a vendor.", examples=["V-10042"]
    )
    invoice_to_email_address: Annotated[StrictStr | None, text("invoiceToEmailAddress")] = Field(
        None, description="E-mail address that invoices are sent to.", examples=["billing@acme.example"]
    )
    invoice_cc_email_address: Annotated[StrictStr | None, text("invoiceCCEmailAddress")] = Field(
        None,
        alias="invoiceCCEmailAddress",
        description="E-mail address that gets a copy of invoices.",
        examples=["accounts@acme.example"],
    )
    billing_terms: Annotated[StrictStr | None, setup("billingTerms", "finance/billingTerms")] = Field(
        None, description="Name of the billing terms, such as Net 30.", examples=["Net 30"]
    )
    custom_fields: Annotated[Mapping[str, StrictStr | StrictBool | int | Decimal | None] | None, CUSTOM_FIELDS] = Field(
        None,
        description="Custom fields by caption. Custom fields that you leave out are not managed.",
        examples=[{"Account manager": "Ann", "Backup customer": True, "Seats": 12}],
    )

    @model_validator(mode="after")
    def _has_an_address(self) -> CompanySpec:
        if not any(getattr(self, name) for name in ADDRESS):
            raise ValueError(
                "a company needs at least one address field: addressLine1, addressLine2, city, state, zip or country"
            )
        return self


KIND = Kind(
    name="Company",
    spec=CompanySpec,
    describes="A customer or reseller that is billed (step 4 of the vendor's guide).",
    key=("identifier",),
    collection="company/companies",
    retirement=Retirement(entry="status"),
    rename_key="identifier",
    lookup_path="identifier",
    conditions=(("deletedFlag", False),),
    read_also=("deletedFlag",),
)
