"""Field mappings: reading a field from ConnectWise JSON, and writing it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds import field_mapping
from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.values import Link


@pytest.mark.parametrize(
    ("mapping", "obj", "value"),
    [
        (field_mapping.text("name"), {"name": " Acme "}, "Acme"),
        (field_mapping.text("name"), {"name": "  "}, None),
        (field_mapping.text("name"), {"name": None}, None),
        (field_mapping.text("name"), {}, None),
        (field_mapping.text("name"), {"name": 5}, "5"),
        (field_mapping.flag("on"), {"on": True}, True),
        (field_mapping.flag("on"), {}, False),
        (field_mapping.number("price"), {"price": Decimal("0.10")}, Decimal("0.1")),
        (field_mapping.number("price"), {"price": 0}, Decimal(0)),
        (field_mapping.number("price"), {}, None),
        (field_mapping.date("start"), {"start": "2026-11-01T00:00:00Z"}, "2026-11-01"),
        (field_mapping.date("start"), {"start": None}, None),
        (field_mapping.ending("end", "noEnd"), {"end": "2026-11-30T00:00:00Z", "noEnd": False}, "2026-11-30"),
        (field_mapping.ending("end", "noEnd"), {"end": "2026-11-30T00:00:00Z", "noEnd": True}, None),
        (field_mapping.setup("type", "t"), {"type": {"id": 1, "name": " Backup "}}, Link("Backup", 1)),
        (field_mapping.setup("type", "t"), {"type": None}, None),
        (
            field_mapping.reference("company", "Company", label="identifier"),
            {"company": {"id": 2, "identifier": "A"}},
            Link("A", 2),
        ),
        (field_mapping.parent("Company", "company"), {"company": {"id": 2}}, Link("2", 2)),
    ],
)
def test_decode_returns_the_value_of_a_response(mapping: FieldMapping, obj: dict[str, Any], value: object) -> None:
    assert mapping.decode(obj) == value


@pytest.mark.parametrize(
    ("mapping", "value", "sent"),
    [
        (field_mapping.text("name"), "Acme", {"name": "Acme"}),
        (field_mapping.text("name"), None, {"name": None}),
        (field_mapping.flag("on"), None, {"on": False}),
        (field_mapping.flag("on"), True, {"on": True}),
        (field_mapping.number("price"), Decimal("0.10"), {"price": Decimal("0.10")}),
        (field_mapping.number("price"), None, {"price": None}),
        (field_mapping.date("start"), "2026-11-01", {"start": "2026-11-01T00:00:00Z"}),
        (field_mapping.date("start"), None, {"start": None}),
        (field_mapping.ending("end", "noEnd"), None, {"noEnd": True}),
        (field_mapping.ending("end", "noEnd"), "2026-11-30", {"end": "2026-11-30T00:00:00Z", "noEnd": False}),
        (field_mapping.setup("type", "t"), Link("Backup", 1), {"type": {"id": 1}}),
        (field_mapping.setup("type", "t"), None, {"type": None}),
        (field_mapping.reference("company", "Company"), Link("acme", 2), {"company": {"id": 2}}),
        (field_mapping.parent("Company", "company"), Link("acme", 2), {}),
    ],
)
def test_encode_returns_the_properties_to_send(mapping: FieldMapping, value: object, sent: dict[str, Any]) -> None:
    assert mapping.encode(value, {}) == sent


def test_a_link_without_an_id_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="Company/acme has no id yet"):
        field_mapping.wire_link(Link("acme", address="Company/acme"))


def test_the_name_of_a_link_comes_from_the_best_field_of_the_response() -> None:
    names = [
        field_mapping.link_of({"id": 7, **extra}, "identifier")
        for extra in ({"identifier": "A", "name": "B"}, {"name": "B"}, {})
    ]
    assert [link.name for link in names if link] == ["A", "B", "7"]
