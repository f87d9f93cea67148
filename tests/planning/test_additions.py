"""Wanted lines against the additions that live."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.estate import LiveObject
from reconciler.kinds.values import Link
from reconciler.planning.additions import AdditionsPlan, OnDrift, WantedLine, plan_additions
from reconciler.planning.plan import Action, Change
from reconciler.planning.standing import Period
from tests.planning.builders import addition, estate_with, line

NOVEMBER = Period("2026-11-01", "2026-11-30")
WRITTEN = {
    "quantity": Decimal(120),
    "unitPrice": Decimal("0.25"),
    "billCustomer": "Billable",
    "lessIncluded": Decimal(0),
}
TERABYTE = Link("tb", 6, "Product/tb")


def planned(
    *lines: WantedLine, live: tuple[LiveObject, ...] = (), written: Any = None, on_drift: OnDrift = "restore"
) -> AdditionsPlan:
    last_written = {} if written is None else {"Addition/acme:gb": written}
    return plan_additions(
        lines, estate_with(*live), NOVEMBER, currency="USD", last_written=last_written, on_drift=on_drift
    )


def only(plan: AdditionsPlan) -> Action:
    (action,) = plan.actions
    assert plan.problems == []
    return action


def changes(action: Action) -> dict[str, tuple[Any, Any]]:
    return {change.path: (change.before, change.after) for change in action.changes}


def test_usage_without_an_addition_creates_one_with_our_mark() -> None:
    action = only(planned(line()))
    assert (action.action, action.address, action.reason) == ("create", "Addition/acme:gb", line().why)
    assert action.endpoint == "finance/agreements/{agreement}/additions"
    assert {change.path: change.after for change in action.changes} == {
        "agreement": {"name": "backup", "id": 9, "address": "Agreement/backup"},
        "product": {"name": "gb", "id": 4, "address": "Product/gb"},
        "serialNumber": "rc:cove/77/acme",
        "quantity": "120",
        "unitPrice": "0.25",
        "lessIncluded": "0",
        "billCustomer": "Billable",
        "effectiveDate": "2026-11-01",
    }


def test_a_new_addition_is_worth_its_quantity_times_its_price() -> None:
    plan = planned(line())
    assert only(plan).money is not None
    assert (plan.money_before, plan.money_after) == (0, 30)


def test_no_addition_is_made_of_nothing() -> None:
    assert planned(line(quantity=Decimal(0))).actions == []


def test_an_addition_as_wanted_is_left_alone() -> None:
    plan = planned(line(), live=(addition(),))
    assert (plan.actions, plan.unchanged) == ([], 1)
    assert (plan.money_before, plan.money_after) == (30, 30)
    assert plan.quantities == {"acme": (120, 120)}


def test_one_and_one_point_zero_are_one_quantity() -> None:
    assert planned(line(), live=(addition(quantity=Decimal("120.00"), unitPrice=Decimal("0.2500")),)).actions == []


def test_usage_that_changed_rewrites_the_addition() -> None:
    plan = planned(line(quantity=Decimal(121)), live=(addition(),))
    action = only(plan)
    assert (action.action, action.id, action.endpoint) == ("update", 99, "finance/agreements/9/additions/99")
    assert changes(action) == {"quantity": ("120", "121")}
    assert (plan.money_before, plan.money_after) == (30, Decimal("30.25"))
    assert plan.quantities == {"acme": (120, 121)}


def test_an_update_remembers_what_it_was_based_on() -> None:
    found = only(planned(line(quantity=Decimal(121)), live=(addition(),))).precondition
    assert found is not None
    assert (found.id, found.last_updated) == (99, "2026-11-09T10:00:00Z")
    assert (found.fields["quantity"], found.fields["serialNumber"]) == ("120", "rc:cove/77/acme")
    assert "effectiveDate" not in found.fields


def test_an_answer_without_info_has_no_token_of_change() -> None:
    standing = addition()
    bare = LiveObject("Addition", 99, {k: v for k, v in standing.raw.items() if k != "_info"}, 9)
    found = only(planned(line(quantity=Decimal(121)), live=(bare,))).precondition
    assert found is not None
    assert found.last_updated is None


def test_a_padded_mark_is_still_ours() -> None:
    assert planned(line(), live=(addition(serialNumber="rc:cove/77/acme  "),)).unchanged == 1


def test_what_carries_no_mark_is_never_touched() -> None:
    plan = planned(line(), live=(addition(serialNumber="SN-1"), addition(98, serialNumber=None)))
    assert only(plan).action == "create"
    assert plan.money_before == 0


def test_the_mark_of_another_mapping_is_an_orphan_or_held_and_bills_on() -> None:
    plan = planned(live=(addition(),))
    assert plan.actions == []
    assert (plan.money_before, plan.money_after) == (30, 30)


def test_two_additions_with_one_mark_are_an_error_with_both_ids() -> None:
    assert planned(line(), live=(addition(), addition(98))).problems == [
        "Addition/acme:gb: 2 additions carry the mark 'rc:cove/77/acme': ids 99 and 98. Cancel all but one"
    ]


def test_a_line_without_a_price_leaves_the_price_alone() -> None:
    action = only(planned(line(quantity=Decimal(0), unit_price=None, standing_only=True), live=(addition(),)))
    assert changes(action) == {"quantity": ("120", "0")}


def test_a_product_of_the_ranges_that_holds_nothing_is_zeroed_only_where_it_exists() -> None:
    assert planned(line(quantity=Decimal(0), unit_price=None, standing_only=True)).actions == []


def test_usage_that_crosses_a_range_zeroes_one_line_and_fills_the_other() -> None:
    old = line(quantity=Decimal(0), unit_price=None, standing_only=True)
    new = line(product=TERABYTE, quantity=Decimal(501), unit_price=Decimal("0.20"))
    plan = planned(new, old, live=(addition(),))
    assert [(action.action, action.address) for action in plan.actions] == [
        ("create", "Addition/acme:tb"),
        ("update", "Addition/acme:gb"),
    ]
    assert (plan.money_before, plan.money_after) == (30, Decimal("100.2"))
    assert plan.quantities == {"acme": (120, 501)}


@pytest.mark.parametrize("more", [{"cancelledDate": "2026-10-31T00:00:00Z"}, {"effectiveDate": "2026-12-01T00:00:00Z"}])
def test_additions_that_do_not_overlap_the_month_are_out_of_the_match(more: dict[str, str]) -> None:
    plan = planned(line(), live=(addition(**more),))
    assert only(plan).action == "create"
    assert plan.money_before == 0


def test_what_must_be_done_first_is_kept_for_the_graph() -> None:
    plan = planned(line(after=frozenset({"ManagementSolution/acme-cove"})))
    assert plan.after == {"Addition/acme:gb": frozenset({"ManagementSolution/acme-cove"})}


def test_what_depends_on_something_yet_to_be_made_is_known_after_apply() -> None:
    pending = Link("backup", None, "Agreement/backup")
    action = only(planned(line(agreement=pending, adopt=True), live=(addition(serialNumber=None),)))
    assert action.action == "create"
    assert action.changes[0].known_after_apply


def test_a_product_yet_to_be_made_has_no_addition() -> None:
    pending = Link("new", None, "Product/new")
    assert planned(line(product=pending), live=(addition(serialNumber="rc:other"),)).actions[0].action == "create"


def test_a_negative_quantity_is_an_error() -> None:
    assert planned(line(quantity=Decimal(-1))).problems == [
        "Addition/acme:gb: a quantity of -1 at 0.25 is negative",
    ]


def test_a_negative_quantity_without_a_price_is_an_error() -> None:
    assert planned(line(quantity=Decimal(-1), unit_price=None)).problems == [
        "Addition/acme:gb: a quantity of -1 is negative",
    ]


def test_one_product_under_two_names_is_an_error() -> None:
    assert planned(line(), line(product=Link("BACKUP-GB", 4))).problems == [
        "Addition/acme:BACKUP-GB and Addition/acme:gb are the same product under two names: use one of them"
    ]


def test_a_new_price_reaches_the_addition_and_is_named_as_the_reason() -> None:
    action = only(planned(line(), live=(addition(unitPrice=Decimal("0.20")),)))
    assert changes(action) == {"unitPrice": ("0.2", "0.25")}
    assert action.reason == f"price; {line().why}"


ENDED = {"cancelledDate": "2026-11-20T00:00:00Z"}


def test_one_of_two_with_a_mark_that_ends_this_month_leaves_the_other_to_be_ours() -> None:
    plan = planned(line(), live=(addition(), addition(98, **ENDED)))
    assert (plan.problems, plan.actions, plan.unchanged) == ([], [], 1)
    assert (plan.money_before, plan.money_after) == (60, 60)


def test_problems_are_kept_by_mapping() -> None:
    plan = planned(line(quantity=Decimal(-1)), line(mapping="bolt", mark="rc:bolt"))
    assert list(plan.refused) == ["acme"]
    assert plan.refused["acme"] == plan.problems
    assert [action.address for action in plan.actions] == ["Addition/bolt:gb"]


# A mapping that bills by something else than before


def test_an_addition_of_a_product_that_the_mapping_no_longer_names_goes_to_zero() -> None:
    plan = planned(line(product=TERABYTE), live=(addition(),))
    made, zeroed = plan.actions
    assert (made.action, zeroed.action, zeroed.id) == ("create", "update", 99)
    assert zeroed.address == "Addition/acme:BACKUP-GB:99"
    assert zeroed.reason == "CustomerMapping/acme bills by another product or agreement now"
    assert changes(zeroed) == {"quantity": ("120", "0")}
    assert (plan.money_before, plan.money_after) == (30, 30)
    assert plan.quantities == {"acme": (120, 120)}


def test_it_goes_to_zero_only_after_the_one_that_takes_its_place() -> None:
    plan = planned(line(product=TERABYTE), live=(addition(),))
    assert plan.after["Addition/acme:BACKUP-GB:99"] == frozenset({"Addition/acme:tb"})


@pytest.mark.parametrize("more", [{"quantity": Decimal(0)}, {"cancelledDate": "2026-11-20T00:00:00Z"}])
def test_one_that_is_zero_or_cancelled_already_is_left_alone(more: dict[str, Any]) -> None:
    assert len(planned(line(product=TERABYTE), live=(addition(**more),)).actions) == 1


def test_an_answer_without_the_products_identifier_names_it_by_id() -> None:
    plan = planned(line(product=TERABYTE), live=(addition(product={"id": 4}),))
    assert plan.actions[1].address == "Addition/acme:4:99"


# Adopting


def test_adopting_marks_one_unmarked_addition_and_shows_it() -> None:
    plan = planned(line(adopt=True), live=(addition(serialNumber=None, quantity=Decimal(100)),))
    action = only(plan)
    assert (action.action, action.id) == ("adopt", 99)
    assert changes(action) == {"serialNumber": (None, "rc:cove/77/acme"), "quantity": ("100", "120")}
    assert (plan.money_before, plan.money_after) == (25, 30)


def test_an_addition_that_somebody_put_a_serial_number_on_can_be_adopted() -> None:
    action = only(planned(line(adopt=True), live=(addition(serialNumber="SN-1"),)))
    assert changes(action) == {"serialNumber": ("SN-1", "rc:cove/77/acme")}


def test_a_line_of_nothing_is_adopted_too() -> None:
    action = only(planned(line(adopt=True, quantity=Decimal(0)), live=(addition(serialNumber=None),)))
    assert action.action == "adopt"


def test_with_nothing_to_adopt_an_addition_is_made() -> None:
    assert only(planned(line(adopt=True))).action == "create"
    assert planned(line(adopt=True, quantity=Decimal(0))).actions == []


def test_what_is_ours_already_is_not_adopted_again() -> None:
    assert planned(line(adopt=True), live=(addition(), addition(98, serialNumber=None))).unchanged == 1


def test_two_candidates_are_an_error_that_lists_them() -> None:
    assert planned(line(adopt=True), live=(addition(serialNumber=None), addition(98, serialNumber=""))).problems == [
        "Addition/acme:gb: adopt: 2 unmarked additions of that agreement and product: ids 99 and 98. "
        "Cancel the one that must not be taken over"
    ]


def test_two_mappings_cannot_adopt_one_addition() -> None:
    other = line(mapping="bolt", mark="rc:cove/78/bolt", adopt=True)
    plan = planned(line(adopt=True), other, live=(addition(serialNumber=None),))
    assert plan.problems == ["Addition/bolt:gb: adopt: id 99 is adopted by Addition/acme:gb already"]


def test_an_addition_that_lost_its_mark_is_not_adopted_by_another_mapping() -> None:
    taker = line(mapping="bolt", mark="rc:cove/78/bolt", adopt=True, quantity=Decimal(5))
    owner = line(claims=frozenset({3}))
    plan = planned(taker, owner, live=(addition(3, serialNumber=None),))
    assert plan.problems == []
    assert {action.address: (action.action, action.id) for action in plan.actions} == {
        "Addition/bolt:gb": ("create", None),
        "Addition/acme:gb": ("adopt", 3),
    }


def test_adopting_makes_an_addition_bill_that_did_not() -> None:
    plan = planned(line(adopt=True), live=(addition(serialNumber=None, billCustomer="NoCharge"),))
    assert changes(only(plan))["billCustomer"] == ("NoCharge", "Billable")
    assert (plan.money_before, plan.money_after) == (0, 30)


def test_adopting_takes_the_allowance_off_that_rating_has_taken_off_already() -> None:
    plan = planned(line(adopt=True), live=(addition(serialNumber=None, lessIncluded=Decimal(20)),))
    assert changes(only(plan))["lessIncluded"] == ("20", "0")
    assert (plan.money_before, plan.money_after) == (25, 30)


@pytest.mark.parametrize("other", [addition(serialNumber=None), None])
def test_what_ends_this_month_is_no_candidate(other: LiveObject | None) -> None:
    ended = addition(98, serialNumber=None, **ENDED)
    action = only(planned(line(adopt=True), live=(ended, other) if other else (ended,)))
    assert action.action == ("adopt" if other else "create")


# Additions that are a line's without its mark

RENAMED = addition(serialNumber="rc:cove/77/old-name")
CLAIMED = frozenset({99})


def test_an_addition_under_the_mappings_old_name_is_taken_over_and_not_doubled() -> None:
    plan = planned(line(claims=CLAIMED), live=(RENAMED,))
    action = only(plan)
    assert (action.action, action.id) == ("adopt", 99)
    assert action.reason == f"renamed: it carries the mark rc:cove/77/old-name; {line().why}"
    assert changes(action) == {"serialNumber": ("rc:cove/77/old-name", "rc:cove/77/acme")}
    assert (plan.money_before, plan.money_after) == (30, 30)


def test_a_line_that_only_stands_is_taken_over_too() -> None:
    standing = line(claims=CLAIMED, quantity=Decimal(0), unit_price=None, standing_only=True)
    assert changes(only(planned(standing, live=(RENAMED,))))["quantity"] == ("120", "0")


def test_an_addition_that_lost_its_mark_gets_it_back() -> None:
    plan = planned(line(claims=CLAIMED), live=(addition(serialNumber=""),))
    action = only(plan)
    assert action.reason == "drift: its mark was removed by hand"
    assert changes(action) == {"serialNumber": (None, "rc:cove/77/acme")}
    assert [note.message for note in plan.notes] == ["edited by hand: addition id 99 has lost its mark"]


def test_a_lost_mark_can_stop_the_plan() -> None:
    plan = planned(line(claims=CLAIMED), live=(addition(serialNumber=""),), on_drift="fail")
    assert [note.message for note in plan.drifted] == ["edited by hand: addition id 99 has lost its mark"]


def test_a_claim_to_another_place_or_to_what_ends_is_none() -> None:
    elsewhere = line(claims=CLAIMED, product=TERABYTE)
    assert only(planned(elsewhere, live=(RENAMED,))).action == "create"
    ended = addition(serialNumber="rc:cove/77/old-name", **ENDED)
    assert only(planned(line(claims=CLAIMED), live=(ended,))).action == "create"


def test_what_carries_the_mark_comes_before_a_claim() -> None:
    plan = planned(line(claims=CLAIMED), live=(addition(98), RENAMED))
    assert (plan.actions, plan.unchanged) == ([], 1)


def test_two_claimed_additions_are_an_error_that_lists_them() -> None:
    claims = frozenset({98, 99})
    other = addition(98, serialNumber="rc:cove/77/older-name")
    assert planned(line(claims=claims, adopt=True), live=(RENAMED, other)).problems == [
        "Addition/acme:gb: 2 additions were this mapping's under other names: ids 99 and 98. Cancel all but one"
    ]


# Edits by hand

EDITED = addition(quantity=Decimal(99))


def test_an_edit_by_hand_is_undone_and_named_as_drift() -> None:
    plan = planned(line(), live=(EDITED,), written=WRITTEN)
    action = only(plan)
    assert action.reason == "drift: edited by hand (quantity)"
    assert changes(action) == {"quantity": ("99", "120")}
    assert [(note.address, note.message) for note in plan.notes] == [
        ("Addition/acme:gb", "edited by hand: quantity 120 → 99")
    ]
    assert plan.drifted == []


def test_an_edit_can_be_accepted() -> None:
    plan = planned(line(), live=(EDITED,), written=WRITTEN, on_drift="accept")
    assert (plan.actions, plan.unchanged) == ([], 1)
    assert plan.notes[0].message == "hand edit accepted: quantity 120 → 99"
    assert (plan.money_before, plan.money_after) == (Decimal("24.75"), Decimal("24.75"))


def test_an_accepted_edit_does_not_hide_a_change_of_usage() -> None:
    live = (addition(unitPrice=Decimal("0.10")),)
    action = only(planned(line(quantity=Decimal(130)), live=live, written=WRITTEN, on_drift="accept"))
    assert changes(action) == {"quantity": ("120", "130")}
    assert action.reason == line().why
    assert action.money is not None
    assert action.money.after == 13


def test_an_edit_can_stop_the_plan() -> None:
    plan = planned(line(), live=(EDITED,), written=WRITTEN, on_drift="fail")
    assert [note.message for note in plan.drifted] == ["edited by hand: quantity 120 → 99"]
    assert plan.notes == []


def test_a_cancellation_by_hand_is_an_edit() -> None:
    live = (addition(cancelledDate="2026-11-20T00:00:00Z"),)
    plan = planned(line(), live=live, written=WRITTEN)
    assert changes(only(plan)) == {"cancelledDate": ("2026-11-20", None)}
    assert plan.notes[0].message == "edited by hand: cancelledDate None → 2026-11-20"


def test_a_change_of_usage_is_no_edit() -> None:
    action = only(planned(line(quantity=Decimal(121)), live=(addition(),), written=WRITTEN))
    assert action.reason == line().why


def test_where_nothing_was_written_nothing_can_have_been_edited() -> None:
    assert only(planned(line(), live=(EDITED,))).reason == line().why


def test_fields_that_were_never_written_cannot_have_been_edited() -> None:
    written = {"quantity": Decimal(120)}
    live = (addition(unitPrice=Decimal("0.10")),)
    action = only(planned(line(), live=live, written=written))
    assert action.changes == (Change(path="unitPrice", before="0.1", after="0.25"),)
    assert action.reason == f"price; {line().why}"
