"""Additions of ours on agreements that no manifest leads to any more, over real HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.shop import ALDER, BIRCHWOOD, CEDAR, Shop

ALDER_LINES = "Alder Dental - Managed Backup"
BIRCH_LINES = "Birchwood Legal - Managed Backup"
USAGE = ("--only", "usage")


@pytest.fixture
def pair(shop: Shop) -> Shop:
    """Two customers, billed."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    return shop


def forget(shop: Shop, name: str, customer: int) -> None:
    """The customer leaves the console and the manifests, and nobody thinks of what is billed."""
    (shop.folder / "customers" / f"{name}.yaml").unlink()
    shop.world.remove_customer(customer, shop.time)


def orphans(shop: Shop) -> list[Any]:
    return [row for row in shop.plan(*USAGE)["coverage"] if row["state"] == "orphan"]


def cancel(shop: Shop, agreement: str, **more: Any) -> None:
    found = shop.one("/finance/agreements", name=agreement)
    shop.patch_live(f"/finance/agreements/{found['id']}", **{"cancelledFlag": True, **more})


def path_of(shop: Shop, agreement: str) -> str:
    """The one addition of an agreement."""
    number = shop.one("/finance/agreements", name=agreement)["id"]
    (addition,) = shop.get(f"/finance/agreements/{number}/additions")
    return f"/finance/agreements/{number}/additions/{addition['id']}"


def test_a_customer_whose_documents_are_removed_bills_on_and_is_told_with_the_money(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)

    said = pair("plan", *USAGE)

    assert said.code == 5
    assert "still billing 461: no mapping has its tag rc:cove/1001002/birchwood-legal/storage; retire it" in said.out
    assert said.out.splitlines()[-1].endswith("A month: 82.69 USD.")
    (row,) = orphans(pair)
    assert (row["source"], row["customer"], row["money"]) == ("cove", "1001002", "64.54")


def test_its_report_names_the_agreement_by_id(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)

    rows = pair("--json", "usage", "report").json

    number = pair.one("/finance/agreements", name=BIRCH_LINES)["id"]
    assert [(row["agreement"], row["mapping"], row["source"]) for row in rows] == [
        (ALDER_LINES, "alder-dental", "cove/1001001"),
        (f"id {number}", None, ""),
    ]


def test_an_addition_that_was_cancelled_is_told_until_its_last_day_and_then_no_more(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)
    pair.patch_live(path_of(pair, BIRCH_LINES), cancelledDate="2026-11-05T00:00:00Z")

    (row,) = orphans(pair)
    assert row["detail"].startswith("billing 461 until its last day, 2026-11-05")
    pair.advance(24 * 30)
    assert orphans(pair) == []


def test_an_agreement_that_was_cancelled_bills_nothing_and_is_not_listed(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)
    cancel(pair, BIRCH_LINES)

    assert orphans(pair) == []


def test_an_agreement_that_was_deleted_hides_no_other(shop: Shop) -> None:
    shop.only(ALDER, BIRCHWOOD, CEDAR)
    shop.apply()
    forget(shop, "birchwood-legal", BIRCHWOOD)
    forget(shop, "cedar-logistics", CEDAR)
    gone = path_of(shop, BIRCH_LINES)
    reports = f"/company/companies/{shop.one('/company/companies', identifier='BirchwoodLegal')['id']}"
    reports += "/managementSummaryReports"
    for path in (gone, f"{reports}/{shop.get(reports)[0]['id']}", gone.partition("/additions")[0]):
        assert shop.http.delete(path).status_code == 204

    assert {row["customer"] for row in orphans(shop)} == {"1001003"}


def test_a_mapping_that_moves_leaves_nothing_billing_on_an_agreement_that_nobody_declares(pair: Shop) -> None:
    moved = "customers/birchwood-legal.yaml"
    pair.edit(moved, "name: Birchwood Legal - Managed Backup", "name: Birchwood Legal - New")

    pair.apply()

    quantities = {name: pair.additions(name) for name in (BIRCH_LINES, "Birchwood Legal - New")}
    assert quantities == {
        BIRCH_LINES: {"BACKUP-GB-500": (0, Decimal("0.14"))},
        "Birchwood Legal - New": {"BACKUP-GB-500": (461, Decimal("0.14"))},
    }
    assert pair("plan", "--detailed-exitcode").code == 0
