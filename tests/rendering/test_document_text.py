"""One document for the terminal."""

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


def test_next_to_them_it_shows_how_it_lives() -> None:
    live = {"id": 5, "last_updated": "2026-11-10T12:00:00Z", "fields": {"status": {"name": "Inactive", "id": 2}}}
    assert text(live=live)[2:] == [
        '    status     = "Active"  (from defaults.yaml)  live: Inactive',
        "live: id 5, last updated 2026-11-10T12:00:00Z",
    ]


def test_an_answer_without_info_was_updated_nobody_knows_when() -> None:
    assert text(live={"id": 5, "last_updated": None, "fields": {}})[-1] == "live: id 5, last updated unknown"


def test_what_does_not_live_is_said_to() -> None:
    assert text(live=None)[-1] == "live: not in ConnectWise"


def test_a_document_without_fields_is_its_address() -> None:
    assert text(spec={}) == ["Company/acme  customers/acme.yaml"]


def test_nothing_of_a_manifest_can_harm_a_terminal() -> None:
    found = text(file="\x1b.yaml", spec={"status": "\x1b"}, defaulted={"status": "\x1b"})
    assert "\x1b" not in "".join(found)
