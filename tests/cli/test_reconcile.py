"""`usage reconcile` holds usage, additions and invoices against each other, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_seed_steps import writes

LINES = "Alder Dental - Managed Backup"


@pytest.fixture
def billed(shop: Shop) -> Shop:
    """Return a shop with two customers that an apply has billed."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    return shop


def kinds(shop: Shop, *arguments: str) -> list[tuple[str, str | None]]:
    """Return the kind and the amount of each difference. The exit code is 5 if there is one."""
    said = shop("--json", "usage", "reconcile", *arguments)
    found = [(each["kind"], each["amount"]) for each in said.json["findings"]]
    assert said.code == (5 if found else 0), said.err
    return found


def agreement(shop: Shop, name: str = LINES) -> Any:
    return shop.one("/finance/agreements", name=name)


def line(shop: Shop) -> str:
    """Return the path of the only addition of Alder Dental."""
    number = agreement(shop)["id"]
    (found,) = shop.get(f"/finance/agreements/{number}/additions")
    return f"/finance/agreements/{number}/additions/{found['id']}"


def test_a_running_month_without_a_difference(billed: Shop) -> None:
    billed.sandbox.log.clear()
    said = billed("usage", "reconcile")
    assert said.code == 0, said.out
    assert "No differences on 2 agreements." in said.out
    assert "the month is not over" in said.out
    assert writes(billed) == []


def test_a_line_that_was_edited_by_hand_is_found_and_priced(billed: Shop) -> None:
    billed.patch_live(line(billed), quantity=100)
    assert kinds(billed) == [("hand edit", "3.15")]


def test_usage_without_a_line_and_a_customer_without_a_mapping_are_leaks(billed: Shop) -> None:
    assert billed.http.delete(line(billed)).status_code == 204
    gumtree = billed.world.add_customer("Gumtree", billed.time).id
    billed.world.add_device(gumtree, billed.time, 20 * 10**9)
    billed("usage", "pull")
    assert sorted(kinds(billed), key=str) == [("leak", "18.15"), ("leak", "3")]


def test_additions_of_ours_on_undeclared_agreements_are_found_with_all_others_there(billed: Shop) -> None:
    first = agreement(billed)
    refer = {name: {"id": first[name]["id"]} for name in ("type", "company", "contact")}
    answer = billed.post_live(
        "/finance/agreements", name="Copy", noEndingDateFlag=True, startDate="2026-11-01T00:00:00Z", **refer
    )
    assert answer.status_code == 201, answer.text
    copy = answer.json()["id"]
    path = f"/finance/agreements/{copy}/additions"
    ours = billed.get(line(billed))
    common = {
        "product": {"id": ours["product"]["id"]},
        "billCustomer": "Billable",
        "effectiveDate": "2026-11-01T00:00:00Z",
    }
    billed.post_live(path, quantity=10, unitPrice=1, serialNumber=ours["serialNumber"], **common)
    billed.post_live(path, quantity=3, unitPrice=2, **common)
    found = billed("--json", "usage", "reconcile").json
    assert [(each["kind"], each["amount"], each["agreement_name"]) for each in found["findings"]] == [
        ("double", "-10", "Copy")
    ]
    rows = {each["name"]: each["others"]["amount"] for each in found["agreements"]}
    assert rows["Copy"] == "6"


def test_a_month_that_is_over_is_compared_as_its_lines_stood_at_its_end(billed: Shop) -> None:
    for hours in (24 * 30 - 5, 24):
        billed.advance(hours)
        billed.uses(ALDER, "90" if hours == 24 else "130")
        billed.apply("--only", "usage")
    found = billed("--json", "usage", "reconcile", "--period", "2026-11").json
    assert found["findings"] == []
    assert found["totals"]["usage"]["amount"] == found["totals"]["ours"]["amount"]
    (row,) = [each for each in found["agreements"] if each["name"] == LINES]
    assert row["usage"]["amount"] == "19.5"


def test_a_month_that_has_not_begun_is_an_error(billed: Shop) -> None:
    assert billed("usage", "reconcile", "--period", "2027-01").code == 1
