"""Quantities, amounts and changes of a report as text. Every form of the report uses these functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import signed

Json = Mapping[str, Any]

SHOWN = Decimal("0.001")
"""The finest usage that is shown. What is billed is never rounded again."""


def month_text(report: Json) -> str:
    """Return the month of a report, such as `October 2026`."""
    return f"{date.fromisoformat(report['period']['first_day']):%B %Y}"


def amount(value: str | None, currency: str | None) -> str:
    """Return an amount such as `1,234.50 USD`, or `unknown`."""
    return "unknown" if value is None else amount_text(Decimal(value), currency)


def figure(value: str | None, currency: str | None) -> str:
    """Return the figure of an amount such as `1,234.50`, or `unknown`."""
    return "unknown" if value is None else figure_text(Decimal(value), currency)


def quantity(value: str | None) -> str:
    """Return a quantity with at most three decimals, such as `1,460.4`, or `unknown`."""
    if value is None:
        return "unknown"
    rounded = Decimal(value).quantize(SHOWN, ROUND_HALF_UP)
    whole, _, decimals = f"{rounded:,f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def change(now: str, before: str | None, currency: str | None) -> str:
    """Return the change of an amount, such as `+12.50 (+5 %)`. Empty if the amount before is unknown."""
    if before is None:
        return ""
    difference, base = Decimal(now) - Decimal(before), Decimal(before)
    if not difference:
        return "no change"
    text = signed(difference, currency)
    if not base:
        return text
    percent = (100 * difference / base).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{text} ({percent:+,f} %)" if percent else text


def margin_text(totals: Json, currency: str | None) -> str:
    """Return the margin with its share, such as `margin 25.00 USD (41 %)`. Empty if no cost is known."""
    if totals["cost"] is None:
        return ""
    cost, margin = Decimal(totals["cost"]), Decimal(totals["margin"])
    text = f"margin {amount_text(margin, currency)}"
    if cost + margin:
        text += f" ({(100 * margin / (cost + margin)).quantize(Decimal(1), ROUND_HALF_UP):f} %)"
    unknown = totals["unknown_costs"]
    return f"{text}, without {numbered(unknown, 'addition')} of unknown cost" if unknown else text


def used_text(charge: Json) -> str:
    """Return the measured usage of a charge, such as `460.4 GB`, or `unknown`."""
    rating = charge["rating"]
    return "unknown" if rating is None else f"{quantity(rating['used'])} {charge['unit']}"


def billed_quantity(charge: Json) -> Decimal:
    """Return the billed quantity of a charge. An adjustment is money, and has no quantity."""
    lines = [line for line in charge["billed"] if line["corrects"] is None]
    return sum((Decimal(line["quantity"]) for line in lines), Decimal(0))


def billed_text(charge: Json) -> str:
    """Return the billed quantity of a charge with its unit, such as `461 GB`."""
    return f"{quantity(str(billed_quantity(charge)))} {charge['unit']}"
