"""Additions of ours as the ledger remembers them, and approvals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from reconciler.ledger.additions import (
    load_snapshot,
    record_approvals,
    record_billed_additions,
    record_observed_additions,
    record_tag_search,
)
from reconciler.ledger.journal import begin_run, write_answer, write_intent
from reconciler.ledger.snapshot import Approval, BilledAddition, ObservedAddition, RecordedAddition, Snapshot
from reconciler.ledger.store import Ledger

from .conftest import NOON

HERE = ("test", "tenant")
MONTH = "2025-11"
TAG = "rc:cove/77/acme/storage"
LATER = NOON + timedelta(hours=1)
SEEN = ObservedAddition(99, 9, 4, TAG, ("cove", "77"), Decimal("120.50"), "sha256:rule")
LEFT = BilledAddition(99, 9, 4, TAG, ("cove", "77"), {"quantity": "130"}, "sha256:rule")


def snapshot(ledger: Ledger, *, workspace: str = "test", tenant: str = "tenant", period: str = MONTH) -> Snapshot:
    return load_snapshot(ledger, workspace, tenant, period)


def line(ledger: Ledger, number: int = 99) -> RecordedAddition:
    return snapshot(ledger).additions[number]


def wrote(ledger: Ledger, body: dict[str, Any], *, at: Any = NOON, address: str = "Addition/acme.storage:gb") -> None:
    """Our own write of addition 99, as the journal has it."""
    run = begin_run(ledger, "test", "sha256:x", at)
    method, path = "PATCH", "finance/agreements/9/additions/99"
    intent = write_intent(ledger, run, address, method=method, path=path, body=body, natural_key={}, now=at)
    write_answer(ledger, intent, "done", object_id=99, now=at)


def test_a_new_ledger_knows_nothing(ledger: Ledger) -> None:
    assert snapshot(ledger) == Snapshot()


def test_a_line_that_was_only_read_is_known_with_its_first_quantity(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    found = line(ledger)
    assert (found.agreement_id, found.product_id, found.tag, found.customer) == (9, 4, TAG, ("cove", "77"))
    assert (found.first_seen_at, found.first_quantity, found.first_rule_digest) == (
        NOON,
        Decimal("120.50"),
        "sha256:rule",
    )
    assert not found.created_by_us
    assert found.last_applied == {}


def test_no_quantity_stays_apart_from_zero(ledger: Ledger) -> None:
    zero = ObservedAddition(98, 9, 4, TAG, None, Decimal(0), None)
    record_observed_additions(ledger, *HERE, [zero, ObservedAddition(99, 9, None, TAG, None, None, None)], NOON)
    assert line(ledger, 98).first_quantity == 0
    assert (line(ledger).first_quantity, line(ledger).product_id, line(ledger).customer) == (None, None, None)


def test_a_second_reading_changes_what_differs_and_keeps_when_it_was_first_seen(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    edited = ObservedAddition(99, 10, 4, TAG, ("cove", "77"), Decimal(7), "sha256:other", {"quantity": "7"}, MONTH)
    record_observed_additions(ledger, *HERE, [edited], LATER)
    found = line(ledger)
    assert (found.agreement_id, found.hand_edit, found.hand_edit_period) == (10, {"quantity": "7"}, MONTH)
    assert (found.first_seen_at, found.first_quantity, found.first_rule_digest) == (
        NOON,
        Decimal("120.50"),
        "sha256:rule",
    )


def test_nothing_to_note_writes_nothing(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [], NOON)
    record_billed_additions(ledger, *HERE, [], MONTH, NOON)
    record_approvals(ledger, "test", [])
    assert snapshot(ledger) == Snapshot()


def test_lines_and_searches_of_another_workspace_or_tenant_are_not_ours(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    record_tag_search(ledger, *HERE, NOON)
    assert snapshot(ledger).tags_searched_at is not None
    assert snapshot(ledger, workspace="other") == Snapshot()
    assert snapshot(ledger, tenant="other") == Snapshot()


def test_a_search_is_noted_again_without_a_second_row(ledger: Ledger) -> None:
    record_tag_search(ledger, *HERE, NOON)
    record_tag_search(ledger, *HERE, LATER)
    assert snapshot(ledger).tags_searched_at is not None


def test_a_line_that_an_apply_made_is_known_as_it_was_left(ledger: Ledger) -> None:
    record_billed_additions(ledger, *HERE, [LEFT], MONTH, NOON)
    found = line(ledger)
    assert (found.agreement_id, found.tag, found.customer) == (9, TAG, ("cove", "77"))
    assert (found.last_applied, found.billed_period, found.rule_digest) == ({"quantity": "130"}, MONTH, "sha256:rule")
    assert found.first_quantity is None


def test_a_line_that_was_read_and_then_billed_keeps_its_first_quantity(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    record_billed_additions(ledger, *HERE, [LEFT], MONTH, LATER)
    assert (line(ledger).first_quantity, line(ledger).last_applied) == (Decimal("120.50"), {"quantity": "130"})


def test_a_write_alone_makes_a_line_known_by_its_id(ledger: Ledger) -> None:
    wrote(ledger, {"unitPrice": "0.25"})
    assert line(ledger).last_applied == {"unitPrice": "0.25"}
    assert line(ledger).first_seen_at is None


def test_writes_under_several_addresses_are_one_line(ledger: Ledger) -> None:
    wrote(ledger, {"quantity": "1", "serialNumber": TAG})
    wrote(ledger, {"quantity": "2"}, at=LATER, address="Addition/renamed.storage:gb")
    assert (line(ledger).last_applied["quantity"], line(ledger).tag) == ("2", TAG)


def test_of_a_write_and_an_apply_the_later_one_says_how_it_was_left(ledger: Ledger) -> None:
    wrote(ledger, {"quantity": "1"})
    record_billed_additions(ledger, *HERE, [LEFT], MONTH, LATER)
    assert line(ledger).last_applied["quantity"] == "130"
    wrote(ledger, {"quantity": "2"}, at=LATER + timedelta(hours=1))
    assert line(ledger).last_applied["quantity"] == "2"


def test_approvals_are_those_of_the_period(ledger: Ledger) -> None:
    given = Approval("samples", "CustomerMapping/acme", MONTH, "ann@desk", NOON)
    record_approvals(ledger, "test", [given])
    assert snapshot(ledger).approvals == (given,)
    assert snapshot(ledger, period="2025-12").approvals == ()
    assert snapshot(ledger, workspace="other").approvals == ()


def test_a_line_ended_before_once_its_last_day_is_past() -> None:
    over = RecordedAddition(99, last_applied={"cancelledDate": "2025-10-31T00:00:00Z"})
    assert over.ended_before("2025-11-01")
    assert not over.ended_before("2025-10-31")
    assert not RecordedAddition(99).ended_before("2025-11-01")
