"""Prices with a date: which one is in force, and lists that contradict themselves."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.dated_prices import (
    UNKNOWN,
    DatedPrice,
    DatedPrices,
    UnitPrice,
    days_after,
    entry_in_force,
    first_month,
    unit_price,
)

D = Decimal
PRICES = TypeAdapter(DatedPrices)


def prices(*entries: tuple[str, str] | tuple[str, str, str]) -> tuple[DatedPrice, ...]:
    """Return a list of prices from (day, price) or (day, price, cost)."""
    names = ("from", "price", "cost")
    return PRICES.validate_python([dict(zip(names, (day, *map(D, rest)), strict=False)) for day, *rest in entries])


TWO = prices(("2026-01-01", "0.15", "0.06"), ("2027-01-01", "0.18"))


@pytest.mark.parametrize(
    ("first_day", "price"),
    [
        ("2025-12-01", None),
        ("2026-01-01", "0.15"),
        ("2026-12-01", "0.15"),
        ("2027-01-01", "0.18"),
        ("2030-01-01", "0.18"),
    ],
)
def test_the_last_entry_that_begins_not_after_the_first_day_is_in_force(first_day: str, price: str | None) -> None:
    found = entry_in_force(TWO, date.fromisoformat(first_day))
    assert (None if found is None else found.price) == (None if price is None else D(price))


def test_a_day_inside_a_month_works_from_the_next_month_on() -> None:
    inside = prices(("2026-01-01", "1"), ("2026-12-02", "2"))
    assert [entry.works_from for entry in inside] == [date(2026, 1, 1), date(2027, 1, 1)]
    assert [unit_price(None, None, inside, date(year, month, 1)).price for year, month in ((2026, 12), (2027, 1))] == [
        1,
        2,
    ]


def test_an_entry_without_a_cost_has_the_plain_cost_and_the_plain_price_counts_before_the_first_entry() -> None:
    assert unit_price(D("0.1"), D("0.05"), TWO, date(2025, 1, 1)) == UnitPrice(D("0.1"), D("0.05"))
    assert unit_price(D("0.1"), D("0.05"), TWO, date(2026, 1, 1)) == UnitPrice(D("0.15"), D("0.06"))
    assert unit_price(D("0.1"), D("0.05"), TWO, date(2027, 1, 1)) == UnitPrice(D("0.18"), D("0.05"))


def test_an_unknown_cost_is_not_0() -> None:
    assert unit_price(None, None, TWO, date(2027, 1, 1)).cost is None
    assert unit_price(None, None, prices(("2027-01-01", "1", "0")), date(2027, 1, 1)).cost == 0
    assert unit_price(None, None, None, date(2027, 1, 1)) == UNKNOWN


def test_the_days_of_new_prices_are_sorted_and_each_is_named_once() -> None:
    other = prices(("2026-12-15", "2"), ("2028-01-01", "3"))
    assert days_after([TWO, None, other], date(2026, 11, 1)) == [date(2027, 1, 1), date(2028, 1, 1)]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("2027-01-01", "two prices are from 2027-01-01"),
        ("2026-12-31", "2026-12-31 is before 2027-01-01"),
    ],
)
def test_days_that_are_not_sorted_or_appear_twice_are_an_error(second: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        prices(("2027-01-01", "1"), (second, "2"))


def test_an_entry_that_is_never_in_force_is_an_error() -> None:
    with pytest.raises(ValidationError, match=r"from 2026-11-05 is never in force: .* both work from 2026-12-01 on"):
        prices(("2026-11-05", "1"), ("2026-12-01", "2"))


@pytest.mark.parametrize(
    "entry", [{"from": "2026-01-01"}, {"price": 1}, {"from": "2026-01-01", "price": D("0.1234567")}]
)
def test_an_entry_has_a_day_and_a_price_of_at_most_six_decimals(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PRICES.validate_python([entry])


def test_a_list_of_prices_is_not_empty() -> None:
    with pytest.raises(ValidationError):
        PRICES.validate_python([])


BASE = {
    "customer": {"source": "cove", "id": "42"},
    "company": "acme",
    "agreement": "acme",
    "solution": "Cove",
    "managedId": "1",
}
ENTRY = {"from": "2026-01-01", "price": 1}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"product": "gb", "price": 1, "prices": [ENTRY]}, "price does not go with prices"),
        ({"ranges": [{"product": "gb"}], "prices": [ENTRY]}, "prices do not go with ranges"),
        ({"ranges": [{"product": "gb", "price": 1, "prices": [ENTRY]}]}, r"ranges\[0\].price does not go with prices"),
    ],
)
def test_a_charge_and_a_range_have_one_price_or_dated_ones(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CustomerMappingSpec.model_validate({**BASE, **fields})


@given(st.lists(st.dates(date(2020, 1, 1), date(2030, 12, 31)), min_size=1, unique=True), st.dates(date(2020, 1, 1)))
def test_the_price_in_force_is_the_newest_that_has_begun(days: list[date], now: date) -> None:
    by_month = {first_month(day): day for day in sorted(days)}
    entries = prices(*((day.isoformat(), str(index)) for index, day in enumerate(by_month.values())))
    month = now.replace(day=1)
    begun = [index for index, works_from in enumerate(by_month) if works_from <= month]
    found = entry_in_force(entries, month)
    assert (None if found is None else int(found.price)) == (begun[-1] if begun else None)
    assert all(entry.works_from - entry.from_ < timedelta(days=31) for entry in entries)
