"""Tests of the workflow `plan`: one comment on each pull request."""

from __future__ import annotations

import pytest

from tests.pipelines.estate import opened, price
from tests.pipelines.place import GitHub, Pull, plain


@pytest.mark.story
def test_a_pull_request_gets_one_comment_with_its_plan(github: GitHub) -> None:
    pull = opened(github)

    assert {name: job.conclusion for name, job in pull.jobs.items()} == {"check": "success", "plan": "success"}
    said = github.comment(pull)
    assert "price = 0.15 → 0.18" in said
    assert "### Plan: +17.46 USD a month" in said  # of usage lines, which the hourly job writes
    assert said in pull.jobs["plan"].summary


@pytest.mark.story
def test_another_push_edits_the_comment(github: GitHub, pull: Pull) -> None:
    for number in range(120):  # the comment is not on the first page
        github.say(pull.number, f"comment {number}")
    price(github, "0.21")
    github.push(pull)

    said = github.comment(pull)
    assert "0.18" not in said
    assert "price = 0.15 → 0.21" in said
    assert pull.head in said


def test_a_comment_of_a_person_is_never_edited(github: GitHub, pull: Pull) -> None:
    github.say(pull.number, github.comment(pull), author="eve")
    price(github, "0.21")
    github.push(pull)

    first, second = github.comments(pull)
    assert "0.21" in first
    assert "0.18" in second


def test_the_artifact_has_the_plan_the_what_if_and_a_report(github: GitHub, pull: Pull) -> None:
    assert {path.name for path in github.artifact(pull).iterdir()} == {
        "plan.json", "what-if.json", "comment.md", "report.html",
    }  # fmt: skip
    assert (github.artifact(pull) / "comment.md").read_text("utf-8") == github.comment(pull)


def test_a_re_run_replaces_the_artifact_and_edits_the_comment(github: GitHub, pull: Pull) -> None:
    github.advance()
    github.plan(pull, run=max(map(int, github.forge["runs"])))

    assert pull.jobs["plan"].conclusion == "success", pull.jobs["plan"].log
    assert (github.artifact(pull) / "comment.md").read_text("utf-8") == github.comment(pull)
    assert "07:00 UTC" in github.comment(pull)


def test_a_plan_that_fails_replaces_the_older_one_in_the_comment(github: GitHub, pull: Pull) -> None:
    price(github, "cheap")
    github.push(pull)

    assert {name: job.conclusion for name, job in pull.jobs.items()} == {"check": "failure", "plan": "failure"}
    said = github.comment(pull)
    assert "0.18" not in said
    assert "### Plan: failed" in said
    assert "manifests/products.yaml:12:10" in plain(said)
    assert "digest" not in said.splitlines()[1]


@pytest.mark.story
def test_a_pull_request_from_a_fork_is_checked_without_secrets(github: GitHub) -> None:
    github.repository.branch("change")
    price(github, "0.18")
    pull = github.open("theirs", fork=True, author="eve")

    assert {name: job.conclusion for name, job in pull.jobs.items()} == {"check": "success", "plan": "skipped"}
    assert github.comments(pull) == []


def test_a_pull_request_of_dependabot_is_only_checked(github: GitHub) -> None:
    github.repository.branch("change")
    pull = github.open("dependabot/actions", author="dependabot[bot]")

    assert {name: job.conclusion for name, job in pull.jobs.items()} == {"check": "success", "plan": "skipped"}


def test_an_error_in_a_manifest_is_an_annotation_at_its_line(github: GitHub) -> None:
    github.repository.branch("change")
    price(github, "cheap")
    pull = github.open("theirs", fork=True)

    found = {(each.name, each.properties) for each in pull.jobs["check"].commands}  # of each check that reads it
    assert found == {("error", "file=manifests/products.yaml,line=12,col=10")}


@pytest.mark.story
def test_a_secret_that_is_missing_is_named_in_the_comment(github: GitHub) -> None:
    for name in ("CONNECTWISE_PRIVATE_KEY", "LEDGER_URL"):
        del github.secrets["reconciler-plan"][name]
    pull = opened(github)

    assert pull.jobs["plan"].conclusion == "failure"
    said = github.comment(pull)
    assert "the environment variable CONNECTWISE_PRIVATE_KEY is empty" in said
    assert "the environment variable LEDGER_URL is empty" in said


def test_the_plan_needs_no_login_of_the_console_and_no_password_of_the_setup(github: GitHub) -> None:
    kept = github.secrets["reconciler-plan"]
    github.secrets["reconciler-plan"] = {
        name: value for name, value in kept.items() if name.startswith(("CONNECTWISE", "LEDGER"))
    }
    pull = opened(github)

    assert pull.jobs["plan"].conclusion == "success"


def test_the_comment_shows_which_price_cases_change(github: GitHub) -> None:
    github.repository.branch("change")
    cases = github.repository.clone / "tests" / "prices.yaml"
    more = """
  - name: A hundred gigabytes
    mapping: alder
    period: 2026-11
    usage:
      - {from: 2026-11-01, used: 100 GB}
    expect:
      money: 15
"""
    cases.write_text(cases.read_text("utf-8") + more, encoding="utf-8")
    price(github, "0.18")
    pull = github.open()

    assert pull.jobs["plan"].conclusion == "success"
    assert pull.jobs["check"].failed == [("Run the price cases", 1)]
    assert "A hundred gigabytes" in plain(github.comment(pull))
