"""How a manifest field stands in ConnectWise JSON, both ways."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds import forms
from reconciler.kinds.forms import Form
from reconciler.kinds.values import Link


@pytest.mark.parametrize(
    ("form", "obj", "value"),
    [
        (forms.text("name"), {"name": " Acme "}, "Acme"),
        (forms.text("name"), {"name": "  "}, None),
        (forms.text("name"), {"name": None}, None),
        (forms.text("name"), {}, None),
        (forms.text("name"), {"name": 5}, "5"),
        (forms.flag("on"), {"on": True}, True),
        (forms.flag("on"), {}, False),
        (forms.number("price"), {"price": Decimal("0.10")}, Decimal("0.1")),
        (forms.number("price"), {"price": 0}, Decimal(0)),
        (forms.number("price"), {}, None),
        (forms.date("start"), {"start": "2026-11-01T00:00:00Z"}, "2026-11-01"),
        (forms.date("start"), {"start": None}, None),
        (forms.ending("end", "noEnd"), {"end": "2026-11-30T00:00:00Z", "noEnd": False}, "2026-11-30"),
        (forms.ending("end", "noEnd"), {"end": "2026-11-30T00:00:00Z", "noEnd": True}, None),
        (forms.setup("type", "t"), {"type": {"id": 1, "name": " Backup "}}, Link("Backup", 1)),
        (forms.setup("type", "t"), {"type": None}, None),
        (
            forms.reference("company", "Company", label="identifier"),
            {"company": {"id": 2, "identifier": "A"}},
            Link("A", 2),
        ),
        (forms.parent("Company", "company"), {"company": {"id": 2}}, Link("2", 2)),
    ],
)
def test_what_connectwise_answers_becomes_a_value(form: Form, obj: dict[str, Any], value: object) -> None:
    assert form.decode(obj) == value


@pytest.mark.parametrize(
    ("form", "value", "sent"),
    [
        (forms.text("name"), "Acme", {"name": "Acme"}),
        (forms.text("name"), None, {"name": None}),
        (forms.flag("on"), None, {"on": False}),
        (forms.flag("on"), True, {"on": True}),
        (forms.number("price"), Decimal("0.10"), {"price": Decimal("0.10")}),
        (forms.number("price"), None, {"price": None}),
        (forms.date("start"), "2026-11-01", {"start": "2026-11-01T00:00:00Z"}),
        (forms.date("start"), None, {"start": None}),
        (forms.ending("end", "noEnd"), None, {"noEnd": True}),
        (forms.ending("end", "noEnd"), "2026-11-30", {"end": "2026-11-30T00:00:00Z", "noEnd": False}),
        (forms.setup("type", "t"), Link("Backup", 1), {"type": {"id": 1}}),
        (forms.setup("type", "t"), None, {"type": None}),
        (forms.reference("company", "Company"), Link("acme", 2), {"company": {"id": 2}}),
        (forms.parent("Company", "company"), Link("acme", 2), {}),
    ],
)
def test_a_value_becomes_what_is_sent(form: Form, value: object, sent: dict[str, Any]) -> None:
    assert form.encode(value, {}) == sent


def test_a_link_to_what_does_not_exist_yet_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="Company/acme has no id yet"):
        forms.wire_link(Link("acme", address="Company/acme"))


def test_the_name_of_a_link_is_the_best_that_the_answer_gives() -> None:
    names = [
        forms.link_of({"id": 7, **extra}, "identifier")
        for extra in ({"identifier": "A", "name": "B"}, {"name": "B"}, {})
    ]
    assert [link.name for link in names if link] == ["A", "B", "7"]
