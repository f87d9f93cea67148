"""Amounts as text, with the decimals of their currency. Every sentence, column and total uses these functions.

The table is written out here because babel follows retail rounding (no fils in Iraq), and an invoice follows ISO 4217.
That standard has 26 currencies whose minor unit is not two decimals. The list changes about once in ten years.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

_USUAL = 2
_DECIMALS: Mapping[str, int] = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}  # fmt: skip


def decimals_of(currency: str | None) -> int:
    """Return the decimals of a currency's minor unit, or 2 if there is no currency."""
    return _USUAL if currency is None else _DECIMALS.get(currency, _USUAL)


def amount_text(amount: Decimal, currency: str | None) -> str:
    """Return an amount such as `1,234.50 USD`. The currency is left out if it is None."""
    return f"{figure_text(amount, currency)} {currency or ''}".rstrip()


def figure_text(amount: Decimal, currency: str | None) -> str:
    """Return the figure of an amount, such as `1,234.50`.

    It has at least the decimals of the currency's minor unit. It is never rounded, so a unit price may have more.
    """
    needed = len(f"{amount:f}".partition(".")[2].rstrip("0"))
    decimals = max(decimals_of(currency), needed)
    return f"{amount:,.{decimals}f}"
