"""When an addition counts, whose it is, and what it is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.planning.standing import Period, mark_of, monthly, overlaps, product_id, quantity_of
from tests.planning.builders import addition, live

NOVEMBER = Period("2026-11-01", "2026-11-30")


@pytest.mark.parametrize(
    ("effective", "cancelled", "counts"),
    [
        (None, None, True),
        ("2026-11-30T00:00:00Z", None, True),
        ("2026-12-01T00:00:00Z", None, False),
        ("2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z", True),
        ("2026-01-01T00:00:00Z", "2026-10-31T00:00:00Z", False),
    ],
)
def test_an_addition_counts_from_its_first_day_to_its_last(
    effective: str | None, cancelled: str | None, counts: bool
) -> None:
    assert overlaps(addition(effectiveDate=effective, cancelledDate=cancelled), NOVEMBER) is counts


@pytest.mark.parametrize(
    ("serial", "mark"), [("rc:cove/77/acme ", "rc:cove/77/acme"), ("SN-1", ""), ("", ""), (None, "")]
)
def test_only_what_begins_as_our_marks_do_is_ours(serial: str | None, mark: str) -> None:
    assert mark_of(addition(serialNumber=serial)) == mark


@pytest.mark.parametrize(
    ("more", "amount"),
    [
        ({}, Decimal(30)),
        ({"lessIncluded": Decimal(20)}, Decimal(25)),
        ({"lessIncluded": Decimal(200)}, Decimal(0)),
        ({"billCustomer": "NoCharge"}, Decimal(0)),
        ({"billCustomer": None}, Decimal(30)),
        ({"unitPrice": None}, Decimal(0)),
        ({"quantity": None}, Decimal(0)),
    ],
)
def test_an_addition_is_worth_what_it_bills(more: dict[str, Any], amount: Decimal) -> None:
    assert monthly(addition(**more)) == amount


def test_an_addition_without_product_or_quantity_is_read_all_the_same() -> None:
    bare = live("Addition", 1, {})
    assert product_id(bare) is None
    assert quantity_of(bare) == 0
