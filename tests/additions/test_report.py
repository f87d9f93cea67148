"""Tests of `usage report`: our additions next to the usage behind them (guide step 10)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.additions.report import ReportRow
from tests.shop import ALDER, CEDAR, ELMHURST, Shop


def reported(shop: Shop) -> list[list[str]]:
    rows = shop("--json", "usage", "report").json
    return [[row[name] for name in ("agreement", "product", "quantity", "amount", "used")] for row in rows]


def test_a_report_lists_every_addition_by_agreement_and_product(shop: Shop) -> None:
    shop.only(ALDER, CEDAR)
    shop.apply()

    assert reported(shop) == [
        ["Alder Dental - Managed Backup", "BACKUP-GB", "121", "18.15", "120.35"],
        ["Cedar Logistics - Managed Backup", "BACKUP-GB-1000", "500", "60", "1250.3"],
        ["Cedar Logistics - Managed Backup", "BACKUP-GB-500", "500", "70", "1250.3"],
        ["Cedar Logistics - Managed Backup", "BACKUP-GB-ABOVE", "251", "25.1", "1250.3"],
    ]


def test_a_report_pulls_no_source_and_shows_live_additions(shop: Shop) -> None:
    shop.only(ALDER)
    shop.apply()
    shop.uses(ALDER, "500")
    shop.sandbox.log.clear()

    assert reported(shop) == [["Alder Dental - Managed Backup", "BACKUP-GB", "121", "18.15", "120.35"]]
    assert not any("jsonapi" in route for route in shop.sandbox.log.by_route)


def test_stale_usage_is_unknown_and_not_zero(shop: Shop) -> None:
    shop.only(ALDER)
    shop.apply()
    shop.advance(7)

    (row,) = shop("--json", "usage", "report").json
    assert (row["used"], row["unit"], row["quantity"]) == (None, "GB", "121")
    assert "unknown" in shop("usage", "report").out


def test_additions_that_are_not_ours_or_ended_earlier_are_not_reported(shop: Shop) -> None:
    shop.only(ELMHURST)
    shop.apply()
    agreement = shop.one("/finance/agreements", name="Elmhurst Foundry - Managed Backup")
    additions = f"/finance/agreements/{agreement['id']}/additions"
    (ours,) = shop.get(additions)
    body = {"product": {"id": ours["product"]["id"]}, "quantity": 5, "unitPrice": 1, "billCustomer": "Billable"}
    assert shop.http.post(additions, json=body).status_code == 201
    assert len(reported(shop)) == 1

    shop.patch_live(
        f"{additions}/{ours['id']}", effectiveDate="2026-10-01T00:00:00Z", cancelledDate="2026-10-31T00:00:00Z"
    )
    assert reported(shop) == []


@pytest.mark.parametrize("price", [Decimal("0.150"), None])
def test_a_row_as_json_has_every_number_as_exact_text(price: Decimal | None) -> None:
    row = ReportRow(
        agreement="Backup",
        product="GB",
        quantity=Decimal("120.0"),
        unit_price=price,
        amount=Decimal(0) if price is None else Decimal("18.000"),
        unit_cost=None if price is None else Decimal("0.060"),
        cost=None if price is None else Decimal("7.20"),
        last_updated=None,
        mapping=None,
        source="",
        used=None,
        unit=None,
    )
    found = row.to_json()
    assert (found["quantity"], found["used"]) == ("120", None)
    costs = (found["unit_cost"], found["cost"], found["margin"])
    assert costs == ((None, None, None) if price is None else ("0.06", "7.2", "10.8"))
    assert (found["unit_price"], found["amount"]) == ((None, "0") if price is None else ("0.15", "18"))
