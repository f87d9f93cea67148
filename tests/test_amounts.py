"""Amounts as text: with the decimals of their currency, everywhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.amounts import amount_text, decimals_of


@pytest.mark.parametrize(
    ("currency", "decimals"), [("JPY", 0), ("KRW", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("CLF", 4), (None, 2)]
)
def test_a_currency_has_the_decimals_of_its_minor_unit(currency: str | None, decimals: int) -> None:
    assert decimals_of(currency) == decimals


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0", None, "0.00"),
        ("26.6", "USD", "26.60 USD"),
        ("1234.5", "USD", "1,234.50 USD"),
        ("-1234.5", "USD", "-1,234.50 USD"),
        ("0.1234", None, "0.1234"),
        ("1E+3", None, "1,000.00"),
        ("12345678901234567890.01", None, "12,345,678,901,234,567,890.01"),
        ("12345678901234567890.0123456789012345", None, "12,345,678,901,234,567,890.0123456789012345"),
        ("1200.00", "JPY", "1,200 JPY"),
        ("1.5", "KWD", "1.500 KWD"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency_and_is_never_rounded(
    amount: str, currency: str | None, text: str
) -> None:
    assert amount_text(Decimal(amount), currency) == text
