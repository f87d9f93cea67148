"""Tests of refusals: the differences between the approved plan and the present one, and `apply --expect-digest`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_seed_steps import writes

ALDER_FILE = "customers/alder-dental.yaml"
BIRCH_FILE = "customers/birchwood-legal.yaml"
SETUP = ("--only", "setup")


@prepared
def pair(shop: Shop) -> Shop:
    """Return a shop with two customers, after their first apply and a change of one city in Git."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    shop.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    shop.sandbox.log.clear()
    return shop


@pytest.fixture
def file(pair: Shop, tmp_path: Path) -> str:
    """Return the path of a plan file of that change."""
    path = str(tmp_path / "plan.json")
    pair.plan(*SETUP, "--out", path)
    return path


def company(shop: Shop, identifier: str) -> str:
    return f"/company/companies/{shop.one('/company/companies', identifier=identifier)['id']}"


def digest(shop: Shop, *arguments: str) -> str:
    return str(shop.plan(*arguments)["digest"])


def moved(shop: Shop, *arguments: str) -> Any:
    """Return the error of a refused apply as JSON. Nothing may have been written."""
    said = shop("--json", "apply", *arguments)
    assert said.code == 3, said.err
    assert writes(shop) == []
    return said.json["error"]


def test_a_change_in_connectwise_is_shown_field_by_field(pair: Shop, file: str) -> None:
    pair.patch_live(company(pair, "AlderDental"), city="Orlando")
    pair.sandbox.log.clear()

    said = pair("apply", file)

    assert said.code == 3
    assert (
        "What moved in the plan:\n"
        "  ~ Company/alder-dental  has changed\n"
        "      city\n"
        '        approved: "Tampa" → "Miami"\n'
        '        now:      "Orlando" → "Miami"\n' in said.err
    )
    assert "Make a new plan: reconciler plan --only setup --out FILE" in said.err
    assert writes(pair) == []


def test_an_action_that_did_not_move_is_not_shown(pair: Shop, file: str) -> None:
    pair.edit(BIRCH_FILE, "city: Buffalo", "city: Naples")
    error = moved(pair, file)

    assert [each["address"] for each in error["moved"]] == ["Company/birchwood-legal"]
    assert error["digest"] == digest(pair, *SETUP)


def test_another_change_in_git_leaves_the_plan_and_the_command_applies_both(pair: Shop, file: str) -> None:
    pair.edit(BIRCH_FILE, "city: Buffalo", "city: Naples")

    error = moved(pair, file)

    assert "+ Company/birchwood-legal  is new in the plan: update" in error["message"]
    assert "What moved has nothing to do with the actions of the plan, which are the same." in error["advice"]
    command = error["advice"].partition("reconciler ")[2].split()
    assert command == ["apply", *SETUP, "--expect-digest", error["digest"]]
    assert pair(*command).code == 0
    assert pair.get(company(pair, "AlderDental"))["city"] == "Miami"
    assert pair.get(company(pair, "BirchwoodLegal"))["city"] == "Naples"


def test_a_change_in_git_that_changes_no_action_leaves_the_digest(pair: Shop, file: str) -> None:
    approved = digest(pair, *SETUP)
    pair.edit(BIRCH_FILE, "city: Buffalo", 'city: Buffalo, website: "b.example"')
    pair.patch_live(company(pair, "BirchwoodLegal"), website="b.example")
    pair.sandbox.log.clear()

    error = moved(pair, file)

    assert error["moved"] == []
    assert "Nothing moved in the plan: its actions are the same." in error["message"]
    assert f"To apply it: reconciler apply --only setup --expect-digest {approved}" in error["advice"]


def test_an_action_that_another_run_has_made_is_gone(pair: Shop, file: str) -> None:
    pair.edit(BIRCH_FILE, "city: Buffalo", "city: Naples")
    pair.patch_live(company(pair, "AlderDental"), city="Miami")
    pair.sandbox.log.clear()

    error = moved(pair, file)

    assert [(each["address"], each["how"]) for each in error["moved"]] == [
        ("Company/birchwood-legal", "added"),
        ("Company/alder-dental", "gone"),
    ]


