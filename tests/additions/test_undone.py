"""An undo writes only to our lines, lets no two lines bill one charge, and names invoiced months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reconciler.additions.tag import tag_of
from reconciler.additions.undone import UndoneAdditions
from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.planning.undo_inputs import WrittenObject

TAG = tag_of("cove", "1001006", "acme")
PRICE = {"unitPrice": ("0.15", "0.18")}
ENDED = {"cancelledDate": (None, "2026-11-30")}
LIVE_AGAIN = {"cancelledDate": ("2026-11-30", None)}
ON = "agreement id 5 is invoiced through"


def written(kind: str = "Addition", number: int | None = 7, action: Any = "update", **more: Any) -> WrittenObject:
    return WrittenObject(f"{kind}/acme", kind, number, action, more.pop("changes", PRICE), **more)


def line(number: int = 7, serial: str = TAG, **more: Any) -> LiveObject:
    raw = {"id": number, "quantity": 100, "unitPrice": "0.18", "serialNumber": serial, **more}
    return LiveObject("Addition", number, raw, 5)


def undone(
    *live: LiveObject, next_invoice: str | None = None, recorded: Sequence[RecordedAddition] = (), **more: Any
) -> Any:
    return UndoneAdditions(
        live={(each.kind, each.id): each for each in live},
        additions=more.pop("additions", {}),
        next_invoice={} if next_invoice is None else {5: next_invoice},
        snapshot=Snapshot({each.addition_id: each for each in recorded}),
        ran_on="2026-11-10",
        last_day="2026-11-30",
        currency="USD",
    )


def recorded(number: int, tag: str = TAG, **left: Any) -> RecordedAddition:
    return RecordedAddition(number, 9, tag=tag, last_applied={"quantity": "100", **left})


def only(found: Any) -> str:
    ((text,),) = found.values()
    return str(text)


# ── what is not ours ─────────────────────────────────────────────────────────────────────────────────────


def test_a_line_without_our_tag_is_left_alone() -> None:
    assert undone(line()).in_the_way([written()]) == {}
    assert "its tag was removed in ConnectWise, so it is not ours" in only(
        undone(line(serial="")).in_the_way([written()])
    )
    assert "it is not ours" in only(undone(line(serial="SN-44")).in_the_way([written()]))


def test_objects_left_to_usage_or_gone_are_not_looked_at() -> None:
    quantity = written(changes={"quantity": ("9", "10")})
    nothing = undone(line(serial="")).in_the_way([quantity, written(number=8), written(number=None)])
    assert nothing == {}


def test_an_agreement_with_lines_that_are_not_ours_does_not_end() -> None:
    agreement = LiveObject("Agreement", 5, {"id": 5})
    made = written("Agreement", 5, "create")
    foreign = [line(1, ""), line(2), line(3, "SN", cancelledDate="2026-10-31T00:00:00Z")]
    assert only(undone(agreement, additions={5: foreign}).in_the_way([made])) == (
        "addition id 1 on it is not ours, and would end"
    )
    two = undone(agreement, additions={5: [line(1, ""), line(4, "")]}).in_the_way([made])
    assert only(two) == "additions id 1 and 4 on it are not ours, and would end"
    assert undone(agreement, additions={5: [line(2)]}).in_the_way([made]) == {}
    assert undone(agreement).in_the_way([made]) == {}


def test_other_kinds_are_not_looked_at() -> None:
    company = LiveObject("Company", 7, {"id": 7})
    assert undone(company).in_the_way([written("Company")]) == {}


# ── two lines of one charge ──────────────────────────────────────────────────────────────────────────────


def test_an_ended_line_does_not_bill_again_beside_another_of_its_charge() -> None:
    ended, back = line(cancelledDate="2026-11-30T00:00:00Z"), written(action="retire", changes=ENDED)
    rivals = [recorded(12), recorded(11)]
    text = only(undone(ended, recorded=rivals).in_the_way([back]))
    assert text.startswith("addition id 11 and 12 bills its charge now, and both would bill it")


@pytest.mark.parametrize(
    "other",
    [
        recorded(7),
        recorded(12, tag_of("cove", "1001006", "other")),
        recorded(12, tag_of("cove", "1001006", "acme", period="2026-10")),
        recorded(12, ""),
        recorded(12, cancelledDate="2026-11-30"),
        recorded(12, quantity="0"),
    ],
)
def test_an_ended_line_bills_again_beside_lines_of_other_charges_and_those_that_bill_nothing(
    other: RecordedAddition,
) -> None:
    ended = line(cancelledDate="2026-11-30T00:00:00Z")
    assert undone(ended, recorded=[other]).in_the_way([written(action="retire", changes=ENDED)]) == {}


# ── invoices ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_price_that_an_invoice_may_have_billed_is_named_with_the_difference() -> None:
    assert undone(line(), next_invoice="2026-11-01").notes([written()]) == {}
    assert undone(line()).notes([written()]) == {}
    assert only(undone(line(), next_invoice="2026-12-01").notes([written()])) == (
        f"{ON} 2026-11-30. No undo changes an invoice: if one has billed this unitPrice, credit the difference "
        "by hand, 3.00 USD a month"
    )
    lowered = written(changes={"unitPrice": ("0.20", "0.18"), "quantity": ("1", "100")})
    assert only(undone(line(), next_invoice="2026-12-01").notes([lowered])).endswith(
        "bill the difference by hand, 2.00 USD a month"
    )


def test_days_that_an_invoice_left_out_are_named_when_a_line_bills_again() -> None:
    ended, back = line(cancelledDate="2026-11-30T00:00:00Z"), written(action="retire", changes=ENDED)
    assert undone(ended, next_invoice="2026-12-01").notes([back]) == {}
    text = only(undone(ended, next_invoice="2027-01-01").notes([back]))
    assert text == (
        f"{ON} 2026-12-31, without this line after 2026-11-30. No undo changes an invoice: bill these days by hand, "
        "18.00 USD a month"
    )


def test_a_line_does_not_end_before_a_day_that_is_invoiced() -> None:
    again = written(changes=LIVE_AGAIN)
    assert undone(line(), next_invoice="2026-12-01").in_the_way([again]) == {}
    text = only(undone(line(), next_invoice="2027-01-01").in_the_way([again]))
    assert text == f"its last day cannot become 2026-11-30 again, because {ON} 2026-12-31"
    assert undone(line(), next_invoice="2027-01-01").notes([again]) == {}
    as_before = line(cancelledDate="2026-11-30T00:00:00Z")
    assert undone(as_before, next_invoice="2027-01-01").in_the_way([again]) == {}


def test_the_price_of_a_line_whose_days_are_all_invoiced_is_left_alone() -> None:
    over = line(cancelledDate="2026-11-30T00:00:00Z")
    assert undone(over, next_invoice="2026-11-01").in_the_way([written()]) == {}
    text = only(undone(over, next_invoice="2026-12-01").in_the_way([written()]))
    assert text == f"it ended on 2026-11-30, and {ON} 2026-11-30"


def test_an_agreement_that_is_invoiced_for_longer_is_named() -> None:
    agreement, made = LiveObject("Agreement", 5, {"id": 5}), written("Agreement", 5, "create")
    assert undone(agreement, additions={5: []}, next_invoice="2026-12-01").notes([made]) == {}
    assert only(undone(agreement, additions={5: []}, next_invoice="2027-01-01").notes([made])) == (
        "it is invoiced through 2026-12-31, and would end on 2026-11-30. No undo changes an invoice: credit what it "
        "bills after that by hand"
    )
