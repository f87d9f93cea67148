"""Tests of the match of desired with live additions, and of the actions that it gives."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.match import Matched
from reconciler.additions.planned import PlannedAddition
from reconciler.additions.tag import tag_of
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Link
from reconciler.planning.plan import Change
from tests.planning.builders import addition

from .builders import (
    ACME,
    BOLT,
    ENDED,
    FIRST_VERSION,
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
    snapshot,
)

D = Decimal
LAST_APPLIED = {"quantity": D(120), "unitPrice": D("0.25"), "billCustomer": "Billable", "lessIncluded": D(0)}
RECORDED = snapshot(recorded(last_applied=LAST_APPLIED))


def refused(found: Matched, mapping: str = "acme") -> tuple[str, ...]:
    assert found.pairs == ()
    return found.refused[mapping]


def no_actions(found: list[PlannedAddition]) -> bool:
    return all(each.action is None for each in found)


# Create, update, no action


def test_usage_without_an_addition_creates_one_with_our_tag() -> None:
    action = only_action(planned(desired()))
    assert (action.action, action.address, action.reason) == ("create", "Addition/acme.storage:gb", desired().reason)
    assert action.endpoint == "finance/agreements/{agreement}/additions"
    assert {change.path: change.after for change in action.changes} == {
        "agreement": {"name": "backup", "id": 9, "address": "Agreement/backup"},
        "product": {"name": "gb", "id": 4, "address": "Product/gb"},
        "serialNumber": TAG,
        "quantity": "120",
        "unitPrice": "0.25",
        "lessIncluded": "0",
        "billCustomer": "Billable",
        "effectiveDate": "2026-11-01",
    }
    assert action.money is not None
    assert (action.money.before, action.money.after) == (0, 30)


def test_no_addition_is_created_for_zero_usage() -> None:
    assert planned(desired(quantity=D(0))) == []


def test_an_addition_that_is_as_desired_gets_no_action() -> None:
    (found,) = planned(desired(), live=(addition(),))
    assert (found.action, found.quantity, found.monthly) == (None, 120, 30)


def test_quantities_with_different_trailing_zeros_are_equal() -> None:
    assert no_actions(planned(desired(), live=(addition(quantity=D("120.00"), unitPrice=D("0.2500")),)))


def test_changed_usage_updates_the_addition() -> None:
    (found,) = planned(desired(quantity=D(121)), live=(addition(),))
    action = only_action([found])
    assert (action.action, action.id, action.endpoint) == ("update", 99, "finance/agreements/9/additions/99")
    assert changes(action) == {"quantity": ("120", "121")}
    assert found.monthly == D("30.25")


def test_an_update_has_a_precondition_with_the_live_fields() -> None:
    found = only_action(planned(desired(quantity=D(121)), live=(addition(),))).precondition
    assert found is not None
    assert (found.id, found.last_updated) == (99, "2026-11-09T10:00:00Z")
    assert (found.fields["quantity"], found.fields["serialNumber"]) == ("120", TAG)
    assert found.fields["effectiveDate"] == "2026-11-01"


def test_a_response_without_info_has_no_last_updated() -> None:
    bare = LiveObject("Addition", 99, {k: v for k, v in addition().raw.items() if k != "_info"}, 9)
    found = only_action(planned(desired(quantity=D(121)), live=(bare,))).precondition
    assert found is not None
    assert found.last_updated is None


def test_a_tag_with_trailing_spaces_is_ours() -> None:
    assert no_actions(planned(desired(), live=(addition(serialNumber=f"{TAG}  "),)))


def test_an_addition_without_a_tag_is_never_changed() -> None:
    action = only_action(planned(desired(), live=(addition(serialNumber="SN-1"), addition(98, serialNumber=None))))
    assert action.action == "create"


def test_a_new_price_updates_the_addition_and_is_the_reason() -> None:
    action = only_action(planned(desired(), live=(addition(unitPrice=D("0.20")),)))
    assert changes(action) == {"unitPrice": ("0.2", "0.25")}
    assert action.reason == f"price; {desired().reason}"


@pytest.mark.parametrize("day", ["2026-11-15", "2026-12-01", "2027-03-01"])
def test_a_tagged_addition_is_matched_whatever_its_first_day(day: str) -> None:
    assert no_actions(planned(desired(), live=(addition(effectiveDate=f"{day}T00:00:00Z"),)))


def test_an_addition_that_ended_before_the_month_is_not_matched() -> None:
    assert only_action(planned(desired(), live=(addition(cancelledDate="2026-10-31T00:00:00Z"),))).action == "create"


def test_an_agreement_that_does_not_exist_yet_is_known_after_apply() -> None:
    pending = Link("backup", None, "Agreement/backup")
    action = only_action(planned(desired(agreement=pending, adopt=True), live=(addition(serialNumber=None),)))
    assert action.action == "create"
    assert action.changes[0].known_after_apply


# Refused mappings


def test_two_additions_with_one_tag_refuse_the_mapping_and_list_both_ids() -> None:
    assert refused(matched(desired(), live=(addition(), addition(98)))) == (
        f"Addition/acme.storage:gb: 2 additions have the tag {TAG}: ids 98 and 99. Cancel all but one",
    )


@pytest.mark.parametrize(("price", "text"), [(D("0.25"), " at 0.25"), (None, "")])
def test_a_negative_quantity_is_refused(price: Decimal | None, text: str) -> None:
    assert refused(matched(desired(quantity=D(-1), unit_price=price))) == (
        f"Addition/acme.storage:gb: a quantity of -1{text} is negative",
    )


def test_one_product_under_two_names_is_refused() -> None:
    assert refused(matched(desired(), desired(product=Link("BACKUP-GB", 4)))) == (
        "Addition/acme.storage:BACKUP-GB and Addition/acme.storage:gb are the same product under two names: "
        "use one of them",
    )


def test_a_refused_mapping_keeps_its_additions_and_stops_no_other_mapping() -> None:
    found = matched(desired(quantity=D(-1)), desired(owner=BOLT), live=(addition(),))
    assert list(found.refused) == ["acme"]
    assert [pair.desired.address for pair in found.pairs] == ["Addition/bolt.storage:gb"]
    assert [each.id for each in found.kept] == [99]


# Additions with a last day


def test_of_two_duplicates_the_one_without_a_last_day_is_matched() -> None:
    found = matched(desired(), live=(addition(98, **ENDED), addition()))
    assert [pair.live and pair.live.id for pair in found.pairs] == [99]
    assert ([each.live.id for each in found.ending_duplicates], found.duplicates) == ([98], ())


def test_if_both_duplicates_are_cancelled_billing_continues_with_the_one_that_ended_last() -> None:
    earlier = addition(98, cancelledDate="2026-11-10T00:00:00Z")
    action = only_action(planned(desired(), live=(earlier, addition(**ENDED))))
    assert (action.action, action.id) == ("update", 99)
    assert changes(action) == {"cancelledDate": ("2026-11-20", None)}


def test_of_two_cancelled_duplicates_the_one_that_we_wrote_comes_first() -> None:
    ledger = snapshot(recorded(98, last_applied=LAST_APPLIED))
    earlier = addition(98, cancelledDate="2026-11-10T00:00:00Z")
    assert only_action(planned(desired(), live=(earlier, addition(**ENDED)), ledger=ledger)).id == 98


def test_an_addition_without_usage_keeps_a_last_day_that_was_set_by_hand() -> None:
    action = only_action(planned(emptied(), live=(addition(**ENDED),)))
    assert changes(action) == {"quantity": ("120", "0")}


# Ranges


def test_a_product_without_usage_goes_to_zero_only_if_it_has_an_addition() -> None:
    assert planned(emptied()) == []
    assert changes(only_action(planned(emptied(), live=(addition(),)))) == {"quantity": ("120", "0")}


def test_usage_that_crosses_a_range_fills_one_addition_and_empties_the_other() -> None:
    new = desired(product=TERABYTE, quantity=D(501), unit_price=D("0.20"))
    found = planned(new, emptied(), live=(addition(),))
    assert [(each.action and each.action.action, each.address) for each in found] == [
        ("create", "Addition/acme.storage:tb"),
        ("update", "Addition/acme.storage:gb"),
    ]


def test_a_price_edited_by_hand_on_an_empty_addition_is_drift() -> None:
    ledger = snapshot(recorded(last_applied={**LAST_APPLIED, "quantity": D(0)}))
    live = (addition(quantity=D(0), unitPrice=D("9.99")),)
    (found,) = planned(emptied(unit_price=D("0.25")), live=live, ledger=ledger)
    assert changes(only_action([found])) == {"unitPrice": ("9.99", "0.25")}
    assert [note.message for note in found.notes] == ["edited by hand: unitPrice 0.25 → 9.99"]


# A mapping with another product or agreement than before


def test_an_addition_of_a_product_that_the_mapping_no_longer_has_goes_to_zero() -> None:
    made, zeroed = planned(desired(product=TERABYTE), live=(addition(),))
    action = only_action([zeroed])
    assert (action.action, action.id, action.address) == ("update", 99, "Addition/acme.storage:BACKUP-GB")
    assert action.reason == "CustomerMapping/acme now bills another product or agreement"
    assert changes(action) == {"quantity": ("120", "0")}
    assert zeroed.depends_on == {made.address}


def test_an_addition_on_another_agreement_has_its_id_in_its_address() -> None:
    elsewhere = LiveObject("Addition", 99, {**addition().raw, "product": {"id": 4, "identifier": "gb"}}, 10)
    found = planned(desired(), live=(addition(98), elsewhere))
    assert [each.address for each in found] == ["Addition/acme.storage:gb", "Addition/acme.storage:gb:99"]


def test_a_superseded_addition_at_zero_gets_no_action() -> None:
    assert no_actions(planned(desired(product=TERABYTE), live=(addition(quantity=D(0)),))[1:])


@pytest.mark.parametrize("last", ["2026-11-20", "2027-03-31"])
def test_a_superseded_addition_with_a_last_day_goes_to_zero_too(last: str) -> None:
    zeroed = planned(desired(product=TERABYTE), live=(addition(cancelledDate=f"{last}T00:00:00Z"),))[1]
    assert changes(only_action([zeroed])) == {"quantity": ("120", "0")}


def test_a_price_edited_by_hand_on_a_superseded_addition_is_drift() -> None:
    ledger = snapshot(recorded(last_applied={**LAST_APPLIED, "quantity": D(0)}))
    live = (addition(quantity=D(0), unitPrice=D("9.99")),)
    zeroed = planned(desired(product=TERABYTE), live=live, ledger=ledger)[1]
    assert changes(only_action([zeroed])) == {"unitPrice": ("9.99", "0.25")}
    assert [note.message for note in zeroed.notes] == ["edited by hand: unitPrice 0.25 → 9.99"]


def test_a_response_without_the_product_identifier_gives_an_address_with_the_id() -> None:
    zeroed = planned(desired(product=TERABYTE), live=(addition(product={"id": 4}),))[1]
    assert zeroed.address == "Addition/acme.storage:id 4"


# Adopt


def test_an_adopted_addition_gets_the_tag_and_the_quantity() -> None:
    (found,) = planned(desired(adopt=True), live=(addition(serialNumber=None, quantity=D(100)),))
    action = only_action([found])
    assert (action.action, action.id, found.adopted) == ("adopt", 99, True)
    assert changes(action) == {"serialNumber": (None, TAG), "quantity": ("100", "120")}


def test_an_addition_with_a_serial_number_of_its_own_can_be_adopted() -> None:
    action = only_action(planned(desired(adopt=True), live=(addition(serialNumber="SN-1"),)))
    assert changes(action) == {"serialNumber": ("SN-1", TAG)}


def test_an_addition_is_adopted_at_zero_usage_too() -> None:
    assert (
        only_action(planned(desired(adopt=True, quantity=D(0)), live=(addition(serialNumber=None),))).action == "adopt"
    )


def test_an_addition_is_created_if_none_can_be_adopted() -> None:
    assert only_action(planned(desired(adopt=True))).action == "create"
    assert planned(desired(adopt=True, quantity=D(0))) == []


def test_no_addition_is_adopted_if_one_is_ours_already() -> None:
    assert no_actions(planned(desired(adopt=True), live=(addition(), addition(98, serialNumber=None))))


def test_two_additions_that_could_be_adopted_are_refused_and_listed() -> None:
    assert refused(matched(desired(adopt=True), live=(addition(serialNumber=None), addition(98, serialNumber="")))) == (
        "Addition/acme.storage:gb: adopt: 2 untagged additions of that agreement and product: ids 98 and 99. "
        "Cancel those that must not be adopted",
    )


def test_two_mappings_that_would_adopt_one_addition_are_both_refused() -> None:
    other = desired(owner=BOLT, adopt=True)
    found = matched(desired(adopt=True), other, live=(addition(serialNumber=None),))
    assert refused(found) == (
        "Addition/acme.storage:gb: adopt: Addition/bolt.storage:gb would adopt the addition with id 99 too",
    )
    assert "bolt" in found.refused


@pytest.mark.parametrize(
    ("raw", "change"),
    [({"billCustomer": "NoCharge"}, ("NoCharge", "Billable")), ({"lessIncluded": D(20)}, ("20", "0"))],
)
def test_an_adopted_addition_becomes_billable_without_an_allowance(
    raw: dict[str, Any], change: tuple[str, str]
) -> None:
    action = only_action(planned(desired(adopt=True), live=(addition(serialNumber=None, **raw),)))
    assert changes(action)[next(iter(raw))] == change


@pytest.mark.parametrize("other", [addition(serialNumber=None), None])
def test_an_addition_that_ends_this_month_is_not_adopted(other: LiveObject | None) -> None:
    ended = addition(98, serialNumber=None, **ENDED)
    action = only_action(planned(desired(adopt=True), live=(ended, other) if other else (ended,)))
    assert action.action == ("adopt" if other else "create")


def test_an_addition_that_begins_next_month_is_not_adopted() -> None:
    later = addition(serialNumber=None, effectiveDate="2026-12-01T00:00:00Z")
    assert only_action(planned(desired(adopt=True), live=(later,))).action == "create"


# Ours, but without the right tag


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


def test_a_duplicate_that_ends_in_a_later_month_is_listed_whatever_its_tag() -> None:
    later = addition(98, serialNumber=RENAMED, cancelledDate="2027-03-31T00:00:00Z")
    assert [each.live.id for each in matched(desired(), live=(later, addition())).duplicates] == [98]


def test_an_addition_of_one_period_is_not_matched_with_the_hourly_one() -> None:
    found = ownership_of(addition(serialNumber=f"{TAG}/2026-10"), addition(98, serialNumber=f"{TAG}/2026-10+1"))
    assert [each.id for each in found.period_additions] == [98, 99]
    assert ACME not in found.by_owner


# Hand edits

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
        "hand edit accepted until 2026-11-30: quantity 120 → 99; usage would give quantity 120, 30 USD a month"
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
