"""The conditions of a meter: what may be written, and what a wrong one is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.kinds.meter import MeterSpec


def meter(where: Any) -> MeterSpec:
    return MeterSpec.model_validate({"source": "cove", "count": "devices", "where": where})


@pytest.mark.parametrize("wanted", [2, "2", True, [1, "a", False], {"not": "a"}, {"not": [1, 2]}])
def test_a_condition_has_a_value_a_list_or_what_does_not_count(wanted: Any) -> None:
    assert set(meter({"OT": wanted}).where) == {"OT"}


@pytest.mark.parametrize(
    ("where", "place", "said"),
    [
        ({"OT": None}, ("OT",), "null is no value"),
        ({"OT": ""}, ("OT",), "an empty text is no value"),
        ({"OT": Decimal("2.5")}, ("OT",), '2.5 is no whole number: to compare it as text, write "2.5" in quotes'),
        ({"OT": []}, ("OT",), "an empty list fits no device"),
        ({"OT": [1, [2]]}, ("OT", 1), "write a value, a list of values, or"),
        ({"OT": {"not": [1, None]}}, ("OT", "not", 1), "null is no value"),
        ({"OT": {"nott": 1}}, ("OT",), "a mapping has the one key `not`"),
        ({"OT": {"not": 1, "is": 2}}, ("OT",), "a mapping has the one key `not`"),
        ({"OT": "x" * 201}, ("OT",), "a value has at most 200 characters"),
        ({"": 1}, ("",), "'' is no column"),
        ({" OT": 1}, (" OT",), "no blank at its ends"),
        ({"I3": 1}, (), "may contain a password"),
    ],
)
def test_a_wrong_condition_is_named_at_its_place(where: Any, place: Any, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        meter(where)
    (error,) = caught.value.errors()
    assert said in error["msg"]
    assert tuple(error.get("ctx", {}).get("at", ())) == place


def test_conditions_are_a_mapping() -> None:
    with pytest.raises(ValidationError, match="valid dictionary"):
        meter("OT")
