"""Tests of additions and customers as `show` prints them."""

from __future__ import annotations

from reconciler.rendering.fields_text import fields_text
from reconciler.rendering.paint import plain


def test_each_value_has_a_line_and_empty_values_are_left_out() -> None:
    found = {"address": "Addition/acme:gb", "quantity": "3", "product": "GB", "notes": [], "end": None}
    assert [*fields_text(found, plain)] == ["Addition/acme:gb", "    quantity = 3", "    product  = GB"]


def test_objects_and_lists_are_indented_below_their_name() -> None:
    found = {"address": "cove/1", "usage": {"gb": "3"}, "lines": [{"product": "GB"}]}
    assert [*fields_text(found, plain)] == [
        "cove/1",
        "    usage:",
        "        gb = 3",
        "    lines:",
        "        product = GB",
    ]
