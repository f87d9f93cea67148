"""The three-way check finds how additions stood when an invoice was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from reconciler.additions.live_additions import LiveAddition, addition_of
from reconciler.closing.three_way_standing import (
    deleted_before,
    on_next_invoice,
    standing_at,
    standing_now,
    with_shares,
)
from reconciler.ledger.snapshot import RecordedAddition, SeenEdit, Snapshot
from tests.closing.checking import ACME, BACKUP, GB, NOVEMBER, agreements, standing

MADE = datetime(2026, 11, 10, tzinfo=UTC)
BEFORE, AFTER = "2026-11-09T00:00:00Z", "2026-11-11T00:00:00Z"


def addition(quantity: int = 120, *, updated: str | None = None, entered: str | None = None) -> LiveAddition:
    found = standing(1, quantity=quantity).addition
    info = {name: text for name, text in (("lastUpdated", updated), ("dateEntered", entered)) if text}
    return addition_of(replace(found.obj, raw={**found.obj.raw, "_info": info}), "USD")


def recorded(**more: Any) -> RecordedAddition:
    return RecordedAddition(1, BACKUP, GB, last_applied={"quantity": "100"}, **more)


def at(
    live: LiveAddition | None,
    *written: LiveAddition,
    known: bool = True,
    edit: Mapping[str, Any] | None = None,
    **more: Any,
) -> Any:
    """Return the quantity, the sent fields and whether it is gone, of each addition at the moment."""
    edits = {} if edit is None else {1: (SeenEdit(1, datetime(2026, 11, 12, tzinfo=UTC), edit),)}
    snapshot = Snapshot({1: recorded(**more)} if known else {}, hand_edits=edits)
    lives = [] if live is None else [live]
    stood = standing_at(MADE, lives, {each.id: each for each in written}, snapshot, "USD")
    return [(each.addition.quantity, each.sent.get("quantity"), each.gone) for each in stood if not each.late]


def test_what_has_not_changed_since_stood_so() -> None:
    assert at(addition(updated=BEFORE)) == [(120, "100", False)]
    assert at(addition(updated=BEFORE), addition(110)) == [(120, 110, False)]
    assert at(addition(updated=BEFORE), known=False) == [(120, None, False)]


def test_what_has_changed_since_stood_as_our_writes_had_left_it() -> None:
    assert at(addition(130, updated=AFTER), addition(110)) == [(110, 110, False)]


def test_an_edit_before_the_moment_that_a_run_saw_after_it_stood_then() -> None:
    edit = {"quantity": Decimal(99), "lastUpdated": BEFORE}
    assert at(addition(130, updated=AFTER), addition(110), edit=edit) == [(99, 110, False)]


@pytest.mark.parametrize("edited", [AFTER, None, "yesterday"])
def test_an_edit_after_the_moment_or_of_an_unknown_time_did_not_stand_then(edited: str | None) -> None:
    edit = {"quantity": Decimal(99), "lastUpdated": edited}
    assert at(addition(130, updated=AFTER), addition(110), edit=edit) == [(110, 110, False)]


def test_an_addition_of_ours_that_was_created_later_did_not_stand_then() -> None:
    assert at(addition(updated=AFTER), created_by_us=True) == []


def test_an_addition_that_we_took_over_and_never_wrote_counts_as_it_stands() -> None:
    assert at(addition(updated=AFTER)) == [(120, "100", False)]


def test_an_addition_of_somebody_else_counts_as_it_stands_unless_it_was_created_later() -> None:
    assert at(addition(updated=AFTER, entered=BEFORE), known=False) == [(120, None, False)]
    assert at(addition(updated=AFTER), known=False) == [(120, None, False)]
    assert at(addition(updated=AFTER, entered="2026-11-11T00:00:00"), known=False) == []


def test_an_addition_of_ours_that_is_gone_stood_as_our_writes_had_left_it() -> None:
    assert at(None, addition(110)) == [(110, 110, True)]


def test_now_an_addition_stands_as_connectwise_shows_it_beside_what_we_sent() -> None:
    known = Snapshot({1: recorded()})
    (found,) = standing_now([addition()], known)
    assert (found.addition.quantity, found.sent) == (120, {"quantity": "100"})
    elsewhere = Snapshot({1: replace(recorded(), agreement_id=77)})
    assert standing_now([addition()], elsewhere)[0].sent == {}


def test_a_line_that_begins_on_the_next_invoice_date_counts_for_the_running_month_that_is_invoiced() -> None:
    lines = [standing(1), *(standing(2 + index, first=day) for index, day in enumerate(("2026-12-01", "2026-12-02")))]
    stood, _ = on_next_invoice(lines, agreements(next_invoice="2026-12-01"), NOVEMBER)
    assert [each.addition.effective for each in stood] == ["2026-11-01", "2026-11-30", "2026-12-02"]
    assert on_next_invoice(lines, agreements(), NOVEMBER) == (lines, [])
    assert on_next_invoice(lines, {}, NOVEMBER) == (lines, [])


def test_a_line_that_we_have_ended_is_not_on_the_next_invoice() -> None:
    ended = standing(1, last="2026-11-30")
    by_hand = standing(2, edited={"cancelledDate": "2026-11-15T00:00:00Z"})
    others = [by_hand, standing(3, None, last="2026-11-30"), standing(4, period="2026-11", last="2026-11-30")]
    next_invoice = agreements(next_invoice="2026-12-01")
    assert on_next_invoice([ended, *others], next_invoice, NOVEMBER) == (others, [ended])


def test_the_fewest_deleted_additions_that_an_invoice_lacks_were_deleted_before_it() -> None:
    lines = [standing(number, quantity=quantity, gone=True) for number, quantity in ((1, 40), (2, 80), (3, 120))]
    live = standing(4, quantity=200)

    def deleted(missing: int) -> Any:
        found = deleted_before([*lines, live], Decimal(missing), NOVEMBER, "USD")
        return None if found is None else [each.addition.id for each in found]

    assert deleted(0) == []
    assert deleted(30) == [3]
    assert deleted(40) == [1, 3]
    assert deleted(45) is None


@pytest.mark.parametrize(
    ("dates", "share"),
    [
        ({"first": "2026-10-01"}, Fraction(1)),
        ({"first": "2026-11-16"}, Fraction(1, 2)),
        ({"first": "2026-10-01", "last": "2026-11-10"}, Fraction(1, 3)),
        ({"first": "2026-11-10", "last": "2026-11-01"}, Fraction(0)),
        ({"first": "2026-12-16"}, Fraction(1)),
    ],
)
def test_on_an_agreement_that_prorates_the_days_of_the_month_count(dates: dict[str, str], share: Fraction) -> None:
    line = standing(1, ACME, **dates)
    assert [each.share for each in with_shares([line], agreements(prorates=True), NOVEMBER)] == [share]
    assert [each.share for each in with_shares([line], agreements(), NOVEMBER)] == [1]