def test_the_present_plan_has_the_targets_of_the_approved_one(pair: Shop, tmp_path: Path) -> None:
    path = str(tmp_path / "plan.json")
    pair.plan("--target", "Company/alder-dental", "--out", path)
    pair.edit(BIRCH_FILE, "city: Buffalo", "city: Naples")

    error = moved(pair, path)

    assert error["moved"] == []
    assert "--target Company/alder-dental --expect-digest sha256:" in error["advice"]


def test_if_the_present_plan_cannot_be_made_the_refusal_says_why(pair: Shop, file: str) -> None:
    pair.edit(BIRCH_FILE, "city: Buffalo", "status: No such status, city: Buffalo")

    said = pair("apply", file)

    assert said.code == 3
    assert "the manifests have changed since it was made" in said.err
    assert "The present plan cannot be made, so what moved is not shown:" in said.err
    assert "No such status" in said.err


def test_a_change_while_the_question_is_open_is_shown(pair: Shop) -> None:
    class Slow:
        def readline(self) -> str:
            pair.patch_live(company(pair, "AlderDental"), city="Orlando")
            return "yes\n"

    with pair.patch.context() as patch:
        patch.setattr("tests.shop.StringIO", lambda _text: Slow())
        said = pair("apply", *SETUP)

    assert said.code == 3
    assert 'approved: "Tampa" → "Miami"' in said.err
    assert 'now:      "Orlando" → "Miami"' in said.err


@pytest.mark.parametrize("written", [str, lambda text: text.removeprefix("sha256:").upper()])
def test_a_plan_with_the_expected_digest_is_applied_without_a_question(pair: Shop, written: Any) -> None:
    expected = written(digest(pair, *SETUP))

    said = pair("apply", *SETUP, "--expect-digest", expected)

    assert said.code == 0
    assert pair.get(company(pair, "AlderDental"))["city"] == "Miami"


def test_a_plan_with_another_digest_is_refused_and_shown(pair: Shop) -> None:
    expected = digest(pair, *SETUP)
    pair.edit(ALDER_FILE, "city: Miami", "city: Orlando")
    pair.sandbox.log.clear()

    error = moved(pair, *SETUP, "--auto-approve", "--expect-digest", expected)

    assert f"the plan has the digest {error['digest']}, not {expected}" in error["message"]
    assert '    city = "Tampa" → "Orlando"' in error["message"]
    assert f"reconciler apply --only setup --expect-digest {error['digest']}" in error["advice"]


def test_a_present_plan_without_changes_is_refused_too(pair: Shop) -> None:
    expected = digest(pair, *SETUP)
    pair.edit(ALDER_FILE, "city: Miami", "city: Tampa")

    error = moved(pair, *SETUP, "--expect-digest", expected)

    assert "The present plan holds no changes." in error["message"]
    assert "If the present plan is right" not in error["advice"]


def test_a_plan_file_with_the_expected_digest_is_applied(pair: Shop, file: str) -> None:
    expected = json.loads(Path(file).read_text(encoding="utf-8"))["digest"]

    assert pair("apply", file, "--expect-digest", expected).code == 0


def test_a_plan_file_with_another_digest_is_refused(pair: Shop, file: str) -> None:
    said = pair("apply", file, "--expect-digest", "0" * 64)

    assert said.code == 3
    assert f"{file}: the plan file has the digest sha256:" in said.err
    assert writes(pair) == []


@pytest.mark.parametrize("text", ["", "sha256:", "abc", "sha256:" + "g" * 64])
def test_a_text_that_is_no_digest_is_wrong_usage(pair: Shop, text: str) -> None:
    said = pair("apply", "--expect-digest", text)

    assert said.code == 1
    assert "is no digest of a plan" in said.err
