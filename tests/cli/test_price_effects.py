"""A plan that changes prices says what the last month would have cost by them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Shop

USAGE = ("--only", "usage")


def until(shop: Shop, moment: datetime) -> None:
    shop.advance((moment - shop.time).total_seconds() / 3600)


@prepared
def december(shop: Shop) -> Shop:
    """Return a shop in December, with one customer whose November is in the ledger."""
    shop.only(ALDER)
    shop.apply()
    until(shop, datetime(2026, 12, 1, 3, tzinfo=UTC))  # 22:00 in New York
    shop.apply(*USAGE)
    shop.advance(6)
    shop.apply(*USAGE)
    return shop


@pytest.mark.parametrize("measure", ["last", "peak"])
def test_a_plan_of_another_price_says_what_the_last_month_would_have_cost(december: Shop, measure: str) -> None:
    december.edit("customers/alder-dental.yaml", "spec:\n", f"spec:\n  measure: {measure}\n")
    assert december.plan(*USAGE).get("price_effects") is None
    december.edit("products.yaml", "price: 0.15\n  cost: 0.06", "price: 0.30\n  cost: 0.06")

    (found,) = december.plan(*USAGE)["price_effects"]

    (customer,) = found["customers"]
    used = customer["quantity"]
    assert (found["period"], found["closed"], found["first_day"]) == ("2026-11", False, None)
    assert (customer["mapping"], customer["customer"]) == ("CustomerMapping/alder-dental", f"cove/{ALDER}")
    assert float(found["money"]["before"]) == pytest.approx(0.15 * float(used))
    assert float(found["money"]["after"]) == pytest.approx(0.30 * float(used))
    said = december("plan", *USAGE).out
    assert "by these prices, 2026-11 (the last month that has ended, not closed) would have cost" in said


def test_a_later_price_is_shown_by_a_plan_and_an_apply_does_not_look_back(december: Shop) -> None:
    december.edit(
        "products.yaml",
        "price: 0.15\n  cost: 0.06",
        'price: 0.15\n  cost: 0.06\n  prices: [{from: "2027-02-01", price: 0.30, cost: 0.06}]',
    )
    said = december("plan", *USAGE).out
    assert "prices change on 2027-02-01 (backup-gb 0.15 → 0.3): 1 customer (alder-dental)" in said
    assert (
        "by the prices from 2027-02-01 on, 2026-11 (the last month that has ended, not closed) would have cost" in said
    )
    applied = december.apply(*USAGE)
    assert "would have cost" not in applied.out + applied.err
