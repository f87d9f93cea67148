"""Tests of the pipeline of a merge request: one note on each."""

from __future__ import annotations

import json

import pytest

from tests.pipelines.gitlab.place import GitLab, Request
from tests.pipelines.place import plain


def price(gitlab: GitLab, value: str) -> None:
    """Write another price into the manifest of the product."""
    path = gitlab.repository.clone / "manifests" / "products.yaml"
    before = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("  price: "))
    gitlab.edit("manifests/products.yaml", before, f"  price: {value}")


def opened(gitlab: GitLab, value: str = "0.18", branch: str = "change") -> Request:
    """Open a merge request that changes the price of the product."""
    gitlab.repository.branch(branch)
    price(gitlab, value)
    return gitlab.open(branch)


def line_of_price(gitlab: GitLab) -> int:
    """Return the line of the price in the manifest."""
    text = (gitlab.repository.clone / "manifests" / "products.yaml").read_text(encoding="utf-8")
    return 1 + [line.startswith("  price: ") for line in text.splitlines()].index(True)


def statuses(request: Request) -> dict[str, str]:
    return {name: job.status for name, job in request.jobs.items()}


@pytest.mark.story
def test_a_merge_request_gets_one_note_with_its_plan(gitlab: GitLab) -> None:
    request = opened(gitlab)

    assert statuses(request) == {"check": "success", "plan": "success", "comment": "success"}, request.jobs
    said = gitlab.note(request)
    assert "price = 0.15 → 0.18" in said
    assert "### Plan: +17.46 USD a month" in said  # of usage lines, which the hourly job writes
    assert said in request.jobs["plan"].log


@pytest.mark.story
def test_another_push_edits_the_note(gitlab: GitLab) -> None:
    request = opened(gitlab)
    for number in range(120):  # the note is not on the first page
        gitlab.say(request, f"comment {number}")
    price(gitlab, "0.21")
    gitlab.push(request)

    said = gitlab.note(request)
    assert "0.18" not in said
    assert "price = 0.15 → 0.21" in said
    assert request.head in said


def test_a_note_of_a_person_is_never_edited(gitlab: GitLab) -> None:
    request = opened(gitlab)
    gitlab.say(request, gitlab.note(request))
    price(gitlab, "0.21")
    gitlab.push(request)

    first, second = gitlab.notes(request)
    assert "0.21" in first
    assert "0.18" in second


def test_a_pipeline_of_an_older_commit_does_not_replace_the_note(gitlab: GitLab) -> None:
    request = opened(gitlab)
    price(gitlab, "0.21")
    gitlab.push(request)
    newest, request.head = request.head, gitlab.repository.parent(request.head)
    gitlab.request_pipeline(request)

    assert "has a newer commit" in request.jobs["comment"].log
    assert newest in gitlab.note(request)


def test_a_merge_train_does_not_replace_the_plan_that_the_reviewers_saw(gitlab: GitLab) -> None:
    request = opened(gitlab)
    seen = gitlab.note(request)
    gitlab.left_out = frozenset({"check"})
    gitlab.request_pipeline(request, event="merge_train")

    assert request.jobs == {}
    assert gitlab.note(request) == seen


def test_the_artifact_has_the_plan_the_what_if_and_a_report(gitlab: GitLab) -> None:
    request = opened(gitlab)
    folder = gitlab.artifact(request) / "plan"

    assert {path.name for path in folder.iterdir()} == {"plan.json", "usage.json", "comment.md", "report.html"}
    assert (folder / "comment.md").read_text("utf-8") == gitlab.note(request)


def test_the_merge_result_is_planned(gitlab: GitLab) -> None:
    """`main` has a newer commit than the branch. What it changed is no part of the plan."""
    request = opened(gitlab)
    gitlab.repository.branch("other")
    gitlab.edit("manifests/customers/birch.yaml", "city: ", "city: New ")
    other = gitlab.open("other")
    gitlab.merge(other)
    gitlab.request_pipeline(request)

    said = gitlab.note(request)
    assert "price = 0.15 → 0.18" in said
    assert "New " not in said


