"""Tests of text that is made safe for a terminal, and of values and amounts as text."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.rendering.paint import coloured, plain, safe, safe_lines, shown, signed


@given(st.text())
def test_no_text_can_move_a_cursor_or_break_a_line(text: str) -> None:
    harmful = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not {unicodedata.category(character) for character in safe(text)} & harmful
    assert not {unicodedata.category(character) for character in shown({"name": text, "id": 1})} & harmful
    assert not {unicodedata.category(character) for character in shown({text: [text]})} & harmful


def test_harmful_characters_are_written_out() -> None:
    assert safe("Acme\x1b[2J\u202eGmbH\n") == "Acme\\u001b[2J\\u202eGmbH"


def test_a_line_break_in_a_name_becomes_a_space_and_in_a_value_it_is_shown() -> None:
    assert safe("Acme\r\n  Ltd\u2028Two\tThree") == "Acme Ltd Two Three"
    assert shown("Acme\nLtd\x85") == '"Acme\\nLtd\\u0085"'
    assert safe_lines("what: a\x1bb\n  advice\tc") == "what: a\\u001bb\n  advice c"


def test_letters_of_every_language_are_kept() -> None:
    assert safe("Bäcker Müller – 東京 ✓") == "Bäcker Müller – 東京 ✓"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("Boston", '"Boston"'),
        ('a "quoted" one', '"a \\"quoted\\" one"'),
        ({"name": "Managed Service", "id": 3}, "Managed Service"),
        ({"name": "acme", "address": "Company/acme"}, "acme"),
        ({"env": "LOGIN_PASSWORD"}, "(sensitive, from $LOGIN_PASSWORD)"),
        ({"file": "secret.txt"}, "(sensitive, from secret.txt)"),
        ({"vendorType": "Server", "product": None}, '{vendorType: "Server", product: null}'),
        (["Company", "Product"], '["Company", "Product"]'),
    ],
)
def test_values_are_shown_in_a_readable_form(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(("amount", "text"), [("1.5", "+1.50"), ("-1.5", "-1.50"), ("0", "+0.00")])
def test_a_change_of_an_amount_has_a_sign(amount: str, text: str) -> None:
    assert signed(Decimal(amount), "USD") == text


def test_text_is_printed_with_or_without_colour() -> None:
    assert coloured("x", "green") == "\x1b[32mx\x1b[0m"
    assert plain("x", "green") == "x"
