"""A field is put back if it is as the run left it, in every form that a field can have."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.planning.undo_fields import created_field, field_undo, reversed_change

COMPANY, LOGIN, INTEGRATION = kind("Company"), kind("IntegratorLogin"), kind("ManagedDevicesIntegration")
CUSTOMER, VENDOR = {"id": 1, "name": "Customer"}, {"id": 2, "name": "Vendor"}
SERVER = "crossReferences.Server/Full"


def company(**values: Any) -> LiveObject:
    return LiveObject("Company", 7, {"id": 7, **values})


def integration(**values: Any) -> LiveObject:
    child = {"vendorType": "Server", "vendorLevel": "Full", "inactiveFlag": False, **values}
    return LiveObject("ManagedDevicesIntegration", 7, {"id": 7, "crossReferences": [child]})


def test_a_set_that_was_written_in_part_is_put_back() -> None:
    live = company(types=[CUSTOMER, VENDOR])
    assert field_undo(COMPANY, "types", live, [CUSTOMER], [VENDOR]).blocked == ""
    third = {"id": 3, "name": "Partner"}
    assert "Partner" in field_undo(COMPANY, "types", company(types=[third]), [CUSTOMER], [VENDOR]).blocked
    lost = field_undo(COMPANY, "types", company(types=[]), [CUSTOMER, VENDOR], [VENDOR])
    assert lost.blocked == "types was changed in ConnectWise since: [Vendor] → []"


def test_a_custom_field_is_compared_by_its_caption() -> None:
    live = company(customFields=[{"id": 1, "caption": "Tier", "value": "b"}])
    assert field_undo(COMPANY, "customFields.Tier", live, "a", "b").blocked == ""
    assert field_undo(COMPANY, "customFields.Tier", live, "b", "c").is_before
    assert field_undo(COMPANY, "customFields.Tier", company(), None, "c").is_before


def test_a_secret_cannot_be_put_back() -> None:
    live = LiveObject("IntegratorLogin", 7, {"id": 7})
    assert "ConnectWise never shows it" in field_undo(LOGIN, "password", live, None, {"env": "P"}).blocked
    assert created_field(LOGIN, "password", live, {"env": "P"}) == ""


def test_a_removed_cross_reference_is_inactive_and_becomes_active_again() -> None:
    before = {"vendorType": "Server", "vendorLevel": "Full", "inactive": False}
    live = integration(inactiveFlag=True)
    found = field_undo(INTEGRATION, SERVER, live, before, None)
    assert (found.is_before, found.blocked) == (False, "")
    change = reversed_change(INTEGRATION, SERVER, found.live, before)
    assert change.before["inactive"] is True
    assert change.after == before
    added = field_undo(INTEGRATION, SERVER, integration(), None, before)
    assert reversed_change(INTEGRATION, SERVER, added.live, None).after is None
    gone = field_undo(INTEGRATION, "crossReferences.Laptop/Full", live, before, None)
    assert reversed_change(INTEGRATION, "crossReferences.Laptop/Full", gone.live, before).before is None


def test_a_hand_edit_says_when_and_by_whom() -> None:
    live = company(city="Miami", _info={"lastUpdated": "2026-11-02T00:00:00Z", "updatedBy": "jdoe"})
    text = field_undo(COMPANY, "city", live, "Tampa", "Orlando").blocked
    assert text.endswith("Orlando → Miami, last updated 2026-11-02T00:00:00Z by jdoe")
    unknown = company(_info={"lastUpdated": "2026-11-02T00:00:00Z"})
    assert field_undo(COMPANY, "city", unknown, "Tampa", "Orlando").blocked.endswith(
        "→ nothing, last updated 2026-11-02T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("path", "after", "now", "told"),
    [
        ("status", CUSTOMER, {"status": {"id": 9, "name": "Other"}}, "Customer → Other"),
        ("types", [CUSTOMER], {"types": [VENDOR]}, "[Customer] → [Vendor]"),
    ],
)
def test_links_are_shown_by_name(path: str, after: Any, now: Any, told: str) -> None:
    assert told in field_undo(COMPANY, path, company(**now), None if path == "status" else [], after).blocked


def test_a_cross_reference_that_was_edited_is_shown() -> None:
    text = field_undo(INTEGRATION, SERVER, integration(), None, {"vendorType": "Other"}).blocked
    assert "{vendorType: Other} → {vendorType: Server" in text


def test_a_created_object_is_compared_with_what_was_sent() -> None:
    assert created_field(COMPANY, "city", company(city="Tampa"), "Tampa") == ""
    assert "Tampa → Miami" in created_field(COMPANY, "city", company(city="Miami"), "Tampa")
    solution = LiveObject("ManagementSolution", 7, {"id": 7}, 5)
    assert created_field(kind("ManagementSolution"), "company", solution, {"name": "a", "id": 5}) == ""
    assert created_field(kind("ManagementSolution"), "solution", solution, "M") == ""


def test_links_are_put_back_by_id_alone() -> None:
    link = {"name": "acme", "id": 5, "address": "Company/acme"}
    assert reversed_change(kind("Contact"), "company", None, link).after == {"name": "acme", "id": 5}
    assert reversed_change(COMPANY, "types", None, [link]).after == [{"name": "acme", "id": 5}]
