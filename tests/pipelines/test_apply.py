"""Tests of the workflow `apply`: after a merge, exactly the plan that the reviewers saw is applied."""

from __future__ import annotations

import hashlib
import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.planning.plan import Plan, digest_of
from reconciler.planning.plan_file import write_plan
from tests.pipelines.estate import opened, price, run_step
from tests.pipelines.forge import GB
from tests.pipelines.place import NOBODY, GitHub, Pull, plain
from tests.pipelines.repository import git
from tests.pipelines.runner import JobResult

STEP = "End with the exit code"


def price_of(github: GitHub) -> Decimal:
    found: Decimal = github.row("catalogItem", identifier="BACKUP-GB")["price"]
    return found


def unit_prices(github: GitHub) -> set[Decimal]:
    return {row.data["unitPrice"] for row in github.tenant.tables["addition"].rows.values()}


def refused(job: JobResult) -> str:
    """Return the summary of a run. The run must have exit code 3."""
    assert job.failed == [(STEP, 3)], job.log
    assert "## Refused: nothing was written" in job.summary
    return job.summary


def command(summary: str) -> dict[str, str]:
    """Return the inputs of the command that a refusal shows."""
    (line,) = [line for line in summary.splitlines() if line.startswith("gh workflow run apply.yml ")]
    found = dict(word.split("=", 1) for word in line.split(" -f ")[1:])
    assert found.keys() == {"digest", "since"}
    return found


# ── the reviewed plan ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [pytest.param("merge", marks=pytest.mark.story), "squash", "rebase"])
def test_a_merge_applies_the_reviewed_plan_and_bills_the_usage(github: GitHub, pull: Pull, how: str) -> None:
    job = github.apply(github.merge(pull, how=how))

    assert job.conclusion == "success", job.log
    assert price_of(github) == Decimal("0.18")
    assert unit_prices(github) == {Decimal("0.18")}
    assert "## Applied" in github.comment(pull, "apply")
    assert github.comment(pull, "apply") == job.summary


@pytest.mark.story
def test_the_guardrails_that_the_comment_lists_are_approved_by_merging(github: GitHub) -> None:
    pull = opened(github, "0.90")  # trips the guardrail `money`
    assert "Merging approves" in github.comment(pull)
    assert "`--approve money` for the hourly job" in plain(github.comment(pull))
    job = github.apply(github.merge(pull))

    assert job.conclusion == "success", job.log
    assert unit_prices(github) == {Decimal("0.90")}


def test_a_guardrail_that_trips_only_after_the_review_is_not_approved(github: GitHub, pull: Pull) -> None:
    github.advance()
    github.uses(1001001, 5000)
    github.advance()
    job = github.apply(github.merge(pull))

    assert job.conclusion == "success"  # the setup is applied, and one customer is held
    assert [each.name for each in job.commands] == ["warning"]
    assert "Not all usage is accounted for" in job.log
    assert "held" in job.summary
    assert Decimal(121) in {row.data["quantity"] for row in github.tenant.tables["addition"].rows.values()}


def test_guardrails_of_a_comment_of_an_earlier_month_are_not_approved(github: GitHub) -> None:
    pull = opened(github, "0.90")
    github.advance(24 * 31)
    job = github.apply(github.merge(pull))

    assert price_of(github) == Decimal("0.90")
    assert Decimal("0.90") not in unit_prices(github)
    assert job.failed == [(STEP, 3)]
    assert "## The setup is applied, and the usage is not billed" in job.summary


# ── stale plans ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.story
def test_a_plan_that_went_stale_is_refused_with_what_moved_and_how_to_go_on(github: GitHub, pull: Pull) -> None:
    product = github.row("catalogItem", identifier="BACKUP-GB")["id"]
    github.by_hand(f"/procurement/catalog/{product}", price=0.16)
    said = refused(github.apply(github.merge(pull)))

    assert "price" in said
    assert "0.16 → 0.18" in said
    assert github.comment(pull, "apply") == said
    assert price_of(github) == Decimal("0.16")

    done = github.dispatch("apply", **command(said))
    assert done.conclusion == "success", done.log
    assert price_of(github) == Decimal("0.18")


def test_if_only_the_context_moved_the_same_changes_are_applied_by_their_digest(github: GitHub, pull: Pull) -> None:
    # A document that the plan covers changes in a way that needs no change of ConnectWise.
    github.repository.branch("other", "origin/main")
    github.edit(
        "manifests/products.yaml", "metadata:\n  name: backup-gb", "metadata:\n  name: backup-gb\n  protect: true"
    )
    other = github.open("other")
    github.apply(github.merge(other))
    job = github.apply(github.merge(pull))

    assert job.conclusion == "success", job.log
    assert "stale" in job.log
    assert price_of(github) == Decimal("0.18")


