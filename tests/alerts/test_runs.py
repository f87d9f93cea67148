"""Tests of the causes in runs: failed, ended in part, and not run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.alerts.facts import Job, RunFailure
from reconciler.alerts.runs import not_run_causes, run_causes
from reconciler.planning.outcome import Outcome, Result
from tests.alerts.builders import NOW, facts, plan_with, trip

HOUR = timedelta(hours=1)


def test_a_run_that_failed_is_a_cause_by_its_job_and_its_kind_of_error() -> None:
    failure = RunFailure("connectwise", "no response", "GET /company", "Check the network.")
    (found,) = run_causes(facts(failure=failure))

    assert found.key == "run:usage:connectwise"
    assert found.title == "the apply of usage failed: ConnectWise does not answer as it should"
    assert (found.why, found.advice) == ("GET /company: no response", "Check the network.")


def test_a_failure_without_advice_advises_to_run_again() -> None:
    (found,) = run_causes(facts(job="drift", failure=RunFailure("bug", "unexpected KeyError")))
    assert found.title == "the check for drift failed: there was an error"
    assert found.advice == "Correct the cause, then run: reconciler plan --alert"
    assert found.why == "unexpected KeyError"


def test_a_run_that_a_guardrail_refused_is_left_to_the_causes_of_guardrails() -> None:
    refused = RunFailure("refused", "guardrails tripped")
    assert list(run_causes(facts(failure=refused, plan=plan_with(guardrails=(trip("money"),))))) == []
    assert len(list(run_causes(facts(failure=refused, plan=plan_with())))) == 1
    assert len(list(run_causes(facts(failure=refused)))) == 1


def test_a_run_that_ended_in_part_names_what_was_not_done() -> None:
    results = (
        Result(address="Company/a", action="create", status="done"),
        Result(address="Company/b", action="create", status="skipped", detail="stopped"),
        Result(address="Company/c", action="create", status="failed", detail="name is too long"),
    )
    (found,) = run_causes(facts(job="setup", outcome=Outcome(plan_digest="d", results=results)))

    assert found.key == "run:setup:partial"
    assert found.title == "the apply of the setup ended in part: 2 changes not made"
    assert [member.label for member in found.members] == ["Company/b (skipped)", "Company/c (failed)"]
    assert found.why == "name is too long"


def test_a_complete_run_is_no_cause() -> None:
    assert list(run_causes(facts(outcome=Outcome(plan_digest="d", results=())))) == []
    assert list(run_causes(facts())) == []


def test_a_run_that_comes_late_says_since_when_there_was_none() -> None:
    (found,) = not_run_causes(facts(last_good=NOW - 7 * HOUR), 3)
    assert (found.key, found.title, found.since) == ("not-run", "no good run of usage for 7 hours", NOW - 7 * HOUR)


@pytest.mark.parametrize("last_good", [None, NOW - HOUR, NOW - 3 * HOUR])
def test_a_run_in_time_or_the_first_one_is_no_cause(last_good: object) -> None:
    assert list(not_run_causes(facts(last_good=last_good), 3)) == []


@pytest.mark.parametrize(
    ("job", "tells"),
    [*((job, True) for job in ("usage", "apply", "drift", "pull", "coverage")), ("setup", False), ("part", False)],
)
def test_an_apply_of_usage_and_a_check_tell_that_no_usage_was_applied(job: Job, tells: bool) -> None:
    assert bool(list(not_run_causes(facts(job=job, last_good=NOW - 7 * HOUR), 3))) is tells
