"""Tests of a mapping that moves to another agreement: every month is billed once, by the old one or by the new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.store import Ledger
from reconciler.planning.action import Action
from tests.planning.builders import addition, live_agreement, live_company, mapping, product

from .scene import Scene, live_product, live_solution, ours

D = Decimal
OLD, NEW = 9, 10
DECEMBER = "2026-12-01T00:00:00Z"


def at(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def agreement(number: int = NEW, *, invoiced: str = "2026-11-01T00:00:00Z", **more: Any) -> LiveObject:
    name = "Backup" if number == OLD else "New"
    return live_agreement(number, name=name, agreementStatus="Active", nextInvoiceDate=invoiced, **more)


def moved(**more: Any) -> Any:
    return mapping(agreement={"id": NEW}, **more)


@pytest.fixture
def billed(scene: Scene) -> Scene:
    """Return a scene with an addition since September on the old agreement, and a new agreement beside it."""
    scene.live(agreement(OLD), agreement(), addition(effectiveDate="2026-09-01T00:00:00Z"))
    scene.hour({"77": "100"}, at=at(10))
    return scene


def lines(scene: Scene) -> list[tuple[Any, ...]]:
    """Return (agreement, quantity, first day, last day) of each addition of ours, sorted."""
    return sorted(
        (
            obj.parent_id,
            int(obj.raw["quantity"]),
            str(obj.raw["effectiveDate"])[:10],
            str(obj.raw.get("cancelledDate") or "")[:10],
        )
        for obj in scene.additions
        if ours(obj)
    )


def move(scene: Scene, **more: Any) -> list[Action]:
    scene.declare(moved(**more))
    return list(scene.hour({"77": "100"}))


WHOLE_MONTH = [(OLD, 0, "2026-09-01", "2026-10-31"), (NEW, 100, "2026-11-01", "")]
NEXT_MONTH = [(OLD, 100, "2026-09-01", "2026-11-30"), (NEW, 100, "2026-12-01", "")]


def test_a_month_that_is_not_invoiced_moves_whole(billed: Scene) -> None:
    created, ended = move(billed)
    assert (created.action, ended.action) == ("create", "retire")
    assert ended.reason == (
        "CustomerMapping/acme now bills another product or agreement; it bills nothing for 2026-11 any more"
    )
    assert lines(billed) == WHOLE_MONTH
    assert billed.hour({"77": "100"}) == []


def test_a_month_in_which_the_mapping_starts_moves_whole(scene: Scene) -> None:
    scene.declare(mapping(start="2026-11-08"))
    scene.live(agreement(OLD), agreement())
    scene.hour({"77": "100"}, at=at(10))
    assert lines(scene) == [(OLD, 100, "2026-11-08", "")]
    move(scene, start="2026-11-08")
    assert lines(scene) == [(OLD, 0, "2026-11-08", "2026-11-08"), (NEW, 100, "2026-11-08", "")]
    assert scene.hour({"77": "100"}) == []


def test_a_month_in_which_the_new_agreement_starts_moves_whole(billed: Scene) -> None:
    billed.live(agreement(NEW, startDate="2026-11-08T00:00:00Z"))
    move(billed)
    assert lines(billed) == [(OLD, 0, "2026-09-01", "2026-10-31"), (NEW, 100, "2026-11-08", "")]
    assert billed.hour({"77": "100"}) == []


def test_the_new_addition_is_created_before_the_old_one_ends(billed: Scene) -> None:
    billed.declare(moved())
    part = billed.plan()
    (created, ended) = part.actions
    assert part.after[ended.address] == {created.address}
    assert (part.money_before, part.money_after) == (25, 25)


def test_after_an_invoice_the_new_addition_begins_next_month(billed: Scene) -> None:
    billed.live(agreement(OLD, invoiced=DECEMBER))
    created, ended = move(billed)
    assert ended.reason.endswith("it bills 25.00 USD a month until its last day, 2026-11-30")
    assert ended.money is not None
    assert (created.action, ended.money.before, ended.money.after) == ("create", 25, 0)
    assert lines(billed) == NEXT_MONTH
    part = billed.plan()
    assert (part.actions, part.notes, part.money_before, part.money_after) == ((), (), 25, 25)
    assert [(each.state, each.accounted) for each in part.coverage] == [("billed", True)]
    billed.hour({"77": "130"}, at=at(3, month=12))
    assert lines(billed) == [(OLD, 100, "2026-09-01", "2026-11-30"), (NEW, 130, "2026-12-01", "")]


def test_if_the_new_agreement_is_invoiced_the_old_one_bills_on(billed: Scene) -> None:
    billed.live(agreement(NEW, invoiced=DECEMBER))
    move(billed)
    assert lines(billed) == NEXT_MONTH
    assert billed.plan().coverage[0].accounted
    assert billed.hour({"77": "100"}) == []


def test_an_old_agreement_that_is_invoiced_far_ahead_bills_until_then(billed: Scene) -> None:
    billed.live(agreement(OLD, invoiced="2027-02-01T00:00:00Z"))
    move(billed)
    assert lines(billed) == [(OLD, 100, "2026-09-01", "2027-01-31"), (NEW, 100, "2027-02-01", "")]


@pytest.mark.parametrize("invoiced", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_a_move_that_was_killed_between_its_writes_is_completed(
    billed: Scene, empty: Ledger, *, invoiced: bool, lost: bool
) -> None:
    if invoiced:
        billed.live(agreement(OLD, invoiced=DECEMBER))
    billed.declare(moved())
    billed.uses({"77": "100"})
    billed.apply(billed.plan().actions[:1])
    if lost:
        billed.ledger = empty
    billed.hour({"77": "100"})
    assert lines(billed) == (NEXT_MONTH if invoiced else WHOLE_MONTH)
    assert billed.hour({"77": "100"}) == []


@pytest.mark.parametrize("invoiced", [False, True])
def test_a_move_after_a_lost_ledger_bills_no_month_twice(billed: Scene, empty: Ledger, *, invoiced: bool) -> None:
    if invoiced:
        billed.live(agreement(OLD, invoiced=DECEMBER))
    billed.ledger = empty
    move(billed)
    assert lines(billed) == (NEXT_MONTH if invoiced else WHOLE_MONTH)


@pytest.mark.parametrize("invoiced", [False, True])
def test_a_mapping_can_be_renamed_and_moved_in_one_change(billed: Scene, *, invoiced: bool) -> None:
    if invoiced:
        billed.live(agreement(OLD, invoiced=DECEMBER))
    del billed.documents["CustomerMapping/acme"]
    billed.declare(mapping("renamed", agreement={"id": NEW}))
    billed.hour({"77": "100"})
    assert lines(billed) == (NEXT_MONTH if invoiced else WHOLE_MONTH)
    assert billed.hour({"77": "100"}) == []


@pytest.mark.parametrize("invoiced", [False, True])
def test_a_mapping_can_change_its_product_and_move_in_one_change(billed: Scene, *, invoiced: bool) -> None:
    if invoiced:
        billed.live(agreement(OLD, invoiced=DECEMBER))
    billed.declare(product("tb", identifier="TB", price=D("0.1")))
    billed.live(live_product(6, "TB"))
    move(billed, product="tb")
    assert lines(billed) == (NEXT_MONTH if invoiced else WHOLE_MONTH)


def test_a_mapping_can_move_to_another_company(billed: Scene) -> None:
    billed.live(live_company(6, identifier="BOLT"), live_agreement(NEW, 6, agreementStatus="Active"))
    billed.live(live_solution(22, 6))
    billed.declare(moved(company={"identifier": "BOLT"}))
    billed.hour({"77": "100"})
    assert lines(billed) == WHOLE_MONTH


def test_a_move_back_revives_the_old_addition(billed: Scene) -> None:
    move(billed)
    billed.declare(mapping())
    billed.hour({"77": "110"})
    assert lines(billed) == [(OLD, 110, "2026-09-01", ""), (NEW, 0, "2026-11-01", "2026-11-01")]
    assert billed.hour({"77": "110"}) == []
    move(billed)
    assert lines(billed) == WHOLE_MONTH


def test_a_move_back_after_an_invoice_keeps_the_old_addition(billed: Scene) -> None:
    billed.live(agreement(OLD, invoiced=DECEMBER))
    move(billed)
    billed.declare(mapping())
    billed.hour({"77": "110"})
    assert lines(billed) == [(OLD, 110, "2026-09-01", ""), (NEW, 0, "2026-12-01", "2026-12-01")]


def test_a_move_trips_no_guardrail(scene: Scene) -> None:
    scene.billing = {"guardrails": {"money": 1}}
    scene.live(agreement(OLD, invoiced=DECEMBER), agreement(), addition(effectiveDate="2026-09-01T00:00:00Z"))
    scene.uses({"77": "5000"}, at=at(10))
    scene.now = at(10)
    scene.live(addition(quantity=D(5000), effectiveDate="2026-09-01T00:00:00Z"))
    scene.declare(moved())
    for _ in range(2):
        assert scene.plan().tripped == ()
        scene.apply()
        scene.now += timedelta(hours=1)
        scene.uses({"77": "5000"})
    assert [each[:2] for each in lines(scene)] == [(OLD, 5000), (NEW, 5000)]


def killed_between_the_writes(scene: Scene) -> None:
    """Create the new addition, and leave the old one as it is."""
    scene.declare(moved())
    scene.uses({"77": "100"})
    scene.apply(scene.plan().actions[:1])


def test_an_addition_that_has_billed_nothing_begins_later_if_the_old_one_billed_its_month(billed: Scene) -> None:
    killed_between_the_writes(billed)
    billed.live(agreement(OLD, invoiced=DECEMBER))
    billed.hour({"77": "100"})
    assert lines(billed) == NEXT_MONTH


def test_a_month_that_both_agreements_were_invoiced_for_is_named(billed: Scene) -> None:
    killed_between_the_writes(billed)
    billed.live(agreement(OLD, invoiced=DECEMBER), agreement(NEW, invoiced=DECEMBER))
    messages = [each.message for each in billed.plan().notes]
    assert messages == [
        "addition id 99 was invoiced until 2026-11-30 with 25.00 USD a month, and the addition on the new agreement "
        "bills that month too: credit one of them"
    ]
    billed.hour({"77": "100"})
    assert lines(billed) == [(OLD, 100, "2026-09-01", "2026-11-30"), (NEW, 100, "2026-11-01", "")]


def test_if_another_agreement_has_billed_the_month_between_the_addition_ends_before_it(billed: Scene) -> None:
    """An addition has no gaps. The other agreement bills on until a second addition can be created."""
    billed.live(agreement(NEW, invoiced=DECEMBER))
    move(billed)
    billed.live(agreement(NEW, invoiced="2027-01-01T00:00:00Z"))
    billed.declare(mapping())
    assert billed.hour({"77": "100"}) == []
    assert lines(billed) == NEXT_MONTH
    assert billed.plan().notes == ()
    billed.live(agreement(NEW, invoiced="2027-02-01T00:00:00Z"), agreement(OLD, invoiced="2027-01-01T00:00:00Z"))
    billed.hour({"77": "100"}, at=at(1, month=12))
    assert lines(billed) == [
        (OLD, 100, "2026-09-01", "2026-11-30"),
        (OLD, 100, "2027-02-01", ""),
        (NEW, 100, "2026-12-01", "2027-01-31"),
    ]
    assert billed.hour({"77": "100"}) == []


def test_a_mapping_that_moves_to_a_third_agreement_and_back_leaves_what_each_has_billed(billed: Scene) -> None:
    third = 11
    billed.live(agreement(NEW, invoiced=DECEMBER), live_agreement(third, name="Third", agreementStatus="Active"))
    move(billed)
    billed.live(agreement(NEW, invoiced="2027-01-01T00:00:00Z"))
    billed.declare(mapping(agreement={"id": third}))
    billed.hour({"77": "100"})
    both = [(OLD, 100, "2026-09-01", "2026-11-30"), (NEW, 100, "2026-12-01", "2026-12-31")]
    assert lines(billed) == [*both, (third, 100, "2027-01-01", "")]
    february = "2027-02-01T00:00:00Z"
    billed.live(live_agreement(third, name="Third", agreementStatus="Active", nextInvoiceDate=february))
    billed.declare(mapping())
    assert billed.hour({"77": "100"}) == []
    assert lines(billed) == [*both, (third, 100, "2027-01-01", "")]


def test_an_addition_that_billed_before_a_month_of_the_old_agreement_ends_before_that_month(billed: Scene) -> None:
    """The run was killed between the writes. Then both agreements were invoiced, the old one for a month more."""
    killed_between_the_writes(billed)
    billed.live(agreement(OLD, invoiced="2027-01-01T00:00:00Z"), agreement(NEW, invoiced=DECEMBER))
    assert [each.message for each in billed.plan().notes] == [
        "addition id 99 was invoiced until 2026-11-30 with 25.00 USD a month, and the addition on the new agreement "
        "bills that month too: credit one of them"
    ]
    billed.hour({"77": "100"})
    assert lines(billed) == [(OLD, 100, "2026-09-01", ""), (NEW, 100, "2026-11-01", "2026-11-30")]
    billed.hour({"77": "100"}, at=at(1, month=12))
    assert lines(billed)[0] == (OLD, 100, "2026-09-01", "2026-12-31")
    assert lines(billed)[2] == (NEW, 100, "2027-01-01", "")


def test_a_move_to_an_agreement_that_cannot_be_billed_changes_nothing(billed: Scene) -> None:
    billed.live(agreement(NEW, startDate=DECEMBER))
    assert move(billed) == []
    assert lines(billed) == [(OLD, 100, "2026-09-01", "")]
    billed.live(agreement(NEW, startDate=DECEMBER, invoiced=DECEMBER))
    billed.hour({"77": "100"}, at=at(2, month=12))
    assert lines(billed) == [(OLD, 0, "2026-09-01", "2026-11-30"), (NEW, 100, "2026-12-01", "")]


def test_an_addition_without_usage_ends_at_once_unless_the_month_is_invoiced(billed: Scene) -> None:
    billed.billing = {"guardrails": {"zero": False}}
    billed.hour({"77": "0"})
    move(billed)
    assert lines(billed) == WHOLE_MONTH


def test_an_invoice_of_a_month_without_usage_leaves_the_rest_of_that_month_to_the_old_addition(billed: Scene) -> None:
    """The invoice may have billed more: only the level of now is known."""
    billed.billing = {"guardrails": {"zero": False}}
    billed.hour({"77": "0"})
    billed.live(agreement(OLD, invoiced=DECEMBER))
    move(billed)
    assert lines(billed) == NEXT_MONTH
