"""The share of the setup that one run may change without an approval."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds.guardrail_settings import Guardrails
from reconciler.planning.guardrails import setup_guardrails
from tests.planning.builders import action


def trips(verb: str, number: int, unchanged: int, **rules: Any) -> list[tuple[str, str]]:
    actions = [action(f"Product/p{index}", action=verb) for index in range(number)]
    return [
        (trip.name, trip.message) for trip in setup_guardrails(Guardrails.model_validate(rules), actions, unchanged)
    ]


@pytest.mark.parametrize(("number", "unchanged", "found"), [(10, 20, 1), (10, 24, 0), (9, 0, 0), (31, 69, 1)])
@pytest.mark.parametrize(("verb", "name"), [("update", "updates"), ("retire", "retirements")])
def test_more_than_a_share_and_a_number_of_objects_refuses_the_run(
    verb: str, name: str, number: int, unchanged: int, found: int
) -> None:
    assert [trip for trip, _ in trips(verb, number, unchanged)] == [name] * found


def test_the_message_has_the_numbers() -> None:
    message = "10 of 30 objects would be updated; the limit is 30 % if at least 10 objects are updated"
    assert trips("update", 10, 20) == [("updates", message)]


def test_creates_trip_no_guardrail() -> None:
    assert trips("create", 100, 0) == []


def test_guardrails_can_be_switched_off() -> None:
    assert trips("update", 100, 0, updates=None) == []