def test_an_artifact_that_expired_is_replaced_by_the_digest_of_the_comment(github: GitHub, pull: Pull) -> None:
    shutil.rmtree(github.artifact(pull))
    job = github.apply(github.merge(pull))

    assert job.conclusion == "success", job.log
    assert price_of(github) == Decimal("0.18")


def test_without_an_artifact_no_guardrail_is_approved(github: GitHub) -> None:
    pull = opened(github, "0.90")
    shutil.rmtree(github.artifact(pull))
    job = github.apply(github.merge(pull))

    assert price_of(github) == Decimal("0.90")
    assert job.failed == [(STEP, 3)]
    assert "## The setup is applied, and the usage is not billed" in job.summary


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────────────────


def edited(github: GitHub, pull: Pull) -> Plan:
    """Return the plan of the artifact with another price, and write it back with the right checksum."""
    path = github.artifact(pull) / "plan.json"
    content = json.loads(path.read_text("utf-8").replace('"after": "0.18"', '"after": "0.10"'))
    del content["checksum"]
    plan = Plan.model_validate(content)
    plan = plan.model_copy(update={"digest": digest_of(plan.actions)})
    path.write_text(write_plan(plan), encoding="utf-8")
    return plan


def test_an_artifact_whose_content_was_edited_is_refused(github: GitHub, pull: Pull) -> None:
    path = github.artifact(pull) / "plan.json"
    path.write_text(path.read_text("utf-8").replace('"0.18"', '"0.10"'), encoding="utf-8")
    said = refused(github.apply(github.merge(pull)))

    assert "was tampered with" in said
    assert price_of(github) == Decimal("0.15")


def test_an_artifact_that_was_edited_with_its_checksum_is_refused(github: GitHub, pull: Pull) -> None:
    edited(github, pull)
    said = refused(github.apply(github.merge(pull)))

    assert "was tampered with" in said
    assert price_of(github) == Decimal("0.15")


def test_a_comment_that_was_edited_is_refused(github: GitHub, pull: Pull) -> None:
    digest = json.loads((github.artifact(pull) / "plan.json").read_text("utf-8"))["digest"]
    github.edit_comment(f"digest {digest} plan", f"digest sha256:{'0' * 64} plan")
    said = refused(github.apply(github.merge(pull)))

    assert "has the digest" in said
    assert price_of(github) == Decimal("0.15")


@pytest.mark.story
def test_an_artifact_and_a_comment_that_were_edited_alike_are_refused(github: GitHub, pull: Pull) -> None:
    path = github.artifact(pull) / "plan.json"
    before = json.loads(path.read_text("utf-8"))["digest"], hashlib.sha256(path.read_bytes()).hexdigest()
    plan = edited(github, pull)
    for old, new in zip(before, (plan.digest, hashlib.sha256(path.read_bytes()).hexdigest()), strict=True):
        github.edit_comment(old, new)
    refused(github.apply(github.merge(pull)))

    assert price_of(github) == Decimal("0.15")


def test_a_comment_that_names_the_run_of_another_commit_is_refused(github: GitHub) -> None:
    other = opened(github, "0.10", "other")
    pull = opened(github)
    said = github.comment(other).splitlines()[1]
    github.edit_comment(github.comment(pull).splitlines()[1], said.replace(other.head, pull.head))
    said = refused(github.apply(github.merge(pull)))

    assert "was tampered with" in said
    assert price_of(github) == Decimal("0.15")


def test_a_comment_of_a_person_approves_nothing(github: GitHub, pull: Pull) -> None:
    forged = github.comment(pull)
    comments = github.forge["comments"]
    for each in comments.values():
        each["user"] = {"login": "eve"}
    github.write_forge(comments=comments)
    assert forged

    assert "has no plan in a comment" in refused(github.apply(github.merge(pull)))


# ── what nobody reviewed ─────────────────────────────────────────────────────────────────────────────────────────────


def pushed(github: GitHub, value: str = "0.18") -> tuple[str, str]:
    """Push a change of the price to `main` without a pull request."""
    github.repository.branch("direct")
    before = github.repository.tip("main")
    price(github, value)
    after = github.repository.commit()
    github.repository.push("main")
    return before, after


