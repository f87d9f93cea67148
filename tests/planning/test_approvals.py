"""Which guardrails are approved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.errors import ReconcilerError
from reconciler.planning.action import Money
from reconciler.planning.approvals import (
    Approved,
    is_approved,
    parse_approvals,
    release_approved,
    unapproved_trips,
    unused_approvals,
)
from reconciler.planning.plan import CoverageRow, Released, Tripped, digest_of
from tests.planning.builders import action, plan_of

HOLDS = Tripped(name="quantity", address="CustomerMapping/acme", message="x", holds=True, also=("Addition/acme:gb",))
REFUSES = Tripped(name="money", message="x")


def test_an_approval_is_a_name_or_a_name_and_an_address() -> None:
    assert parse_approvals(["money", "quantity=CustomerMapping/acme"]) == (
        Approved("money"),
        Approved("quantity", "CustomerMapping/acme"),
    )


@pytest.mark.parametrize("text", ["money", "quantity=CustomerMapping/acme"])
def test_the_text_of_an_approval_is_the_value_of_the_flag(text: str) -> None:
    (approved,) = parse_approvals([text])
    assert approved.text == text


@pytest.mark.parametrize(
    ("text", "what"), [("monney", "no guardrail"), ("", "no guardrail"), ("money=", "address is missing")]
)
def test_an_unknown_name_or_an_empty_address_is_an_error(text: str, what: str) -> None:
    with pytest.raises(ReconcilerError, match=what):
        parse_approvals([text])


@pytest.mark.parametrize(
    ("approved", "passes"),
    [
        (Approved("quantity"), True),
        (Approved("quantity", "CustomerMapping/acme"), True),
        (Approved("quantity", "Addition/acme:gb"), True),
        (Approved("quantity", "CustomerMapping/bolt"), False),
        (Approved("zero"), False),
    ],
)
def test_an_approval_covers_the_guardrail_that_it_names(approved: Approved, passes: bool) -> None:
    assert is_approved(HOLDS, [approved]) is passes
    assert unused_approvals(plan_of(guardrails=(HOLDS,)), [approved]) == (() if passes else (approved,))


def test_a_guardrail_that_was_approved_in_the_plan_stays_approved() -> None:
    assert is_approved(HOLDS.model_copy(update={"approved": True}), [])


def test_only_guardrails_of_the_run_refuse_it() -> None:
    plan = plan_of(guardrails=(HOLDS, REFUSES))
    assert unapproved_trips(plan, []) == (REFUSES,)
    assert unapproved_trips(plan, [Approved("money")]) == ()


def held_plan(*trips: Tripped, state: str = "billed") -> Any:
    rows = tuple(
        CoverageRow(
            source="cove",
            customer=name,
            name=name,
            state="held",
            accounted=False,
            address=f"CustomerMapping/{name}",
            released=Released(state=state, detail="", accounted=state == "billed"),
        )
        for name in ("acme", "bolt")
    )
    held = tuple(action(f"Addition/{name}.storage:gb", held_for=f"CustomerMapping/{name}") for name in ("acme", "bolt"))
    return plan_of(action(), guardrails=trips, held=held, coverage=rows)


BOTH = (HOLDS, HOLDS.model_copy(update={"address": "CustomerMapping/bolt", "also": ()}))


def test_held_actions_are_released_when_all_guardrails_of_the_customer_are_approved() -> None:
    plan = held_plan(*BOTH)
    found = release_approved(plan, [Approved("quantity", "CustomerMapping/acme")])
    assert [each.address for each in found.actions] == ["Product/gb", "Addition/acme.storage:gb"]
    assert [each.address for each in found.held] == ["Addition/bolt.storage:gb"]
    assert [(row.state, row.accounted) for row in found.coverage] == [("billed", True), ("held", False)]
    assert [trip.approved for trip in found.guardrails] == [True, False]
    assert found.digest == digest_of(found.actions)


def test_a_released_customer_has_the_coverage_that_the_plan_gives_for_it() -> None:
    found = release_approved(held_plan(*BOTH, state="invoiced"), [Approved("quantity")])
    assert [(row.state, row.accounted, row.released) for row in found.coverage] == 2 * [("invoiced", False, None)]


def test_the_summary_of_a_plan_includes_released_actions() -> None:
    plan = held_plan(*BOTH)
    worth = Money(before=Decimal(10), after=Decimal(15), currency="USD")
    plan = plan.model_copy(update={"held": tuple(each.model_copy(update={"money": worth}) for each in plan.held)})
    before, after = plan.summary, release_approved(plan, [Approved("quantity")]).summary
    assert after.changes == before.changes + 2
    assert (after.unchanged, after.money.before) == (before.unchanged, before.money.before)
    assert after.money.after == before.money.after + 10


def test_a_customer_with_two_guardrails_needs_both_approvals() -> None:
    plan = held_plan(*BOTH, HOLDS.model_copy(update={"name": "zero"}))
    assert release_approved(plan, [Approved("quantity", "CustomerMapping/acme")]) is plan
    assert len(release_approved(plan, [Approved("quantity"), Approved("zero")]).held) == 0


def test_without_an_approval_a_plan_is_unchanged() -> None:
    plan = held_plan(*BOTH)
    assert release_approved(plan, []) is plan
