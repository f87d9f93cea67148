"""Tests of guardrails of usage: which changes need an approval."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.changes import ChargeChange
from reconciler.additions.guardrails import customer_trips, run_trips
from reconciler.additions.ownership import Owner
from reconciler.kinds.guardrail_settings import Guardrails
from reconciler.planning.plan import Note, Tripped

D = Decimal


def limits(**rules: Any) -> Guardrails:
    return Guardrails.model_validate(rules)


DEFAULT = limits()


def charge(before: float = 100, after: float = 100, **more: Any) -> ChargeChange:
    mapping = more.pop("mapping", "acme")
    values: dict[str, Any] = {
        "owner": Owner(mapping, "cove", "77"),
        "unit": "GB",
        "addresses": frozenset({f"Addition/{mapping}.storage:gb", f"Addition/{mapping}:gb"}),
        "quantity_before": D(str(before)),
        "quantity_after": D(str(after)),
        "money_before": D(str(before)) / 4,
        "money_after": D(str(after)) / 4,
        **more,
    }
    return ChargeChange(**values)


def names(found: list[Tripped]) -> list[str]:
    return [trip.name for trip in found]


def test_a_charge_with_only_some_additions_created_trips_nothing() -> None:
    half = [charge(500, 1250, mapping=str(number), unfinished=True) for number in range(20)]
    assert customer_trips(DEFAULT, half, "USD") == []
    assert run_trips(limits(money=1), half, [], "USD") == []


# One customer


@pytest.mark.parametrize(
    ("before", "after", "trips"),
    [
        (1000, 1500, False),  # exactly at both limits
        (1000, 1501, True),
        (900, 1401, True),
        (2000, 2900, False),  # 900 GB, but only 45 %
        (100, 600, False),  # 500 %, but only 500 GB
        (100, 601, True),
        (1200, 500, True),  # a fall counts too
        (0, 5000, False),  # a rise from 0 does not count
    ],
)
def test_a_quantity_trips_above_50_percent_and_500_units(before: int, after: int, trips: bool) -> None:
    assert names(customer_trips(DEFAULT, [charge(before, after)], "USD")) == (["quantity"] if trips else [])


@pytest.mark.parametrize(
    "why", [{"vanished": True}, {"changed_in_git": True}, {"first_in_period": True}], ids=lambda why: next(iter(why))
)
def test_an_explained_fall_trips_nothing(why: dict[str, Any]) -> None:
    assert customer_trips(DEFAULT, [charge(2000, 100, **why)], "USD") == []


def test_a_rise_counts_in_the_first_run_of_a_period_too() -> None:
    assert names(customer_trips(DEFAULT, [charge(100, 2000, first_in_period=True)], "USD")) == ["quantity"]


def test_a_trip_has_both_limits_and_all_addresses_for_an_approval() -> None:
    assert customer_trips(DEFAULT, [charge(100, 900)], "USD") == [
        Tripped(
            name="quantity",
            address="CustomerMapping/acme",
            message="the quantity changes from 100 GB to 900 GB, by more than 50 % and 500 GB",
            holds=True,
            also=("Addition/acme.storage:gb", "Addition/acme:gb", "cove/77"),
        )
    ]


def test_an_amount_per_month_can_be_the_limit() -> None:
    (trip,) = customer_trips(limits(quantity={"money": D(20)}), [charge(100, 200)], "USD")
    quantities = "the quantity changes from 100 GB to 200 GB, by more than 50 %"
    assert trip.message == f"{quantities}, and the amount by 25.00 USD a month, more than 20.00 USD"
    assert customer_trips(limits(quantity={"money": D(25)}), [charge(100, 200)], "USD") == []


def test_usage_that_falls_to_zero_trips_if_the_console_still_lists_figures() -> None:
    (trip,) = customer_trips(DEFAULT, [charge(100, 0, used_nothing=True)], "USD")
    assert (trip.name, trip.holds) == ("zero", True)
    assert trip.message.endswith("devices with figures; 100 GB was billed")
    assert customer_trips(DEFAULT, [charge(100, 0)], "USD") == []
    assert customer_trips(DEFAULT, [charge(40, 40, used_nothing=True)], "USD") == []  # the minimum is still billed


@pytest.mark.parametrize(("hours", "trips"), [((79, 100), True), ((80, 100), False), (None, False)])
def test_a_mean_needs_figures_in_four_hours_of_five(hours: tuple[int, int] | None, trips: bool) -> None:
    found = customer_trips(DEFAULT, [charge(hours=hours, measure="mean")], "USD")
    assert [trip.message for trip in found] == (
        ["the mean is taken over 79 of 100 hours, less than 80 %"] if trips else []
    )


def test_each_guardrail_can_be_switched_off() -> None:
    off = limits(quantity=None, zero=False, samples=None, customers=None)
    everything = [charge(900, 0, used_nothing=True, hours=(1, 100), mapping=f"m{number}") for number in range(20)]
    assert customer_trips(off, everything, "USD") == []
    assert run_trips(off, everything, [], "USD") == []


# The whole run


def crowd(changed: int, unchanged: int = 0, **more: Any) -> list[ChargeChange]:
    moved = [charge(100, 151, mapping=f"m{number}", **more) for number in range(changed)]
    return [*moved, *(charge(mapping=f"n{number}") for number in range(unchanged))]


@pytest.mark.parametrize(
    ("changed", "unchanged", "trips"), [(10, 9, True), (10, 10, False), (9, 0, False), (30, 100, False)]
)
def test_too_many_customers_at_once_refuse_the_run(changed: int, unchanged: int, trips: bool) -> None:
    found = run_trips(DEFAULT, crowd(changed, unchanged), [], "USD")
    assert names(found) == (["customers"] if trips else [])
    assert not any(trip.holds for trip in found)


def test_the_message_has_the_numbers() -> None:
    (trip,) = run_trips(DEFAULT, crowd(12), [], "USD")
    assert trip.message == (
        "12 of 12 customers change by more than 20 % and 50 GB, more than 50 % of them and at least 10"
    )


@pytest.mark.parametrize("why", [{"changed_in_git": True}, {"first_in_period": True}, {"quantity_before": D(0)}])
def test_explained_changes_do_not_count_toward_the_customers_guardrail(why: dict[str, Any]) -> None:
    assert run_trips(DEFAULT, crowd(20, **why), [], "USD") == []


@pytest.mark.parametrize("after", [151, 49])
def test_customers_that_are_billed_already_may_change_up_to_an_amount(after: int) -> None:
    (trip,) = run_trips(limits(money=D(12)), [charge(100, after)], [], "USD")
    sign = "" if after > 100 else "-"
    assert (trip.name, trip.holds) == ("money", False)
    assert trip.message == f"customers that are billed already change by {sign}12.75 USD a month, more than 12.00 USD"
    assert run_trips(limits(money=D(13)), [charge(100, after)], [], None) == []


def test_new_customers_do_not_count_toward_the_money_guardrail() -> None:
    assert run_trips(limits(money=D(1)), [charge(0, 5000)], [], "USD") == []


def test_a_hand_edit_can_refuse_the_run() -> None:
    note = Note(address="Addition/acme.storage:gb", message="edited by hand")
    (trip,) = run_trips(DEFAULT, [charge(100, 100)], [note], "USD")
    assert (trip.name, trip.address, trip.holds) == ("drift", note.address, False)
    assert trip.also == ("CustomerMapping/acme", "Addition/acme.storage:gb", "Addition/acme:gb", "cove/77")


# Names of version 0.1


def test_old_names_of_guardrails_are_accepted() -> None:
    found = limits(
        customerChange={"percent": 30, "quantity": 200}, lineToZero=False, totalChange=D(9), customersChanged=D(40)
    )
    assert found.quantity is not None
    assert (found.quantity.percent, found.quantity.amount) == (30, 200)
    assert found.customers is not None
    assert (found.zero, found.money, found.customers.share) == (False, 9, 40)


def test_an_old_name_beside_the_new_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="totalChange is the older name of money: give only money"):
        limits(totalChange=D(9), money=D(9))


def test_guardrails_must_be_an_object() -> None:
    with pytest.raises(ValueError, match="dictionary"):
        Guardrails.model_validate([])
