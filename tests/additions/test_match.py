"""Tests of the match of desired with live additions, and of the actions that it gives."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Link
from tests.planning.builders import addition

from .builders import (
    BOLT,
    ENDED,
    LAST_APPLIED,
    TAG,
    TERABYTE,
    changes,
    desired,
    emptied,
    matched,
    no_actions,
    only_action,
    planned,
    recorded,
    refused,
    snapshot,
)

D = Decimal


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
def test_a_tagged_addition_is_matched_with_any_first_day(day: str) -> None:
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
