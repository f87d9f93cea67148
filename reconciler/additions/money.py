"""What an addition with given fields bills a month."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.kinds.money import amount_of
from reconciler.kinds.values import plain_decimal

_ZERO = Decimal(0)


def monthly_amount(fields: Mapping[str, Any], currency: str | None) -> Decimal:
    """Quantity above `lessIncluded`, times the unit price, rounded to the currency's minor unit; 0 where the addition
    is not billable.

    `billedQuantity` and `extPrice` would say so too, but the server computes them for what stands there now [spec].
    """
    if str(fields.get("billCustomer") or "Billable") != "Billable":
        return _ZERO
    billed = Decimal(fields.get("quantity") or 0) - Decimal(fields.get("lessIncluded") or 0)
    return amount_of(max(_ZERO, billed), Decimal(fields.get("unitPrice") or 0), currency)


def amount_text(amount: Decimal, currency: str | None) -> str:
    """An amount for a sentence, as `18.15 USD`; without a currency where none is known."""
    return f"{plain_decimal(amount)} {currency or ''}".rstrip()
