"""Where two values differ."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.applying.differences import differences
from reconciler.kinds.values import Link


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        ("Tampa", "Orlando", 'field: "Tampa" → "Orlando"'),
        (None, "Orlando", 'field: null → "Orlando"'),
        ({"name": "Active", "id": 1}, Link("Inactive", 2), "field: Active → Inactive"),
        ({"name": "Active", "id": 1}, None, "field: Active → null"),
    ],
)
def test_simple_values_are_shown_whole(before: Any, now: Any, text: str) -> None:
    assert differences("field", before, now) == text


def test_two_references_with_one_name_are_shown_with_their_ids() -> None:
    assert differences("status", {"name": "Active", "id": 1}, Link("Active", 7)) == (
        "status: Active (id 1) → Active (id 7)"
    )


def test_a_reference_without_an_id_is_shown_by_its_name() -> None:
    assert differences("status", {"name": "Active"}, Link("Active", 7)) == "status: Active → Active (id 7)"


def test_of_a_set_only_added_and_removed_entries_are_shown() -> None:
    client, partner = {"name": "Client", "id": 1}, {"name": "Partner", "id": 2}
    vendor = Link("Vendor", 3)

    assert differences("types", [client, partner], frozenset({Link("Partner", 2)})) == "types: Client is gone"
    assert differences("types", [client], frozenset({vendor, Link("Client", 1)})) == "types: Vendor was added"


def test_the_path_to_a_difference_inside_a_nested_value_is_shown() -> None:
    before = {"way": "Email", "type": {"description": "Office", "flags": {"email": True}}}
    now = {"way": "Email", "type": {"description": "Office ", "flags": {"email": False}}}

    assert differences("items", before, now) == "items.type.flags.email: true → false"


def test_added_and_removed_entries_of_a_nested_value_are_shown() -> None:
    assert differences("customFields", {"Region": "East"}, {"Region": "East", "Tier": "2"}) == (
        'customFields.Tier: "2" was added'
    )
    assert differences("customFields", {"Region": "East", "Tier": "2"}, {"Region": "East"}) == (
        'customFields.Tier: "2" is gone'
    )


def test_if_no_place_differs_both_values_are_shown() -> None:
    assert differences("types", "Client ", "Client") == 'types: "Client " → "Client"'
