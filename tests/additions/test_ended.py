"""Tests of mappings with an `end`: the last month is billed, the addition ends, and nothing is billed after that."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reconciler.ledger.store import Ledger
from reconciler.planning.action import Action
from reconciler.planning.plan import CoverageRow
from tests.planning.builders import addition, live_agreement, mapping, product

from .scene import Scene, live_product, ours

D = Decimal
LAST = "2026-11-30"


def at(day: int, month: int = 11, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def row(scene: Scene) -> CoverageRow:
    return next(each for each in scene.plan().coverage if each.customer == "77")


def only(actions: Any) -> Action:
    (found,) = actions
    return found


def fields(scene: Scene) -> list[tuple[Any, Any, Any]]:
    """Return (quantity, first day, last day) of each addition of ours."""
    return [
        (
            obj.raw["quantity"],
            str(obj.raw["effectiveDate"])[:10],
            str(obj.raw.get("cancelledDate"))[:10] if obj.raw.get("cancelledDate") else None,
        )
        for obj in scene.additions
        if ours(obj)
    ]


def test_an_addition_gets_the_last_day_of_the_month_in_which_its_mapping_ends(scene: Scene) -> None:
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping(end="2026-11-15"))
    action = only(scene.hour({"77": "110"}))
    assert action.action == "retire"
    assert [(each.path, each.before, each.after) for each in action.changes] == [
        ("quantity", "100", "110"),
        ("cancelledDate", None, LAST),
    ]
    assert action.reason == (
        "CustomerMapping/acme ends on 2026-11-15, so it ends on 2026-11-30; 110 GB used, 110 GB billed"
    )
    assert action.money is not None
    assert (action.money.before, action.money.after) == (25, 0)
    assert scene.apply() == []


def test_a_new_addition_of_a_mapping_with_an_end_is_created_with_its_last_day(scene: Scene) -> None:
    scene.declare(mapping(end="2027-02-10"))
    scene.hour({"77": "100"}, at=at(10))
    assert fields(scene) == [(100, "2026-11-01", "2027-02-28")]


def test_usage_after_the_end_does_not_count(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    scene.hour({"77": "120"}, at=at(15, hour=21))
    scene.hour({"77": "500"}, at=at(16))
    scene.hour({"77": "700"}, at=at(20))
    assert fields(scene) == [(120, "2026-11-01", LAST)]
    found = row(scene)
    assert (found.state, found.accounted, found.quantity, found.money) == ("ended", True, 120, 30)
    assert found.detail == (
        "ended on 2026-11-15; 2026-11 is the last month that it bills; cove still lists 700 GB, which nothing bills"
    )


@pytest.mark.parametrize(("measure", "billed"), [("last", 40), ("peak", 90), ("mean", 65)])
def test_every_measure_takes_the_hours_up_to_the_end(scene: Scene, measure: str, billed: int) -> None:
    scene.billing = {"guardrails": {"samples": None}}
    scene.declare(mapping(measure=measure, end="2026-11-10"))
    scene.uses({"77": "90"}, at=at(10, hour=12))
    scene.uses({"77": "40"}, at=at(10, hour=22))
    scene.uses({"77": "999"}, at=at(11, hour=0))
    scene.now = at(12)
    scene.uses({})
    scene.apply()
    assert [each[0] for each in fields(scene)] == [billed]


def test_a_minimum_is_billed_until_the_month_of_the_end(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15", minimum=50))
    scene.hour({"77": "10"}, at=at(10))
    scene.hour({}, at=at(20))
    assert fields(scene) == [(50, "2026-11-01", LAST)]
    assert scene.hour({}, at=at(2, month=12)) == []
    assert row(scene).quantity is None


def test_after_the_end_of_its_addition_an_ended_mapping_causes_no_action_and_no_note(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    scene.hour({"77": "100"}, at=at(14))
    assert scene.hour({}, at=at(5, month=12)) == []
    part = scene.plan()
    assert part.notes == ()
    (found,) = part.coverage
    assert (found.state, found.accounted, found.detail) == ("ended", True, "ended on 2026-11-15")
    assert (part.money_before, part.money_after) == (0, 0)


def test_usage_after_the_end_is_a_gap_after_30_days(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    for day, accounted in ((15, True), (16, False)):
        scene.hour({"77": "80"}, at=at(day, month=12))
        found = row(scene)
        assert (found.state, found.quantity, found.accounted) == ("ended", 80, accounted)
        assert "cove still lists 80 GB, which nothing bills" in found.detail
    assert "for more than 30 days: remove the customer there, or map it" in found.detail
    scene.hour({}, at=at(17, month=12))
    assert row(scene).accounted


def test_an_end_declared_late_ends_the_addition_with_that_month(scene: Scene) -> None:
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping(end="2026-11-15"))
    action = only(scene.hour({"77": "100"}, at=at(3, month=12)))
    assert action.action == "retire"
    assert [(each.path, each.after) for each in action.changes] == [("cancelledDate", LAST)]
    assert action.money is not None
    assert (action.money.before, action.money.after) == (25, 0)
    assert action.reason == "CustomerMapping/acme ends on 2026-11-15; it bills nothing for 2026-12 any more"
    assert scene.apply() == []


def test_the_plan_shows_the_money_of_an_addition_that_ends_late(scene: Scene) -> None:
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping(end="2026-11-15"))
    scene.now = at(3, month=12)
    scene.uses({"77": "100"})
    part = scene.plan()
    assert (part.money_before, part.money_after) == (25, 0)


def test_an_end_before_invoiced_months_is_named_with_the_amount(scene: Scene) -> None:
    """December is invoiced in advance. The addition ends with it, and its amount is named until then."""
    scene.hour({"77": "100"}, at=at(10))
    scene.live(live_agreement(agreementStatus="Active", nextInvoiceDate="2027-01-01T00:00:00Z"))
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"})
    assert fields(scene) == [(100, "2026-11-01", "2026-12-31")]
    for moment in (at(12), at(20), at(5, month=12)):
        scene.now = moment
        scene.uses({"77": "100"})
        found = row(scene)
        assert not found.accounted
        assert found.detail.endswith(
            "agreement id 9 is invoiced through 2026-12-31, after the month of its end: credit 25.00 USD for each "
            "later month, or set `end` to 2026-12-31"
        )
    scene.declare(mapping(end="2026-12-31"))
    assert row(scene).accounted


def test_a_deleted_invoice_lets_the_addition_end_with_its_month(scene: Scene) -> None:
    scene.live(live_agreement(agreementStatus="Active", nextInvoiceDate="2027-01-01T00:00:00Z"))
    scene.live(addition(cancelledDate="2026-12-31T00:00:00Z"))
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "120"}, at=at(20))
    scene.live(live_agreement(agreementStatus="Active", nextInvoiceDate="2026-12-01T00:00:00Z"))
    scene.hour({"77": "120"})
    assert fields(scene) == [(120, "2026-11-01", LAST)]


def test_an_addition_bills_again_if_the_end_is_removed_or_moved(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping(end="2027-01-15"))
    scene.hour({"77": "100"}, at=at(20))
    assert fields(scene) == [(100, "2026-11-01", "2027-01-31")]
    scene.declare(mapping())
    action = only(scene.hour({"77": "110"}, at=at(21)))
    assert action.reason == "its last day 2027-01-31 is removed; 110 GB used, 110 GB billed"
    assert fields(scene) == [(110, "2026-11-01", None)]


def test_an_addition_that_we_ended_bills_again_in_the_next_month(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping())
    scene.hour({"77": "110"}, at=at(5, month=12))
    assert fields(scene) == [(110, "2026-11-01", None)]
    assert scene.apply() == []


def test_a_customer_that_comes_back_later_gets_a_new_addition(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping(start="2026-12-10"))
    scene.hour({"77": "110"}, at=at(11, month=12))
    assert fields(scene) == [(100, "2026-11-01", LAST), (110, "2026-12-10", None)]


def test_an_addition_that_a_person_ended_does_not_bill_again(scene: Scene) -> None:
    scene.hour({"77": "100"}, at=at(10))
    (line,) = scene.additions
    scene.live(addition(line.id, quantity=D(100), cancelledDate="2026-11-30T00:00:00Z"))
    scene.hour({"77": "110"}, at=at(5, month=12))
    assert fields(scene) == [(100, "2026-11-01", LAST), (110, "2026-12-01", None)]


def test_a_vanished_customer_is_accounted_for_if_its_mapping_has_an_end(scene: Scene) -> None:
    scene.declare(mapping(end="2026-12-15"))
    scene.hour({"77": "100", "1": "1"}, at=at(10))
    scene.hour({"1": "1"})
    found = row(scene)
    assert (found.state, found.accounted) == ("vanished", True)


def test_a_failed_source_does_not_stop_a_mapping_that_ended_earlier(scene: Scene) -> None:
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping(end="2026-11-15"))
    scene.now = at(3, month=12)
    scene.uses({}, failed=True)
    assert only(scene.apply()).action == "retire"
    found = row(scene)
    assert (found.state, found.quantity, found.accounted) == ("ended", None, True)


def test_a_failed_source_holds_a_mapping_in_the_month_of_its_end(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    scene.now = at(20)
    scene.uses({}, failed=True)
    found = row(scene)
    assert (found.state, found.accounted) == ("unknown", False)


def test_without_a_figure_before_the_end_the_quantity_stays_and_the_addition_ends(scene: Scene) -> None:
    scene.live(addition())
    scene.declare(mapping(end="2026-11-09"))
    scene.hour({"77": "500"}, at=at(20))
    assert fields(scene) == [(120, "2026-11-01", LAST)]
    found = row(scene)
    assert (found.state, found.accounted, found.quantity) == ("ended", True, None)
    assert "no figure until then is known, so its additions keep their quantities until their last day" in found.detail


def test_after_a_lost_ledger_coverage_says_that_the_additions_of_a_late_end_got_their_last_day(
    scene: Scene, empty: Ledger
) -> None:
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(mapping(end="2026-11-09"))
    scene.ledger = empty
    assert only(scene.hour({"77": "900"}, at=at(20))).action == "retire"
    assert fields(scene) == [(100, "2026-11-01", LAST)]
    assert "its additions keep their quantities until their last day" in row(scene).detail


def test_a_mapping_that_ended_needs_no_agreement_that_can_be_billed(scene: Scene) -> None:
    scene.declare(mapping(end="2026-11-15"))
    scene.hour({"77": "100"}, at=at(10))
    for status in ("Expired", "Cancelled"):
        scene.live(live_agreement(agreementStatus=status, noEndingDateFlag=False, endDate="2026-11-15T00:00:00Z"))
        scene.hour({"77": "100"})
        scene.now = at(20)
        scene.uses({"77": "0"})
        part = scene.plan()
        assert (part.actions, [each.state for each in part.coverage]) == ((), ["ended"])
        assert part.coverage[0].accounted


def test_an_addition_on_an_expired_agreement_is_left_as_it_is(scene: Scene) -> None:
    scene.live(addition(), live_agreement(agreementStatus="Expired"))
    scene.declare(mapping(end="2026-10-15"))
    assert scene.hour({}, at=at(10)) == []


def test_a_line_that_would_begin_after_its_last_day_is_refused(scene: Scene) -> None:
    scene.live(live_agreement(agreementStatus="Active", nextInvoiceDate="2026-12-01T00:00:00Z"))
    scene.declare(mapping(end="2026-11-20"))
    scene.hour({"77": "100"}, at=at(10))
    assert fields(scene) == []
    found = row(scene)
    assert (found.state, found.accounted) == ("refused", False)
    assert found.detail == (
        "Addition/acme.storage:gb: agreement backup is invoiced through 2026-11-30 and does not prorate, so it would "
        "begin on 2026-12-01, after its last day 2026-11-30; no new addition can bill its 100: look "
        "whether the invoices until then have it, and bill it by hand if not"
    )


def test_an_end_trips_no_guardrail(scene: Scene) -> None:
    scene.hour({"77": "100"}, at=at(10))
    scene.hour({"77": "2000"}, at=at(14))
    scene.declare(mapping(end="2026-11-12"))
    scene.now = at(20)
    scene.uses({"77": "2000"})
    assert scene.plan().tripped == ()


def test_a_last_day_moved_by_hand_is_drift(scene: Scene) -> None:
    scene.declare(mapping(end="2026-12-15"))
    scene.hour({"77": "100"}, at=at(10))
    (line,) = scene.additions
    scene.live(addition(line.id, quantity=D(100), cancelledDate=None))
    scene.now = at(11)
    scene.uses({"77": "100"})
    part = scene.plan()
    assert [each.message for each in part.notes] == ["edited by hand: cancelledDate 2026-12-31 → (empty)"]
    scene.apply()
    assert fields(scene) == [(100, "2026-11-01", "2026-12-31")]


def test_products_without_usage_end_too(scene: Scene) -> None:
    ranges = [{"upTo": D(100), "product": "gb"}, {"product": "tb"}]
    scene.declare(product("tb", identifier="TB", price=D("0.1")), mapping(product=None, ranges=ranges))
    scene.live(live_product(6, "TB"))
    scene.hour({"77": "100"}, at=at(10))
    scene.hour({"77": "110"})
    scene.declare(mapping(product=None, ranges=ranges, end="2026-11-15"))
    scene.hour({"77": "110"})
    assert fields(scene) == [(0, "2026-11-01", LAST), (110, "2026-11-01", LAST)]
