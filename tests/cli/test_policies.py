"""Tests of the policies of a repository: `schemas/policies` beside the manifests, for documents and for plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.shop import ALDER, Shop

FLOOR = {
    "title": "Price floor",
    "description": "Sell no gigabyte below 0.20.",
    "properties": {"spec": {"properties": {"price": {"minimum": 0.20}}}},
}
NO_CREATES = {
    "title": "No new products",
    "if": {"properties": {"kind": {"const": "Product"}}},
    "then": {"properties": {"action": {"not": {"const": "create"}}}},
}


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def rule(shop: Shop, name: str, schema: Any) -> Path:
    folder = shop.folder.parent / "schemas/policies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(schema), encoding="utf-8")
    return folder / name


def test_validate_and_plan_report_a_document_at_its_line(small: Shop) -> None:
    rule(small, "Product.floor.json", FLOOR)

    for said in (small("validate"), small("plan")):
        assert said.code == 1
        shown = said.out + said.err
        assert "products.yaml:" in shown
        assert "Product/backup-gb: Price floor: 0.15 is less than the minimum of 0.2" in shown
        assert "Sell no gigabyte below 0.20." in shown
    assert small.sandbox.log.total == 0


def test_policies_and_files_of_the_command_line_are_both_checked(small: Shop, tmp_path: Path) -> None:
    rule(small, "Product.floor.json", FLOOR)
    more = tmp_path / "more.json"
    more.write_text(json.dumps({**FLOOR, "title": "Another"}), encoding="utf-8")

    assert "Another: " in small("validate", "--policy", str(more)).out
    assert "Price floor: " in small("validate", "--policy", str(more)).out


def test_a_plan_whose_actions_violate_a_policy_is_not_made_and_not_applied(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    small("plan", "--out", str(file))
    rule(small, "actions.products.json", NO_CREATES)

    for said in (small("plan"), small("apply", "--auto-approve"), small("apply", str(file))):
        assert said.code == 1
        assert "Product/backup-gb: No new products: " in said.err
        assert "products.yaml" in said.err
    assert not small.get("/procurement/catalog", conditions='identifier="BACKUP-GB"')


def test_a_plan_that_satisfies_all_policies_is_applied(small: Shop) -> None:
    rule(small, "actions.retire.json", {"properties": {"action": {"not": {"const": "retire"}}}})
    rule(small, "Product.floor.json", {"properties": {"spec": {"properties": {"price": {"minimum": 0.1}}}}})

    small.apply()
    assert small("plan").code == 0


def test_an_undo_is_checked_too(small: Shop) -> None:
    small.apply()
    rule(small, "actions.retire.json", {"title": "Never", "properties": {"action": {"not": {"const": "retire"}}}})
    said = small("plan", "--undo", "1")

    assert said.code == 1
    assert ": Never: " in said.err


def test_a_policy_that_is_no_schema_is_an_error_with_its_file(small: Shop) -> None:
    file = rule(small, "Product.bad.json", {"type": "nothing"})
    said = small("plan")

    assert said.code == 1
    assert f"{file}: is not a JSON Schema: at type" in said.err
