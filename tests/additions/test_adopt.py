"""Tests of `adopt: true`: which addition is taken over, and when that is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from tests.planning.builders import addition

from .builders import (
    BOLT,
    ENDED,
    TAG,
    changes,
    desired,
    matched,
    no_actions,
    only_action,
    planned,
    refused,
)

D = Decimal


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


@pytest.mark.parametrize(
    ("raw", "before"),
    [
        ({"lessIncluded": D(20)}, D("25.00")),
        ({"quantity": D(0)}, D(0)),
        ({"unitPrice": None}, D(0)),
        ({"billCustomer": "DoNotBill"}, D(0)),
        ({"effectiveDate": "2011-03-04T00:00:00Z"}, D(30)),
        ({"cancelledDate": "2027-03-31T00:00:00Z"}, D(30)),
    ],
)
def test_an_adoption_shows_the_amount_before_and_after_and_creates_nothing(
    raw: dict[str, Any], before: Decimal
) -> None:
    """Odd values included. A first day of years ago and a cost set by hand stay as they are."""
    live = addition(serialNumber=None, unitCost=D(3), **raw)
    (found,) = planned(desired(adopt=True), live=(live,))
    action = only_action([found])
    assert (action.action, action.id) == ("adopt", 99)
    assert action.money is not None
    assert (action.money.before, action.money.after) == (before, 30)
    assert {"unitCost", "effectiveDate"}.isdisjoint(changes(action))


def test_an_adoption_names_a_last_day_that_it_removes() -> None:
    live = addition(serialNumber=None, cancelledDate="2027-03-31T00:00:00Z")
    (found,) = planned(desired(adopt=True), live=(live,), on_drift="fail")
    assert [note.message for note in found.notes] == [
        "addition id 99 has the last day 2027-03-31, which this plan removes; to keep it, declare `end: 2027-03-31`"
    ]
    (kept,) = planned(desired(adopt=True, last_day="2027-03-31"), live=(live,))
    assert kept.notes == ()
