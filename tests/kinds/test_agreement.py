"""What an agreement bills a month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.registry import kind
from reconciler.kinds.retirement import NOT_BILLED, Billed

LAST_DAY = "2026-11-30"


def billed(*additions: Any, **fields: Any) -> Billed:
    bills = kind("Agreement").bills
    assert bills is not None
    return bills({"noEndingDateFlag": True, "currency": {"currencyCode": "USD"}, **fields}, additions, LAST_DAY)


def addition(quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {"quantity": quantity, "unitPrice": Decimal("1.50"), **more}


def test_an_agreement_bills_its_own_amount_and_its_additions() -> None:
    found = billed(addition(), addition(4), billAmount=10)
    assert found == Billed(Decimal("19.00"), "USD", "its own 10.00 and 2 additions")


def test_an_addition_that_ends_by_the_day_is_left_out() -> None:
    ending = addition(cancelledDate="2026-11-30T00:00:00Z")
    assert billed(ending, addition(cancelledDate="2026-12-31T00:00:00Z")).detail == "1 addition"
    assert billed(ending) == NOT_BILLED


@pytest.mark.parametrize(
    "ended",
    [
        {"agreementStatus": "Expired"},
        {"agreementStatus": "Cancelled"},
        {"noEndingDateFlag": False, "endDate": "2026-11-30T00:00:00Z"},
    ],
)
def test_an_agreement_that_has_ended_bills_nothing(ended: dict[str, Any]) -> None:
    assert billed(billAmount=10, **ended) == NOT_BILLED


def test_an_agreement_that_ends_later_still_bills() -> None:
    assert billed(billAmount=10, noEndingDateFlag=False, endDate="2027-11-30T00:00:00Z").amount == 10


@pytest.mark.parametrize(("cycle", "amount"), [("Monthly", "100"), ("Semi-Annually", "16.67"), ("Annually", "8.33")])
def test_a_longer_cycle_bills_its_share_a_month(cycle: str, amount: str) -> None:
    assert billed(billAmount=100, billingCycle={"name": cycle}).amount == Decimal(amount)


def test_the_amount_of_an_unknown_cycle_is_not_known_per_month() -> None:
    found = billed(addition(), billAmount=100, billingCycle={"name": "Bi-Weekly"})
    assert found == Billed(None, "USD", "its own 100.00 and 1 addition, 103.00 each cycle Bi-Weekly")
