"""Which guardrails a person lets pass."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.errors import ReconcilerError
from reconciler.planning.approvals import Approved, approvals_of, is_approved, open_trips, unused, with_approved
from reconciler.planning.plan import CoverageRow, Money, Released, Tripped, digest_of
from tests.planning.builders import action, plan_of

HOLDS = Tripped(name="quantity", address="CustomerMapping/acme", message="x", holds=True, also=("Addition/acme:gb",))
REFUSES = Tripped(name="money", message="x")


def test_an_approval_is_a_name_or_a_name_and_an_address() -> None:
    assert approvals_of(["money", "quantity=CustomerMapping/acme"]) == (
        Approved("money"),
        Approved("quantity", "CustomerMapping/acme"),
    )


@pytest.mark.parametrize("text", ["money", "quantity=CustomerMapping/acme"])
def test_an_approval_is_written_as_it_is_given(text: str) -> None:
    (approved,) = approvals_of([text])
    assert approved.text == text


@pytest.mark.parametrize(("text", "what"), [("monney", "guardrail"), ("", "guardrail"), ("money=", "address")])
def test_a_name_that_no_guardrail_has_and_an_empty_address_are_errors(text: str, what: str) -> None:
    with pytest.raises(ReconcilerError, match=f"names no {what}"):
        approvals_of([text])


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
def test_an_approval_lets_pass_what_it_names(approved: Approved, passes: bool) -> None:
    assert is_approved(HOLDS, [approved]) is passes
    assert unused(plan_of(guardrails=(HOLDS,)), [approved]) == (() if passes else (approved,))


def test_a_trip_that_was_approved_when_the_plan_was_made_stays_so() -> None:
    assert is_approved(HOLDS.model_copy(update={"approved": True}), [])


def test_only_guardrails_of_the_run_refuse_it() -> None:
    plan = plan_of(guardrails=(HOLDS, REFUSES))
    assert open_trips(plan, []) == (REFUSES,)
    assert open_trips(plan, [Approved("money")]) == ()


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


def test_the_actions_of_a_customer_are_let_go_when_all_that_holds_it_is_approved() -> None:
    plan = held_plan(*BOTH)
    found = with_approved(plan, [Approved("quantity", "CustomerMapping/acme")])
    assert [each.address for each in found.actions] == ["Product/gb", "Addition/acme.storage:gb"]
    assert [each.address for each in found.held] == ["Addition/bolt.storage:gb"]
    assert [(row.state, row.accounted) for row in found.coverage] == [("billed", True), ("held", False)]
    assert [trip.approved for trip in found.guardrails] == [True, False]
    assert found.digest == digest_of(found.actions)


def test_a_customer_that_is_let_go_is_accounted_for_only_where_nothing_else_is_amiss() -> None:
    found = with_approved(held_plan(*BOTH, state="invoiced"), [Approved("quantity")])
    assert [(row.state, row.accounted, row.released) for row in found.coverage] == 2 * [("invoiced", False, None)]


def test_the_summary_of_a_plan_counts_what_was_let_go() -> None:
    plan = held_plan(*BOTH)
    worth = Money(before=Decimal(10), after=Decimal(15), currency="USD")
    plan = plan.model_copy(update={"held": tuple(each.model_copy(update={"money": worth}) for each in plan.held)})
    before, after = plan.summary, with_approved(plan, [Approved("quantity")]).summary
    assert after.changes == before.changes + 2
    assert (after.unchanged, after.money.before) == (before.unchanged, before.money.before)
    assert after.money.after == before.money.after + 10


def test_a_customer_that_two_guardrails_hold_needs_both_approvals() -> None:
    plan = held_plan(*BOTH, HOLDS.model_copy(update={"name": "zero"}))
    assert with_approved(plan, [Approved("quantity", "CustomerMapping/acme")]) is plan
    assert len(with_approved(plan, [Approved("quantity"), Approved("zero")]).held) == 0


def test_without_an_approval_a_plan_stays_as_it_is() -> None:
    plan = held_plan(*BOTH)
    assert with_approved(plan, []) is plan
