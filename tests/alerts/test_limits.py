"""Tests of the causes in guardrails."""

from __future__ import annotations

from reconciler.alerts.limits import held_causes, refusing_causes
from reconciler.planning.approvals import parse_approvals
from tests.alerts.builders import amounts, change, facts, mapped, plan_with, trip

ACME, BIRCH = "CustomerMapping/acme", "CustomerMapping/birch"


def test_customers_that_one_guardrail_holds_are_one_cause_with_the_money_that_waits() -> None:
    plan = plan_with(
        mapped("acme", "held"),
        guardrails=(trip("quantity", ACME, holds=True), trip("quantity", BIRCH, holds=True)),
        held=(
            change("Addition/acme.storage:gb", "10", "25", held_for=ACME),
            change("Addition/birch.storage:gb", "30", "10", held_for=BIRCH),
        ),
    )
    (found,) = held_causes(plan)

    assert (found.key, found.title) == ("held:quantity", "2 customers held by the guardrail quantity")
    assert found.risk.text == "35.00 USD a month"
    assert [member.label for member in found.members] == [f"acme ({ACME})", f"{BIRCH} ({BIRCH})"]
    assert found.advice.endswith("--approve quantity")


def test_one_held_customer_is_approved_by_its_address() -> None:
    (found,) = held_causes(plan_with(guardrails=(trip("zero", ACME, holds=True),)))
    assert found.advice.endswith(f"--approve zero={ACME}")
    assert found.why == "zero is too large"
    assert found.risk.text == "unknown"


def test_an_approved_guardrail_is_no_cause() -> None:
    assert list(held_causes(plan_with(guardrails=(trip("zero", ACME, holds=True, approved=True),)))) == []
    plan = plan_with(guardrails=(trip("money"),))
    assert list(refusing_causes(facts(plan=plan, approvals=parse_approvals(["money"])))) == []


def test_a_guardrail_that_refuses_the_run_is_a_cause_with_the_change_that_is_not_written() -> None:
    plan = plan_with(guardrails=(trip("money"),), summary=amounts("1000", "4000"))
    (found,) = refusing_causes(facts(plan=plan))

    assert (found.key, found.event) == ("guardrail:money", "guardrail")
    assert found.risk.text == "3,000.00 USD a month"
    assert found.advice.endswith("reconciler apply --only usage --approve money")


def test_a_guardrail_of_the_setup_is_approved_in_an_apply_of_the_setup() -> None:
    plan = plan_with(guardrails=(trip("retirements"),), only="setup")
    (found,) = refusing_causes(facts(job="setup", plan=plan))
    assert found.advice.endswith("reconciler apply --only setup --approve retirements")


def test_drift_that_fails_the_run_names_the_additions() -> None:
    address = "Addition/acme.storage:gb"
    (found,) = refusing_causes(facts(plan=plan_with(guardrails=(trip("drift", address),))))
    assert [member.id for member in found.members] == [address]


def test_a_run_without_a_plan_has_no_cause_in_guardrails() -> None:
    assert list(refusing_causes(facts())) == []
