"""Tests of an addition that still bills on the old agreement of a mapping: it follows usage until its last day."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.store import Ledger
from reconciler.planning.action import Action
from tests.planning.builders import MAPPING, addition, document, live_agreement, live_company, mapping, product

from .scene import Scene, live_product, live_solution
from .test_moves import DECEMBER, NEW, NEXT_MONTH, OLD, agreement, at, billed, lines, move, moved

__all__ = ["billed"]

D = Decimal
FEBRUARY = "2027-02-01T00:00:00Z"


@pytest.fixture
def leaving(billed: Scene) -> Scene:
    """Return a scene in which the old agreement bills November, because the new one is invoiced for it already."""
    billed.live(agreement(NEW, invoiced=DECEMBER))
    move(billed)
    assert lines(billed) == NEXT_MONTH
    return billed


def line(scene: Scene, agreement_id: int = OLD) -> dict[str, Any]:
    """Return the fields of the only addition of an agreement."""
    (found,) = [each for each in scene.additions if each.parent_id == agreement_id]
    return dict(found.raw)


def edit(scene: Scene, agreement_id: int = OLD, /, **fields: Any) -> None:
    """Change fields of the addition of an agreement by hand."""
    (found,) = [each for each in scene.additions if each.parent_id == agreement_id]
    scene.live(LiveObject(found.kind, found.id, {**found.raw, **fields}, found.parent_id))


# ── the quantity of each hour ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("invoiced", [OLD, NEW])
def test_it_follows_usage_until_its_last_day(billed: Scene, invoiced: int) -> None:
    billed.live(agreement(invoiced, invoiced=DECEMBER))
    move(billed)
    billed.hour({"77": "130"})
    assert lines(billed) == [(OLD, 130, "2026-09-01", "2026-11-30"), (NEW, 130, "2026-12-01", "")]
    assert billed.hour({"77": "130"}) == []
    billed.hour({"77": "140"}, at=at(3, month=12))
    assert lines(billed) == [(OLD, 130, "2026-09-01", "2026-11-30"), (NEW, 140, "2026-12-01", "")]


def test_the_hour_of_the_move_writes_the_usage_of_that_hour(billed: Scene) -> None:
    billed.live(agreement(NEW, invoiced=DECEMBER))
    billed.declare(moved())
    billed.hour({"77": "120"})
    assert lines(billed) == [(OLD, 120, "2026-09-01", "2026-11-30"), (NEW, 120, "2026-12-01", "")]


def test_its_reason_says_what_it_bills_and_until_when(leaving: Scene) -> None:
    _new, old = leaving.hour({"77": "130"})
    assert (old.action, old.address) == ("update", "Addition/acme.storage:BACKUP-GB")
    assert old.reason == ("130 GB used, 130 GB billed; it bills 32.50 USD a month until its last day, 2026-11-30")
    assert old.money is not None
    assert (old.money.before, old.money.after) == (0, 0)


def test_the_plan_counts_only_what_bills_after_its_last_day(leaving: Scene) -> None:
    leaving.uses({"77": "130"})
    part = leaving.plan()
    assert (part.money_before, part.money_after) == (25, D("32.5"))


def test_it_bills_several_months_if_the_new_agreement_is_invoiced_ahead(billed: Scene) -> None:
    billed.live(agreement(NEW, invoiced=FEBRUARY))
    move(billed)
    billed.hour({"77": "130"}, at=at(3, month=12))
    billed.hour({"77": "140"}, at=at(3, month=1).replace(year=2027))
    assert lines(billed) == [(OLD, 140, "2026-09-01", "2027-01-31"), (NEW, 140, "2027-02-01", "")]


@pytest.mark.parametrize("invoiced", [OLD, NEW])
def test_usage_that_falls_to_zero_and_rises_again_moves_no_day(billed: Scene, invoiced: int) -> None:
    billed.billing = {"guardrails": {"zero": False}}
    billed.live(agreement(invoiced, invoiced=DECEMBER))
    move(billed)
    billed.hour({"77": "0"})
    assert lines(billed) == [(OLD, 0, "2026-09-01", "2026-11-30"), (NEW, 0, "2026-12-01", "")]
    assert billed.hour({"77": "0"}) == []
    billed.hour({"77": "40"})
    assert lines(billed) == [(OLD, 40, "2026-09-01", "2026-11-30"), (NEW, 40, "2026-12-01", "")]


@pytest.mark.parametrize("invoiced", [OLD, NEW])
def test_a_move_at_zero_usage_bills_the_month_where_it_would_be_billed_else(billed: Scene, invoiced: int) -> None:
    billed.billing = {"guardrails": {"zero": False}}
    billed.hour({"77": "0"})
    billed.live(agreement(invoiced, invoiced=DECEMBER))
    billed.declare(moved())
    billed.hour({"77": "0"})
    billed.hour({"77": "40"})
    assert lines(billed) == [(OLD, 40, "2026-09-01", "2026-11-30"), (NEW, 40, "2026-12-01", "")]


# ── price ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", ["the mapping", "the product"])
def test_it_keeps_its_price_if_the_same_change_has_another(billed: Scene, where: str) -> None:
    billed.live(agreement(NEW, invoiced=DECEMBER))
    if where == "the product":
        billed.declare(product(price=D("0.2")))
        move(billed)
    else:
        move(billed, price=D("0.2"))
    billed.hour({"77": "130"})
    assert (line(billed)["unitPrice"], line(billed, NEW)["unitPrice"]) == (D("0.25"), D("0.2"))
    assert line(billed)["quantity"] == 130


def test_a_price_edited_by_hand_goes_back_to_that_of_the_last_apply(leaving: Scene) -> None:
    edit(leaving, unitPrice=D("0.5"))
    leaving.hour({"77": "130"})
    assert line(leaving)["unitPrice"] == D("0.25")


def test_after_a_lost_ledger_it_keeps_the_price_that_it_has(leaving: Scene, empty: Ledger) -> None:
    edit(leaving, unitPrice=D("0.5"))
    leaving.ledger = empty
    leaving.hour({"77": "130"})
    assert (line(leaving)["quantity"], line(leaving)["unitPrice"]) == (130, D("0.5"))


# ── held, refused, edited by hand ────────────────────────────────────────────────────────────────────────


def test_a_held_customer_keeps_both_quantities(leaving: Scene) -> None:
    leaving.now = at(12)
    leaving.uses({}, failed=True)
    assert leaving.apply() == []
    assert lines(leaving) == NEXT_MONTH


def test_a_guardrail_holds_both_additions_until_it_is_approved(leaving: Scene) -> None:
    leaving.uses({"77": "900"})
    part = leaving.plan()
    assert [each.name for each in part.tripped] == ["quantity"]
    assert part.actions == ()
    assert [each.path for action in part.held for each in action.changes] == ["quantity", "quantity"]


def test_an_old_agreement_that_is_not_active_keeps_its_quantity(leaving: Scene) -> None:
    leaving.live(live_agreement(OLD, name="Backup", agreementStatus="Inactive"))
    leaving.hour({"77": "130"})
    assert lines(leaving) == [(OLD, 100, "2026-09-01", "2026-11-30"), (NEW, 130, "2026-12-01", "")]


@pytest.mark.parametrize(("on_drift", "quantity"), [("restore", 130), ("accept", 7)])
def test_a_quantity_edited_by_hand_is_drift(leaving: Scene, on_drift: str, quantity: int) -> None:
    leaving.billing = {"onDrift": on_drift}
    edit(leaving, quantity=D(7))
    leaving.uses({"77": "130"})
    assert any("edited by hand" in each.message or "hand edit" in each.message for each in leaving.plan().notes)
    leaving.apply()
    assert line(leaving)["quantity"] == quantity


def test_a_hand_edit_refuses_the_run_if_the_workspace_says_so(leaving: Scene) -> None:
    leaving.billing = {"onDrift": "fail"}
    edit(leaving, quantity=D(7))
    leaving.uses({"77": "130"})
    assert [each.name for each in leaving.plan().tripped] == ["drift"]


def test_a_tag_that_was_removed_by_hand_is_written_again(leaving: Scene) -> None:
    tag = line(leaving)["serialNumber"]
    edit(leaving, serialNumber=None)
    leaving.hour({"77": "130"})
    assert (line(leaving)["serialNumber"], line(leaving)["quantity"]) == (tag, 130)


def test_a_last_day_that_was_removed_by_hand_is_written_again(leaving: Scene) -> None:
    edit(leaving, cancelledDate=None)
    leaving.hour({"77": "130"})
    assert lines(leaving) == [(OLD, 130, "2026-09-01", "2026-11-30"), (NEW, 130, "2026-12-01", "")]


# ── moved back, moved twice, adopted, to another company ─────────────────────────────────────────────────


def test_a_move_back_goes_on_with_the_usage_of_the_hour(leaving: Scene) -> None:
    leaving.hour({"77": "130"})
    leaving.declare(mapping())
    leaving.hour({"77": "140"})
    assert lines(leaving) == [(OLD, 140, "2026-09-01", ""), (NEW, 0, "2026-12-01", "2026-12-01")]


def test_a_move_back_at_zero_usage_goes_on_with_the_same_addition(leaving: Scene) -> None:
    leaving.billing = {"guardrails": {"zero": False}}
    leaving.hour({"77": "0"})
    leaving.declare(mapping())
    leaving.hour({"77": "0"})
    leaving.hour({"77": "140"})
    assert lines(leaving) == [(OLD, 140, "2026-09-01", ""), (NEW, 0, "2026-12-01", "2026-12-01")]


def test_after_two_moves_each_addition_that_still_bills_follows_usage(leaving: Scene) -> None:
    third = 11
    january = "2027-01-01T00:00:00Z"
    leaving.live(live_agreement(third, name="Third", agreementStatus="Active", nextInvoiceDate=january))
    leaving.live(agreement(NEW, invoiced="2026-12-01T00:00:00Z"))
    leaving.declare(mapping(agreement={"id": third}))
    leaving.hour({"77": "130"})
    leaving.hour({"77": "140"})
    quantities = {(agreement_id, first): quantity for agreement_id, quantity, first, _last in lines(leaving)}
    assert quantities[OLD, "2026-09-01"] == 140
    assert quantities[third, "2027-01-01"] == 140
    assert all(quantity == 140 for _id, quantity, first, last in lines(leaving) if not last or last > first)


def test_an_adopted_addition_follows_usage_too(scene: Scene) -> None:
    scene.live(agreement(OLD), agreement(NEW, invoiced=DECEMBER))
    scene.live(addition(effectiveDate="2026-09-01T00:00:00Z", serialNumber=None, quantity=D(5)))
    scene.declare(mapping(adopt=True))
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(moved(adopt=True))
    scene.hour({"77": "100"})
    scene.hour({"77": "130"})
    assert lines(scene) == [(OLD, 130, "2026-09-01", "2026-11-30"), (NEW, 130, "2026-12-01", "")]


def test_it_follows_usage_on_the_agreement_of_another_company(billed: Scene) -> None:
    billed.live(live_company(6, identifier="BOLT"), live_solution(22, 6))
    billed.live(agreement(OLD, invoiced=DECEMBER))
    billed.live(LiveObject("Agreement", NEW, {**agreement().raw, "company": {"id": 6, "identifier": "BOLT"}}, None))
    billed.declare(moved(company={"identifier": "BOLT"}))
    billed.hour({"77": "100"})
    billed.hour({"77": "130"})
    assert lines(billed) == [(OLD, 130, "2026-09-01", "2026-11-30"), (NEW, 130, "2026-12-01", "")]


# ── several products ─────────────────────────────────────────────────────────────────────────────────────

PRODUCTS = {4: "BACKUP-GB", 6: "TB", 7: "OTHER"}
RANGES = [{"upTo": 100, "product": "gb"}, {"product": "tb"}]


def ranged(scene: Scene, **more: Any) -> None:
    """Bill the customer by two ranges, on the old agreement."""
    scene.declare(product("tb", identifier="TB", price=D("0.1")))
    scene.live(live_product(6, "TB"))
    scene.declare(_ranged(OLD, **more))


def _ranged(number: int, **more: Any) -> Any:
    spec = {**{name: value for name, value in MAPPING.items() if name != "product"}, "ranges": RANGES, **more}
    spec["agreement"] = {"id": number}
    return document("CustomerMapping", "acme", spec)


def by_product(scene: Scene, agreement_id: int = OLD) -> dict[str, tuple[int, str, str]]:
    return {
        PRODUCTS[each.raw["product"]["id"]]: (
            int(each.raw["quantity"]),
            str(each.raw["effectiveDate"])[:10],
            str(each.raw.get("cancelledDate") or "")[:10],
        )
        for each in scene.additions
        if each.parent_id == agreement_id
    }


def test_usage_that_reaches_another_range_is_billed_by_its_product_on_the_old_agreement(billed: Scene) -> None:
    ranged(billed)
    billed.hour({"77": "90"})
    billed.live(agreement(NEW, invoiced=DECEMBER))
    billed.declare(_ranged(NEW))
    billed.hour({"77": "90"})
    billed.hour({"77": "120"})
    assert by_product(billed) == {
        "BACKUP-GB": (0, "2026-09-01", "2026-11-30"),
        "TB": (120, "2026-11-01", "2026-11-30"),
    }
    assert by_product(billed, NEW) == {"BACKUP-GB": (0, "2026-12-01", ""), "TB": (120, "2026-12-01", "")}
    assert billed.hour({"77": "120"}) == []
    billed.hour({"77": "95"})
    assert by_product(billed) == {
        "BACKUP-GB": (95, "2026-09-01", "2026-11-30"),
        "TB": (0, "2026-11-01", "2026-11-30"),
    }


def test_the_addition_of_the_other_range_is_created_before_the_first_goes_to_zero(billed: Scene) -> None:
    ranged(billed)
    billed.hour({"77": "90"})
    billed.live(agreement(NEW, invoiced=DECEMBER))
    billed.declare(_ranged(NEW))
    billed.hour({"77": "90"})
    billed.uses({"77": "120"}, at=at(12))
    billed.now = at(12)
    part = billed.plan()
    (created,) = [each for each in part.actions if each.action == "create" and _agreement(each) == OLD]
    (emptied,) = [each for each in part.actions if each.id == 99]
    assert created.address in part.after[emptied.address]
    assert len({each.address for each in part.actions}) == len(part.actions)


def _agreement(action: Action) -> int:
    return int(next(change.after["id"] for change in action.changes if change.path == "agreement"))


def test_an_invoiced_month_gets_no_addition_of_another_range(billed: Scene) -> None:
    ranged(billed)
    billed.hour({"77": "90"})
    billed.live(agreement(OLD, invoiced=DECEMBER))
    billed.declare(_ranged(NEW))
    billed.hour({"77": "90"})
    billed.hour({"77": "120"})
    assert by_product(billed) == {"BACKUP-GB": (90, "2026-09-01", "2026-11-30")}
    assert by_product(billed, NEW)["TB"] == (120, "2026-12-01", "")
    assert billed.hour({"77": "120"}) == []


def test_graduated_ranges_follow_usage_slice_by_slice(billed: Scene) -> None:
    ranged(billed, tiering="graduated")
    billed.hour({"77": "150"})
    billed.live(agreement(NEW, invoiced=DECEMBER))
    billed.declare(_ranged(NEW, tiering="graduated"))
    billed.hour({"77": "150"})
    billed.hour({"77": "180"})
    assert {name: quantity for name, (quantity, *_) in by_product(billed).items()} == {"BACKUP-GB": 100, "TB": 80}
    billed.hour({"77": "60"})
    assert {name: quantity for name, (quantity, *_) in by_product(billed).items()} == {"BACKUP-GB": 60, "TB": 0}


def test_a_lost_ledger_does_not_take_both_agreements_together_for_the_earlier_quantity(
    billed: Scene, empty: Ledger
) -> None:
    ranged(billed, tiering="graduated", measure="peak")
    billed.hour({"77": "150"})
    billed.live(agreement(NEW, invoiced=DECEMBER))
    billed.declare(_ranged(NEW, tiering="graduated", measure="peak"))
    billed.hour({"77": "150"})
    billed.ledger = empty
    billed.hour({"77": "140"})
    assert {name: quantity for name, (quantity, *_) in by_product(billed).items()} == {"BACKUP-GB": 100, "TB": 50}


def test_an_addition_of_another_product_takes_the_whole_quantity_at_its_own_price(billed: Scene) -> None:
    billed.live(agreement(NEW, invoiced=DECEMBER))
    billed.declare(product("tb", identifier="TB", price=D("0.1")))
    billed.live(live_product(6, "TB"))
    move(billed, product="tb")
    billed.hour({"77": "130"})
    assert by_product(billed) == {"BACKUP-GB": (130, "2026-09-01", "2026-11-30")}
    assert by_product(billed, NEW) == {"TB": (130, "2026-12-01", "")}
    assert line(billed)["unitPrice"] == D("0.25")


def test_several_products_that_the_mapping_bills_no_longer_keep_their_quantities(billed: Scene) -> None:
    ranged(billed, tiering="graduated")
    billed.hour({"77": "150"})
    billed.live(agreement(NEW, invoiced=DECEMBER), live_product(7, "OTHER"))
    billed.declare(product("other", identifier="OTHER", price=D("0.1")))
    billed.declare(moved(product="other"))
    billed.hour({"77": "150"})
    billed.uses({"77": "180"})
    part = billed.plan()
    assert "keeps its quantity of 100 until its last day, 2026-11-30" in " ".join(each.message for each in part.notes)
    billed.apply()
    assert {name: quantity for name, (quantity, *_) in by_product(billed).items()} == {"BACKUP-GB": 100, "TB": 50}


def test_an_old_agreement_that_was_not_read_keeps_its_quantity(leaving: Scene) -> None:
    del leaving.objects["Agreement", OLD]
    leaving.declare(moved())
    leaving.documents.pop("Agreement/backup")
    leaving.hour({"77": "130"})
    assert lines(leaving) == [(OLD, 100, "2026-09-01", "2026-11-30"), (NEW, 130, "2026-12-01", "")]
