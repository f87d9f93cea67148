"""What a plan may do to the money without somebody's approval."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.workspace import Guardrails
from reconciler.planning.guardrails import tripped
from reconciler.planning.plan import Money, Note, Tripped


def limits(**rules: Any) -> Guardrails:
    return Guardrails.model_validate(rules)


def found(rules: Guardrails | None, before: int = 0, after: int = 0, customers: int = 10, **quantities: Any) -> Any:
    exact = {name: (Decimal(old), Decimal(new)) for name, (old, new) in quantities.items()}
    total = Money(before=Decimal(before), after=Decimal(after))
    return tripped(rules, exact, total=total, customers=customers, drifted=())


CHANGE = limits(customerChange={"percent": 50, "quantity": 200})


@pytest.mark.parametrize(
    ("before", "after", "trips"),
    [
        (1000, 1200, False),  # beyond neither
        (100, 290, False),  # 190 %, but only 190
        (1000, 1400, False),  # 400, but only 40 %
        (400, 600, False),  # exactly both limits
        (100, 301, True),
        (500, 100, True),  # a fall is a change
        (0, 5000, False),  # a first bill changes nothing
    ],
)
def test_a_customers_change_trips_beyond_a_percentage_and_an_amount(before: int, after: int, trips: bool) -> None:
    assert bool(found(CHANGE, acme=(before, after))) is trips


def test_a_trip_names_the_customer_and_both_limits() -> None:
    assert found(CHANGE, acme=(100, 400)) == (
        Tripped(
            name="customer-change",
            address="CustomerMapping/acme",
            message="quantity 100 → 400 changes by more than 50 % and 200",
        ),
    )


def test_a_fall_to_zero_trips() -> None:
    assert found(limits(lineToZero=True), acme=(120, 0), bolt=(0, 0), cone=(5, 4)) == (
        Tripped(name="line-to-zero", address="CustomerMapping/acme", message="falls from 120 to zero"),
    )


def test_the_months_total_trips_beyond_an_amount() -> None:
    assert found(limits(totalChange=100), before=500, after=600) == ()
    assert found(limits(totalChange=100), before=700, after=500) == (
        Tripped(name="total-change", message="the month's total changes by -200, more than 100"),
    )


def test_the_share_of_customers_that_change_trips_beyond_a_percentage() -> None:
    rule = limits(customersChanged=10)
    assert found(rule, acme=(1, 2), new=(0, 5)) == ()
    assert found(rule, acme=(1, 2), bolt=(3, 2)) == (
        Tripped(name="customers-changed", message="2 of 10 customers change, more than 10 %"),
    )
    assert found(rule, customers=0, acme=(1, 2)) == ()


def test_without_limits_only_drift_that_must_not_be_trips() -> None:
    assert found(None, after=10**6, acme=(1, 10**6)) == ()
    note = Note(address="Addition/acme:gb", message="edited by hand: quantity 120 → 99")
    total = Money(before=Decimal(0), after=Decimal(0))
    assert tripped(None, {}, total=total, customers=1, drifted=[note]) == (
        Tripped(name="drift", address=note.address, message=note.message),
    )
