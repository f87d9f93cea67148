"""Tests of `show` with a plan file or an outcome as text, Markdown, HTML and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.shop import ALDER, Shop


@pytest.fixture
def plan_file(shop: Shop, tmp_path: Path) -> str:
    shop.only(ALDER)
    file = tmp_path / "plan.json"
    shop("plan", "--out", str(file))
    return str(file)


@pytest.fixture
def outcome_file(shop: Shop, tmp_path: Path) -> str:
    shop.only(ALDER)
    file = tmp_path / "outcome.json"
    file.write_text(shop("--json", "apply", "--auto-approve").out, encoding="utf-8")
    return str(file)


def test_a_plan_file_is_shown_as_markdown_with_each_customer(shop: Shop, plan_file: str) -> None:
    said = shop("show", plan_file, "--format", "markdown")

    assert said.code == 0
    assert said.out.startswith("<!-- reconciler plan example digest=sha256:")
    assert " -->\n### Plan: +" in said.out
    assert "<summary><b>Alder Dental</b> · +18.15 USD a month" in said.out
    assert "<summary><b>Shared setup</b>" in said.out


def test_a_plan_file_is_shown_as_html(shop: Shop, plan_file: str) -> None:
    said = shop("show", plan_file, "--format", "html", "--title", "Drift")

    assert said.code == 0
    assert said.out.startswith("<!doctype html>\n")
    assert "<h1>Drift: example</h1>" in said.out


def test_markdown_is_cut_to_a_size(shop: Shop, plan_file: str) -> None:
    found = shop("show", plan_file, "--format", "markdown", "--max-bytes", "2000").out

    assert len(found.encode()) <= 2000
    assert "**Left out here: " in found


def test_a_size_that_the_summary_does_not_fit_into_is_refused(shop: Shop, plan_file: str) -> None:
    said = shop("show", plan_file, "--format", "markdown", "--max-bytes", "100")

    assert said.code == 1
    assert "2000" in said.err


def test_an_outcome_is_shown_in_every_form(shop: Shop, outcome_file: str) -> None:
    assert "Applied: " in shop("show", outcome_file).out
    assert shop("show", outcome_file, "--format", "markdown").out.startswith(
        "<!-- reconciler outcome -->\n### Outcome: "
    )
    assert "<h1>Outcome</h1>" in shop("show", outcome_file, "--format", "html").out
    assert json.loads(shop("show", outcome_file, "--json").out) == json.loads(Path(outcome_file).read_text("utf-8"))


@pytest.fixture
def two_plans(shop: Shop, tmp_path: Path) -> tuple[str, str]:
    """Return the plan file of the setup, and that of everything, for a new customer with stored usage."""
    shop.only(ALDER)
    assert shop("usage", "pull").code == 0
    setup, whole = tmp_path / "plan.json", tmp_path / "whole.json"
    shop("plan", "--only", "setup", "--out", str(setup))
    shop("plan", "--out", str(whole))
    return str(setup), str(whole)


def test_a_what_if_shows_the_usage_lines_of_a_new_customer_beside_its_setup(
    shop: Shop, two_plans: tuple[str, str]
) -> None:
    said = shop("show", two_plans[0], "--what-if", two_plans[1], "--format", "markdown")

    digest = json.loads(Path(two_plans[0]).read_text("utf-8"))["digest"]
    assert said.out.startswith(f"<!-- reconciler plan example digest={digest} -->\n### Plan: +18.15 USD a month\n")
    assert "**0.00 → 18.15 USD a month from next month on**" in said.out
    assert "**Usage lines, as a what-if**, with the usage of " in said.out
    assert "**Merging approves no guardrail.**" in said.out
    assert "@@ Usage lines, as a what-if @@\n+ Addition/alder-dental.storage:backup-gb" in said.out
    html = shop("show", two_plans[0], "--what-if", two_plans[1], "--format", "html").out
    assert "<p>No guardrail.</p>" in html
    assert "Together: +18.15 USD a month" in shop("show", two_plans[0], "--what-if", two_plans[1]).out


def test_the_json_of_a_what_if_has_both_and_the_approvals(shop: Shop, two_plans: tuple[str, str]) -> None:
    found = shop("show", two_plans[0], "--what-if", two_plans[1], "--format", "json").json

    assert {each["kind"] for each in found["plan"]["actions"]} >= {"Company", "Agreement", "Product"}
    assert [each["kind"] for each in found["what_if"]["actions"]] == ["Addition"]
    assert found["what_if"]["approvals"] == {"setup": [], "usage": []}


def test_approvals_are_the_options_of_the_apply_one_a_line(shop: Shop, tmp_path: Path) -> None:
    shop.only(ALDER)
    shop.apply()
    shop.uses(ALDER, "900")
    shop.advance()
    setup, whole = tmp_path / "plan.json", tmp_path / "whole.json"
    shop("plan", "--only", "setup", "--out", str(setup))
    shop("plan", "--out", str(whole))

    assert shop("show", str(setup), "--format", "approvals").out == ""
    wanted = "--approve=quantity=CustomerMapping/alder-dental\n"
    assert shop("show", str(whole), "--format", "approvals").out == wanted
    assert shop("show", str(setup), "--what-if", str(whole), "--format", "approvals").out == wanted
    shop.apply("--only", "usage", wanted.strip())


def test_a_what_if_needs_two_plan_files(shop: Shop, two_plans: tuple[str, str], outcome_file: str) -> None:
    for arguments, message in (
        ((outcome_file, "--what-if", two_plans[1]), "it is no plan file, and --what-if needs one"),
        ((outcome_file, "--format", "approvals"), "it is no plan file, and --format approvals needs one"),
        ((two_plans[0], "--what-if", outcome_file), "it has no format_version"),
        ((two_plans[1], "--what-if", two_plans[1]), "the plan has usage lines of its own"),
        (("Company/alder-dental", "--what-if", two_plans[1]), "--what-if shows a plan file"),
    ):
        said = shop("show", *arguments)
        assert said.code == 1
        assert message in said.err


def test_the_error_of_a_failed_plan_is_shown_in_every_form(shop: Shop, tmp_path: Path) -> None:
    (shop.folder / "bad.yaml").write_text("kind: '</details>@all'\n", encoding="utf-8")
    file = tmp_path / "error.json"
    file.write_text(shop("--json", "plan").out, encoding="utf-8")

    found = shop("--workspace", "example", "show", str(file), "--format", "markdown")
    assert found.code == 0
    assert found.out.startswith("<!-- reconciler plan example -->\n### Plan: failed\n")
    assert "there is no kind &#60;/details&#62;&#64;&#8288;all" in found.out
    assert "<h1>Apply: failed</h1>" in shop("show", str(file), "--format", "html", "--title", "Apply").out
    assert "there is no kind </details>@all" in shop("show", str(file)).out
    assert shop("show", str(file), "--format", "json").json["error"]["diagnostics"]


def test_drift_tells_a_hand_edit_from_a_change_in_git(shop: Shop, tmp_path: Path) -> None:
    shop.only(ALDER)
    shop.apply()
    file = str(tmp_path / "drift.json")
    shop("plan", "--out", file)
    assert shop("show", file, "--as", "drift").out.startswith("Drift: none; ")
    assert "### Drift: none\n" in shop("show", file, "--as", "drift", "--format", "markdown").out

    company = shop.one("/company/companies", identifier="AlderDental")
    shop.patch_live(f"/company/companies/{company['id']}", city="Miami")
    shop.edit("products.yaml", "cost: 0.06", "cost: 0.07")
    shop("plan", "--only", "setup", "--out", file)

    said = shop("show", file, "--as", "drift").out
    assert '- city in ConnectWise = "Miami"\n    + city declared       = "Tampa"\n' in said
    assert '      city last written   = "Tampa", on 2026-11-01 ' in said
    assert "~ Product/backup-gb  declared since our last write, and not applied yet" in said
    found = shop("show", file, "--as", "drift", "--format", "json").json
    assert found["causes"] == {
        "declared since our last write, and not applied yet": 4,
        "changed in ConnectWise since our last write": 1,
    }
    assert "<h1>Drift: example</h1>" in shop("show", file, "--as", "drift", "--format", "html").out
    assert "Overwrites changes that were made in ConnectWise to 1 object: Company/alder-dental (city)" in (
        shop("plan", "--only", "setup").out
    )


def test_an_edited_and_a_deleted_object_are_drift(shop: Shop, tmp_path: Path) -> None:
    shop.only(ALDER)
    shop.apply()
    (addition,) = shop.tenant.tables["addition"].rows.values()
    shop.patch_live(f"/finance/agreements/{addition.parent}/additions/{addition.id}", quantity=7)
    (solution,) = shop.tenant.tables["managementSummary"].rows.values()
    path = f"/company/companies/{solution.parent}/managementSummaryReports/{solution.id}"
    assert shop.http.delete(path).status_code == 204
    file = str(tmp_path / "drift.json")
    shop("plan", "--out", file)

    said = shop("show", file, "--as", "drift").out
    assert "- quantity in ConnectWise = 7\n    + quantity declared       = 121\n" in said
    assert "      quantity last written   = 121\n" in said
    assert "+ ManagementSolution/alder-dental  deleted in ConnectWise since our last write" in said


def test_only_one_plan_file_can_be_shown_as_drift(shop: Shop, two_plans: tuple[str, str], outcome_file: str) -> None:
    for arguments in ((outcome_file,), (two_plans[0], "--what-if", two_plans[1])):
        said = shop("show", *arguments, "--as", "drift")
        assert said.code == 1
        assert "--as drift shows one plan file" in said.err


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_an_address_has_no_markdown_and_no_html(shop: Shop, form: str) -> None:
    said = shop("show", "Company/alder-dental", "--format", form)

    assert said.code == 1
    assert f"--format {form} shows a plan file or an outcome" in said.err


def test_a_damaged_outcome_is_an_error_with_the_place(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "outcome.json"
    file.write_text('{"plan_digest": "x", "results": [{"address": 1}]}', encoding="utf-8")
    said = shop("show", str(file), "--format", "markdown")

    assert said.code == 1
    assert "not a valid outcome: results.0.address" in said.err


def test_an_edited_plan_file_is_refused_in_every_form(shop: Shop, plan_file: str) -> None:
    Path(plan_file).write_text(Path(plan_file).read_text("utf-8").replace("18.15", "0.15"), encoding="utf-8")

    for form in ("text", "markdown", "html", "json"):
        said = shop("show", plan_file, "--format", form)
        assert said.code == 1
        assert "edited" in said.err
