"""Tests of the workflows `usage` and `drift`, which a schedule starts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.pipelines.estate import CUSTOMERS, run_step
from tests.pipelines.forge import GB
from tests.pipelines.place import GitHub, plain

SHOW = "Show the outcome"


def quantities(github: GitHub) -> set[Decimal]:
    return {row.data["quantity"] for row in github.tenant.tables["addition"].rows.values()}


@pytest.mark.story
def test_every_hour_the_usage_is_billed(github: GitHub) -> None:
    github.advance()
    github.uses(CUSTOMERS["alder"], 150)
    github.advance()
    job = github.by_clock("usage")

    assert job.conclusion == "success", job.log
    assert Decimal(151) in quantities(github)
    assert "### Usage: Applied: 1 done." in job.summary


def test_usage_that_is_not_accounted_for_is_a_warning_and_a_list(github: GitHub) -> None:
    now = github.sandbox.clock.now()
    github.world.add_device(github.world.add_customer("Grove Ltd", now).id, now, 120 * GB)
    github.advance()
    job = github.by_clock("usage")

    assert job.conclusion == "success"
    assert [each.name for each in job.commands] == ["warning"]
    assert "**unmapped**" in job.summary
    assert "Grove Ltd" in plain(job.summary)


@pytest.mark.story
def test_a_guardrail_refuses_the_run_until_a_person_approves_it(github: GitHub) -> None:
    github.advance()
    github.uses(CUSTOMERS["alder"], 500)
    github.advance()
    job = github.by_clock("usage")

    assert job.failed == [(SHOW, 3)]
    assert "guardrails tripped" in job.summary
    assert "money" in job.summary
    assert github.dispatch("usage", approve="money quantity=CustomerMapping/alder").conclusion == "success"
    assert Decimal(501) in quantities(github)


def test_a_console_that_fails_is_a_warning_and_changes_no_quantity(github: GitHub) -> None:
    before = quantities(github)
    github.secrets["reconciler-usage"]["COVE_PASSWORD"] = "the old password"
    job = github.by_clock("usage")

    assert job.conclusion == "success"
    assert "all customers of cove" in plain(job.summary)
    assert quantities(github) == before


def test_an_hour_in_which_connectwise_fails_is_red(github: GitHub) -> None:
    github.sandbox.faults.replace(["500@/finance/agreements"])
    job = github.by_clock("usage")

    assert job.failed == [(SHOW, 1)]
    assert "### Usage: failed" in job.summary


def test_an_hour_that_was_killed_ends_with_its_own_code(tmp_path: Path) -> None:
    (tmp_path / "result.json").touch()

    assert run_step(tmp_path, "usage", SHOW, CODE="137") == 137


def by_hand(github: GitHub, price: float) -> None:
    """Change the price of the product in ConnectWise."""
    github.by_hand(f"/procurement/catalog/{github.row('catalogItem', identifier='BACKUP-GB')['id']}", price=price)


@pytest.mark.story
def test_a_hand_edit_opens_one_issue_which_is_edited_and_closed(github: GitHub) -> None:
    assert github.by_clock("drift").conclusion == "success"
    assert github.issues() == []

    by_hand(github, 0.2)
    assert github.by_clock("drift").conclusion == "success"
    (issue,) = github.issues()
    assert "0.15" in issue["body"]

    by_hand(github, 0.3)
    github.by_clock("drift")
    (edited,) = github.issues()
    assert edited["number"] == issue["number"]
    assert "0.3" in edited["body"]

    by_hand(github, 0.15)
    github.by_clock("drift")
    assert github.issues() == []
    (closed,) = github.issues("closed")
    assert closed["number"] == issue["number"]


def test_a_new_drift_after_a_closed_one_is_a_new_issue(github: GitHub) -> None:
    for price in (0.2, 0.15, 0.2):
        by_hand(github, price)
        github.by_clock("drift")

    assert len(github.issues()) == len(github.issues("closed")) == 1


def test_a_comparison_that_fails_closes_no_issue(github: GitHub) -> None:
    by_hand(github, 0.2)
    github.by_clock("drift")
    del github.secrets["reconciler-plan"]["CONNECTWISE_PRIVATE_KEY"]
    job = github.by_clock("drift")

    assert job.failed == [("Compare ConnectWise with the manifests", 1)]
    assert len(github.issues()) == 1


def test_an_issue_of_a_person_is_left_alone(github: GitHub) -> None:
    issue = {"number": 99, "user": {"login": "eve"}, "state": "open", "title": "x", "body": "<!-- reconciler drift -->"}
    github.write_forge(issues={"99": issue})
    github.by_clock("drift")

    assert github.issues() == [issue]


@pytest.mark.parametrize("workflow", ["usage", "drift"])
def test_other_branches_are_left_alone(github: GitHub, workflow: str) -> None:
    tip = github.repository.tip("main")
    jobs = github.workflow(workflow, "workflow_dispatch", tip, "refs/heads/other")

    assert {job.conclusion for job in jobs.values()} == {"skipped"}
