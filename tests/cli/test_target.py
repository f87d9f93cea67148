"""Tests of `plan --target` and `apply --target`: a plan of some documents and of what they need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.shop import ALDER, BIRCHWOOD, CEDAR, Shop
from tests.test_seed_steps import writes


@pytest.fixture
def pair(shop: Shop) -> Shop:
    shop.only(ALDER, BIRCHWOOD)
    return shop


def addresses(plan: Any) -> set[str]:
    return {action["address"] for action in plan["actions"]}


def read_paths(shop: Shop) -> list[str]:
    return [entry.path for entry in shop.sandbox.log.entries if "/apis/" in entry.path]


def test_a_target_is_planned_with_what_must_be_created_first(pair: Shop) -> None:
    plan = pair.plan("--target", "Agreement/alder-dental")

    assert addresses(plan) == {"Agreement/alder-dental", "Company/alder-dental", "Contact/alder-dental"}
    assert plan["targets"] == ["Agreement/alder-dental"]


def test_the_actions_of_a_target_equal_those_of_the_whole_plan(pair: Shop) -> None:
    whole = {action["address"]: action for action in pair.plan()["actions"]}

    plan = pair.plan("--target", "CustomerMapping/alder-dental")

    assert {action["address"]: action for action in plan["actions"]} == {
        address: action
        for address, action in whole.items()
        if "birchwood" not in address and not address.startswith("Product/backup-gb-")
    }


def test_a_plan_with_targets_says_that_it_is_partial(pair: Shop) -> None:
    said = pair("plan", "--target", "Company/alder-dental")

    assert said.code == 0
    assert (
        "Warning: this plan is partial: it holds only Company/alder-dental, and what they need. For all documents, "
        "orphans and customers without a mapping, run it without --target" in said.out
    )


def test_many_targets_are_counted_in_the_warning(pair: Shop) -> None:
    targets = [f"--target={kind}/alder-dental" for kind in ("Company", "Contact", "Agreement", "CustomerMapping")]

    said = pair("plan", *targets)

    assert "only Company/alder-dental, Contact/alder-dental, Agreement/alder-dental and 1 more, and" in said.out


def test_a_target_of_the_setup_reads_no_usage_and_no_other_collection(pair: Shop) -> None:
    pair.apply()
    pair.sandbox.log.clear()

    plan = pair.plan("--target", "Company/alder-dental")

    assert plan["coverage"] == []
    assert not [entry for entry in pair.sandbox.log.entries if "jsonapi" in entry.path]
    assert not [path for path in read_paths(pair) if "agreements" in path or "contacts" in path]


def test_the_coverage_of_a_target_leaves_out_other_customers_and_orphans(pair: Shop) -> None:
    pair.apply()
    pair.world.add_device(pair.world.add_customer("Gumtree", pair.time).id, pair.time, 10**9)
    (pair.folder / "customers" / "birchwood-legal.yaml").unlink()
    pair.uses(ALDER, "200")

    said = pair("--json", "plan", "--target", "CustomerMapping/alder-dental", "--prune")

    assert said.code == 0
    assert [row["customer"] for row in said.json["coverage"]] == [str(ALDER)]
    assert addresses(said.json) == {"Addition/alder-dental.storage:backup-gb"}
    assert [note for note in said.json["warnings"] if "no longer declared" in note["message"]] == []


def test_a_partial_plan_leaves_the_ledger_of_other_customers_as_it_was(pair: Shop) -> None:
    pair.apply()
    pair.plan("--target", "CustomerMapping/alder-dental")
    pair.uses(BIRCHWOOD, "462")
    pair.patch_live(addition_path(pair, "Birchwood Legal - Managed Backup"), serialNumber="")

    plan = pair.plan("--only", "usage")

    (action,) = plan["actions"]
    assert (action["action"], action["address"]) == ("adopt", "Addition/birchwood-legal.storage:backup-gb-500")


def test_an_apply_of_a_target_forgets_no_other_document(pair: Shop) -> None:
    pair.apply()
    pair.edit("customers/alder-dental.yaml", "city: Tampa", "city: Miami")
    pair.apply("--target", "Company/alder-dental")
    (pair.folder / "customers" / "birchwood-legal.yaml").unlink()

    notes = [note["address"] for note in pair.plan("--only", "setup")["warnings"] if "no longer" in note["message"]]

    assert "Company/birchwood-legal" in notes


def addition_path(shop: Shop, agreement: str) -> str:
    number = shop.one("/finance/agreements", name=agreement)["id"]
    (addition,) = shop.get(f"/finance/agreements/{number}/additions")
    return f"/finance/agreements/{number}/additions/{addition['id']}"


def test_one_addition_of_a_mapping_can_be_a_target(shop: Shop) -> None:
    shop.only(CEDAR)
    lines = [address for address in addresses(shop.plan()) if address.startswith("Addition/cedar")]
    chosen = min(lines)
    assert len(lines) > 1

    plan = shop.plan("--target", chosen)

    kept = {address for address in addresses(plan) if address.startswith("Addition/")}
    assert chosen in kept
    whole = shop.plan("--target", "CustomerMapping/cedar-logistics")
    assert addresses(plan) - kept == {each for each in addresses(whole) if not each.startswith("Addition/")}


@pytest.mark.parametrize("only", ["plan", "apply"])
def test_an_unknown_target_is_an_error_with_a_suggestion(pair: Shop, only: str) -> None:
    said = pair(only, "--target", "Company/alder-dentl")

    assert said.code == 1
    assert "error: --target: there is no Company/alder-dentl in the manifests" in said.err
    assert "Did you mean Company/alder-dental" in said.err
    assert writes(pair) == []


def test_an_unknown_addition_of_a_mapping_is_an_error_with_a_suggestion(pair: Shop) -> None:
    said = pair("plan", "--target", "Addition/alder-dental:backup-gbb")

    assert said.code == 1
    assert "Did you mean Addition/alder-dental:backup-gb" in said.err


def test_a_setup_target_with_only_usage_is_refused(pair: Shop) -> None:
    said = pair("plan", "--only", "usage", "--target", "Company/alder-dental")

    assert said.code == 1
    assert "the targets bill no usage, and --only usage leaves the setup out" in said.err


def test_apply_with_a_target_writes_only_that(pair: Shop) -> None:
    pair.apply("--target", "Company/alder-dental")

    assert pair.counts()["company"] == 1
    assert pair.counts()["agreement"] == 0


def test_a_plan_file_with_targets_is_applied_as_it_is(pair: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    pair.plan("--target", "CustomerMapping/alder-dental", "--out", str(file))
    assert json.loads(file.read_text(encoding="utf-8"))["targets"] == ["CustomerMapping/alder-dental"]

    assert pair("apply", str(file)).code == 0

    assert pair.counts()["company"] == 1
    assert pair.counts()["addition"] == 1


def test_a_target_cannot_be_added_to_a_plan_file(pair: Shop, tmp_path: Path) -> None:
    said = pair("apply", str(tmp_path / "plan.json"), "--target", "Company/alder-dental")

    assert said.code == 1
    assert "--target cannot be used with a plan file; use it with `plan --out`" in said.err


def test_the_share_of_a_guardrail_is_taken_of_the_whole_estate(pair: Shop) -> None:
    pair.apply()
    pair.edit("workspace.yaml", "    money: 2000\n", "    money: 2000\n    updates: {percent: 20, atLeast: 1}\n")
    pair.edit("customers/alder-dental.yaml", "city: Tampa", "city: Miami")

    assert pair.plan("--target", "Company/alder-dental", "--only", "setup")["guardrails"] == []
