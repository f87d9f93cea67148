"""The Git repository and the ledger are lost: import finds the mappings again by our tags, and bills nothing twice."""

from __future__ import annotations

import shutil
from typing import Any

from tests.cli.test_import import only_the_workspace
from tests.prepared import prepared
from tests.shop import CEDAR, DOGWOOD, Shop


@prepared
def lost(shop: Shop) -> Shop:
    """Return a shop after its first month, of which only the tenant and the workspace are left."""
    shop.apply()
    only_the_workspace(shop)
    shutil.rmtree(shop.ledger.parent)
    return shop


def additions(shop: Shop) -> dict[int, Any]:
    return {row.id: dict(row.data) for row in shop.tenant.tables["addition"].rows.values()}


def test_mappings_come_back_by_our_tags_and_the_plan_is_empty(lost: Shop) -> None:
    before = additions(lost)

    proposals = {each["customer"]: each for each in lost("--json", "import").json["proposals"]}

    mapped = [each for each in proposals.values() if each["document"] is not None and not each["proposed"]]
    assert {each["document"] for each in mapped} == {
        "CustomerMapping/alder-dental",
        "CustomerMapping/birchwood-legal",
        "CustomerMapping/elmhurst-foundry",
    }
    assert {each["confidence"] for each in mapped} == {"certain"}
    assert lost.plan()["actions"] == []
    lost.apply(code=5)
    assert additions(lost) == before


def test_rules_that_an_addition_does_not_show_are_left_to_a_person(lost: Shop) -> None:
    proposals = {each["customer"]: each for each in lost("--json", "import").json["proposals"]}

    dogwood = proposals[str(DOGWOOD)]
    assert (dogwood["confidence"], dogwood["proposed"]) == ("certain", True)
    assert "its mapping had rules that the addition does not show" in dogwood["evidence"][-1]


def test_the_additions_of_ranges_are_listed_for_a_person(lost: Shop) -> None:
    proposals = {each["customer"]: each for each in lost("--json", "import").json["proposals"]}

    cedar = proposals[str(CEDAR)]
    assert (cedar["confidence"], cedar["document"], cedar["missing"]["what"]) == ("certain", None, "addition")
    assert [each["quantity"] for each in cedar["missing"]["additions"]] == ["500", "500", "251"]
    rows = [row for row in lost.plan()["coverage"] if row["customer"] == str(CEDAR)]
    assert sorted(row["state"] for row in rows) == ["orphan", "orphan", "orphan", "unmapped"]


def test_a_second_import_says_the_same(lost: Shop) -> None:
    lost("import")
    review = (lost.folder / "import-review.md").read_bytes()

    assert lost("--json", "import").json["files"] == []
    assert (lost.folder / "import-review.md").read_bytes() == review
