"""Live objects and their natural keys."""

from __future__ import annotations

from reconciler.kinds.live_state import LiveObject, keys_of
from reconciler.kinds.registry import kind


def test_a_live_object_may_have_no_time_of_its_last_update() -> None:
    assert LiveObject("Company", 1, {"_info": {"lastUpdated": "2026-01-01T00:00:00Z"}}).last_updated
    assert LiveObject("Company", 1, {"_info": {}}).last_updated is None
    assert LiveObject("Company", 1, {}).last_updated is None


def test_a_live_object_has_its_natural_key() -> None:
    raw = {"name": " Backup ", "company": {"id": 7, "identifier": "ACME"}}
    assert keys_of(kind("Agreement"), LiveObject("Agreement", 1, raw)) == ((7, "backup"),)


def test_the_parent_is_in_the_natural_key_by_its_id() -> None:
    raw = {"managementSolution": {"name": "Managed Backup"}, "groupIdentifier": "42"}
    found = LiveObject("ManagementSolution", 1, raw, parent_id=7)
    assert keys_of(kind("ManagementSolution"), found) == ((7, "Managed Backup", "42", None),)


def test_a_contact_has_a_natural_key_for_each_address() -> None:
    items = [{"communicationType": "Email", "value": value} for value in ("a@x.example", "b@x.example")]
    found = LiveObject("Contact", 1, {"company": {"id": 7}, "communicationItems": items})
    assert keys_of(kind("Contact"), found) == ((7, "a@x.example"), (7, "b@x.example"))
