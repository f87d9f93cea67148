"""The ledger stores our additions as runs read, write and bill them, and approvals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from reconciler.ledger.additions import (
    Some,
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


def addition(ledger: Ledger, number: int = 99) -> RecordedAddition:
    return snapshot(ledger).additions[number]


def wrote(ledger: Ledger, body: dict[str, Any], *, at: Any = NOON, address: str = "Addition/acme.storage:gb") -> None:
    """Store a successful write of addition 99 in the journal."""
    run = begin_run(ledger, "test", "sha256:x", at)
    method, path = "PATCH", "finance/agreements/9/additions/99"
    intent = write_intent(ledger, run, address, method=method, path=path, body=body, natural_key={}, now=at)
    write_answer(ledger, intent, "done", object_id=99, now=at)


def test_the_snapshot_of_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert snapshot(ledger) == Snapshot()


def test_an_addition_that_was_only_read_has_its_first_quantity(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    found = addition(ledger)
    assert (found.agreement_id, found.product_id, found.tag, found.customer) == (9, 4, TAG, ("cove", "77"))
    assert (found.first_seen_at, found.first_quantity, found.first_rule_digest) == (
        NOON,
        Decimal("120.50"),
        "sha256:rule",
    )
    assert not found.created_by_us
    assert found.last_applied == {}


def test_a_missing_quantity_is_not_zero(ledger: Ledger) -> None:
    zero = ObservedAddition(98, 9, 4, TAG, None, Decimal(0), None)
    record_observed_additions(ledger, *HERE, [zero, ObservedAddition(99, 9, None, TAG, None, None, None)], NOON)
    assert addition(ledger, 98).first_quantity == 0
    assert (addition(ledger).first_quantity, addition(ledger).product_id, addition(ledger).customer) == (
        None,
        None,
        None,
    )


def test_a_second_reading_updates_values_but_not_the_first_ones(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    edited = ObservedAddition(99, 10, 4, TAG, ("cove", "77"), Decimal(7), "sha256:other", {"quantity": "7"}, MONTH)
    record_observed_additions(ledger, *HERE, [edited], LATER)
    found = addition(ledger)
    assert (found.agreement_id, found.hand_edit, found.hand_edit_period) == (10, {"quantity": "7"}, MONTH)
    assert (found.first_seen_at, found.first_quantity, found.first_rule_digest) == (
        NOON,
        Decimal("120.50"),
        "sha256:rule",
    )


def test_empty_lists_write_nothing(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [], NOON)
    record_billed_additions(ledger, *HERE, [], MONTH, NOON)
    record_approvals(ledger, "test", [])
    assert snapshot(ledger) == Snapshot()


def test_a_snapshot_has_only_its_own_workspace_and_tenant(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    record_tag_search(ledger, *HERE, NOON)
    assert snapshot(ledger).tags_searched_at is not None
    assert snapshot(ledger, workspace="other") == Snapshot()
    assert snapshot(ledger, tenant="other") == Snapshot()


def test_a_second_tag_search_replaces_the_first(ledger: Ledger) -> None:
    record_tag_search(ledger, *HERE, NOON)
    record_tag_search(ledger, *HERE, LATER)
    assert snapshot(ledger).tags_searched_at == LATER


def test_an_addition_that_an_apply_created_has_the_fields_it_left(ledger: Ledger) -> None:
    record_billed_additions(ledger, *HERE, [LEFT], MONTH, NOON)
    found = addition(ledger)
    assert (found.agreement_id, found.tag, found.customer) == (9, TAG, ("cove", "77"))
    assert (found.last_applied, found.billed_period, found.rule_digest) == ({"quantity": "130"}, MONTH, "sha256:rule")
    assert found.first_quantity is None


def test_an_addition_that_was_read_and_then_billed_keeps_its_first_quantity(ledger: Ledger) -> None:
    record_observed_additions(ledger, *HERE, [SEEN], NOON)
    record_billed_additions(ledger, *HERE, [LEFT], MONTH, LATER)
    assert (addition(ledger).first_quantity, addition(ledger).last_applied) == (Decimal("120.50"), {"quantity": "130"})


def test_an_addition_that_was_only_written_is_in_the_snapshot(ledger: Ledger) -> None:
    wrote(ledger, {"unitPrice": "0.25"})
    assert addition(ledger).last_applied == {"unitPrice": "0.25"}
    assert addition(ledger).first_seen_at is None


def test_writes_under_several_addresses_are_one_addition(ledger: Ledger) -> None:
    wrote(ledger, {"quantity": "1", "serialNumber": TAG})
    wrote(ledger, {"quantity": "2"}, at=LATER, address="Addition/renamed.storage:gb")
    assert (addition(ledger).last_applied["quantity"], addition(ledger).tag) == ("2", TAG)


def test_the_later_of_a_write_and_an_apply_gives_the_last_applied_fields(ledger: Ledger) -> None:
    wrote(ledger, {"quantity": "1"})
    record_billed_additions(ledger, *HERE, [LEFT], MONTH, LATER)
    assert addition(ledger).last_applied["quantity"] == "130"
    wrote(ledger, {"quantity": "2"}, at=LATER + timedelta(hours=1))
    assert addition(ledger).last_applied["quantity"] == "2"


def test_a_snapshot_has_only_the_approvals_of_its_period(ledger: Ledger) -> None:
    given = Approval("samples", "CustomerMapping/acme", MONTH, "ann@desk", NOON)
    record_approvals(ledger, "test", [given])
    assert snapshot(ledger).approvals == (given,)
    assert snapshot(ledger, period="2025-12").approvals == ()
    assert snapshot(ledger, workspace="other").approvals == ()


def test_an_addition_has_ended_before_a_day_after_its_cancelled_date() -> None:
    ended = RecordedAddition(99, last_applied={"cancelledDate": "2025-10-31T00:00:00Z"})
    assert ended.ended_before("2025-11-01")
    assert not ended.ended_before("2025-10-31")
    assert not RecordedAddition(99).ended_before("2025-11-01")


def test_a_part_of_the_snapshot_has_the_additions_of_its_customers_mappings_and_agreements(ledger: Ledger) -> None:
    customers = ((1, 10, ("cove", "acme")), (2, 20, ("cove", "zeta")), (3, 30, ("cove", "beta")), (4, 40, None))
    seen = [
        ObservedAddition(number, agreement, 4, TAG, customer, None, None) for number, agreement, customer in customers
    ]
    record_observed_additions(ledger, *HERE, seen, NOON)
    wrote(ledger, {"quantity": 1})

    def numbers(**some: Any) -> set[int]:
        wanted = Some(**{"customers": (), "mappings": (), "agreements": (), **some})
        return {*load_snapshot(ledger, *HERE, MONTH, wanted).additions}

    assert numbers() == {4}
    assert numbers(customers=[("cove", "acme")]) == {1, 4}
    assert numbers(agreements=[20]) == {2, 4}
    assert numbers(mappings=["acme"]) == {4, 99}
    assert numbers(mappings=["acm"]) == {4}
    assert len(load_snapshot(ledger, *HERE, MONTH).additions) == 5
