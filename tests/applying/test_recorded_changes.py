"""The ledger records with each write the fields that it changes, before and after."""

from __future__ import annotations

from reconciler.applying.recorded_changes import recorded_changes
from tests.applying.builders import action, change


def test_only_the_fields_of_the_request_are_recorded() -> None:
    made = action("Company/acme", change("city", "Tampa", "Orlando"), change("types", [{"name": "Vendor", "id": 2}]))
    assert recorded_changes(made, {"city"}, {}) == {"city": ["Orlando", "Tampa"]}
    assert recorded_changes(made, {"types"}, {}) == {"types": [None, [{"name": "Vendor", "id": 2}]]}
    assert recorded_changes(made, (), {}) is None


def test_an_entry_belongs_to_its_field() -> None:
    made = action("Company/acme", change("customFields.Region", "South"))
    assert recorded_changes(made, {"customFields"}, {}) == {"customFields.Region": [None, "South"]}


def test_a_link_to_an_object_of_the_same_plan_gets_its_id() -> None:
    link = {"name": "acme", "address": "Company/acme"}
    made = action("Agreement/acme", change("company", link), change("crossReferences.a/b", {"product": link, "x": 1}))
    found = recorded_changes(made, {"company", "crossReferences"}, {"Company/acme": 7})
    assert found == {
        "company": [None, {**link, "id": 7}],
        "crossReferences.a/b": [None, {"product": {**link, "id": 7}, "x": 1}],
    }
    assert recorded_changes(made, {"company"}, {}) == {"company": [None, link]}
