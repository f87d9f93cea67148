"""Tests of additions that are ours and carry an old tag, another name, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.tag import tag_of
from tests.planning.builders import addition

from .builders import (
    ACME,
    BOLT,
    ENDED,
    FIRST_VERSION,
    LAST_APPLIED,
    RECORDED,
    TAG,
    TERABYTE,
    changes,
    desired,
    emptied,
    matched,
    only_action,
    ownership_of,
    planned,
    recorded,
    refused,
    snapshot,
)

D = Decimal


def test_a_tag_of_the_first_version_is_replaced() -> None:
    action = only_action(planned(desired(), live=(addition(serialNumber=FIRST_VERSION),)))
    assert (action.action, changes(action)) == ("adopt", {"serialNumber": (FIRST_VERSION, TAG)})
    assert action.reason == f"its tag is of an earlier version; {desired().reason}"


RENAMED = "rc:cove/77/old-name/storage"


def test_an_addition_with_the_old_name_of_its_mapping_is_tagged_again() -> None:
    action = only_action(planned(desired(), live=(addition(serialNumber=RENAMED),)))
    assert (action.action, action.id) == ("adopt", 99)
    assert action.reason == f"renamed: it has the tag {RENAMED}; {desired().reason}"


def test_an_empty_addition_with_an_old_name_is_tagged_again_too() -> None:
    assert changes(only_action(planned(emptied(), live=(addition(serialNumber=RENAMED),))))["quantity"] == ("120", "0")


def test_a_renamed_addition_of_another_product_goes_to_zero() -> None:
    found = planned(desired(product=TERABYTE), live=(addition(serialNumber=RENAMED),))
    assert [(each.action and each.action.action, each.quantity) for each in found] == [("create", 120), ("update", 0)]


def test_the_right_tag_comes_before_an_old_one_which_is_a_duplicate() -> None:
    found = matched(desired(), live=(addition(98), addition(serialNumber=RENAMED)))
    assert [pair.live and pair.live.id for pair in found.pairs] == [98]
    assert [each.live.id for each in found.duplicates] == [99]


def test_a_cut_tag_is_matched_by_its_customer_without_a_ledger() -> None:
    cut = tag_of("cove", "77", "a-name-that-goes-on-and-on-and-on-and-on-and-on")
    action = only_action(planned(desired(), live=(addition(serialNumber=cut),)))
    assert (action.action, changes(action)) == ("adopt", {"serialNumber": (cut, TAG)})


def test_a_tag_cut_inside_its_customer_id_is_an_orphan_without_a_ledger() -> None:
    found = ownership_of(addition(serialNumber=tag_of("cove", "7" * 60, "acme")))
    assert ([each.id for each in found.orphans], dict(found.by_owner)) == ([99], {})


def test_two_renamed_additions_are_refused_and_listed() -> None:
    live = (addition(serialNumber=RENAMED), addition(98, serialNumber="rc:cove/77/older/storage"))
    (reason,) = refused(matched(desired(adopt=True), live=live))
    assert "2 additions have a tag of this mapping under another name: ids 98 and 99" in reason


def test_a_removed_tag_is_written_again() -> None:
    (found,) = planned(desired(), live=(addition(serialNumber=""),), ledger=RECORDED)
    action = only_action([found])
    assert action.reason == f"drift: its tag was removed by hand; {desired().reason}"
    assert len(action.changes) == 1
    assert changes(action) == {"serialNumber": (None, TAG)}
    assert [note.message for note in found.notes] == ["edited by hand: the tag of addition id 99 was removed"]
    assert [note.drift for note in found.notes] == [True]


def test_a_removed_tag_refuses_the_run_with_on_drift_fail() -> None:
    (found,) = planned(desired(), live=(addition(serialNumber=""),), ledger=RECORDED, on_drift="fail")
    assert [note.message for note in found.drifted] == ["edited by hand: the tag of addition id 99 was removed"]
    assert found.notes == ()


def test_a_removed_tag_is_found_by_the_run_that_empties_the_addition() -> None:
    new = desired(product=TERABYTE, quantity=D(510))
    found = planned(new, emptied(), live=(addition(serialNumber=""),), ledger=RECORDED)
    assert [(each.address, each.quantity) for each in found] == [
        ("Addition/acme.storage:tb", 510),
        ("Addition/acme.storage:gb", 0),
    ]


def test_an_addition_without_its_tag_is_not_adopted_by_another_mapping() -> None:
    taker = desired(owner=BOLT, adopt=True, quantity=D(5))
    found = planned(taker, desired(), live=(addition(serialNumber=None),), ledger=RECORDED)
    assert [(each.address, each.action and each.action.action) for each in found] == [
        ("Addition/bolt.storage:gb", "create"),
        ("Addition/acme.storage:gb", "adopt"),
    ]


def test_an_addition_with_removed_tag_and_changed_product_goes_to_zero() -> None:
    ledger = snapshot(
        recorded(product_id=4, last_applied=LAST_APPLIED, first_seen_at=datetime(2026, 11, 1, tzinfo=UTC))
    )
    live = (addition(serialNumber="", product={"id": 5, "identifier": "OTHER"}),)
    made, zeroed = planned(desired(), live=live, ledger=ledger)
    assert (made.action and made.action.action, changes(only_action([zeroed]))) == (
        "create",
        {"quantity": ("120", "0")},
    )


@pytest.mark.parametrize("other", [{"product_id": 5}, {"agreement_id": 10}, {"tag": "SN-1"}])
def test_an_id_without_agreement_product_and_tag_is_not_ours(other: dict[str, Any]) -> None:
    found = ownership_of(addition(serialNumber=""), ledger=snapshot(recorded(**other)))
    assert [each.id for each in found.foreign] == [99]


def test_a_cancelled_addition_of_a_renamed_mapping_is_used_again() -> None:
    """An invoice bills the month of the last day in full, so a new addition would bill that month twice."""
    found = only_action(planned(desired(), live=(addition(serialNumber=RENAMED, **ENDED),)))
    assert (found.action, found.id) == ("adopt", 99)
    assert changes(found) == {"serialNumber": (RENAMED, TAG), "cancelledDate": ("2026-11-20", None)}


def test_a_cancelled_addition_without_its_tag_is_used_again() -> None:
    found = only_action(planned(desired(), live=(addition(serialNumber="", **ENDED),), ledger=RECORDED))
    assert (found.action, found.id) == ("adopt", 99)


def test_a_duplicate_that_ends_in_a_later_month_is_listed_with_any_tag() -> None:
    later = addition(98, serialNumber=RENAMED, cancelledDate="2027-03-31T00:00:00Z")
    assert [each.live.id for each in matched(desired(), live=(later, addition())).duplicates] == [98]


def test_an_addition_of_one_period_is_not_matched_with_the_hourly_one() -> None:
    found = ownership_of(addition(serialNumber=f"{TAG}/2026-10"), addition(98, serialNumber=f"{TAG}/2026-10+1"))
    assert [each.id for each in found.period_additions] == [98]
    assert found.by_owner.keys() == {ACME.of_period("2026-10")}
