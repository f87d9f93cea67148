"""The report of a period as CSV: a row for each addition, and one for each charge without an addition."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

Json = Mapping[str, Any]

COLUMNS = (
    "period",
    "customer",
    "name",
    "mapping",
    "state",
    "charge",
    "measure",
    "used",
    "included",
    "unit",
    "by_usage_amount",
    "agreement",
    "product",
    "address",
    "quantity",
    "unit_price",
    "amount",
    "cost",
    "currency",
    "corrects",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report_csv(report: Json) -> str:
    """Return the report as CSV (RFC 4180). Figures are exact, an unknown one is empty."""
    target = StringIO(newline="")
    writer = csv.DictWriter(target, COLUMNS, lineterminator="\r\n", restval="")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    return target.getvalue()


def cell(text: str | None) -> str:
    """Return text from outside for a cell. A spreadsheet would run one that begins like a formula."""
    return f"'{text}" if text and text.startswith(_FORMULA) else text or ""


def _rows(report: Json) -> Iterator[dict[str, str | None]]:
    for customer in report["customers"]:
        head = {
            "period": report["period"]["name"],
            "customer": cell(customer["address"]),
            "name": cell(customer["name"]),
            "mapping": cell(customer["mapping"]),
            "state": customer["state"],
            "currency": report["currency"],
        }
        for charge in customer["charges"]:
            rating = charge["rating"] or {}
            of_charge = {
                **head,
                "charge": cell(charge["name"]),
                "measure": charge["measure"],
                "used": rating.get("used"),
                "included": rating.get("included"),
                "unit": charge["unit"],
                "by_usage_amount": rating.get("amount"),
            }
            if not charge["billed"]:
                yield of_charge
            for line in charge["billed"]:
                yield {**of_charge, **_line(line)}
        for line in customer["other"]:
            yield {**head, **_line(line)}


def _line(line: Json) -> dict[str, str | None]:
    return {
        "agreement": cell(line["agreement"]),
        "product": cell(line["product"]),
        "address": cell(line["address"]),
        "quantity": line["quantity"],
        "unit_price": line["unit_price"],
        "amount": line["amount"],
        "cost": line["cost"],
        "corrects": line["corrects"],
    }
