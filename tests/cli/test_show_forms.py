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
    assert said.out.startswith("<!-- reconciler plan example -->\n### Plan: +")
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
