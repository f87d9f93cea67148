"""The monthly amount of an addition, and amounts as text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.kinds.money import amount_of
from reconciler.kinds.values import plain_decimal

_ZERO = Decimal(0)


def monthly_amount(fields: Mapping[str, Any], currency: str | None) -> Decimal:
    """Return what an addition with these fields bills per month.

    This is the quantity above `lessIncluded`, times the unit price, rounded to the minor unit of the currency. It is 0
    if the addition is not billable. `fields` has the names of ConnectWise. The server's `billedQuantity` and `extPrice`
    are not used, because they hold the values from before a change [spec].
    """
    if str(fields.get("billCustomer") or "Billable") != "Billable":
        return _ZERO
    billed = Decimal(fields.get("quantity") or 0) - Decimal(fields.get("lessIncluded") or 0)
    return amount_of(max(_ZERO, billed), Decimal(fields.get("unitPrice") or 0), currency)


def amount_text(amount: Decimal, currency: str | None) -> str:
    """Return an amount as text, such as `18.15 USD`. The currency is left out if it is None."""
    return f"{plain_decimal(amount)} {currency or ''}".rstrip()
