"""Tests of adjustments: a settled month keeps its additions, and the difference waits to be billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.adjustment_plan import Adjustments, plan_adjustments
from reconciler.additions.adjustments import Due, dues
from reconciler.additions.charges import charge_usage
from reconciler.additions.desired import BillingContext
from reconciler.additions.live_additions import all_additions
from reconciler.additions.ownership import assign_owners, owner_of_rule
from reconciler.cli.ended_months import with_ended_months
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.month_terms import load_month_terms
from reconciler.ledger.snapshot import AcceptedAmount, Close, Snapshot
from reconciler.planning.approvals import Approved
from tests.planning import builders
from tests.planning.builders import mapping, product

from .scene import TENANT, Scene, live_product
from .test_ended_months import late
from .test_period_lines import agreement, arrears, at

__all__ = ["arrears"]
D = Decimal
ADJUST = (Approved("adjustment"),)
CREDIT = (Approved("credit"),)
ADDRESS = "Addition/acme.storage:gb@2026-11+1"


def close(scene: Scene) -> None:
    """Close November as it stands, with the terms that the ledger has of it."""
    recorded = load_month_terms(scene.ledger, "test", TENANT, "2026-11")
    charges = tuple(
        {"customer": f"{source}/{customer}", "charge": charge, "terms": terms}
        for (source, customer, charge, month), terms in recorded.items()
        if month == "2026-11"
    )
    scene.closes.append(Close("2026-11", scene.now, "ann@office", "digest", charges))


def adjustments(scene: Scene) -> list[tuple[str, Decimal, str, str]]:
    """Return number, amount, product and first day of each live adjustment."""
    found = []
    for obj in scene.additions:
        tag = str(obj.raw["serialNumber"])
        if "+" in tag:
            assert obj.raw["quantity"] == 1
            found.append(
                (
                    tag.rpartition("/")[2],
                    obj.raw["unitPrice"],
                    obj.raw["product"]["identifier"],
                    obj.raw["effectiveDate"],
                )
            )
    return found


def dues_of(scene: Scene) -> list[Due]:
    """Return what the settled months of a scene are due."""
    snapshot = load_snapshot(scene.ledger, "test", TENANT, str(scene.period))
    loaded = with_ended_months(
        scene.to_charge(), scene.manifests, scene.live_state, snapshot, scene.ledger, TENANT, closes=scene.closes
    )
    owners = [owner_of_rule(rule) for rule in loaded.to_charge.rules]
    ownership = assign_owners(all_additions(scene.live_state, "USD"), owners, {"cove"}, snapshot)
    return dues(charge_usage(loaded.to_charge).ended_months, ownership, snapshot)


def used(scene: Scene, size: str, *, hour: int = 21) -> None:
    """Let an hour pass, in which a late sample of November arrives."""
    scene.now += timedelta(hours=1)
    late(scene, at(30, 11, hour), size)


@pytest.fixture
def december(arrears: Scene) -> Scene:
    """Return a scene in December. November is closed, with 100 GB at 0.25."""
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "100"}, at=at(2, 12))
    close(arrears)
    return arrears


@pytest.fixture
def with_credits(december: Scene) -> Scene:
    """Return the scene with a credit product."""
    december.billing["creditProduct"] = "credit"
    december.declare(product("credit", identifier="CREDIT"))
    december.live(live_product(6, "CREDIT"))
    return december


# ── what waits, and what an approval does ────────────────────────────────────────────────────────────────────


def test_a_late_sample_of_a_closed_month_waits_for_an_approval(december: Scene) -> None:
    used(december, "130")
    part = december.plan()
    (held,) = part.held
    assert held.money is not None
    assert (held.address, held.money.after, held.money.once) == (ADDRESS, D("7.50"), True)
    (trip,) = part.tripped
    assert (trip.name, trip.address) == ("adjustment", ADDRESS)
    assert trip.message == (
        "2026-11 is billed with 25.00 USD and rated with 32.50 USD now (late samples): 7.50 USD more are due"
    )
    (row,) = [row for row in part.coverage if row.state == "adjustment"]
    assert (row.accounted, row.money, f"--approve adjustment={ADDRESS}" in row.detail) == (False, D("7.50"), True)
    december.apply()
    assert adjustments(december) == []


def test_an_approved_adjustment_is_made_once(december: Scene) -> None:
    used(december, "130")
    (action,) = december.apply(approve=ADJUST)
    text = next(each.after for each in action.changes if each.path == "invoiceDescription")
    assert text == "Adjustment for 2026-11, storage: late samples"
    assert adjustments(december) == [("2026-11+1", D("7.50"), "gb", "2026-12-01")]
    part = december.plan()
    assert (part.actions, part.held, part.tripped) == ((), (), ())


def test_the_next_difference_is_the_next_adjustment(december: Scene) -> None:
    used(december, "130")
    december.apply(approve=ADJUST)
    used(december, "150", hour=22)
    december.apply(approve=ADJUST)
    assert adjustments(december)[1:] == [("2026-11+2", D("5.00"), "gb", "2026-12-01")]


def test_an_adjustment_does_not_change_the_monthly_total(december: Scene) -> None:
    before = december.plan().money_after
    used(december, "130")
    december.uses({"77": "100"})
    part = december.plan(approve=ADJUST)
    assert (part.money_before, part.money_after) == (before, before)
    december.apply(approve=ADJUST)
    assert december.plan().money_before == before


@pytest.mark.parametrize("name", [ADDRESS, "Addition/acme:gb@2026-11+1", "CustomerMapping/acme", "cove/77"])
def test_an_adjustment_is_approved_by_its_address_or_that_of_its_customer(december: Scene, name: str) -> None:
    used(december, "130")
    assert len(december.apply(approve=(Approved("adjustment", name),))) == 1


def test_an_invoiced_month_that_is_not_closed_is_adjusted(december: Scene) -> None:
    december.closes.clear()
    december.live(agreement(invoiced="2026-12-01"))
    used(december, "130")
    assert [each.address for each in december.plan().held] == [ADDRESS]


def test_an_adjustment_is_dated_in_the_first_month_that_is_not_invoiced(december: Scene) -> None:
    december.live(agreement(invoiced="2027-01-01"))
    used(december, "130")
    december.apply(approve=ADJUST)
    assert adjustments(december) == [("2026-11+1", D("7.50"), "gb", "2027-01-01")]


# ── credits ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_credit_is_an_addition_with_a_negative_price_on_the_credit_product(with_credits: Scene) -> None:
    used(with_credits, "60")
    (held,) = with_credits.plan(approve=ADJUST).held
    assert held.address == "Addition/acme.storage:credit@2026-11+1"
    with_credits.apply(approve=CREDIT)
    assert adjustments(with_credits) == [("2026-11+1", D("-10.00"), "credit", "2026-12-01")]
    part = with_credits.plan()
    assert (part.actions, part.held) == ((), ())


def test_without_a_credit_product_the_amount_is_owed_until_it_is_accepted_by_name(december: Scene) -> None:
    used(december, "60")
    part = december.plan(approve=CREDIT)
    assert (part.actions, part.held) == ((), ())
    (row,) = [row for row in part.coverage if row.state == "owed"]
    assert (row.accounted, row.money) == (False, D("-10.00"))
    assert "the workspace names no `creditProduct`" in row.detail
    by_name = december.plan(approve=(Approved("credit", str(row.address)),))
    (trip,) = by_name.tripped
    assert trip.approved
    assert trip.owed is not None
    december.accepted.append(
        AcceptedAmount("cove", "77", "storage", "2026-11", trip.owed.number, trip.owed.tag, trip.owed.money)
    )
    assert december.plan().tripped == ()
    used(december, "50", hour=22)
    (row,) = [row for row in december.plan().coverage if row.state == "owed"]
    assert (row.money, str(row.address).endswith("@2026-11+2")) == (D("-2.50"), True)


def test_what_an_agreement_that_has_ended_lacks_is_owed(december: Scene) -> None:
    december.live(agreement(noEndingDateFlag=False, endDate="2026-12-01T00:00:00Z", agreementStatus="Expired"))
    used(december, "130")
    (row,) = [row for row in december.plan(approve=ADJUST).coverage if row.state == "owed"]
    assert (row.money, "ended on 2026-12-01" in row.detail) == (D("7.50"), True)


def test_an_agreement_that_ends_before_its_next_invoice_bills_no_adjustment(december: Scene) -> None:
    ends = {"noEndingDateFlag": False, "endDate": "2026-12-31T00:00:00Z"}
    december.live(agreement(invoiced="2027-01-01", **ends))
    used(december, "130")
    (row,) = [row for row in december.plan().coverage if row.state == "owed"]
    assert "ends on 2026-12-31, before its next invoice" in row.detail


def test_an_agreement_that_is_gone_bills_no_adjustment(december: Scene) -> None:
    december.declare(builders.agreement("other", name="Other", invoiced="arrears"), mapping(agreement="other"))
    december.live(agreement(10, invoiced="2026-12-01"))
    december.documents.pop("Agreement/backup")
    del december.objects["Agreement", 9]
    used(december, "130")
    (row,) = [row for row in december.plan().coverage if row.state == "owed"]
    assert "is no longer in ConnectWise" in row.detail


def test_a_credit_product_that_is_not_in_connectwise_yet_needs_the_setup_first(with_credits: Scene) -> None:
    del with_credits.objects["Product", 6]
    used(with_credits, "60")
    (row,) = [row for row in with_credits.plan().coverage if row.state == "owed"]
    assert "its product credit is not in ConnectWise yet: apply the setup first" in row.detail
    (held,) = with_credits.plan(setup=True).held
    assert held.address.endswith(":credit@2026-11+1")


def test_a_plan_of_a_part_without_the_credit_product_leaves_credits_out(december: Scene) -> None:
    used(december, "60")
    due = dues_of(december)
    december.billing["creditProduct"] = "credit"
    manifests = replace(december.manifests, elsewhere={"Product": 1})
    context = BillingContext(
        manifests, LiveState(), december.period, december.now.date(), "USD", setup=False, cycles={}
    )
    builder = ActionBuilder(Snapshot(), "2026-12", "2026-12-31", "USD", "restore", {})
    assert plan_adjustments(due, context, builder, ()) == Adjustments()


def test_no_credit_is_planned_for_a_month_of_which_the_ledger_may_have_lost_samples(arrears: Scene) -> None:
    arrears.declare(mapping(measure="peak"))
    arrears.hour({"77": "100"}, at=at(20))
    arrears.hour({"77": "100"}, at=at(2, 12))
    close(arrears)
    (line,) = [obj for obj in arrears.additions if str(obj.raw["serialNumber"]).endswith("2026-11")]
    line.raw["quantity"] = D(400)
    assert arrears.plan().held == ()


# ── what is taken anew ───────────────────────────────────────────────────────────────────────────────────────


def test_a_price_with_a_day_in_the_month_or_before_is_taken_anew(december: Scene) -> None:
    december.declare(product(prices=[{"from": "2026-11-01", "price": D("0.30")}]))
    december.now += timedelta(hours=1)
    (held,) = december.plan().held
    assert held.money is not None
    assert (held.money.after, "(price)" in held.reason) == (D("5.00"), True)


def test_a_price_of_the_mapping_with_a_day_in_the_month_is_taken_anew(december: Scene) -> None:
    december.declare(mapping(prices=[{"from": "2026-10-01", "price": D("0.40")}]))
    december.now += timedelta(hours=1)
    (held,) = december.plan().held
    assert held.money is not None
    assert held.money.after == D("15.00")
    december.declare(mapping(prices=[{"from": "2026-12-01", "price": D("0.40")}]))
    assert december.plan().held == ()


def test_a_month_that_was_billed_at_a_price_of_the_mapping_takes_none_of_the_product(arrears: Scene) -> None:
    arrears.declare(mapping(price=D("0.25")))
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "100"}, at=at(2, 12))
    close(arrears)
    arrears.declare(mapping(), product(prices=[{"from": "2026-11-01", "price": D("0.30")}]))
    assert arrears.plan().held == ()


def test_every_other_change_of_a_rule_works_from_the_open_month_on(december: Scene) -> None:
    december.declare(
        product(price=D("0.50")),
        mapping(minimum=500, included={"amount": 10, "per": "customer"}, measure="peak"),
    )
    december.now += timedelta(hours=1)
    assert december.plan().held == ()


def test_a_mapping_that_is_new_in_a_closed_month_is_billed_by_an_adjustment(arrears: Scene) -> None:
    arrears.documents.pop("CustomerMapping/acme")
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.closes.append(Close("2026-11", arrears.now, "ann@office", "digest", ()))
    arrears.declare(mapping(start="2026-11-05"))
    arrears.hour({"77": "100"}, at=at(2, 12))
    (held,) = arrears.plan().held
    assert held.money is not None
    assert (held.address, held.money.after, "(new mapping)" in held.reason) == (ADDRESS, D("25.00"), True)
    arrears.declare(mapping())
    assert arrears.plan().held == ()


# ── what happens to lines and adjustments ────────────────────────────────────────────────────────────────────


def test_an_adjustment_that_is_edited_by_hand_counts_as_it_stands(december: Scene) -> None:
    used(december, "130")
    december.apply(approve=ADJUST)
    (line,) = [obj for obj in december.additions if "+" in str(obj.raw["serialNumber"])]
    line.raw["unitPrice"] = D("5.00")
    (held,) = december.plan().held
    assert held.money is not None
    assert (held.address, held.money.after) == (ADDRESS.replace("+1", "+2"), D("2.50"))


def test_a_month_whose_invoice_was_deleted_is_open_again_and_takes_its_adjustments_back(with_credits: Scene) -> None:
    with_credits.closes.clear()
    with_credits.live(agreement(invoiced="2026-12-01"))
    used(with_credits, "130")
    with_credits.apply(approve=ADJUST)
    with_credits.live(agreement())
    with_credits.now += timedelta(hours=1)
    with_credits.apply(approve=CREDIT)
    assert [(each[0], each[1]) for each in adjustments(with_credits)] == [
        ("2026-11+1", D("7.50")),
        ("2026-11+2", D("-7.50")),
    ]
    (line,) = [obj for obj in with_credits.additions if str(obj.raw["serialNumber"]).endswith("2026-11")]
    assert line.raw["quantity"] == 130


def test_a_renamed_charge_keeps_the_frozen_rules(december: Scene) -> None:
    december.declare(mapping(name="data", minimum=900))
    december.now += timedelta(hours=1)
    assert december.plan().held == ()


def test_a_mapping_that_is_gone_gets_no_adjustments(december: Scene) -> None:
    december.documents.pop("CustomerMapping/acme")
    used(december, "130")
    part = december.plan(prune=True)
    assert part.held == ()


def test_a_mapping_that_moved_is_adjusted_on_the_agreement_that_billed_the_month(december: Scene) -> None:
    december.declare(builders.agreement("other", name="Other", invoiced="arrears"), mapping(agreement="other"))
    december.live(agreement(10, invoiced="2026-12-01"))
    used(december, "130")
    december.apply(approve=ADJUST)
    (line,) = [obj for obj in december.additions if "+" in str(obj.raw["serialNumber"])]
    assert line.parent_id == 9
