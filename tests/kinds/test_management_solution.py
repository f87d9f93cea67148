"""Recognising a management solution that ConnectWise stores under another name than the declared one."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds.management_solution import KIND

COVE = {"id": 5, "name": "Cove link", "solution": "Cove"}
RIVAL = {"id": 6, "name": "Rival link", "managementSolutionName": "Rival"}
NABLE = {"id": 7, "name": "RMM"}
RECORDS = [COVE, RIVAL, NABLE]


def verdict(reference: Any, records: Any = RECORDS, **wanted: str) -> str:
    assert KIND.loose_match is not None
    row = {"groupIdentifier": "1001", "managementSolution": reference}
    return KIND.loose_match.verdict(row, {"solution": "Cove", "setupName": None, **wanted}, records)


@pytest.mark.parametrize("nothing", [None, {}, {"name": " "}, {"id": None, "name": None}])
@pytest.mark.parametrize("records", [None, RECORDS])
def test_a_live_object_without_a_solution_is_the_declared_one(nothing: Any, records: Any) -> None:
    assert verdict(nothing, records) == "same"


def test_a_different_name_is_unsure_without_the_records() -> None:
    assert verdict({"id": 5, "name": "COVE"}, None) == "unsure"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"id": 5, "name": "Data Protection"}, "same"),
        ({"id": 99, "name": "Cove link"}, "same"),
        ({"id": 99, "name": "Data Protection", "setupName": " Cove link "}, "same"),
        ({"id": 5, "name": "Rival"}, "other"),
        ({"id": 5, "name": "x", "setupName": "Rival link"}, "other"),
        ({"id": 6, "name": "x"}, "other"),
        ({"id": 99, "name": "RMM"}, "other"),
        ({"id": 7}, "other"),
        ({"id": 99, "name": "Data Protection"}, "other"),
        ({"id": 99, "name": "Cove Data Protection"}, "unsure"),
        ({"id": 99, "name": "COVE"}, "unsure"),
        ({"id": 99}, "other"),
    ],
)
def test_the_record_that_defines_the_solution_decides(reference: Any, expected: str) -> None:
    assert verdict(reference) == expected


def test_a_declared_setup_name_is_compared_too() -> None:
    second = {"id": 8, "name": "Second link", "solution": "Cove"}
    reference = {"id": 8, "name": "Data Protection", "setupName": "Second link"}
    assert verdict(reference, [*RECORDS, second], setupName="Second link") == "same"
    assert verdict(reference, [*RECORDS, second], setupName="Cove link") == "other"
    assert verdict({"id": 8, "name": "x"}, [*RECORDS, second], setupName="Cove link") == "other"
    assert verdict({"id": 8, "name": "x"}, [*RECORDS, second]) == "same"


def test_a_setup_name_is_sent_with_the_solution() -> None:
    mapping = KIND.by_name["setupName"].mapping
    assert mapping.encode("Second link", {}) == {"managementSolution": {"setupName": "Second link"}}
    assert mapping.encode(None, {}) == {}


def test_a_live_object_has_a_key_with_its_setup_name_and_one_without() -> None:
    assert KIND.keys_of is not None
    row = {"groupIdentifier": " 1001 ", "managementSolution": {"name": "Cove", "setupName": "Cove link"}}
    assert KIND.keys_of(row, 7) == ((7, "Cove", "1001", None), (7, "Cove", "1001", "Cove link"))
    assert KIND.keys_of({"groupIdentifier": None}, 7) == ((7, None, None, None),)