def test_a_push_without_a_pull_request_is_refused_and_a_dispatch_applies_it(github: GitHub) -> None:
    said = refused(github.apply(pushed(github)))

    assert "nobody has reviewed its plan" in said
    assert "price = 0.15 → 0.18" in said
    assert price_of(github) == Decimal("0.15")
    done = github.dispatch("apply", **command(said))
    assert done.conclusion == "success", done.log
    assert price_of(github) == Decimal("0.18")


def test_a_dispatch_with_another_digest_is_refused_with_the_present_plan(github: GitHub) -> None:
    said = refused(github.apply(pushed(github)))
    again = refused(github.dispatch("apply", digest=f"sha256:{'0' * 64}", since=command(said)["since"]))

    assert command(again) == command(said)
    assert price_of(github) == Decimal("0.15")


def test_a_dispatch_without_a_digest_shows_the_plan_of_all_of_the_setup(github: GitHub) -> None:
    pushed(github)
    said = refused(github.dispatch("apply"))

    assert "price = 0.15 → 0.18" in said
    assert command(said)["since"] == ""


def test_a_push_that_changes_nothing_of_the_setup_needs_no_review(github: GitHub) -> None:
    github.repository.branch("direct")
    before = github.repository.tip("main")
    github.edit("manifests/products.yaml", "# The products", "# All products")
    after = github.repository.commit()
    github.repository.push("main")
    job = github.apply((before, after))

    assert job.conclusion == "success", job.log


def test_a_merged_pull_request_of_a_fork_has_no_plan_and_is_refused(github: GitHub) -> None:
    github.repository.branch("change")
    price(github, "0.18")
    pull = github.open("theirs", fork=True, author="eve")
    said = refused(github.apply(github.merge(pull)))

    assert f"Pull request {pull.number} has no plan in a comment" in said
    assert command(said)


def test_a_push_that_was_not_planned_before_the_merge_is_refused(github: GitHub, pull: Pull) -> None:
    price(github, "0.30")
    pull.head = github.repository.commit()
    github.repository.push(pull.branch)
    github._keep(pull)  # merged before `plan` ran again
    said = refused(github.apply(github.merge(pull)))

    assert "but" in said
    assert pull.head[:12] in said
    assert price_of(github) == Decimal("0.15")


def test_a_plan_that_failed_approves_nothing(github: GitHub) -> None:
    del github.secrets["reconciler-plan"]["LEDGER_URL"]
    pull = opened(github)

    assert "has no plan in a comment" in refused(github.apply(github.merge(pull)))


def test_several_pull_requests_in_one_push_have_no_common_plan(github: GitHub) -> None:
    one = opened(github, branch="one")
    github.repository.branch("two")
    github.edit("manifests/customers/alder.yaml", "name: Alder Ltd, addressLine1", "name: Alder Limited, addressLine1")
    two = github.open("two")
    before, _ = github.merge(one)
    _, after = github.merge(two)
    said = refused(github.apply((before, after)))

    assert "several pull requests" in said
    done = github.dispatch("apply", **command(said))
    assert done.conclusion == "success", done.log


def test_a_new_branch_is_planned_as_a_whole(github: GitHub) -> None:
    _, after = pushed(github)
    said = refused(github.apply((NOBODY, after)))

    assert "The branch is new" in said
    assert command(said)["since"] == ""


def test_a_revert_is_applied_and_a_re_run_of_the_reverted_merge_leaves_it(github: GitHub, pull: Pull) -> None:
    reverted = github.merge(pull)
    github.apply(reverted)
    run = newest_run(github)
    git(github.repository.clone, "fetch", "-q", "origin")
    git(github.repository.clone, "checkout", "-q", "-B", "revert", "origin/main")
    git(github.repository.clone, "revert", "--no-edit", "-m", "1", "HEAD")
    job = github.apply(github.merge(github.open("revert")))

    assert job.conclusion == "success", job.log
    assert price_of(github) == Decimal("0.15")
    github.advance()
    again = github.apply(reverted, run=run)
    assert again.conclusion == "success", again.log
    assert price_of(github) == Decimal("0.15")


def newest_run(github: GitHub) -> int:
    """Return the number of the newest run of `apply`."""
    return max(int(number) for number, run in github.forge["runs"].items() if run["path"].endswith("apply.yml"))


# ── one at a time ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_merges_in_a_row_are_both_applied(github: GitHub) -> None:
    one = opened(github, branch="one")
    github.repository.branch("two")
    path = "manifests/customers/alder.yaml"
    github.edit(path, "name: Alder Ltd, addressLine1", "name: Alder Limited, addressLine1")
    two = github.open("two")
    first, second = github.merge(one), github.merge(two)

    assert github.apply(first).conclusion == "success"
    job = github.apply(second)
    assert job.conclusion == "success", job.log
    assert price_of(github) == Decimal("0.18")
    assert github.row("company", identifier="Alder")["name"] == "Alder Limited"


