"""The kind Addition: one line of an agreement (guide step 10). Usage creates it; no manifest declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StrictStr

from reconciler.http import shapes
from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.field_mapping import (
    FieldMapping,
    Object,
    Tables,
    date,
    date_text,
    number,
    parent,
    reference,
    text,
)
from reconciler.kinds.fields import ById, ByIdentifier, ByName, Name
from reconciler.kinds.values import Link, Value


def _decode_agreement(obj: Object) -> Value:
    return Link(str(obj["agreementId"]), obj["agreementId"]) if obj.get("agreementId") else None


AGREEMENT = FieldMapping(
    ("agreementId",),
    _decode_agreement,
    lambda _value, _: {},
    parent("Agreement", "agreement").target,
    shape={"agreementId": shapes.ID},
)


def _billable(value: Value, _: Tables) -> dict[str, Any]:
    return {"billCustomer": value}


class AdditionSpec(Spec):
    """The fields of an addition."""

    agreement: Annotated[Name | ByName | ById, AGREEMENT] = Field(description="The agreement.")
    product: Annotated[Name | ByIdentifier | ById, reference("product", "Product", label="identifier")] = Field(
        description="The product."
    )
    serial_number: Annotated[StrictStr, text("serialNumber", exact=True)] = Field(
        description="The tag that marks the addition as managed by reconciler."
    )
    quantity: Annotated[Decimal, number("quantity")] = Field(description="Rated quantity, in GB or GiB.")
    unit_price: Annotated[Decimal, number("unitPrice")] = Field(
        description="Price of one unit, in the agreement's currency."
    )
    unit_cost: Annotated[Decimal | None, number("unitCost")] = Field(
        None, description="Cost of one unit, if the manifests give one."
    )
    less_included: Annotated[Decimal, number("lessIncluded")] = Field(
        Decimal(0), description="Always 0, because rating has already subtracted the allowance."
    )
    bill_customer: Annotated[StrictStr, replace(text("billCustomer"), encode=_billable)] = Field(
        "Billable", description="Always Billable."
    )
    effective_date: Annotated[StrictStr, date("effectiveDate")] = Field(description="First billed day.")
    cancelled_date: Annotated[StrictStr | None, date("cancelledDate")] = Field(
        None, description="Last billed day, if it has one."
    )
    invoice_description: Annotated[StrictStr | None, text("invoiceDescription")] = Field(
        None, description="Its text on the invoice, if the mapping gives one."
    )


def _ended_before(obj: Object, values: Mapping[str, Value]) -> bool:
    last, first = date_text(obj.get("cancelledDate")), date_text(values.get("effectiveDate"))
    return last is not None and first is not None and last < first


KIND = Kind(
    name="Addition",
    spec=AdditionSpec,
    describes="One line of an agreement, created from usage (step 10 of the vendor's guide).",
    key=("agreement", "product", "serialNumber"),
    collection="finance/agreements/{agreement}/additions",
    bundle="addition",
    inactive=lambda obj: bool(obj.get("cancelledDate")),
    ended_before=_ended_before,
    read_also=("effectiveDate", "cancelledDate"),
    declarable=False,
)
