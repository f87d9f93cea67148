"""Joining the parts of a plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.planning.action import Change, Money
from reconciler.planning.build import build
from reconciler.planning.part import Part
from reconciler.planning.plan import CoverageRow, Note, Tenant, Tripped, digest_of
from reconciler.planning.problems import PlanError
from tests.planning.builders import NOW, action

D = Decimal

TENANT = Tenant(site="https://api-na.myconnectwise.net", company="acme")


def built(*parts: Part, **more: Any) -> Any:
    values: dict[str, Any] = {"currency": "USD", **more}
    return build(workspace="test", tenant=TENANT, now=NOW, manifest_digest="sha256:m", parts=parts, **values)


LINE = "Addition/acme.storage:gb"
NEEDS_PRODUCT = (Change(path="product", after={"name": "gb", "address": "Product/gb"}, known_after_apply=True),)


def test_all_parts_are_ordered_in_one_graph() -> None:
    setup = Part(actions=(action(), action("Company/acme")))
    usage = Part(actions=(action(LINE, changes=NEEDS_PRODUCT),), after={LINE: frozenset({"Company/acme"})})
    assert [(each.address, each.depends_on) for each in built(setup, usage).actions][-1] == (
        LINE,
        ("Company/acme", "Product/gb"),
    )


def test_the_summary_counts_actions_and_money() -> None:
    setup = Part(actions=(action(),), unchanged=3)
    usage = Part(actions=(action(LINE, action="update"),), unchanged=1, money_before=D(30), money_after=D("30.25"))
    summary = built(setup, usage).summary
    assert (summary.create, summary.update, summary.unchanged) == (1, 1, 4)
    assert summary.money == Money(before=D(30), after=D("30.25"), currency="USD")


def test_an_empty_plan_is_a_plan() -> None:
    plan = built()
    assert (plan.actions, plan.summary.changes, plan.summary.money.after) == ((), 0, 0)
    assert plan.digest == digest_of(())


def test_a_plan_has_the_warnings_coverage_and_guardrails_of_its_parts() -> None:
    row = CoverageRow(source="cove", customer="77", name="Acme", state="billed")
    trip = Tripped(name="money", message="too much")
    usage = Part(notes=(Note(message="edited by hand"),), coverage=(row,), tripped=(trip,))
    plan = built(usage, warnings=[Note(message="no longer declared")])
    assert [note.message for note in plan.warnings] == ["no longer declared", "edited by hand"]
    assert (plan.coverage, plan.guardrails) == ((row,), (trip,))


def test_a_held_action_is_not_among_the_actions_and_no_action_depends_on_it() -> None:
    other = "Addition/bolt.storage:gb"
    usage = Part(
        actions=(action(LINE),),
        held=(action(other, held_for="CustomerMapping/bolt"),),
        after={LINE: frozenset({other})},
    )
    plan = built(usage)
    assert [(each.address, each.depends_on) for each in plan.actions] == [(LINE, ())]
    assert [each.address for each in plan.held] == [other]
    assert (plan.summary.create, plan.digest) == (1, digest_of(plan.actions))


def test_one_error_has_all_problems() -> None:
    with pytest.raises(PlanError) as error:
        built(Part(problems=("Company/acme: status: unknown",)), Part(problems=("second",)))
    assert str(error.value) == "no plan: 2 problems\n  - Company/acme: status: unknown\n  - second"
    assert error.value.exit_code == 1


def test_the_error_counts_one_problem_in_the_singular() -> None:
    with pytest.raises(PlanError, match="no plan: 1 problem\n"):
        built(Part(problems=("Company/acme: status: unknown",)))
