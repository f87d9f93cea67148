"""Amounts as text."""

from __future__ import annotations

from decimal import Decimal

from reconciler.kinds.values import plain_decimal


def amount_text(amount: Decimal, currency: str | None) -> str:
    """Return an amount as text, such as `18.15 USD`. The currency is left out if it is None."""
    return f"{plain_decimal(amount)} {currency or ''}".rstrip()
