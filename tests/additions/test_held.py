"""Tests of guardrails that hold one customer, over several runs, with and without approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.ledger.store import Ledger
from reconciler.planning.approvals import Approved
from reconciler.planning.plan import CoverageRow
from tests.planning.builders import NOW, addition, live_agreement, mapping

from .scene import Scene

D = Decimal
HOUR = timedelta(hours=1)


def second(**spec: object) -> object:
    return mapping("bolt", customer={"source": "cove", "id": "78"}, **spec)


def test_one_customer_is_held_and_the_others_are_billed(scene: Scene) -> None:
    scene.declare(second())
    scene.hour({"77": "100", "78": "20"})
    scene.hour({"77": "900", "78": "21"})
    assert sorted(scene.billed().values()) == [21, 100]
    plan = scene.plan()
    (row,) = (each for each in plan.coverage if each.customer == "77")
    assert (row.state, row.accounted) == ("held", False)
    assert row.detail.startswith(
        "guardrail quantity: the quantity changes from 100 GB to 900 GB, by more than 50 % and 500 GB"
    )
    assert [each.held_for for each in plan.held] == ["CustomerMapping/acme"]
    assert plan.money_before == plan.money_after == D("30.25")


def test_an_approval_counts_for_one_run(scene: Scene) -> None:
    scene.hour({"77": "100"})
    scene.now += HOUR
    scene.uses({"77": "900"})
    scene.apply(approve=[Approved("quantity", "CustomerMapping/acme")])
    assert scene.billed() == {101: 900}
    scene.hour({"77": "2000"})
    assert scene.billed() == {101: 900}


def test_a_quantity_may_fall_in_the_first_run_of_a_month(scene: Scene) -> None:
    scene.declare(mapping(measure="peak"))
    scene.hour({"77": "2000"}, at=datetime(2026, 11, 30, 22, 30, tzinfo=UTC))
    scene.hour({"77": "100"}, at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    assert scene.billed() == {101: 100}


def test_a_changed_rule_in_git_passes_the_guardrail_once(scene: Scene) -> None:
    scene.hour({"77": "2000"})
    scene.declare(mapping(included={"amount": D(1500), "per": "customer"}))
    scene.plan()  # a plan in a pull request does not change the apply that follows
    scene.hour({"77": "2000"})
    assert scene.billed() == {101: 500}
    scene.hour({"77": "4000"})
    assert scene.billed() == {101: 500}


def test_undoing_a_hand_edit_trips_no_guardrail(scene: Scene) -> None:
    scene.hour({"77": "100"})
    scene.live(addition(101, quantity=D(9000)))
    scene.hour({"77": "101"})
    assert scene.billed() == {101: 101}


def test_a_mean_over_too_few_hours_is_held_and_its_approval_counts_for_the_month(scene: Scene) -> None:
    scene.declare(mapping(measure="mean"))
    scene.hour({"77": "100"})
    scene.hour({"77": "140"}, at=scene.now + 20 * HOUR)
    assert scene.billed() == {101: 100}
    scene.apply(approve=[Approved("samples")])
    assert scene.billed() == {101: 120}
    scene.hour({"77": "150"}, at=scene.now + 20 * HOUR)
    assert scene.billed() == {101: 130}


def test_usage_that_falls_to_zero_beside_figures_is_held(scene: Scene) -> None:
    scene.hour({"77": "100"})
    assert scene.hour({"77": "0"}) == []
    assert scene.plan().tripped[0].name == "zero"


# Invoiced periods


def deleted(scene: Scene, **invoiced: Any) -> CoverageRow:
    """Bill an addition, delete it by hand, and return the row of the next plan."""
    scene.hour({"77": "120"}, at=NOW)
    scene.live(live_agreement(agreementStatus="Active", **invoiced))
    (gone,) = scene.additions
    del scene.objects["Addition", gone.id]
    scene.now += timedelta(hours=1)
    scene.uses({"77": "130"})
    (row,) = scene.plan().coverage
    return row


def test_an_invoice_may_have_billed_an_addition_before_it_was_deleted(scene: Scene) -> None:
    row = deleted(scene, nextInvoiceDate="2026-12-01T00:00:00Z")
    assert (row.state, row.accounted) == ("invoiced", False)
    assert row.detail.endswith(
        "; addition id 101 was deleted or moved by hand, and the invoice of 2026-11 may have billed 30.00 USD for it: "
        "look at that invoice; without it, no invoice of 2026-11 bills 32.50 USD"
    )


def test_a_deleted_addition_of_a_month_without_an_invoice_is_created_again(scene: Scene) -> None:
    assert deleted(scene, nextInvoiceDate="2026-11-01T00:00:00Z").state == "billed"


def test_an_invoice_may_have_billed_an_addition_before_its_first_day_was_moved(scene: Scene) -> None:
    scene.billing = {"onDrift": "accept"}
    scene.hour({"77": "120"}, at=NOW)
    scene.live(live_agreement(agreementStatus="Active", nextInvoiceDate="2026-12-01T00:00:00Z"))
    (moved,) = scene.additions
    scene.live(replace(moved, raw={**moved.raw, "effectiveDate": "2026-12-01T00:00:00Z"}))
    (row,) = scene.plan().coverage
    assert "the invoice of 2026-11 may have billed 30.00 USD for it" in row.detail


def test_an_addition_on_an_invoiced_agreement_begins_on_the_next_invoice_date(scene: Scene) -> None:
    scene.live(live_agreement(nextInvoiceDate="2026-12-01T00:00:00Z", agreementStatus="Active"))
    scene.uses({"77": "120"})
    plan = scene.plan()
    (row,) = plan.coverage
    assert (row.state, row.accounted) == ("invoiced", False)
    assert row.detail == (
        "its addition begins on 2026-12-01: agreement backup is invoiced through 2026-11-30 and does not prorate; "
        "no invoice of 2026-11 bills its 30.00 USD"
    )
    assert ("CustomerMapping/acme", row.detail) in [(note.address, note.message) for note in plan.notes]
    scene.apply()
    assert scene.additions[0].raw["effectiveDate"] == "2026-12-01"

    assert scene.hour({"77": "120"}) == []  # no second addition
    assert scene.plan().coverage[0].state == "invoiced"
    scene.hour({"77": "130"}, at=datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert scene.billed() == {101: 130}
    assert scene.plan().coverage[0].state == "billed"


def test_an_addition_that_begins_inside_the_month_bills_the_whole_month(scene: Scene) -> None:
    scene.live(live_agreement(billStartDate="2026-11-05T00:00:00Z", agreementStatus="Active"))
    scene.uses({"77": "120"})
    assert [note.message for note in scene.plan().notes] == [
        "begins on 2026-11-05 (agreement backup bills from 2026-11-05 on) and bills the whole month: quantities are "
        "never prorated here"
    ]


def test_undoing_a_hand_edit_does_not_count_as_a_change_of_the_charge(ledger: Ledger) -> None:
    scene = Scene(ledger, guardrails={"money": D(5)})
    scene.hour({"77": "100"})
    scene.live(addition(101, quantity=D(100), unitPrice=D(9)))
    scene.now += HOUR
    scene.uses({"77": "100"})
    assert scene.plan().tripped == ()


def test_a_customer_without_a_usable_figure_has_the_money_that_stands(scene: Scene) -> None:
    scene.declare(second())
    scene.hour({"77": "100"})
    scene.now += HOUR
    scene.uses({}, failed=True)

    rows = {row.customer: row for row in scene.plan().coverage}
    assert [(rows[each].state, rows[each].money) for each in ("77", "78")] == [("unknown", D(25)), ("unknown", None)]
