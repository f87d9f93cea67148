"""Tests of the jobs that a schedule starts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.pipelines.estate import CUSTOMERS
from tests.pipelines.gitlab.place import GitLab


def quantities(gitlab: GitLab) -> set[Decimal]:
    return {row.data["quantity"] for row in gitlab.tenant.tables["addition"].rows.values()}


@pytest.mark.story
def test_every_hour_the_usage_is_billed(gitlab: GitLab) -> None:
    gitlab.advance()
    gitlab.uses(CUSTOMERS["alder"], 150)
    gitlab.advance()
    jobs = gitlab.run("schedule", JOB="usage")

    assert {name: job.status for name, job in jobs.items()} == {"usage": "success"}, jobs["usage"].log
    assert Decimal(151) in quantities(gitlab)


def test_usage_that_is_not_accounted_for_is_a_warning(gitlab: GitLab) -> None:
    gitlab.appears("Unmapped Ltd", 5)
    job = gitlab.run("schedule", JOB="usage")["usage"]

    assert (job.status, job.code) == ("warning", 5), job.log
    assert "Unmapped Ltd" in job.log


def test_a_guardrail_holds_a_customer_until_a_person_runs_the_job_with_its_approval(gitlab: GitLab) -> None:
    gitlab.advance()
    gitlab.uses(CUSTOMERS["alder"], 5000)
    gitlab.advance()
    assert gitlab.run("schedule", JOB="usage")["usage"].code == 5
    assert Decimal(121) in quantities(gitlab)

    done = gitlab.run("web", JOB="usage", APPROVE="quantity=CustomerMapping/alder money")["usage"]
    assert done.status == "success", done.log
    assert Decimal(121) not in quantities(gitlab)


def test_a_usage_job_that_fails_is_red(gitlab: GitLab) -> None:
    gitlab.secrets["reconciler-usage"]["COVE_PASSWORD"] = ""
    job = gitlab.run("schedule", JOB="usage")["usage"]

    assert (job.status, job.code) == ("failed", 1)
    assert "COVE_PASSWORD" in job.log


@pytest.mark.story
def test_a_hand_edit_opens_one_issue_which_is_edited_and_closed(gitlab: GitLab) -> None:
    jobs = gitlab.run("schedule", JOB="drift")
    assert {name: job.status for name, job in jobs.items()} == {"drift": "success", "issue": "success"}
    assert gitlab.issues() == []
    product = gitlab.row("catalogItem", identifier="BACKUP-GB")["id"]

    gitlab.by_hand(f"/procurement/catalog/{product}", price=0.2)
    assert gitlab.run("schedule", JOB="drift")["issue"].status == "success"
    (issue,) = gitlab.issues()
    assert "0.2" in issue["description"]

    gitlab.by_hand(f"/procurement/catalog/{product}", price=0.3)
    gitlab.run("schedule", JOB="drift")
    (edited,) = gitlab.issues()
    assert edited["iid"] == issue["iid"]
    assert "0.3" in edited["description"]

    again = {**edited, "iid": issue["iid"] + 1000}  # a closed one that somebody opened again
    gitlab.write_forge(issues={**gitlab.forge["issues"], str(again["iid"]): again})
    gitlab.by_hand(f"/procurement/catalog/{product}", price=0.15)
    gitlab.run("schedule", JOB="drift")
    assert gitlab.issues() == []
    assert [each["iid"] for each in gitlab.issues("closed")] == [issue["iid"], again["iid"]]


def test_a_drift_that_cannot_be_found_out_is_red_and_touches_no_issue(gitlab: GitLab) -> None:
    gitlab.secrets["reconciler-drift"]["CONNECTWISE_PRIVATE_KEY"] = "wrong"
    jobs = gitlab.run("schedule", JOB="drift")

    assert {name: job.status for name, job in jobs.items()} == {"drift": "failed", "issue": "skipped"}
    assert gitlab.issues() == []


def test_a_schedule_without_its_variable_applies_nothing(gitlab: GitLab) -> None:
    assert gitlab.run("schedule") == {}
