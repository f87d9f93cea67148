"""The report of a period as a table for the terminal: totals, exceptions, then a row for each charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe
from reconciler.rendering.report.figures import (
    amount,
    billed_text,
    change,
    figure,
    margin_text,
    month_text,
    quantity,
    used_text,
)
from reconciler.rendering.tables import WIDTH, table

Json = Mapping[str, Any]

_COLUMNS = (
    ("customer", "left"),
    ("charge", "left"),
    ("measure", "left"),
    ("used", "right"),
    ("billed", "right"),
    ("amount", "right"),
    ("month before", "right"),
    ("state", "left"),
)


def report_text(report: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the lines of a report. `report` is its JSON."""
    currency, totals = report["currency"], report["totals"]
    so_far = "" if report["period"]["complete"] else " so far"
    yield paint(f"{month_text(report)}{so_far}: {amount(totals['billed'], currency)} billed", "bold")
    moved = change(totals["billed"], totals["previous"], currency)
    yield f"Month before: {amount(totals['previous'], currency)}" + (f", {moved}" if moved else "")
    yield f"By usage: {amount(totals['by_usage'], currency)}. {numbered(totals['customers'], 'customer')}."
    if margin := margin_text(totals, currency):
        yield f"Cost: {amount(totals['cost'], currency)}, {margin}"
    exceptions = report["exceptions"]
    if exceptions:
        yield ""
        yield paint(f"{numbered(len(exceptions), 'exception')}:", "yellow")
        for each in exceptions:
            money = "" if each["amount"] is None else f" ({amount(each['amount'], currency)})"
            yield f"  {each['state']}  {safe(each['name'])} {safe(each['customer'])}: {safe(each['text'])}{money}"
    yield ""
    yield from table(_COLUMNS, list(_rows(report)), width)


def _rows(report: Json) -> Iterator[list[str]]:
    currency = report["currency"]
    for customer in report["customers"]:
        for charge in customer["charges"]:
            yield [
                customer["name"],
                charge["name"],
                charge["measure"],
                used_text(charge),
                billed_text(charge),
                figure(charge["billed_amount"], currency),
                figure(charge["previous_amount"], currency),
                customer["state"],
            ]
        for line in customer["other"]:
            billed = figure(line["amount"], currency)
            yield [customer["name"], line["product"], "", "", quantity(line["quantity"]), billed, "", "orphan"]
