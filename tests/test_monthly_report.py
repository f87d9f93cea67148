"""Users and recovery from the console's monthly report: from the manifest to the additions, and what explains them."""

from __future__ import annotations

from typing import Any

from tests.shop import ALDER, Shop

CHARGES = """  charges:
    - product: backup-gb
    - {meter: m365-users, product: backup-gb-500, price: 3, included: {amount: 2, per: customer}}
    - {meter: standby-image, product: backup-gb-1000, price: 40}
"""
REPORT = "/statistics-reporting/high-watermark-usage-report"
USAGE = ("apply", "--only", "usage", "--auto-approve")


def reported(shop: Shop) -> None:
    """Bill a customer that has 12 users of Microsoft 365 and a standby image."""
    shop.only(ALDER)
    rule = "  # `product: backup-gb` comes"
    shop.edit("customers/alder-dental.yaml", rule, CHARGES + rule)
    first, *_ = shop.world.devices_of({ALDER}, shop.time)
    shop.world.set_recovery(first.id, 2, shop.time)
    users = shop.world.add_device(ALDER, shop.time, 10**9)
    users.account_type = 2
    shop.world.set_users(users.id, 12, shop.time)
    shop.apply()


def quantities(shop: Shop) -> dict[str, Any]:
    additions = shop.additions("Alder Dental - Managed Backup")
    return {product: quantity for product, (quantity, _) in additions.items()}


def test_the_report_bills_is_explained_and_holds_its_charges_if_it_fails(shop: Shop) -> None:
    reported(shop)
    billed = {"BACKUP-GB": 122, "BACKUP-GB-500": 10, "BACKUP-GB-1000": 1}
    assert quantities(shop) == billed

    said = shop("usage", "explain", "Addition/alder-dental.m365-users:backup-gb-500")
    assert "the monthly report that was read at 2026-11-01 06:00 UTC" in said.out
    assert "1 monthly report read since 2026-11-01 04:00 UTC, at most one a day" in said.out
    assert "1 pull of cove:report, 2026-11-01 06:00 UTC to 2026-11-01 06:00 UTC: 1 complete" in said.out
    page = shop("usage", "explain", "cove/1001001", "--format", "html").out
    assert "1 pull of cove:report" in page
    replayed = shop("usage", "replay", "--period", "2026-11")
    assert replayed.code == 0, replayed.out

    shop.fault(f"html:every=1@{REPORT}")
    shop.advance()
    assert shop(*USAGE).code == 0  # the report of the day was read before
    shop.advance(24)
    said = shop(*USAGE)
    assert said.code == 5
    assert "cove:report: the pull at 2026-11-02 07:00 UTC failed: usage source cove" in said.out
    assert "the response is not a complete XLSX file" in said.out
    assert quantities(shop) == billed
    shop.fault()
    said = shop("usage", "pull")
    assert [line.split()[:2] for line in said.out.splitlines()[-3:-1]] == [
        ["cove", "complete"],
        ["cove:report", "complete"],
    ]
    assert shop("usage", "coverage").code == 0
