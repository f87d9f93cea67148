"""Tests of what an invoice billed: what stood when it was made, whatever is edited or removed later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.line_amounts import line_amounts
from reconciler.additions.ownership import Ownership
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.ledger.line_amounts import load_line_amounts, record_line_amounts
from reconciler.ledger.snapshot import LineAmount, Snapshot
from reconciler.planning.part import Part
from tests.planning.builders import mapping, product

from .scene import TENANT, Scene, live_product
from .test_adjustments import ADJUST, CREDIT, adjustments, close, used
from .test_period_lines import agreement, arrears, at, lines

__all__ = ["arrears"]
D = Decimal


@pytest.fixture
def december(arrears: Scene) -> Scene:
    """Return a scene in December. November stands with 100 GB at 0.25, and is neither closed nor invoiced."""
    arrears.billing["creditProduct"] = "credit"
    arrears.declare(product("credit", identifier="CREDIT"))
    arrears.live(live_product(6, "CREDIT"))
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "100"}, at=at(2, 12))
    return arrears


def november(scene: Scene) -> LiveObject:
    (line,) = [each for each in scene.additions if str(each.raw["serialNumber"]).endswith("/2026-11")]
    return line


def edit(scene: Scene, line: LiveObject, **fields: Any) -> None:
    """Change an addition by hand."""
    scene.live(replace(line, raw={**line.raw, **fields}))


def invoice(scene: Scene, day: str = "2026-12-01") -> None:
    """Make the invoice of November, or delete it with the day on which November begins."""
    scene.live(agreement(invoiced=day))


def hour(scene: Scene) -> Part:
    """Let the hourly job run, and return its plan."""
    scene.now += timedelta(hours=1)
    scene.uses({"77": "100"})
    part = scene.planned().part
    scene.apply()
    return part


def waiting(part: Part) -> list[Decimal | None]:
    return [each.money.after for each in part.held if each.money is not None]


def edits(part: Part) -> list[str]:
    return [each.message for each in part.notes if "edited by hand" in each.message]


# ── after the invoice ────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_after_the_invoice_bills_nothing_and_is_named(december: Scene) -> None:
    invoice(december)
    hour(december)
    edit(december, november(december), quantity=D(60))
    part = hour(december)
    assert waiting(part) == []
    assert edits(part) == [
        "edited by hand: it stands with 15.00 USD, and was invoiced with 25.00 USD; the edit bills nothing, because it "
        "came after the invoice"
    ]
    assert lines(december)[0][2] == 60


def test_a_line_that_is_removed_after_its_invoice_is_not_billed_again(december: Scene) -> None:
    invoice(december)
    hour(december)
    line = november(december)
    del december.objects[line.kind, line.id]
    assert waiting(hour(december)) == []
    used(december, "130")
    assert waiting(december.plan()) == [D("7.50")]


def test_an_adjustment_that_is_edited_or_removed_after_its_invoice_is_not_due_again(december: Scene) -> None:
    close(december)
    used(december, "130")
    december.apply(approve=ADJUST)
    invoice(december, "2027-01-01")
    hour(december)
    (adjustment,) = [each for each in december.additions if "+" in str(each.raw["serialNumber"])]
    edit(december, adjustment, unitPrice=D(1))
    part = hour(december)
    assert (waiting(part), len(edits(part))) == ([], 1)
    del december.objects[adjustment.kind, adjustment.id]
    assert waiting(hour(december)) == []


def test_a_line_that_is_moved_by_hand_after_its_invoice_is_not_written_again(december: Scene) -> None:
    invoice(december)
    hour(december)
    edit(december, november(december), effectiveDate="2027-02-01", cancelledDate="2027-02-28")
    used(december, "130")
    assert waiting(december.plan()) == [D("7.50")]
    assert december.planned().part.actions == ()


# ── before the invoice ───────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_of_a_closed_month_before_its_invoice_is_billed(december: Scene) -> None:
    close(december)
    edit(december, november(december), quantity=D(60))
    assert waiting(hour(december)) == [D("10.00")]
    invoice(december)
    part = hour(december)
    assert (waiting(part), edits(part)) == ([D("10.00")], [])
    edit(december, november(december), quantity=D(100))
    assert waiting(hour(december)) == [D("10.00")]


def test_an_edit_that_was_taken_back_before_the_invoice_is_not_billed(december: Scene) -> None:
    close(december)
    line = november(december)
    edit(december, line, quantity=D(60))
    hour(december)
    december.live(line)
    hour(december)
    invoice(december)
    edit(december, line, quantity=D(70))
    part = hour(december)
    assert waiting(part) == []
    assert ["was invoiced with 25.00 USD" in each for each in edits(part)] == [True]


def test_an_edit_that_an_open_month_restored_is_not_billed(december: Scene) -> None:
    edit(december, november(december), quantity=D(60))
    hour(december)
    assert lines(december)[0][2] == 100
    invoice(december)
    part = hour(december)
    assert (waiting(part), edits(part)) == ([], [])


def test_an_accepted_edit_of_an_open_month_is_billed(december: Scene) -> None:
    december.billing["onDrift"] = "accept"
    edit(december, november(december), quantity=D(60))
    hour(december)
    assert lines(december)[0][2] == 60
    invoice(december)
    assert waiting(hour(december)) == [D("10.00")]


def test_an_edit_and_an_invoice_between_two_runs_count_as_an_edit_that_came_later(december: Scene) -> None:
    invoice(december)
    edit(december, november(december), quantity=D(60))
    part = hour(december)
    assert waiting(part) == []
    assert ["the edit is assumed to be the later one" in each for each in edits(part)] == [True]


def test_without_a_ledger_an_invoice_is_taken_to_have_what_stands(december: Scene) -> None:
    for table in ("additions", "objects"):
        with december.ledger.write() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    invoice(december)
    edit(december, november(december), quantity=D(120))
    part = hour(december)
    assert edits(part) == []
    assert [each.address for each in part.tripped] == ["Addition/acme.storage:credit@2026-11+1"]


# ── deleted invoices ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_whose_invoice_was_deleted_follows_usage_and_is_billed_anew(december: Scene) -> None:
    invoice(december)
    hour(december)
    edit(december, november(december), quantity=D(60))
    invoice(december, "2026-11-01")
    used(december, "130")
    december.apply()
    assert lines(december)[0][2] == 130
    invoice(december)
    part = hour(december)
    assert (waiting(part), edits(part)) == ([], [])


def test_a_line_that_was_removed_with_its_invoice_is_made_again(december: Scene) -> None:
    invoice(december)
    hour(december)
    line = november(december)
    del december.objects[line.kind, line.id]
    invoice(december, "2026-11-01")
    hour(december)
    assert [each[:3] for each in lines(december)] == [("2026-11", 9, 100), ("2026-12", 9, 100)]
    found = load_line_amounts(december.ledger, "test", TENANT, "2026-11")
    assert {each.invoiced for each in found.values()} == {False}


def test_what_is_too_much_is_given_back_once(december: Scene) -> None:
    """A price that is lowered later gives back what the invoice had, and not what an edit says."""
    invoice(december)
    hour(december)
    edit(december, november(december), quantity=D(60))
    december.declare(mapping(prices=[{"from": "2026-11-01", "price": D("0.20")}]))
    assert waiting(december.plan()) == [D("-5.00")]
    december.apply(approve=CREDIT)
    assert [each[1] for each in adjustments(december)] == [D("-5.00")]
    assert waiting(december.plan()) == []


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────────────────

LINE = LineAmount(99, 9, ("cove", "77", "storage", "2026-11"), 0, "2026-11-01", D("25.00"), invoiced=True)


def test_an_addition_of_an_agreement_that_was_not_read_counts_as_invoiced() -> None:
    found = line_amounts(Ownership({}, [], [], []), LiveState(), Snapshot(), {99: LINE}, "USD")
    assert found.removed == {(LINE.key, False): D("25.00")}


def test_an_addition_without_a_first_day_is_on_no_invoice(december: Scene) -> None:
    invoice(december)
    edit(december, november(december), effectiveDate=None)
    december.planned()
    assert load_line_amounts(december.ledger, "test", TENANT, "2026-11") == {}


def test_an_amount_of_another_addition_with_the_same_id_does_not_count(december: Scene) -> None:
    other = replace(LINE, addition_id=november(december).id, key=("cove", "77", "storage", "2026-10"))
    record_line_amounts(december.ledger, "test", TENANT, [other], december.now)
    invoice(december)
    assert edits(hour(december)) == []
