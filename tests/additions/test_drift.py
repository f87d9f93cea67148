"""Tests of hand edits: how they are told from changes of usage, and what happens to them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.planning.action import Change
from tests.planning.builders import addition

from .builders import (
    ENDED,
    LAST_APPLIED,
    RECORDED,
    changes,
    desired,
    only_action,
    planned,
    recorded,
    snapshot,
)

D = Decimal


EDITED = addition(quantity=D(99))


def test_a_hand_edit_is_undone_and_reported_as_drift() -> None:
    (found,) = planned(desired(), live=(EDITED,), ledger=RECORDED)
    assert only_action([found]).reason == f"drift: edited by hand (quantity); {desired().reason}"
    assert changes(only_action([found])) == {"quantity": ("99", "120")}
    assert [(note.address, note.message) for note in found.notes] == [
        ("Addition/acme.storage:gb", "edited by hand: quantity 120 → 99")
    ]


def test_an_accepted_edit_is_reported_with_the_amount_by_usage() -> None:
    (found,) = planned(desired(), live=(EDITED,), ledger=RECORDED, on_drift="accept")
    assert (found.action, found.quantity, found.monthly) == (None, 99, D("24.75"))
    assert [note.message for note in found.notes] == [
        "hand edit accepted until 2026-11-30: quantity 120 → 99; usage would give quantity 120, 30.00 USD a month"
    ]


def test_an_accepted_edit_is_still_an_edit_in_the_next_run() -> None:
    (found,) = planned(desired(), live=(EDITED,), ledger=RECORDED, on_drift="accept")
    assert found.fields["quantity"] == 120
    assert found.edit is not None
    assert (found.edit.period, dict(found.edit.seen)) == ("2026-11", {"quantity": "99"})


def test_an_accepted_edit_is_undone_after_its_period() -> None:
    ledger = snapshot(recorded(last_applied=LAST_APPLIED, hand_edit={"quantity": "99"}, hand_edit_period="2026-10"))
    (found,) = planned(desired(), live=(EDITED,), ledger=ledger, on_drift="accept")
    assert changes(only_action([found])) == {"quantity": ("99", "120")}


def test_usage_is_written_beside_an_accepted_edit() -> None:
    live = (addition(unitPrice=D("0.10")),)
    action = only_action(planned(desired(quantity=D(130)), live=live, ledger=RECORDED, on_drift="accept"))
    assert changes(action) == {"quantity": ("120", "130")}
    assert action.reason == desired().reason


@pytest.mark.parametrize("on_drift", ["restore", "accept"])
def test_the_note_on_a_hand_edit_is_marked_as_drift(on_drift: str) -> None:
    (found,) = planned(desired(), live=(EDITED,), ledger=RECORDED, on_drift=on_drift)
    assert [note.drift for note in found.notes] == [True]


def test_an_edit_refuses_the_run_with_on_drift_fail() -> None:
    (found,) = planned(desired(), live=(EDITED,), ledger=RECORDED, on_drift="fail")
    assert [note.message for note in found.drifted] == ["edited by hand: quantity 120 → 99"]
    assert found.notes == ()


def test_a_last_day_set_by_hand_is_a_hand_edit() -> None:
    (found,) = planned(desired(), live=(addition(**ENDED),), ledger=RECORDED)
    assert changes(only_action([found])) == {"cancelledDate": ("2026-11-20", None)}
    assert found.notes[0].message == "edited by hand: cancelledDate (empty) → 2026-11-20"


def test_a_change_of_usage_is_not_a_hand_edit() -> None:
    assert (
        only_action(planned(desired(quantity=D(121)), live=(addition(),), ledger=RECORDED)).reason == desired().reason
    )


def test_an_unrecorded_addition_has_no_hand_edit() -> None:
    assert only_action(planned(desired(), live=(EDITED,))).reason == desired().reason


def test_an_unrecorded_field_has_no_hand_edit() -> None:
    ledger = snapshot(recorded(last_applied={"quantity": D(120)}))
    action = only_action(planned(desired(), live=(addition(unitPrice=D("0.10")),), ledger=ledger))
    assert action.changes == (Change(path="unitPrice", before="0.1", after="0.25", number=True),)
    assert action.reason == f"price; {desired().reason}"
