"""Tests of additions that bill one month, on an agreement that is invoiced in arrears."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.planning.part import Part
from tests.planning import builders
from tests.planning.builders import addition, live_agreement, mapping, product

from .scene import Scene, live_product, ours

D = Decimal
TAG = "rc:cove/77/acme/storage"
ADDRESS = "Addition/acme.storage:gb"
OTHER = 10


def at(day: int, month: int = 11, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def agreement(number: int = 9, *, invoiced: str = "2026-11-01", **more: Any) -> LiveObject:
    raw = {"agreementStatus": "Active", "nextInvoiceDate": f"{invoiced}T00:00:00Z", **more}
    return live_agreement(number, name="Backup" if number == 9 else "Other", **raw)


@pytest.fixture
def arrears(scene: Scene) -> Scene:
    """Return a scene whose agreement is invoiced in arrears, through October."""
    scene.declare(builders.agreement(invoiced="arrears"))
    scene.live(agreement())
    scene.now = at(9)
    return scene


def lines(scene: Scene) -> list[tuple[Any, ...]]:
    """Return (month in the tag, agreement, quantity, first day, last day) of each addition of ours."""
    return sorted(
        (
            str(obj.raw["serialNumber"]).partition("/storage")[2].lstrip("/"),
            obj.parent_id,
            int(obj.raw["quantity"]),
            str(obj.raw["effectiveDate"])[:10],
            str(obj.raw.get("cancelledDate") or "")[:10],
        )
        for obj in scene.additions
        if ours(obj)
    )


def row_of(part: Part) -> Any:
    (row,) = part.coverage
    return row


def test_each_month_has_an_addition_with_its_days(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    assert lines(arrears) == [("2026-11", 9, 100, "2026-11-01", "2026-11-30")]
    arrears.live(agreement(invoiced="2026-12-01"))
    arrears.hour({"77": "130"}, at=at(2, 12))
    assert lines(arrears) == [
        ("2026-11", 9, 100, "2026-11-01", "2026-11-30"),
        ("2026-12", 9, 130, "2026-12-01", "2026-12-31"),
    ]


def test_the_tag_and_the_address_have_the_month(arrears: Scene) -> None:
    (made,) = arrears.hour({"77": "100"}, at=at(10))
    fields = {change.path: change.after for change in made.changes}
    assert made.address == f"{ADDRESS}@2026-11"
    assert fields["serialNumber"] == f"{TAG}/2026-11"


def test_the_addition_of_the_running_month_follows_usage(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    (action,) = arrears.hour({"77": "120"})
    assert (action.action, [change.path for change in action.changes]) == ("update", ["quantity"])
    arrears.uses({"77": "120"})
    assert arrears.apply() == []


def test_a_mapping_that_starts_inside_a_month_bills_from_its_start(arrears: Scene) -> None:
    arrears.declare(mapping(start="2026-11-09"))
    arrears.uses({"77": "100"}, at=at(10))
    arrears.now = at(10)
    part = arrears.plan()
    assert any("begins on 2026-11-09 and bills the whole month" in note.message for note in part.notes)
    arrears.apply()
    assert lines(arrears) == [("2026-11", 9, 100, "2026-11-09", "2026-11-30")]


def test_in_a_new_month_without_a_pull_nothing_is_made_and_the_amount_at_risk_is_listed(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    arrears.now = at(1, 12)
    arrears.uses({}, failed=True)
    part = arrears.plan()
    row = row_of(part) if len(part.coverage) == 1 else next(each for each in part.coverage if each.customer == "77")
    assert (list(part.actions), row.state, row.money, row.accounted) == ([], "unknown", D("25.00"), False)


def test_an_invoiced_addition_is_never_rewritten_and_the_rest_is_named(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(29))
    arrears.live(agreement(invoiced="2026-12-01"))
    assert arrears.hour({"77": "100"}) == []
    assert arrears.hour({"77": "120"}) == []
    row = row_of(arrears.plan())
    assert (row.state, row.accounted) == ("invoiced", False)
    assert "was invoiced with 25.00 USD for 2026-11, and usage asks for 30.00 USD now: 5.00 USD are not" in row.detail
    arrears.hour({"77": "80"})
    assert "5.00 USD are billed too much" in row_of(arrears.plan()).detail


def test_a_month_whose_invoice_was_deleted_is_open_again(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(29))
    arrears.live(agreement(invoiced="2026-12-01"))
    arrears.hour({"77": "120"})
    arrears.live(agreement(invoiced="2026-11-01"))
    arrears.hour({"77": "120"})
    assert lines(arrears) == [("2026-11", 9, 120, "2026-11-01", "2026-11-30")]


def test_a_month_that_was_invoiced_without_the_addition_is_named_with_its_amount(arrears: Scene) -> None:
    arrears.live(agreement(invoiced="2026-12-01"))
    assert arrears.hour({"77": "100"}, at=at(10)) == []
    row = row_of(arrears.plan())
    assert (row.state, row.accounted) == ("invoiced", False)
    assert "is invoiced through 2026-11-30 already; no invoice of 2026-11 bills its 25.00 USD" in row.detail
    arrears.hour({"77": "0"})
    assert row_of(arrears.plan()).state == "billed"


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        (agreement(invoiced="2027-01-01"), "invoiced through 2026-12-31, and 2026-11 is not over"),
        (agreement(invoiced="2026-11-15"), "begins on 2026-11-15, inside a month"),
        (agreement(endDate="2026-11-05", noEndingDateFlag=False), "ended on 2026-11-05"),
    ],
)
def test_an_agreement_whose_invoices_do_not_fit_is_refused(arrears: Scene, live: LiveObject, reason: str) -> None:
    arrears.live(live)
    assert arrears.hour({"77": "100"}, at=at(10)) == []
    row = row_of(arrears.plan())
    assert (row.state, row.accounted) == ("refused", False)
    assert reason in row.detail


def test_an_agreement_that_begins_inside_a_month_bills_it_whole(arrears: Scene) -> None:
    arrears.live(agreement(invoiced="2026-11-09", startDate="2026-11-09T00:00:00Z"))
    arrears.hour({"77": "100"}, at=at(10))
    assert lines(arrears) == [("2026-11", 9, 100, "2026-11-09", "2026-11-30")]


def test_an_agreement_that_bills_only_from_a_later_month_leaves_this_one_out(arrears: Scene) -> None:
    arrears.live(agreement(billStartDate="2026-12-01T00:00:00Z"))
    arrears.hour({"77": "100"}, at=at(10))
    assert "bills from 2026-12-01 on; no invoice of 2026-11 bills its 25.00 USD" in row_of(arrears.plan()).detail


def test_a_mapping_with_lines_rolling_is_refused_in_arrears(arrears: Scene) -> None:
    arrears.declare(mapping(lines="rolling"))
    arrears.hour({"77": "100"}, at=at(10))
    assert "is invoiced in arrears, which does not fit `lines: rolling`" in row_of(arrears.plan()).detail


# ── amounts and guardrails ───────────────────────────────────────────────────────────────────────────────────


def test_the_monthly_total_goes_on_over_the_month(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    arrears.live(agreement(invoiced="2026-12-01"))
    arrears.now = at(2, 12)
    arrears.uses({"77": "130"})
    part = arrears.plan()
    assert (part.money_before, part.money_after) == (D("25.00"), D("32.50"))
    arrears.apply()
    part = arrears.plan()
    assert (part.money_before, part.money_after) == (D("32.50"), D("32.50"))


def test_the_end_of_a_mapping_takes_the_amount_away_once(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    arrears.declare(mapping(end="2026-11-20"))
    arrears.uses({"77": "100"})
    part = arrears.plan()
    assert (part.money_before, part.money_after) == (D("25.00"), D(0))
    arrears.apply()
    part = arrears.plan()
    assert (part.money_before, part.money_after) == (D(0), D(0))
    assert lines(arrears) == [("2026-11", 9, 100, "2026-11-01", "2026-11-30")]


def test_a_rise_in_a_new_month_is_compared_with_the_month_before(arrears: Scene) -> None:
    arrears.hour({"77": "1000"}, at=at(10))
    arrears.live(agreement(invoiced="2026-12-01"))
    assert arrears.hour({"77": "2000"}, at=at(2, 12)) == []
    assert row_of(arrears.plan()).state == "held"
    (trip,) = arrears.plan().tripped
    assert "changes from 1000 GB to 2000 GB" in trip.message
    assert arrears.plan().money_after == D("250.00")


def test_a_fall_in_a_new_month_trips_nothing(arrears: Scene) -> None:
    arrears.hour({"77": "2000"}, at=at(10))
    arrears.live(agreement(invoiced="2026-12-01"))
    arrears.hour({"77": "100"}, at=at(2, 12))
    assert lines(arrears)[1:] == [("2026-12", 9, 100, "2026-12-01", "2026-12-31")]


# ── ranges, moves, edits, orphans ────────────────────────────────────────────────────────────────────────────


def test_usage_in_another_range_empties_the_addition_of_the_month(arrears: Scene) -> None:
    arrears.declare(
        product("tb", identifier="TB", price=D("0.1")),
        mapping(product=None, ranges=[{"upTo": 110, "product": "gb"}, {"product": "tb"}]),
    )
    arrears.live(live_product(6, "TB"))
    arrears.hour({"77": "100"}, at=at(10))
    arrears.hour({"77": "130"})
    assert sorted(line[2] for line in lines(arrears)) == [0, 130]


def test_a_mapping_that_moves_bills_the_running_month_on_the_new_agreement(arrears: Scene) -> None:
    arrears.live(agreement(OTHER))
    arrears.declare(builders.agreement("other", name="Other", invoiced="arrears"))
    arrears.hour({"77": "100"}, at=at(10))
    arrears.declare(mapping(agreement="other"))
    arrears.hour({"77": "110"})
    assert lines(arrears) == [
        ("2026-11", 9, 0, "2026-11-01", "2026-11-30"),
        ("2026-11", OTHER, 110, "2026-11-01", "2026-11-30"),
    ]


def test_a_hand_edit_of_the_running_month_is_undone(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    (made,) = [obj for obj in arrears.additions if ours(obj)]
    arrears.live(addition(made.id, **{**made.raw, "quantity": D(99)}))
    arrears.uses({"77": "100"})
    (action,) = arrears.plan().actions
    assert "drift: edited by hand (quantity)" in action.reason


def test_two_additions_of_one_month_refuse_the_mapping(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    (made,) = [obj for obj in arrears.additions if ours(obj)]
    arrears.live(addition(120, **{**made.raw, "id": 120}))
    arrears.uses({"77": "130"})
    assert f"2 additions have the tag {TAG}/2026-11" in row_of(arrears.plan()).detail


def test_an_addition_of_a_month_without_a_mapping_ends_by_itself(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    del arrears.documents["CustomerMapping/acme"]
    arrears.uses({})
    part = arrears.plan(prune=True)
    orphan = next(row for row in part.coverage if row.state == "orphan")
    assert (list(part.actions), orphan.accounted) == ([], True)
    assert "billing a quantity of 100 for 2026-11: no mapping has its tag" in orphan.detail


def test_a_second_addition_of_a_month_with_another_tag_is_no_harmless_orphan(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    (made,) = [obj for obj in arrears.additions if ours(obj)]
    arrears.live(addition(120, **{**made.raw, "serialNumber": "rc:cove/77/older/storage/2026-11"}))
    arrears.uses({"77": "100"})
    orphan = next(row for row in arrears.plan(prune=True).coverage if row.state == "orphan")
    assert (orphan.accounted, "set its quantity to 0 in ConnectWise" in orphan.detail) == (False, True)


# ── from rolling to perPeriod and back ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def rolling(scene: Scene) -> Iterator[Scene]:
    """Return a scene with an addition of all months since September."""
    scene.live(agreement(), addition(effectiveDate="2026-09-01T00:00:00Z"))
    scene.hour({"77": "100"}, at=at(10))
    return scene


def test_the_addition_of_all_months_ends_before_the_first_month_of_its_own(rolling: Scene) -> None:
    rolling.declare(builders.agreement(invoiced="arrears"))
    rolling.uses({"77": "100"})
    part = rolling.plan()
    assert (part.money_before, part.money_after) == (D("25.00"), D("25.00"))
    rolling.apply()
    assert lines(rolling) == [
        ("", 9, 100, "2026-09-01", "2026-10-31"),
        ("2026-11", 9, 100, "2026-11-01", "2026-11-30"),
    ]
    assert rolling.apply() == []


def test_an_addition_of_all_months_that_billed_the_month_keeps_it(rolling: Scene) -> None:
    rolling.live(agreement(invoiced="2026-12-01"))
    rolling.declare(builders.agreement(invoiced="arrears"))
    rolling.hour({"77": "130"})
    assert lines(rolling) == [("", 9, 100, "2026-09-01", "2026-11-30")]
    assert row_of(rolling.plan()).state == "billed"
    rolling.hour({"77": "130"}, at=at(2, 12))
    assert lines(rolling)[1:] == [("2026-12", 9, 130, "2026-12-01", "2026-12-31")]


def test_an_addition_of_all_months_that_began_this_month_goes_to_zero(scene: Scene) -> None:
    scene.live(agreement())
    scene.hour({"77": "100"}, at=at(10))
    scene.declare(builders.agreement(invoiced="arrears"))
    scene.hour({"77": "100"})
    assert lines(scene) == [("", 9, 0, "2026-11-01", "2026-11-01"), ("2026-11", 9, 100, "2026-11-01", "2026-11-30")]
    assert scene.apply() == []


def test_back_to_rolling_the_addition_of_the_running_month_goes_to_zero(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    arrears.declare(builders.agreement())
    arrears.hour({"77": "110"})
    assert lines(arrears) == [("", 9, 110, "2026-11-01", ""), ("2026-11", 9, 0, "2026-11-01", "2026-11-30")]
    arrears.declare(builders.agreement(invoiced="arrears"))
    arrears.hour({"77": "120"})
    assert lines(arrears) == [
        ("", 9, 0, "2026-11-01", "2026-11-01"),
        ("2026-11", 9, 120, "2026-11-01", "2026-11-30"),
    ]


def test_back_to_rolling_an_invoiced_month_stays_with_its_addition(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(29))
    arrears.live(agreement(invoiced="2026-12-01"))
    arrears.declare(builders.agreement())
    arrears.hour({"77": "110"})
    assert lines(arrears) == [("", 9, 110, "2026-12-01", ""), ("2026-11", 9, 100, "2026-11-01", "2026-11-30")]
    assert row_of(arrears.plan()).state == "billed"
