"""The rounding of amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.kinds.money import amount_after, amount_of, at_most_six_decimals

D = Decimal


def test_a_price_with_more_than_six_decimals_is_refused() -> None:
    assert at_most_six_decimals(D("0.1234560")) == D("0.123456")
    with pytest.raises(ValueError, match=r"at most six decimals, and 0\.1234567 has 7"):
        at_most_six_decimals(D("0.1234567"))


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "amount"),
    [
        ("3", "0.125", "USD", "0.38"),
        ("1", "0.004999", "USD", "0.00"),
        ("10.5", "0.1", "JPY", "1"),
        ("15", "0.1", "JPY", "2"),
        ("1", "0.0005", "KWD", "0.001"),
        ("461", "0.085", None, "39.19"),
        ("123456789012345678901234567890", "0.000001", "USD", "123456789012345678901234.57"),
    ],
)
def test_an_amount_is_rounded_half_up_to_the_minor_unit(
    quantity: str, price: str, currency: str | None, amount: str
) -> None:
    assert str(amount_of(D(quantity), D(price), currency)) == amount


@pytest.mark.parametrize(
    ("dates", "amount"),
    [
        ({}, "10.00"),
        ({"cancelledDate": None}, "10.00"),
        ({"cancelledDate": "2026-11-30"}, "0"),
        ({"cancelledDate": "2026-11-12T00:00:00Z"}, "0"),
        ({"cancelledDate": "2026-12-01"}, "10.00"),
        ({"cancelledDate": "2026-12-01", "effectiveDate": "2026-12-01T00:00:00Z"}, "0"),
        ({"cancelledDate": "2027-01-31", "effectiveDate": "2026-12-01"}, "10.00"),
    ],
)
def test_an_addition_bills_after_a_day_if_it_ends_later(dates: dict[str, str | None], amount: str) -> None:
    fields = {"quantity": Decimal(4), "unitPrice": Decimal("2.5"), **dates}
    assert amount_after(fields, "2026-11-30", "USD") == Decimal(amount)
