"""The rounding of amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.kinds.money import amount_after, amount_of, at_most_six_decimals, cost_after, monthly_cost

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


@pytest.mark.parametrize(
    ("fields", "zero_is_known", "cost"),
    [
        ({"quantity": 10, "lessIncluded": 4, "unitCost": D("0.105")}, False, "0.63"),
        ({"quantity": 10, "unitCost": 0}, False, None),
        ({"quantity": 10, "unitCost": 0}, True, "0.00"),
        ({"quantity": 10}, False, None),
        ({"quantity": 0}, False, "0"),
        ({"quantity": 3, "lessIncluded": 5, "unitCost": 1}, False, "0"),
    ],
)
def test_an_unknown_cost_is_none_and_costs_nothing_only_at_quantity_0(
    fields: dict[str, object], zero_is_known: bool, cost: str | None
) -> None:
    found = monthly_cost(fields, "USD", zero_is_known=zero_is_known)
    assert (None if found is None else str(found)) == cost


def test_an_addition_that_has_ended_costs_nothing() -> None:
    fields = {"quantity": 10, "unitCost": 1, "cancelledDate": "2026-11-30T00:00:00Z"}
    assert cost_after(fields, "2026-11-30", "USD") == 0
    assert cost_after(fields, "2026-11-29", "USD") == 10
