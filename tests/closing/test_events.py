"""Closes, adjustments, approvals and edits by hand are events of a history."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from reconciler.closing.events import adjustment_events, close_events, edit_events, in_order
from reconciler.ledger.runs import RunRecord
from reconciler.ledger.snapshot import AcceptedGap, Approval, Close, SeenEdit
from tests.closing.test_explanation import ADDRESS, write
from tests.planning.builders import NOW

FIRST = f"{ADDRESS}@2026-10+1"


def test_a_close_says_what_it_froze_and_what_it_left_out() -> None:
    charges = ({"additions": [{"amount": "30"}, {"amount": "2"}]}, {"additions": []})
    left = (AcceptedGap("cove/77", "held", "asked them", "ann@desk", "z"),)
    accepted = (AcceptedGap("cove", "3 hours", "outage", "bob", "z"),)
    (found,) = close_events([Close("2026-10", NOW, "ann@desk", "0123456789abcdef", charges, left, accepted)], "USD")
    assert (found["at"], found["who"], found["period"]) == ("2026-11-10T12:00:00+00:00", "ann@desk", "2026-10")
    assert found["text"] == (
        "2026-10 closed: 2 charges, 32.00 USD billed; samples 0123456789ab…; left out cove: outage (bob); "
        "left open cove/77: asked them (ann@desk)"
    )
    (one,) = close_events([Close("2026-10", NOW, "ann@desk", "aa", charges[:1])], "USD")
    assert "1 charge, 32.00 USD billed" in one["text"]


def test_an_adjustment_has_its_write_and_its_approval() -> None:
    run = RunRecord(1, "sha256:x", NOW, NOW, "ann@desk", "abc", None, {}, interrupted=False)
    writes = [
        write(1, NOW, method="POST"),
        write(2, NOW, address=FIRST, method="POST", reason="late samples"),
        write(3, NOW, address=FIRST),
        write(4, NOW, address=f"{FIRST}0", method="POST", run_id=9, reason="late"),
    ]
    approvals = [Approval("adjustment", FIRST, "2026-11", "bob", NOW)]
    approval, first, tenth = adjustment_events(writes, {1: run}, approvals)
    assert (first["who"], first["text"]) == ("ann@desk", f"{FIRST} written (done): late samples")
    assert (tenth["who"], tenth["address"]) == (None, f"{FIRST}0")
    assert (approval["what"], approval["who"], approval["text"]) == ("approval", "bob", f"adjustment {FIRST} approved")
    assert {each["period"] for each in (first, tenth, approval)} == {"2026-10"}


def test_an_edit_by_hand_has_the_values_that_a_run_first_read() -> None:
    edits = [
        SeenEdit(99, NOW, {"quantity": Decimal("130.0"), "lastUpdated": "2026-11-09T10:00:00Z"}),
        SeenEdit(99, NOW - timedelta(hours=1), {"billCustomer": "NoCharge"}),
    ]
    later, earlier = edit_events(edits, {99: ADDRESS})
    assert later["text"] == (
        f"{ADDRESS} edited by hand: quantity 130, last updated 2026-11-09T10:00:00Z in ConnectWise"
    )
    assert (earlier["text"], earlier["period"]) == (f"{ADDRESS} edited by hand: billCustomer NoCharge", None)
    assert in_order([later, earlier]) == [earlier, later]
