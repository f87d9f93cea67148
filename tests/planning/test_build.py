"""Both halves of a plan, put together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.values import Link
from reconciler.kinds.workspace import Guardrails
from reconciler.planning.additions import AdditionsPlan, plan_additions
from reconciler.planning.build import build
from reconciler.planning.plan import CoverageRow, Money, Note, Tenant, digest_of
from reconciler.planning.problems import PlanError
from reconciler.planning.setup import SetupPlan
from reconciler.planning.standing import Period
from tests.planning.builders import NOW, action, addition, estate_with, line

TENANT = Tenant(site="https://api-na.myconnectwise.net", company="acme")


def built(**more: Any) -> Any:
    values: dict[str, Any] = {"setup": None, "additions": None, "currency": "USD"}
    return build(workspace="test", tenant=TENANT, now=NOW, manifest_digest="sha256:m", **{**values, **more})


def additions(*lines: Any, live: tuple[Any, ...] = ()) -> AdditionsPlan:
    period = Period("2026-11-01", "2026-11-30")
    return plan_additions(lines, estate_with(*live), period, currency="USD", last_written={}, on_drift="restore")


PENDING = line(product=Link("gb", None, "Product/gb"), after=frozenset({"Company/acme"}))


def test_both_halves_are_one_graph() -> None:
    plan = built(setup=SetupPlan((action(), action("Company/acme")), 3, ()), additions=additions(PENDING))
    assert [(each.address, each.depends_on) for each in plan.actions][-1] == (
        "Addition/acme:gb",
        ("Company/acme", "Product/gb"),
    )


def test_the_summary_counts_actions_and_money() -> None:
    usage = additions(line(quantity=Decimal(121)), live=(addition(),))
    plan = built(setup=SetupPlan((action(),), 3, ()), additions=usage)
    assert (plan.summary.create, plan.summary.update, plan.summary.unchanged) == (1, 1, 3)
    assert plan.summary.money == Money(before=Decimal(30), after=Decimal("30.25"), currency="USD")


def test_what_usage_leaves_alone_counts_as_unchanged_too() -> None:
    assert built(setup=SetupPlan((), 3, ()), additions=additions(line(), live=(addition(),))).summary.unchanged == 4


def test_an_empty_plan_is_a_plan() -> None:
    plan = built()
    assert (plan.actions, plan.summary.changes, plan.summary.money.after) == ((), 0, 0)
    assert plan.digest == digest_of(())


def test_warnings_coverage_and_guardrails_are_carried_along() -> None:
    usage = additions(line(quantity=Decimal(500)), live=(addition(),))
    usage.notes.append(Note(message="edited by hand"))
    row = CoverageRow(source="cove", customer="77", name="Acme", state="billed")
    plan = built(
        additions=usage,
        warnings=[Note(message="no longer declared")],
        coverage=[row],
        guardrails=Guardrails.model_validate({"totalChange": 50}),
        customers=1,
    )
    assert [note.message for note in plan.warnings] == ["no longer declared", "edited by hand"]
    assert plan.coverage == (row,)
    assert [trip.name for trip in plan.guardrails] == ["total-change"]


def test_every_reason_against_a_plan_is_told_at_once() -> None:
    usage = additions(line(quantity=Decimal(-1)))
    with pytest.raises(PlanError) as error:
        built(setup=SetupPlan((), 0, ("Company/acme: status: unknown",)), additions=usage)
    assert str(error.value) == (
        "no plan: 2 problems\n"
        "  - Company/acme: status: unknown\n"
        "  - Addition/acme:gb: a quantity of -1 at 0.25 is negative"
    )
    assert error.value.exit_code == 1


def test_one_reason_is_one_problem() -> None:
    with pytest.raises(PlanError, match="no plan: 1 problem\n"):
        built(setup=SetupPlan((), 0, ("Company/acme: status: unknown",)))
