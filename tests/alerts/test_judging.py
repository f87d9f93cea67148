"""Tests of which causes a run finds, and which it can end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.alerts.facts import Facts, Job, RunFailure, SourceReading
from reconciler.alerts.judging import find_causes, judge
from reconciler.kinds.alert_settings import Alerts
from reconciler.planning.plan import EVERY_CUSTOMER, Note
from tests.alerts.builders import NOW, TODAY, facts, mapped, plan_with, row, trip
from tests.planning.builders import action, plan_of

KEYS = {
    "unmapped",
    "unattributed",
    "held:quantity",
    "gap:refused",
    "source:cove:failed",
    "invoice:2026-11-12",
    "drift:additions",
    "drift:setup",
    "guardrail:money",
    "guardrail:updates",
    "run:usage:partial",
    "run:setup:partial",
    "not-run",
}
OF_USAGE = {"unmapped", "unattributed", "held:quantity", "gap:refused", "source:cove:failed", "invoice:2026-11-12"}
OF_USAGE |= {"drift:additions", "guardrail:money"}
USAGE, SETUP, ALL = plan_with(), plan_of(only="setup"), plan_of()


def judged(of: Facts) -> set[str]:
    return {key for key in KEYS if judge(of)(key)}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (facts(job="usage", plan=USAGE), OF_USAGE | {"run:usage:partial", "not-run"}),
        (facts(job="setup", plan=SETUP), {"guardrail:updates", "run:setup:partial"}),
        (facts(job="apply", plan=ALL), KEYS - {"drift:setup"}),
        (facts(job="part"), set()),
        (facts(job="drift", plan=ALL), OF_USAGE | {"drift:setup", "guardrail:updates"}),
        (facts(job="drift", plan=SETUP), {"drift:setup", "guardrail:updates"}),
        (facts(job="pull"), {"source:cove:failed"}),
        (facts(job="coverage", plan=USAGE), OF_USAGE),
        (facts(job="coverage", plan=USAGE, last_good=NOW), OF_USAGE | {"not-run"}),
    ],
    ids=lambda each: each.job if isinstance(each, Facts) else "",
)
def test_a_run_ends_only_the_causes_that_it_could_have_found_again(of: Facts, expected: set[str]) -> None:
    assert judged(of) == expected


@pytest.mark.parametrize("job", ["usage", "apply", "drift", "pull"])
def test_a_run_that_failed_without_a_plan_ends_nothing_but_the_hours_without_a_run(job: Job) -> None:
    expected = {"not-run"} if job in ("usage", "apply") else set()
    assert judged(facts(job=job, failure=RunFailure("connectwise", "no response"))) == expected


def test_a_run_that_a_guardrail_refused_still_judges_its_plan() -> None:
    refused = facts(plan=plan_with(guardrails=(trip("money"),)), failure=RunFailure("refused", "tripped"))
    assert judged(refused) == OF_USAGE | {"not-run"}
    assert [each.key for each in find_causes(refused, Alerts())] == ["guardrail:money"]


def test_a_run_of_usage_finds_every_cause_of_usage() -> None:
    plan = plan_with(
        row("1"),
        mapped("acme", "unknown", None),
        mapped("birch", "refused"),
        row(EVERY_CUSTOMER, "unknown", None),
        guardrails=(trip("quantity", "CustomerMapping/cedar", holds=True),),
        warnings=(Note(address="Addition/x", message="edited by hand", drift=True),),
    )
    near = {"CustomerMapping/birch": TODAY + timedelta(days=1)}
    found = find_causes(
        facts(plan=plan, sources={"cove": SourceReading("failed")}, invoices=near, last_good=NOW - timedelta(hours=4)),
        Alerts(),
    )
    assert {each.key for each in found} == {
        "not-run",
        "source:cove:failed",
        "unmapped",
        "gap:refused",
        "held:quantity",
        "drift:additions",
        "invoice:2026-11-11",
    }


def test_changes_of_the_setup_are_drift_only_in_a_check_for_drift() -> None:
    plan = plan_of(action("Company/acme"), only="setup")
    assert [each.key for each in find_causes(facts(job="drift", plan=plan), Alerts())] == ["drift:setup"]
    assert find_causes(facts(job="setup", plan=plan), Alerts()) == ()


def test_a_pull_finds_its_sources_and_a_failed_apply_does_not() -> None:
    sources = {"cove": SourceReading("disbelieved", "it lost 9 devices")}
    assert [each.key for each in find_causes(facts(job="pull", sources=sources), Alerts())] == [
        "source:cove:disbelieved"
    ]
    assert find_causes(facts(sources=sources), Alerts()) == ()


def test_the_workspace_sets_the_hours_and_the_days() -> None:
    settings = Alerts.model_validate({"notRun": 1, "invoiceDays": 9})
    near = {"CustomerMapping/acme": TODAY + timedelta(days=9)}
    of = facts(plan=plan_with(mapped("acme", "refused")), invoices=near, last_good=NOW - timedelta(hours=2))
    keys = {"not-run", "gap:refused", "invoice:2026-11-19"}
    assert {each.key for each in find_causes(of, settings)} == keys
