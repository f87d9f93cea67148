"""Tests of the pipeline after a merge: exactly the plan that the reviewers saw is applied."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal

import pytest

from tests.pipelines.gitlab.place import NOBODY, GitLab, Request
from tests.pipelines.gitlab.runner import JobResult
from tests.pipelines.gitlab.test_plan import opened, price
from tests.pipelines.place import plain


@pytest.fixture(autouse=True)
def without_check(gitlab: GitLab) -> None:
    """No other job needs the job `check`, which takes as long as the plan."""
    gitlab.left_out = frozenset({"check"})


def price_of(gitlab: GitLab) -> Decimal:
    found: Decimal = gitlab.row("catalogItem", identifier="BACKUP-GB")["price"]
    return found


def unit_prices(gitlab: GitLab) -> set[Decimal]:
    return {row.data["unitPrice"] for row in gitlab.tenant.tables["addition"].rows.values()}


def refused(jobs: dict[str, JobResult]) -> str:
    """Return the log of an apply. The apply must have exit code 3."""
    job = jobs["apply"]
    assert (job.status, job.code) == ("failed", 3), job.log
    assert "## Refused: nothing was written" in job.log
    return job.log


def command(log: str) -> dict[str, str]:
    """Return the variables of the command that a refusal shows."""
    (line,) = [line for line in log.splitlines() if line.startswith("glab ci run --branch main --variables ")]
    words = line.rpartition(" ")[2].split(",")
    return dict(word.removeprefix("RECONCILER_").split(":") for word in words)


def plan_of(gitlab: GitLab, request: Request) -> str:
    return (gitlab.artifact(request) / "plan" / "plan.json").read_text("utf-8")


# ── the reviewed plan ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [pytest.param("merge", marks=pytest.mark.story), "squash"])
def test_a_merge_applies_the_reviewed_plan_and_bills_the_usage(gitlab: GitLab, how: str) -> None:
    request = opened(gitlab)
    jobs = gitlab.pushed(gitlab.merge(request, how=how))

    assert {name: job.status for name, job in jobs.items()} == dict.fromkeys(("find", "apply", "report"), "success")
    assert price_of(gitlab) == Decimal("0.18")
    assert unit_prices(gitlab) == {Decimal("0.18")}
    assert "## Applied" in gitlab.note(request, "apply")
    assert gitlab.note(request, "apply") in jobs["apply"].log


def test_a_retry_edits_the_note_of_the_outcome(gitlab: GitLab) -> None:
    request = opened(gitlab)
    commits = gitlab.merge(request)
    gitlab.pushed(commits)
    again = gitlab.pushed(commits)

    assert again["apply"].status == "success", again["apply"].log
    assert gitlab.note(request, "apply") in again["apply"].log


def test_usage_that_is_not_accounted_for_is_a_warning(gitlab: GitLab) -> None:
    request = opened(gitlab)
    gitlab.appears("Unmapped Ltd", 5)
    jobs = gitlab.pushed(gitlab.merge(request))

    assert (jobs["apply"].status, jobs["apply"].code) == ("warning", 5), jobs["apply"].log
    assert "## Applied, but not all usage is accounted for" in gitlab.note(request, "apply")
    assert jobs["report"].status == "success"


def test_the_guardrails_that_the_note_lists_are_approved_by_merging(gitlab: GitLab) -> None:
    request = opened(gitlab, "0.90")  # trips the guardrail `money`
    assert "`--approve money` for the hourly job" in plain(gitlab.note(request))
    jobs = gitlab.pushed(gitlab.merge(request))

    assert jobs["apply"].status == "success", jobs["apply"].log
    assert unit_prices(gitlab) == {Decimal("0.90")}


def test_guardrails_of_a_note_of_an_earlier_month_are_not_approved(gitlab: GitLab) -> None:
    request = opened(gitlab, "0.90")
    gitlab.advance(24 * 31)
    jobs = gitlab.pushed(gitlab.merge(request))

    assert price_of(gitlab) == Decimal("0.90")
    assert Decimal("0.90") not in unit_prices(gitlab)
    assert (jobs["apply"].status, jobs["apply"].code) == ("failed", 3)
    assert "## The setup is applied, and the usage is not billed" in gitlab.note(request, "apply")


def test_an_apply_that_fails_in_part_is_a_failure_and_the_retry_continues(gitlab: GitLab) -> None:
    request = opened(gitlab)
    commits = gitlab.merge(request)
    gitlab.sandbox.faults.replace(["read-only@/procurement/catalog"])
    jobs = gitlab.pushed(commits)

    assert (jobs["apply"].status, jobs["apply"].code) == ("failed", 4)
    assert "## Applied in part" in gitlab.note(request, "apply")
    gitlab.sandbox.faults.replace([])
    assert gitlab.pushed(commits)["apply"].status == "success"
    assert price_of(gitlab) == Decimal("0.18")


# ── stale plans ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.story
def test_a_plan_that_went_stale_is_refused_with_what_moved_and_how_to_go_on(gitlab: GitLab) -> None:
    request = opened(gitlab)
    product = gitlab.row("catalogItem", identifier="BACKUP-GB")["id"]
    gitlab.by_hand(f"/procurement/catalog/{product}", price=0.16)
    said = refused(gitlab.pushed(gitlab.merge(request)))

    assert "0.16 → 0.18" in said
    assert gitlab.note(request, "apply") in said
    assert price_of(gitlab) == Decimal("0.16")

    done = gitlab.run("web", **command(said))["apply"]
    assert done.status == "success", done.log
    assert price_of(gitlab) == Decimal("0.18")


def test_an_artifact_that_expired_is_replaced_by_the_digest_of_the_note(gitlab: GitLab) -> None:
    request = opened(gitlab)
    shutil.rmtree(gitlab.artifact(request))
    jobs = gitlab.pushed(gitlab.merge(request))

    assert jobs["apply"].status == "success", jobs["apply"].log
    assert price_of(gitlab) == Decimal("0.18")


def test_if_only_the_context_moved_the_same_changes_are_applied_by_their_digest(gitlab: GitLab) -> None:
    request = opened(gitlab)
    # A document that the plan covers changes in a way that needs no change of ConnectWise.
    gitlab.repository.branch("other", "origin/main")
    name = "metadata:\n  name: backup-gb"
    gitlab.edit("manifests/products.yaml", name, f"{name}\n  protect: true")
    gitlab.pushed(gitlab.merge(gitlab.open("other")))
    jobs = gitlab.pushed(gitlab.merge(request))

    assert jobs["apply"].status == "success", jobs["apply"].log
    assert "stale" in jobs["apply"].log
    assert price_of(gitlab) == Decimal("0.18")


def test_a_retry_of_a_merge_that_was_reverted_changes_nothing(gitlab: GitLab) -> None:
    reverted = gitlab.merge(opened(gitlab))
    gitlab.pushed(reverted)
    revert = opened(gitlab, "0.15", "revert")
    gitlab.pushed(gitlab.merge(revert))
    assert price_of(gitlab) == Decimal("0.15")
    again = gitlab.pushed(reverted)

    assert again["apply"].status == "success", again["apply"].log
    assert price_of(gitlab) == Decimal("0.15")


def test_two_merges_that_wait_are_both_applied_if_they_change_other_objects(gitlab: GitLab) -> None:
    request = opened(gitlab)
    gitlab.repository.branch("other", "origin/main")
    gitlab.edit("manifests/customers/birch.yaml", "city: ", "city: New ")
    other = gitlab.open("other")
    first, second = gitlab.merge(request), gitlab.merge(other)

    assert [gitlab.pushed(each)["apply"].status for each in (second, first)] == ["success", "success"]
    assert price_of(gitlab) == Decimal("0.18")
    assert gitlab.row("company", identifier="Birch")["city"].startswith("New ")


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.story
def test_an_artifact_whose_content_was_edited_is_refused(gitlab: GitLab) -> None:
    request = opened(gitlab)
    path = gitlab.artifact(request) / "plan" / "plan.json"
    path.write_text(plan_of(gitlab, request).replace('"0.18"', '"0.10"'), encoding="utf-8")
    said = refused(gitlab.pushed(gitlab.merge(request)))

    assert "was tampered with" in said
    assert price_of(gitlab) == Decimal("0.15")


def test_a_note_with_another_digest_is_refused(gitlab: GitLab) -> None:
    request = opened(gitlab)
    digest = json.loads(plan_of(gitlab, request))["digest"]
    gitlab.edit_note(f"digest {digest} plan", f"digest sha256:{'0' * 64} plan")
    said = refused(gitlab.pushed(gitlab.merge(request)))

    assert "has the digest" in said
    assert price_of(gitlab) == Decimal("0.15")


def test_a_note_that_names_the_job_of_another_merge_request_is_refused(gitlab: GitLab) -> None:
    other = opened(gitlab, "0.10", "other")
    request = opened(gitlab)
    theirs = gitlab.note(other).splitlines()[1].replace(other.head, request.head)
    gitlab.edit_note(gitlab.note(request).splitlines()[1], theirs)
    said = refused(gitlab.pushed(gitlab.merge(request)))

    assert f"has the plan of pipeline {theirs.split()[2]}, but" in said
    assert price_of(gitlab) == Decimal("0.15")


def test_a_note_that_names_another_job_of_the_pipeline_is_refused(gitlab: GitLab) -> None:
    request = opened(gitlab)
    jobs = request.jobs
    gitlab.edit_note(f" job {jobs['plan'].job_id} ", f" job {jobs['comment'].job_id} ")

    assert "was tampered with" in refused(gitlab.pushed(gitlab.merge(request)))


def test_a_note_of_an_older_commit_is_refused(gitlab: GitLab) -> None:
    request = opened(gitlab)
    older = gitlab.note(request)
    price(gitlab, "0.21")
    gitlab.push(request)
    gitlab.edit_note(gitlab.note(request).splitlines()[1], older.splitlines()[1])
    said = refused(gitlab.pushed(gitlab.merge(request)))

    assert f"but {request.head[:12]} was merged" in said


def test_a_note_of_a_person_approves_nothing(gitlab: GitLab) -> None:
    request = opened(gitlab)
    notes = gitlab.forge["comments"]
    for each in notes.values():
        each["author"] = {"id": 99}
    gitlab.write_forge(comments=notes)

    assert "has no plan in a note" in refused(gitlab.pushed(gitlab.merge(request)))


# ── what nobody reviewed ─────────────────────────────────────────────────────────────────────────────────


def pushed(gitlab: GitLab, value: str = "0.18") -> tuple[str, str]:
    """Push a change of the price to `main` without a merge request."""
    gitlab.repository.branch("direct")
    before = gitlab.repository.tip("main")
    price(gitlab, value)
    after = gitlab.repository.commit()
    gitlab.repository.push("main")
    return before, after


def test_a_push_without_a_merge_request_is_refused_and_a_pipeline_by_hand_applies_it(gitlab: GitLab) -> None:
    jobs = gitlab.pushed(pushed(gitlab))
    said = refused(jobs)

    assert "nobody has reviewed its plan" in said
    assert "price = 0.15 → 0.18" in said
    assert "no merge request or no outcome to report" in jobs["report"].log
    assert price_of(gitlab) == Decimal("0.15")
    done = gitlab.run("web", **command(said))["apply"]
    assert done.status == "success", done.log
    assert price_of(gitlab) == Decimal("0.18")


def test_a_replaced_history_is_refused(gitlab: GitLab) -> None:
    _, after = pushed(gitlab)
    assert "its history was replaced" in refused(gitlab.pushed((NOBODY, after)))


def test_a_push_of_two_merge_requests_has_no_common_plan(gitlab: GitLab) -> None:
    request = opened(gitlab)
    before, _ = gitlab.merge(request)
    gitlab.repository.branch("other", "origin/main")
    gitlab.edit("manifests/customers/birch.yaml", "city: ", "city: New ")
    _, after = gitlab.merge(gitlab.open("other"))

    assert "several merge requests" in refused(gitlab.pushed((before, after)))


def test_a_merge_that_changes_nothing_in_connectwise_needs_no_review(gitlab: GitLab) -> None:
    gitlab.repository.branch("direct")
    before = gitlab.repository.tip("main")
    gitlab.edit("manifests/products.yaml", "kind: Product", "kind: Product # what we sell")
    after = gitlab.repository.commit()
    gitlab.repository.push("main")

    assert gitlab.pushed((before, after))["apply"].status == "success"


# ── which jobs run ───────────────────────────────────────────────────────────────────────────────────────


def test_a_push_that_changes_no_manifest_is_only_checked(gitlab: GitLab) -> None:
    """GitLab shows only errors of a merge request that the report of the commit before it does not have."""
    gitlab.left_out = frozenset()
    gitlab.repository.branch("direct")
    before = gitlab.repository.tip("main")
    gitlab.edit("README.md", "## Pipelines", "## The pipelines")
    after = gitlab.repository.commit()
    gitlab.repository.push("main")

    assert {name: job.status for name, job in gitlab.pushed((before, after)).items()} == {"check": "success"}


def test_a_missing_variable_is_named_and_nothing_is_written(gitlab: GitLab) -> None:
    request = opened(gitlab)
    del gitlab.secrets["reconciler-apply"]["CONNECTWISE_PRIVATE_KEY"]
    jobs = gitlab.pushed(gitlab.merge(request))

    assert (jobs["apply"].status, jobs["apply"].code) == ("failed", 1)
    assert "CONNECTWISE_PRIVATE_KEY" in plain(gitlab.note(request, "apply"))
    assert "## Failed: nothing was written" in gitlab.note(request, "apply")


def test_a_branch_that_is_not_protected_gets_no_credentials_that_can_write(gitlab: GitLab) -> None:
    """Whoever can push a branch can name an environment there, but its variables are protected."""
    request = opened(gitlab)
    gitlab.edit(".gitlab-ci.yml", "name: reconciler-plan", "name: reconciler-apply")
    gitlab.push(request)

    assert request.jobs["plan"].status == "failed"
    assert "is not set" in request.jobs["plan"].log
