"""The values of a billed estate on the page."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.server.control.overview import billed, overview
from tests.shop import Shop


def test_the_page_shows_integrator_logins_and_addresses_of_contacts(shop: Shop) -> None:
    shop.apply()
    tables = overview_of(shop)

    def column(title: str, name: str) -> list[Any]:
        index = [each["name"] for each in tables[title]["columns"]].index(name)
        return [row[index] for row in tables[title]["rows"]]

    assert all(column("Managed devices integrations", "Integrator login"))
    assert all("@" in each for each in column("Contacts", "E-mail"))
    assert column("Additions", "Billed") == column("Additions", "Quantity")


def overview_of(shop: Shop) -> dict[str, Any]:
    return {each["title"]: each for each in overview(shop.sandbox, 200)["tenant"]}


def test_the_amount_per_month_counts_the_quantity_above_the_included_one(shop: Shop) -> None:
    shop.apply()
    additions = shop.sandbox.tenant.tables["addition"]
    before = billed(additions)
    row = next(row for row in additions.rows.values() if row.data["quantity"])
    path = f"/finance/agreements/{row.parent}/additions/{row.id}"
    shop.patch_live(path, lessIncluded=1)
    assert before - billed(additions) == row.data["unitPrice"]
    shop.patch_live(path, billCustomer="NoCharge")
    assert before - billed(additions) == row.data["unitPrice"] * row.data["quantity"]
