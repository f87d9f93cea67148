"""The FOCUS format of a report: a row for each addition and month (FinOps Open Cost and Usage Specification 1.2).

The rows have the columns that the specification requires of every provider, those of the features that we have
(measured usage, unit prices, negotiated prices, sub accounts), and columns of our own, whose names begin with `x_`.
`InvoiceId` is null, because ConnectWise does not say which invoice has a line.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from io import StringIO
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from reconciler.rendering.report.csv_form import cell

Json = Mapping[str, Any]
Type = Literal["text", "decimal", "time"]

VERSION = "1.2"
DECIMALS = 12
"""The most decimals of a figure: a quantity and a unit price have six each."""


class Column(NamedTuple):
    """A column of the format."""

    name: str
    type: Type
    nullable: bool


COLUMNS = (
    Column("BilledCost", "decimal", nullable=False),
    Column("BillingAccountId", "text", nullable=False),
    Column("BillingAccountName", "text", nullable=True),
    Column("BillingCurrency", "text", nullable=False),
    Column("BillingPeriodEnd", "time", nullable=False),
    Column("BillingPeriodStart", "time", nullable=False),
    Column("ChargeCategory", "text", nullable=False),
    Column("ChargeClass", "text", nullable=True),
    Column("ChargeDescription", "text", nullable=True),
    Column("ChargeFrequency", "text", nullable=False),
    Column("ChargePeriodEnd", "time", nullable=False),
    Column("ChargePeriodStart", "time", nullable=False),
    Column("ConsumedQuantity", "decimal", nullable=True),
    Column("ConsumedUnit", "text", nullable=True),
    Column("ContractedCost", "decimal", nullable=False),
    Column("ContractedUnitPrice", "decimal", nullable=True),
    Column("EffectiveCost", "decimal", nullable=False),
    Column("InvoiceId", "text", nullable=True),
    Column("InvoiceIssuerName", "text", nullable=False),
    Column("ListCost", "decimal", nullable=False),
    Column("PricingCategory", "text", nullable=True),
    Column("PricingQuantity", "decimal", nullable=True),
    Column("PricingUnit", "text", nullable=True),
    Column("ProviderName", "text", nullable=False),
    Column("PublisherName", "text", nullable=False),
    Column("ServiceCategory", "text", nullable=False),
    Column("ServiceName", "text", nullable=False),
    Column("ServiceSubcategory", "text", nullable=False),
    Column("SkuId", "text", nullable=True),
    Column("SkuMeter", "text", nullable=True),
    Column("SkuPriceDetails", "text", nullable=True),
    Column("SkuPriceId", "text", nullable=True),
    Column("SubAccountId", "text", nullable=True),
    Column("SubAccountName", "text", nullable=True),
    Column("Tags", "text", nullable=True),
    Column("x_Address", "text", nullable=False),
    Column("x_AdditionId", "text", nullable=False),
    Column("x_Customer", "text", nullable=False),
    Column("x_CorrectedPeriod", "text", nullable=True),
    Column("x_Measure", "text", nullable=True),
    Column("x_UsageKnown", "text", nullable=False),
)
"""The columns in their order. Types and null rules are those of the specification [docs]."""

Row = dict[str, str | Decimal | datetime | None]


def focus_rows(report: Json, issuer: str) -> list[Row]:
    """Return the rows of a report. `issuer` is the name of the company that issues the invoices."""
    return [row for customer in report["customers"] for row in _of_customer(customer, report, issuer)]


def focus_csv(rows: list[Row]) -> str:
    """Return the rows as CSV (RFC 4180). A value that is null is an empty field."""
    target = StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([column.name for column in COLUMNS])
    for row in rows:
        writer.writerow([_field(row[column.name]) for column in COLUMNS])
    return target.getvalue()


def _field(value: str | Decimal | datetime | None) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            # Readers take a column of whole numbers for integers, and the specification wants decimals.
            text = f"{value:f}"
            return text if "." in text else f"{text}.0"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case text:
            return cell(text)


def _of_customer(customer: Json, report: Json, issuer: str) -> Iterator[Row]:
    for charge in customer["charges"]:
        usual = [line for line in charge["billed"] if line["corrects"] is None]
        for line, consumed in zip(usual, _consumed(charge, usual), strict=True):
            yield _row(customer, charge, line, consumed, report, issuer)
        for line in charge["billed"]:
            if line["corrects"] is not None:
                yield _row(customer, charge, line, None, report, issuer)
    for line in customer["other"]:
        quantity = Decimal(line["quantity"])
        yield _row(customer, None, line, quantity if line["corrects"] is None else None, report, issuer)


def _consumed(charge: Json, lines: list[Json]) -> list[Decimal]:
    """Return the usage behind each line, so that the lines of a charge add up to its usage.

    Each line takes as much as it bills, and the last one the rest. Where the usage is unknown, it is what is billed,
    because the format allows no null there; `x_UsageKnown` is then `false`.
    """
    quantities = [Decimal(line["quantity"]) for line in lines]
    if charge["rating"] is None or not lines:
        return quantities
    with localcontext(prec=80):
        rest = Decimal(charge["rating"]["used"]).quantize(Decimal(1).scaleb(-DECIMALS))
    found = []
    for quantity in quantities[:-1]:
        found.append(min(quantity, rest))
        rest -= found[-1]
    return [*found, rest]


def _row(customer: Json, charge: Json | None, line: Json, consumed: Decimal | None, report: Json, issuer: str) -> Row:
    corrects = line["corrects"]
    is_correction = corrects is not None
    quantity, price = Decimal(line["quantity"]), line["unit_price"]
    with localcontext(prec=80):
        exact = Decimal(line["amount"]) if price is None else quantity * Decimal(price)
    period = report["period"]
    start, end = (datetime.fromisoformat(period[name]) for name in ("start", "end"))
    charged = _month(corrects, period["timezone"]) if is_correction else (start, end)
    unit = "unit" if charge is None else charge["unit"]
    service = "Managed backup" if charge is None else f"Managed backup, {charge['name']}"
    product = line["description"] or line["product"]
    text = f"{product}, adjustment of {corrects}" if is_correction else product
    tags = {"mapping": customer["mapping"], "charge": None if charge is None else charge["name"]}
    known = {name: value for name, value in tags.items() if value is not None}
    return {
        "BilledCost": Decimal(line["amount"]),
        "BillingAccountId": customer["identifier"] or customer["address"],
        "BillingAccountName": customer["name"],
        "BillingCurrency": report["currency"],
        "BillingPeriodEnd": end,
        "BillingPeriodStart": start,
        "ChargeCategory": "Usage",
        "ChargeClass": "Correction" if is_correction else None,
        "ChargeDescription": text,
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": charged[1],
        "ChargePeriodStart": charged[0],
        "ConsumedQuantity": consumed,
        "ConsumedUnit": None if consumed is None else unit,
        "ContractedCost": exact,
        "ContractedUnitPrice": None if price is None or is_correction else Decimal(price),
        "EffectiveCost": Decimal(line["amount"]),
        "InvoiceId": None,
        "InvoiceIssuerName": issuer,
        "ListCost": exact,
        "PricingCategory": "Standard",
        "PricingQuantity": None if is_correction else quantity,
        "PricingUnit": None if is_correction else unit,
        "ProviderName": issuer,
        "PublisherName": issuer,
        "ServiceCategory": "Storage",
        "ServiceName": service,
        "ServiceSubcategory": "Backup Storage",
        "SkuId": line["product"],
        "SkuMeter": product if charge is None else charge["name"],
        "SkuPriceDetails": None,
        "SkuPriceId": line["product"],
        "SubAccountId": line["agreement"],
        "SubAccountName": line["agreement"],
        "Tags": json.dumps(known, ensure_ascii=False) if known else None,
        "x_Address": line["address"],
        "x_AdditionId": str(line["addition_id"]),
        "x_Customer": customer["address"],
        "x_CorrectedPeriod": corrects,
        "x_Measure": None if charge is None else charge["measure"],
        "x_UsageKnown": "true" if charge is not None and charge["rating"] is not None else "false",
    }


def _month(name: str, timezone: str) -> tuple[datetime, datetime]:
    """Return the bounds of a month, such as `2026-09`, by the clocks of a time zone."""
    first = date.fromisoformat(f"{name}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    zone = ZoneInfo(timezone)
    bounds = [datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in (first, after)]
    return bounds[0], bounds[1]
