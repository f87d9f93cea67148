"""Tests of `reconciler plan`: exit codes, plan files, and what it prints."""

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


def test_plan_exits_with_0_with_and_without_changes(small: Shop) -> None:
    assert small("plan").code == 0
    small.apply()
    assert small("plan").code == 0


def test_detailed_exitcode_exits_with_2_for_changes_and_0_for_none(small: Shop) -> None:
    assert small("plan", "--detailed-exitcode").code == 2
    small.apply()
    assert small("plan", "--detailed-exitcode").code == 0


def test_exit_code_5_for_incomplete_coverage_comes_before_2_for_changes(small: Shop) -> None:
    small.apply()
    small.world.add_device(small.world.add_customer("Gumtree", small.time).id, small.time, 10**9)

    said = small("plan", "--detailed-exitcode")

    assert said.code == 5
    assert "unmapped" in said.out


def test_plan_writes_nothing_to_connectwise(small: Shop) -> None:
    small("plan")

    assert writes(small) == []


@pytest.mark.parametrize(("only", "kinds"), [("setup", 11), ("usage", 0)])
def test_only_limits_the_plan_to_setup_or_usage(small: Shop, only: str, kinds: int) -> None:
    plan = small.plan("--only", only)

    assert plan["summary"]["create"] == kinds
    assert bool(plan["coverage"]) == (only == "usage")


def test_json_output_equals_the_plan_file(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"

    said = small("--json", "plan", "--out", str(file))

    assert json.loads(file.read_text(encoding="utf-8")) == said.json
    assert (said.json["format_version"], said.json["workspace"]) == (2, "example")
    money = said.json["summary"]["money"]
    assert money == {
        "before": "0",
        "after": "18.15",
        "currency": "USD",
        "cost_before": "0",
        "cost_after": "7.26",
        "margin_before": "0",
        "margin_after": "10.89",
    }
    one = next(action for action in said.json["actions"] if action["kind"] == "Agreement")
    assert one["depends_on"] == ["Company/alder-dental", "Contact/alder-dental"]
    assert {"path": "endDate", "before": None, "after": None} in one["changes"]


def test_equal_plans_of_different_days_have_the_same_digest(small: Shop) -> None:
    first = small.plan("--only", "setup")
    small.advance(50)

    assert small.plan("--only", "setup")["digest"] == first["digest"]


def test_out_overwrites_the_target_of_a_symbolic_link_and_keeps_the_link(small: Shop, tmp_path: Path) -> None:
    file, link = tmp_path / "plans.json", tmp_path / "latest.json"
    file.write_text("old", encoding="utf-8")
    link.symlink_to(file)

    small("plan", "--out", str(link))

    assert link.is_symlink()
    assert file.read_text(encoding="utf-8").startswith("{")
    assert sorted(path.name for path in tmp_path.iterdir() if "plan" in path.name) == ["plans.json"]


def test_out_can_write_to_a_device(small: Shop) -> None:
    said = small("plan", "--out", "/dev/null")

    assert said.code == 0
    assert Path("/dev/null").is_char_device()


def test_show_prints_a_plan_file_as_plan_printed_it(small: Shop, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    made = small("plan", "--out", file)

    assert small("show", file).out == made.out
    assert small("show", file, "--format", "json").json["digest"] == small("--json", "show", file).json["digest"]


def test_a_failed_read_of_connectwise_stops_the_read_of_the_usage_source(small: Shop) -> None:
    small.fault("500@/apis/3.0", "slow:ms=20@/jsonapi")

    said = small("plan")

    assert said.code == 1
    assert "never retrieved" not in said.err


def test_undeclared_objects_are_listed_and_not_changed(small: Shop) -> None:
    small.apply()
    (small.folder / "customers/alder-dental.yaml").unlink()

    said = small("plan")

    for kind in ("Company", "Contact", "Agreement", "ManagementSolution"):
        assert f"Warning: {kind}/alder-dental: no longer declared (id" in said.out
    assert "Addition/alder-dental" not in said.out
    assert "No changes." in said.out


def test_a_renamed_document_is_not_reported_as_undeclared(small: Shop) -> None:
    small.apply()
    path = small.folder / "customers/alder-dental.yaml"
    text = path.read_text(encoding="utf-8").replace("metadata: {name: alder-dental}", "metadata: {name: alder}")
    text = text.replace("company: alder-dental", "company: alder").replace("contact: alder-dental", "contact: alder")
    path.write_text(text.replace("agreement: alder-dental", "agreement: alder"), encoding="utf-8")

    assert "no longer declared" not in small("plan").out


def test_a_plan_of_usage_alone_does_not_list_undeclared_objects(small: Shop) -> None:
    small.apply()
    (small.folder / "customers/fir-internal-lab.yaml").unlink(missing_ok=True)
    small.edit("products.yaml", "name: backup-gb-above", "name: backup-gb-top")

    assert "no longer declared" not in small("plan", "--only", "usage").out


def test_notes_of_the_connectwise_client_are_printed_on_standard_error(small: Shop) -> None:
    small.apply()
    small.fault("bundles-off")

    said = small("plan")

    assert said.code == 0
    assert "note: ConnectWise refused a bundle of addition reads" in said.err


def test_a_terminal_shows_the_progress_of_the_reads(small: Shop) -> None:
    small.sandbox.latency_ms = 150
    with terminal() as (theirs, seen):
        process = small.start("plan", on_terminal=theirs)
        process.wait(timeout=60)
    small.sandbox.latency_ms = 0

    text = b"".join(seen).decode()
    assert "reading ConnectWise: " in text
    assert "cove: " in text
    assert "Plan: 12 to create" in text
