"""Tests of a document as `show` prints it."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.document_text import document_text
from reconciler.rendering.paint import plain

FOUND: dict[str, Any] = {
    "address": "Company/acme",
    "file": "customers/acme.yaml",
    "spec": {"identifier": "ACME", "status": "Active"},
    "defaulted": {"status": "defaults.yaml"},
}


def text(**more: Any) -> list[str]:
    return [*document_text({**FOUND, **more}, plain)]


def test_a_document_shows_its_fields_and_where_defaults_come_from() -> None:
    assert text() == [
        "Company/acme  customers/acme.yaml",
        '    identifier = "ACME"',
        '    status     = "Active"  (from defaults.yaml)',
    ]


def test_values_in_connectwise_are_shown_next_to_the_declared_ones() -> None:
    live = {"id": 5, "last_updated": "2026-11-10T12:00:00Z", "fields": {"status": {"name": "Inactive", "id": 2}}}
    assert text(live=live)[2:] == [
        '    status     = "Active"  (from defaults.yaml)  live: Inactive',
        "live: id 5, last updated 2026-11-10T12:00:00Z",
    ]


def test_without_a_last_update_it_is_shown_as_unknown() -> None:
    assert text(live={"id": 5, "last_updated": None, "fields": {}})[-1] == "live: id 5, last updated unknown"


def test_a_document_that_is_not_in_connectwise_is_marked() -> None:
    assert text(live=None)[-1] == "live: not in ConnectWise"


def test_a_document_without_fields_shows_its_address_only() -> None:
    assert text(spec={}) == ["Company/acme  customers/acme.yaml"]


def test_text_of_a_manifest_cannot_harm_a_terminal() -> None:
    found = text(file="\x1b.yaml", spec={"status": "\x1b"}, defaulted={"status": "\x1b"})
    assert "\x1b" not in "".join(found)