def unfinished(github: GitHub, status: str) -> int:
    """Add an earlier run of `apply` that has this status."""
    number = github._number()
    run = {"id": number, "path": ".github/workflows/apply.yml", "status": status, "run_attempt": 1,
           "run_started_at": "2026-11-01T05:00:00Z", "html_url": f"https://github.com/run/{number}"}  # fmt: skip
    github.write_forge(runs={**github.forge["runs"], str(number): run})
    return number


@pytest.mark.parametrize("status", ["queued", "in_progress", "pending", "requested"])
def test_a_run_waits_until_earlier_ones_have_ended(github: GitHub, pull: Pull, status: str) -> None:
    github.write_forge(ending=[unfinished(github, status)])  # it ends during the first wait
    job = github.apply(github.merge(pull))

    assert job.conclusion == "success", job.log
    assert job.step("Wait").log.count("Waiting for https://github.com/run/") == 1


def test_a_run_does_not_wait_for_one_that_waits_for_an_approval(github: GitHub, pull: Pull) -> None:
    number = unfinished(github, "waiting")
    job = github.apply(github.merge(pull))

    assert job.failed[0] == ("Wait for runs that began earlier", 1)
    assert f"Approve or reject https://github.com/run/{number}." in job.log
    assert price_of(github) == Decimal("0.15")


def test_a_run_that_is_repeated_waits_for_newer_ones_and_they_do_not_wait_for_it(github: GitHub, pull: Pull) -> None:
    pushed = github.merge(pull)
    github.apply(pushed)
    mine = newest_run(github)
    number = unfinished(github, "in_progress")
    github.write_forge(ending=[number])
    github.advance()
    job = github.apply(pushed, run=mine)

    assert job.conclusion == "success", job.log
    assert f"Waiting for https://github.com/run/{number}" in job.log


# ── exit codes ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.story
def test_what_failed_is_listed_and_the_same_run_continues(github: GitHub) -> None:
    github.repository.branch("change")
    price(github, "0.18")
    github.edit("manifests/customers/alder.yaml", "name: Alder Ltd, addressLine1", "name: Alder Limited, addressLine1")
    pull = github.open()
    pushed = github.merge(pull)
    product = github.row("catalogItem", identifier="BACKUP-GB")["id"]
    github.sandbox.faults.replace([f"500@/procurement/catalog/{product}"])
    job = github.apply(pushed)

    assert job.failed == [(STEP, 4)], job.log
    assert "## Applied in part" in job.summary
    assert "**unknown** Product/backup-gb" in plain(job.summary)
    mine = newest_run(github)
    github.sandbox.faults.replace([])
    again = github.apply(pushed, run=mine)

    assert again.conclusion == "success", again.log
    assert price_of(github) == Decimal("0.18")
    assert "## Applied" in github.comment(pull, "apply")


@pytest.mark.story
def test_usage_that_is_not_accounted_for_is_a_warning_with_a_list(github: GitHub, pull: Pull) -> None:
    now = github.sandbox.clock.now()
    github.world.add_device(github.world.add_customer("Grove Ltd", now).id, now, 120 * GB)
    github.advance()
    job = github.apply(github.merge(pull))

    assert job.conclusion == "success", job.log
    assert [each.name for each in job.commands] == ["warning"]
    assert "**unmapped**" in job.summary
    assert "Grove Ltd" in job.summary


@pytest.mark.story
def test_a_missing_secret_fails_and_is_named(github: GitHub, pull: Pull) -> None:
    github.secrets["reconciler-apply"]["CONNECTWISE_PUBLIC_KEY"] = ""
    job = github.apply(github.merge(pull))

    assert job.failed == [(STEP, 1)]
    assert "## Failed: nothing was written" in job.summary
    assert "CONNECTWISE_PUBLIC_KEY" in github.comment(pull, "apply").replace("&#95;", "_")


@pytest.mark.parametrize(("code", "usage", "said"), [
    ("1", "", "nothing was written"),
    ("137", "", "some changes may be written"),
    ("0", "1", "the usage is not billed"),
    ("0", "137", "the usage in part"),
])  # fmt: skip
def test_only_a_code_of_reconciler_says_that_nothing_was_written(
    tmp_path: Path, code: str, usage: str, said: str
) -> None:
    run_step(tmp_path, "apply", "Write what was done, or why not", SETUP=code, USAGE=usage)

    assert said in (tmp_path / "summary.md").read_text("utf-8")
