"""Limiting the additions of a plan to those that `--target` names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.additions.ledger_records import LedgerRecords
from reconciler.additions.plan import UsagePart
from reconciler.additions.targets import limited
from reconciler.additions.views import AdditionView
from reconciler.errors import ReconcilerError
from reconciler.manifests.selection import Targets
from reconciler.planning.action import Action, Money
from reconciler.planning.part import Part


def view(mapping: str, product: str, charge: str = "storage") -> AdditionView:
    return AdditionView(
        address=f"Addition/{mapping}.{charge}:{product}",
        also=(f"Addition/{mapping}:{product}",),
        state="update",
        reason="usage",
        mapping=mapping,
        customer="cove/1",
        live=None,
    )


def action(address: str, more: int | None = 1) -> Action:
    money = None if more is None else Money(before=Decimal(10), after=Decimal(10 + more))
    return Action(
        address=address, kind="Addition", action="update", id=1, endpoint="", reason="usage", changes=(), money=money
    )


FIRST, SECOND, OTHER = "Addition/acme.storage:a", "Addition/acme.storage:b", "Addition/zeta.storage:a"


def usage(*views: AdditionView) -> UsagePart:
    part = Part(
        actions=(action(FIRST), action(SECOND, 4), action(OTHER, None)),
        held=(action("Addition/zeta.storage:held", 7),),
        after={FIRST: frozenset({SECOND})},
        money_before=Decimal(30),
        money_after=Decimal(35),
    )
    return UsagePart(part, LedgerRecords(), views or (view("acme", "a"), view("acme", "b"), view("zeta", "a")))


def targets(*additions: str, documents: tuple[str, ...] = ()) -> Targets:
    return Targets(documents, additions, tuple("CustomerMapping/acme" for _ in additions))


def addresses(found: UsagePart) -> list[str]:
    return [each.address for each in (*found.part.actions, *found.part.held)]


def test_a_plan_without_addition_targets_is_not_limited() -> None:
    whole = usage()

    assert limited(whole, targets(documents=("CustomerMapping/acme",))) is whole


@pytest.mark.parametrize("address", [SECOND, "Addition/acme:b"])
def test_only_the_addition_is_kept_and_the_total_counts_only_its_change(address: str) -> None:
    found = limited(usage(), targets(address))

    assert addresses(found) == [SECOND]
    assert found.part.money_after == Decimal(34)


def test_an_addition_is_kept_with_what_must_be_done_before_it() -> None:
    assert addresses(limited(usage(), targets(FIRST))) == [FIRST, SECOND]


def test_an_addition_that_two_targets_need_is_kept_once() -> None:
    assert addresses(limited(usage(), targets(FIRST, SECOND))) == [FIRST, SECOND]


def test_a_mapping_that_is_a_target_too_keeps_all_its_additions() -> None:
    found = limited(usage(), targets(SECOND, documents=("CustomerMapping/zeta", "Company/acme")))

    assert addresses(found) == [SECOND, OTHER]


def test_an_unknown_addition_is_an_error_with_the_names_of_the_others() -> None:
    with pytest.raises(ReconcilerError) as caught:
        limited(usage(), targets("Addition/acme:aa"))

    assert "Addition/acme:a" in caught.value.advice


def test_a_short_address_of_two_additions_is_an_error() -> None:
    both = usage(view("acme", "a"), view("acme", "a", "servers"))

    with pytest.raises(ReconcilerError, match="Addition/acme:a matches 2 additions") as caught:
        limited(both, targets("Addition/acme:a"))

    assert "Addition/acme.storage:a or Addition/acme.servers:a" in caught.value.advice
