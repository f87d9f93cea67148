"""Tests of `reconciler show ADDRESS`: documents, additions, customers and undeclared objects."""

from __future__ import annotations

import pytest

from tests.shop import ALDER, BIRCHWOOD, Shop


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def test_a_document_is_shown_with_the_fields_from_its_defaults(small: Shop) -> None:
    found = small("show", "Agreement/alder-dental", "--offline", "--format", "json").json

    assert found["spec"]["type"] == "Managed Service"
    assert "defaults.yaml" in found["defaulted"]["type"]
    assert "name" not in found["defaulted"]
    assert "live" not in found
    assert small.sandbox.log.total == 0


def test_a_document_is_shown_with_its_live_state(small: Shop) -> None:
    small.apply()
    small.patch_live(f"/company/companies/{small.one('/company/companies')['id']}", city="Orlando")
    small.sandbox.log.clear()

    found = small("--json", "show", "Company/alder-dental").json

    assert found["live"]["fields"]["city"] == "Orlando"
    assert found["live"]["id"] == small.one("/company/companies", identifier="AlderDental")["id"]
    assert "Orlando" in small("show", "Company/alder-dental").out


def test_a_document_that_is_not_in_connectwise_has_no_live_state(small: Shop) -> None:
    assert small("--json", "show", "Company/alder-dental").json["live"] is None


def test_a_kind_without_a_live_object_is_shown_without_live_state(small: Shop) -> None:
    assert "live" not in small("--json", "show", "CustomerMapping/alder-dental").json
    assert small("show", "Workspace/example").code == 0


def test_an_undeclared_address_is_an_error_with_suggestions(small: Shop) -> None:
    said = small("show", "Company/alder-dentist")

    assert said.code == 1
    assert "there is no Company/alder-dentist in " in said.err
    assert "Did you mean Company/alder-dental" in said.err


def test_an_address_without_a_similar_document_explains_kind_and_name(small: Shop) -> None:
    assert "NAME in KIND/NAME is metadata.name of a document." in small("show", "Product/zzzzzzzzzzzzzz").err


# Additions, customers and undeclared objects


def test_every_address_that_a_plan_prints_can_be_shown(shop: Shop) -> None:
    shop.apply()
    shop.uses(ALDER, "900")  # held by a guardrail
    shop.uses(BIRCHWOOD, "512")  # crosses a range
    (shop.folder / "customers" / "cedar-logistics.yaml").unlink()  # orphans and undeclared documents
    plan = shop("--json", "plan").json
    addresses = {action["address"] for name in ("actions", "held") for action in plan[name]}
    addresses |= {trip["address"] for trip in plan["guardrails"] if trip["address"]}
    addresses |= {note["address"] for note in plan["warnings"] if note["address"]}
    addresses |= {row["address"] for row in plan["coverage"] if row["address"]}
    addresses |= {f"{row['source']}/{row['customer']}" for row in plan["coverage"] if row["customer"] not in ("", "*")}
    assert {"Addition/birchwood-legal.storage:backup-gb-1000", "Company/cedar-logistics", "cove/1001003"} <= addresses

    for address in sorted(addresses):
        said = shop("show", address)
        assert said.code == 0, f"{address}: {said.err}"
        assert address in said.out


@pytest.mark.parametrize("address", ["Addition/alder-dental.storage:backup-gb", "Addition/alder-dental:backup-gb"])
def test_an_addition_is_shown_by_its_long_and_its_short_address(small: Shop, address: str) -> None:
    small.apply()
    small.uses(ALDER, "130")
    small("usage", "pull")

    found = small("--json", "show", address).json

    assert (found["address"], found["state"]) == ("Addition/alder-dental.storage:backup-gb", "update")
    assert (found["customer"], found["mapping"]) == ("cove/1001001", "CustomerMapping/alder-dental")
    assert found["why"].startswith("130 GB used, 130 GB billed")
    assert (found["live"]["fields"]["quantity"], found["desired"]["quantity"]) == ("121", "130")


def test_a_held_addition_is_shown(small: Shop) -> None:
    small.apply()
    small.advance(7)  # the figures in the ledger are too old
    found = small("--json", "show", "Addition/alder-dental:backup-gb").json
    assert (found["state"], found["live"]["fields"]["quantity"]) == ("kept", "121")


def test_an_unknown_addition_is_an_error_with_suggestions(small: Shop) -> None:
    small.apply()
    said = small("show", "Addition/alder-dental:backup-tb")
    assert said.code == 1
    assert "Did you mean Addition/alder-dental.storage:backup-gb" in said.err


def test_a_customer_is_shown_with_its_coverage_its_additions_and_its_devices(small: Shop) -> None:
    small.apply()
    found = small("--json", "show", "cove/1001001").json
    assert [row["state"] for row in found["coverage"]] == ["billed"]
    assert [line["address"] for line in found["additions"]] == ["Addition/alder-dental.storage:backup-gb"]
    assert all(device["bytes"] > 0 for device in found["devices"])


def test_an_unknown_customer_is_an_error(small: Shop) -> None:
    said = small("show", "cove/9")
    assert said.code == 1
    assert "there is no customer 9 in source cove, and no mapping has it" in said.err


def test_an_undeclared_object_is_shown_with_its_last_write_and_its_live_state(shop: Shop) -> None:
    shop.apply()
    (shop.folder / "customers" / "cedar-logistics.yaml").unlink()
    said = shop("--json", "show", "Company/cedar-logistics")
    found = said.json
    assert said.code == 0, found
    assert (found["declared"], found["written"]["identifier"]) == (False, "CedarLogistics")
    assert found["live"]["name"] == "Cedar Logistics"


def test_a_missing_file_is_not_an_address(small: Shop) -> None:
    assert "nowhere/plan.json" in small("show", "nowhere/plan.json").err


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("", "an empty text is neither a file nor an address"),
        ("Frob/x", "Frob/x is neither a file nor an address"),
        ("///", "/// is a folder, not a plan file"),
        ("x" * 5000, f"{'x' * 200}… is neither a file nor an address"),
    ],
)
def test_a_text_that_is_neither_a_file_nor_an_address_is_an_error(small: Shop, what: str, said: str) -> None:
    found = small("show", what)
    assert found.code == 1
    assert found.err.startswith(f"error: {said}\n  Make a plan file with: reconciler plan --out FILE\n")
