"""The requests of actions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from reconciler.applying.requests import REDACTED, Request, request_of, values_of
from reconciler.kinds.values import Link
from reconciler.planning.action import Action
from tests.applying.builders import action, change

TABLES: Mapping[str, list[dict[str, Any]]] = {
    "company/communicationTypes": [
        {"id": 1, "description": "Direct", "phoneFlag": True, "emailFlag": False, "defaultFlag": True},
        {"id": 5, "description": "Email", "phoneFlag": False, "emailFlag": True, "defaultFlag": True},
    ],
    "system/userDefinedFields": [{"id": 9, "caption": "Region"}, {"id": 10, "caption": "Tier"}],
}


def requested(found: Action, ids: Mapping[str, int] | None = None) -> Request:
    return request_of(found, ids or {}, TABLES, lambda setting: f"value of {setting['env']}")


PENDING = {"name": "alder", "address": "Company/alder"}


def test_a_link_to_a_planned_object_is_sent_with_its_new_id() -> None:
    made = action("Agreement/a", change("name", "Backup"), change("company", PENDING), endpoint="finance/agreements")

    found = requested(made, {"Company/alder": 41})

    assert (found.method, found.path) == ("POST", "finance/agreements")
    assert found.body == {"name": "Backup", "company": {"id": 41}}
    assert found.natural_key == {"company": 41, "name": "Backup"}


def test_a_link_to_an_object_that_was_not_created_is_an_error() -> None:
    with pytest.raises(ValueError, match="Company/alder has no id yet"):
        requested(action("Agreement/a", change("company", PENDING)))


def test_a_nested_object_is_posted_below_its_parent_and_the_body_does_not_repeat_the_parent() -> None:
    endpoint = "finance/agreements/{agreement}/additions"
    parent = change("agreement", {"name": "alder", "address": "Agreement/alder"})
    product = change("product", {"name": "backup-gb", "id": 3})

    found = requested(
        action("Addition/a", parent, product, change("quantity", "12.5"), endpoint=endpoint), {"Agreement/alder": 34}
    )

    assert found.path == "finance/agreements/34/additions"
    assert found.body == {"product": {"id": 3}, "quantity": Decimal("12.5")}


def test_a_secret_is_sent_and_redacted_in_the_ledger() -> None:
    made = action("IntegratorLogin/a", change("username", "a"), change("password", {"env": "PW"}, sensitive=True))

    found = requested(made)

    assert found.body["password"] == "value of PW"
    assert found.recorded_body == {"username": "a", "password": REDACTED}


def test_no_end_date_is_sent_as_a_flag() -> None:
    assert requested(action("Agreement/a", change("endDate", None))).body == {"noEndingDateFlag": True}


def test_a_new_contact_is_sent_with_its_addresses_and_types_in_one_post() -> None:
    types = change("types", [{"name": "Billing", "id": 4}, {"name": "Approver", "id": 2}])
    made = action("Contact/a", change("email", "a@b.example"), change("phone", "1"), types)

    found = requested(made)

    assert [item["value"] for item in found.body["communicationItems"]] == ["a@b.example", "1"]
    assert found.body["typeIds"] == [2, 4]
    assert found.subcollections == ()


def test_a_changed_address_and_changed_types_are_written_in_subcollections() -> None:
    types = change("types", [{"name": "Billing", "id": 4}])
    changed = action("Contact/a", change("email", "a@b.example"), types, action="update", id=7, endpoint="c/7")

    found = requested(changed)

    assert (found.method, found.body) == ("PATCH", {})
    assert [(writes.subcollection.path, writes.whole) for writes in found.subcollections] == [
        ("company/contacts/{id}/communications", False),
        ("company/contacts/{id}/typeAssociations", True),
    ]
    assert list(found.subcollections[1].entries) == [Link("Billing", 4)]


def test_cross_references_of_a_new_integration_are_written_once_it_exists() -> None:
    entry = {"vendorType": "Server", "product": {"name": "backup-gb", "address": "Product/backup-gb"}}
    made = action("ManagedDevicesIntegration/a", change("name", "a"), change("crossReferences", {"Server/Gold": entry}))

    found = requested(made, {"Product/backup-gb": 3})

    assert found.body == {"name": "a"}
    (writes,) = found.subcollections
    assert writes.entries["Server/Gold"]["product"].id == 3
    assert not writes.whole


def test_only_changed_custom_fields_are_sent_by_id() -> None:
    changed = action(
        "Company/a", change("customFields.Tier", "Gold"), change("customFields.Region", None), action="update"
    )

    assert requested(changed).body == {"customFields": [{"id": 9, "value": None}, {"id": 10, "value": "Gold"}]}


def test_values_from_the_json_of_a_plan_are_as_they_were() -> None:
    made = action("IntegratorLogin/a", change("apis", ["Company", "Product"]), change("username", "a"))

    assert values_of(made, {}) == {"apis": frozenset({"Company", "Product"}), "username": "a"}
