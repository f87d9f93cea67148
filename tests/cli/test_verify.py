"""Tests of `apply PLANFILE --verify`: a plan file has no changes but those that the manifests ask for."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.planning.plan import Plan, digest_of
from reconciler.planning.plan_file import write_plan
from tests.shop import ALDER, Shop

PRICE = '"after": "0.18"'


@pytest.fixture
def priced(shop: Shop, tmp_path: Path) -> Path:
    """Return a plan file that changes a price from 0.15 to 0.18. The shop is set up."""
    shop.only(ALDER)
    shop.apply("--only", "setup")
    shop.edit("products.yaml", "price: 0.15", "price: 0.18")
    file = tmp_path / "plan.json"
    assert shop("plan", "--only", "setup", "--out", str(file)).code == 0
    return file


def forge(file: Path, old: str, new: str) -> None:
    """Replace text in a plan file, and write the digest and the checksum that fit."""
    text = file.read_text("utf-8")
    assert old in text
    content: dict[str, Any] = json.loads(text.replace(old, new))
    del content["checksum"]
    plan = Plan.model_validate(content)
    file.write_text(write_plan(plan.model_copy(update={"digest": digest_of(plan.actions)})), encoding="utf-8")


def price_of(shop: Shop) -> Decimal:
    found: Decimal = shop.one("/procurement/catalog", identifier="BACKUP-GB")["price"]
    return found


def test_a_plan_file_of_the_manifests_is_applied(shop: Shop, priced: Path) -> None:
    assert shop("apply", str(priced), "--verify").code == 0
    assert price_of(shop) == Decimal("0.18")


def test_a_forged_plan_file_is_refused_with_what_the_manifests_do_not_ask_for(shop: Shop, priced: Path) -> None:
    forge(priced, PRICE, '"after": "0.01"')
    said = shop("apply", str(priced), "--verify")

    assert said.code == 3
    assert "the manifests do not ask for these changes of the plan file" in said.err
    assert "Product/backup-gb" in said.err
    assert "0.01" in said.err
    assert price_of(shop) == Decimal("0.15")


def test_an_action_for_what_is_as_declared_is_refused(shop: Shop, priced: Path) -> None:
    shop.edit("products.yaml", "price: 0.18", "price: 0.15")
    digest = shop.plan("--only", "setup")["manifest_digest"]
    forge(priced, json.loads(priced.read_text("utf-8"))["manifest_digest"], digest)
    said = shop("apply", str(priced), "--verify")

    assert said.code == 3
    assert "the manifests do not ask for" in said.err
    assert price_of(shop) == Decimal("0.15")


def test_what_is_done_already_is_accepted(shop: Shop, priced: Path) -> None:
    product = shop.one("/procurement/catalog", identifier="BACKUP-GB")["id"]
    shop.patch_live(f"/procurement/catalog/{product}", price=0.18)

    assert shop("apply", str(priced), "--verify").code == 0


def test_other_changes_that_the_manifests_ask_for_by_now_are_left_alone(shop: Shop, priced: Path) -> None:
    company = shop.one("/company/companies", identifier="AlderDental")["id"]
    shop.patch_live(f"/company/companies/{company}", city="Elsewhere")

    assert shop("apply", str(priced), "--verify").code == 0
    assert price_of(shop) == Decimal("0.18")
    assert shop.one("/company/companies", identifier="AlderDental")["city"] == "Elsewhere"


def test_a_guardrail_that_the_plan_file_does_not_name_refuses_it(shop: Shop, tmp_path: Path) -> None:
    shop.only(ALDER)
    shop.edit("workspace.yaml", "money: 2000", "updates: {percent: 1, atLeast: 1}")
    shop.apply("--only", "setup")
    shop.edit("products.yaml", "price: 0.15", "price: 0.18")
    file = tmp_path / "plan.json"
    shop("plan", "--only", "setup", "--out", str(file))
    content = json.loads(file.read_text("utf-8"))
    assert content["guardrails"]
    del content["checksum"]
    file.write_text(write_plan(Plan.model_validate({**content, "guardrails": []})), encoding="utf-8")
    said = shop("apply", str(file), "--verify")

    assert said.code == 3
    assert "guardrails tripped" in said.err
    assert shop("apply", str(file), "--verify", "--approve", "updates").code == 0


def test_a_run_that_ended_early_is_continued(shop: Shop, tmp_path: Path) -> None:
    """The run wrote one of two fields, so a present plan has another action for the company."""
    shop.only(ALDER)
    shop.apply("--only", "setup")
    shop.edit(
        "customers/alder-dental.yaml", "name: Alder Dental, a", "types: [Customer, Prospect], name: Alder Dentists, a"
    )
    file = tmp_path / "plan.json"
    assert shop("plan", "--only", "setup", "--out", str(file)).code == 0
    shop.fault("500@/typeAssociations")
    assert shop("apply", str(file), "--verify").code == 4
    shop.fault()

    assert shop("apply", str(file), "--verify").code == 0
    assert shop.plan("--only", "setup")["actions"] == []


def test_a_plan_that_was_applied_before_is_verified_again(shop: Shop, priced: Path) -> None:
    assert shop("apply", str(priced), "--verify").code == 0
    shop.edit("products.yaml", "price: 0.18", "price: 0.15")
    shop.apply("--only", "setup")
    digest = shop.plan("--only", "setup")["manifest_digest"]
    forge(priced, json.loads(priced.read_text("utf-8"))["manifest_digest"], digest)

    assert shop("apply", str(priced), "--verify").code == 3
    assert price_of(shop) == Decimal("0.15")


def test_without_a_plan_file_there_is_nothing_to_verify(shop: Shop) -> None:
    said = shop("apply", "--verify", "--auto-approve")

    assert said.code == 1
    assert "--verify checks a plan file" in said.err