def test_a_branch_with_a_conflict_is_told_so(gitlab: GitLab) -> None:
    request = opened(gitlab)
    gitlab.merge(opened(gitlab, "0.21", "other"))
    gitlab.request_pipeline(request)

    assert request.jobs["plan"].code == 1
    assert "the branch cannot be merged without a conflict" in plain(gitlab.note(request))


def test_a_plan_that_fails_replaces_the_older_one_in_the_note(gitlab: GitLab) -> None:
    request = opened(gitlab)
    price(gitlab, "cheap")
    gitlab.push(request)

    assert statuses(request) == {"check": "failed", "plan": "failed", "comment": "success"}
    said = gitlab.note(request)
    assert "0.18" not in said
    assert "### Plan: failed" in said
    assert f"manifests/products.yaml:{line_of_price(gitlab)}:10" in plain(said)
    assert "digest" not in said.splitlines()[1]


def test_an_error_in_a_manifest_is_shown_at_its_line(gitlab: GitLab) -> None:
    gitlab.repository.branch("change")
    price(gitlab, "cheap")
    request = gitlab.open()

    (found,) = json.loads((gitlab.artifact(request, "check") / "report-codequality").read_text("utf-8"))
    assert found["location"] == {"path": "manifests/products.yaml", "lines": {"begin": line_of_price(gitlab)}}
    assert found["severity"] == "major"
    assert found["fingerprint"]


def test_a_name_that_is_a_quick_action_of_gitlab_stays_text(gitlab: GitLab) -> None:
    """GitLab would carry out a line of a note such as `/close`. The stand-in refuses it."""
    gitlab.repository.branch("change")
    gitlab.edit("manifests/customers/birch.yaml", "name: Birch Ltd,", 'name: "/close @all !1 #1",')
    request = gitlab.open()

    assert statuses(request)["comment"] == "success", request.jobs["comment"].log
    said = gitlab.note(request)
    assert "/close" in plain(said)
    assert not [mark for mark in ("@all", "!1", "#1") if f" {mark}" in said.partition("```")[0]]


@pytest.mark.story
def test_a_merge_request_of_a_fork_is_checked_without_variables(gitlab: GitLab) -> None:
    gitlab.repository.branch("change")
    price(gitlab, "0.18")
    request = gitlab.open("theirs", fork=True)

    assert statuses(request) == {"check": "success"}
    assert gitlab.notes(request) == []


def test_a_pipeline_of_a_fork_that_somebody_runs_here_is_only_a_check(gitlab: GitLab) -> None:
    gitlab.repository.branch("change")
    price(gitlab, "0.18")
    request = gitlab.open("theirs", fork=True)
    gitlab.request_pipeline(request, in_parent=True)

    assert statuses(request) == {"check": "success"}


def test_a_variable_that_is_missing_is_named_in_the_note(gitlab: GitLab) -> None:
    for name in ("CONNECTWISE_PRIVATE_KEY", "LEDGER_URL"):
        del gitlab.secrets["reconciler-plan"][name]
    request = opened(gitlab)

    assert statuses(request)["plan"] == "failed"
    said = plain(gitlab.note(request))
    assert "the environment variable CONNECTWISE_PRIVATE_KEY is not set" in said
    assert "the environment variable LEDGER_URL is not set" in said


def test_without_a_token_the_job_says_what_is_missing(gitlab: GitLab) -> None:
    gitlab.secrets["reconciler-comments"] = {}
    request = opened(gitlab)

    assert request.jobs["comment"].code == 1
    assert "The variable GITLAB_TOKEN is missing" in request.jobs["comment"].log


def test_a_token_that_expired_fails_the_job(gitlab: GitLab) -> None:
    gitlab.secrets["reconciler-comments"] = {"GITLAB_TOKEN": "an older token"}
    request = opened(gitlab)

    assert request.jobs["comment"].code == 1
    assert "Unauthorized (HTTP 401)" in request.jobs["comment"].log


def test_the_plan_needs_no_login_of_the_console_and_no_password_of_the_setup(gitlab: GitLab) -> None:
    kept = gitlab.secrets["reconciler-plan"]
    gitlab.secrets["reconciler-plan"] = {
        name: value for name, value in kept.items() if name.startswith(("CONNECTWISE", "LEDGER"))
    }
    request = opened(gitlab)

    assert request.jobs["plan"].status == "success"
