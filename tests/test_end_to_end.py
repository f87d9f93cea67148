"""Test the command line from an empty tenant to the next month."""

from __future__ import annotations

from decimal import Decimal

from tests.shop import ALDER, ALL, BIRCHWOOD, CEDAR, Shop

FIRST, SECOND = Decimal("0.14"), Decimal("0.12")
"""Birchwood's price per GB up to 500 GB, and up to 1,000 GB."""
BIRCH = "Birchwood Legal - Managed Backup"


def test_a_plan_for_an_empty_tenant_shows_the_amounts_and_writes_nothing(shop: Shop) -> None:
    before = dict(shop.counts())

    said = shop("plan")

    assert said.code == 0
    assert (
        said.out.splitlines()[-1]
        == "Plan: 34 to create; 0 unchanged. Monthly total from next month: 0.00 → 288.94 USD (+288.94)."
    )
    assert (
        "+ Addition/birchwood-legal.storage:backup-gb-500  460.4 GB used, 461 GB billed   +64.54 USD a month"
        in said.out
    )
    assert dict(shop.counts()) == before
    assert not {name for name in shop.sandbox.log.by_route if name.startswith("POST /") and "jsonapi" not in name}


def test_an_empty_tenant_is_billed_through_hours_and_a_price_range_into_the_next_month(shop: Shop) -> None:
    empty = dict(shop.counts())

    assert shop.apply().out.splitlines()[-1] == "Applied: 34 done."
    assert {name: shop.counts()[name] - count for name, count in empty.items()} == ALL

    for _ in range(6):  # hours pass, usage grows, and the hourly job writes what has changed
        shop.advance()
        shop.apply("--only", "usage")
    assert shop.additions("Cedar Logistics - Managed Backup")["BACKUP-GB-ABOVE"][0] == 252
    again = shop("plan", "--detailed-exitcode")
    assert again.code == 0
    assert "No changes. 34 documents and additions are as declared." in again.out

    shop.uses(BIRCHWOOD, "512.2")  # a customer grows across a price range
    said = shop("plan", "--only", "usage", "--detailed-exitcode")
    assert said.code == 2
    glyphs = [line for line in said.out.splitlines() if line.startswith(("+ ", "~ ", "» ", "- "))]
    assert glyphs == [
        "+ Addition/birchwood-legal.storage:backup-gb-1000  512.2 GB used, 513 GB billed   +61.56 USD a month",
        "~ Addition/birchwood-legal.storage:backup-gb-500  512.2 GB used, 513 GB billed   "
        "64.54 → 0.00 USD a month (-64.54)",
    ]
    assert said.out.splitlines()[-1].startswith("Plan: 1 to create, 1 to update;")
    assert said.out.splitlines()[-1].endswith("Monthly total from next month: 289.04 → 286.06 USD (-2.98).")
    shop.apply("--only", "usage")
    assert shop.additions(BIRCH) == {"BACKUP-GB-500": (0, FIRST), "BACKUP-GB-1000": (513, SECOND)}

    shop.uses(BIRCHWOOD, "470")  # and back: no trail of cancelled lines
    shop.apply("--only", "usage")
    assert shop.additions(BIRCH) == {"BACKUP-GB-500": (470, FIRST), "BACKUP-GB-1000": (0, SECOND)}

    shop.advance(hours=24 * 30)  # the first of December: the same lines go on
    shop.uses(ALDER, "99.5")
    shop.uses(BIRCHWOOD, "470")
    shop.uses(CEDAR, "1251.5")
    shop.apply("--only", "usage")
    assert shop.additions("Alder Dental - Managed Backup") == {"BACKUP-GB": (100, Decimal("0.15"))}
    assert shop.counts()["addition"] == ALL["addition"] + 1
    assert shop("plan", "--detailed-exitcode").code == 0


def test_a_customer_with_an_unknown_agreement_is_refused_and_the_others_are_billed(shop: Shop) -> None:
    shop.apply()
    shop.edit(
        "customers/alder-dental.yaml",
        "  agreement: alder-dental\n  managedId",
        "  agreement: {name: Gone}\n  managedId",
    )
    shop.uses(1001005, "700")
    shop.advance()

    said = shop("apply", "--only", "usage", "--auto-approve", "--approve", "quantity")

    assert said.code == 5
    assert "refused cove/1001001 Alder Dental" in said.out
    assert "ConnectWise has no Agreement 'Gone' at that company" in said.out
    quantity, _price = shop.additions("Elmhurst Foundry - Managed Backup")["BACKUP-GB"]
    assert quantity == 701
