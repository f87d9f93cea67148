"""Tests of the money of one action."""

from __future__ import annotations

from decimal import Decimal

from reconciler.planning.action import NOTHING, Money, Side


def test_an_amount_that_is_billed_once_changes_nothing_of_the_monthly_total_or_its_cost() -> None:
    monthly = Money.with_costs(NOTHING, Side(Decimal(5), Decimal(2)), "USD")
    once = monthly.model_copy(update={"once": True})
    assert (monthly.change, monthly.change_of_cost) == (5, 2)
    assert (once.change, once.change_of_cost) == (0, 0)
