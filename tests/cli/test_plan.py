"""`reconciler plan` and `reconciler show` of its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_apply import terminal
from tests.shop import ALDER, Shop
from tests.test_seed_steps import writes


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def test_it_ends_with_0_whether_there_are_changes_or_not(small: Shop) -> None:
    assert small("plan").code == 0
    small.apply()
    assert small("plan").code == 0


def test_with_detailed_exitcode_changes_end_with_2_and_none_with_0(small: Shop) -> None:
    assert small("plan", "--detailed-exitcode").code == 2
    small.apply()
    assert small("plan", "--detailed-exitcode").code == 0


def test_a_gap_in_the_usage_ends_a_plan_with_5_before_2(small: Shop) -> None:
    small.apply()
    small.world.add_device(small.world.add_customer("Gumtree", small.time).id, small.time, 10**9)

    said = small("plan", "--detailed-exitcode")

    assert said.code == 5
    assert "unmapped" in said.out


def test_it_writes_nothing_in_connectwise_and_needs_no_turn(small: Shop) -> None:
    small("plan")

    assert writes(small) == []


@pytest.mark.parametrize(("only", "kinds"), [("setup", 11), ("usage", 0)])
def test_it_can_be_made_of_one_half_alone(small: Shop, only: str, kinds: int) -> None:
    plan = small.plan("--only", only)

    assert plan["summary"]["create"] == kinds
    assert bool(plan["coverage"]) == (only == "usage")


def test_its_json_is_the_plan_file(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"

    said = small("--json", "plan", "--out", str(file))

    assert json.loads(file.read_text(encoding="utf-8")) == said.json
    assert (said.json["format_version"], said.json["workspace"]) == (2, "example")
    assert said.json["summary"]["money"] == {"before": "0", "after": "18.15", "currency": "USD"}
    one = next(action for action in said.json["actions"] if action["kind"] == "Agreement")
    assert one["depends_on"] == ["Company/alder-dental", "Contact/alder-dental"]
    assert {"path": "endDate", "before": None, "after": None} in one["changes"]


def test_the_same_intent_has_the_same_digest_on_another_day(small: Shop) -> None:
    first = small.plan("--only", "setup")
    small.advance(50)

    assert small.plan("--only", "setup")["digest"] == first["digest"]


def test_a_plan_file_replaces_the_one_before_and_a_link_stays_a_link(small: Shop, tmp_path: Path) -> None:
    file, link = tmp_path / "plans.json", tmp_path / "latest.json"
    file.write_text("old", encoding="utf-8")
    link.symlink_to(file)

    small("plan", "--out", str(link))

    assert link.is_symlink()
    assert file.read_text(encoding="utf-8").startswith("{")
    assert sorted(path.name for path in tmp_path.iterdir() if "plan" in path.name) == ["plans.json"]


def test_it_can_be_written_to_a_device(small: Shop) -> None:
    said = small("plan", "--out", "/dev/null")

    assert said.code == 0
    assert Path("/dev/null").is_char_device()


def test_a_plan_file_is_shown_as_it_was_shown_when_it_was_made(small: Shop, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    made = small("plan", "--out", file)

    assert small("show", file).out == made.out
    assert small("show", file, "--format", "json").json["digest"] == small("--json", "show", file).json["digest"]


def test_both_sides_are_read_and_one_that_fails_stops_the_other(small: Shop) -> None:
    small.fault("500@/apis/3.0", "slow:ms=20@/jsonapi")

    said = small("plan")

    assert said.code == 1
    assert "never retrieved" not in said.err


def test_what_the_manifests_no_longer_declare_is_listed_and_left(small: Shop) -> None:
    small.apply()
    (small.folder / "customers/alder-dental.yaml").unlink()

    said = small("plan")

    for kind in ("Company", "Contact", "Agreement", "ManagementSolution"):
        assert f"Warning: {kind}/alder-dental: no longer declared (id" in said.out
    assert "Addition/alder-dental" not in said.out
    assert "No changes." in said.out


def test_a_document_that_only_got_another_name_is_declared_still(small: Shop) -> None:
    small.apply()
    path = small.folder / "customers/alder-dental.yaml"
    text = path.read_text(encoding="utf-8").replace("metadata: {name: alder-dental}", "metadata: {name: alder}")
    text = text.replace("company: alder-dental", "company: alder").replace("contact: alder-dental", "contact: alder")
    path.write_text(text.replace("agreement: alder-dental", "agreement: alder"), encoding="utf-8")

    assert "no longer declared" not in small("plan").out


def test_the_hourly_plan_does_not_speak_of_the_setup(small: Shop) -> None:
    small.apply()
    (small.folder / "customers/fir-internal-lab.yaml").unlink(missing_ok=True)
    small.edit("products.yaml", "name: backup-gb-above", "name: backup-gb-top")

    assert "no longer declared" not in small("plan", "--only", "usage").out


def test_a_warning_of_the_manifests_and_a_notice_of_the_client_are_on_standard_error(small: Shop) -> None:
    small.apply()
    small.fault("bundles-off")

    said = small("plan")

    assert said.code == 0
    assert "note: ConnectWise refused a bundle of addition reads" in said.err


def test_on_a_terminal_reading_shows_how_far_it_is(small: Shop) -> None:
    small.sandbox.latency_ms = 150
    with terminal() as (theirs, seen):
        process = small.start("plan", on_terminal=theirs)
        process.wait(timeout=60)
    small.sandbox.latency_ms = 0

    text = b"".join(seen).decode()
    assert "reading ConnectWise: " in text
    assert "cove: " in text
    assert "Plan: 12 to create" in text
