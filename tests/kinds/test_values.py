"""Field values and their JSON form."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.values import Link, from_json, plain_decimal, to_json


def test_links_with_equal_ids_are_equal_even_with_different_names() -> None:
    assert Link("Acme", 5) == Link("ACME Ltd", 5, "Company/acme")
    assert Link("Acme", 5) != Link("Acme", 6)
    assert len({Link("Acme", 5), Link("Other", 5)}) == 1


def test_links_without_an_id_are_compared_by_address_and_name() -> None:
    assert Link("acme", address="Company/acme") == Link("acme", address="Company/acme")
    assert Link("acme", address="Company/acme") != Link("acme", address="Company/other")
    assert Link("acme", 5) != Link("acme", address="Company/acme")
    assert len({Link("a", address="x"), Link("a", address="x")}) == 1


def test_a_link_does_not_equal_other_values() -> None:
    assert Link("acme", 5) != "acme"


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (Decimal("0.120"), "0.12"),
        (Link("Acme", 5), {"name": "Acme", "id": 5}),
        (Link("acme", address="Company/acme"), {"name": "acme", "address": "Company/acme"}),
        (frozenset({"b", "a"}), ["a", "b"]),
        (frozenset({Link("b", 2), Link("a", 1)}), [{"name": "a", "id": 1}, {"name": "b", "id": 2}]),
        ({"x": {"y": Decimal(1)}}, {"x": {"y": "1"}}),
        (True, True),
        (None, None),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_a_value_has_its_json_form(value: object, json: object) -> None:
    assert to_json(value) == json


def test_json_is_read_back_with_decimals_as_text() -> None:
    value = {"a": frozenset({Link("b", 2)}), "c": Decimal("1.50"), "d": {"e": None}}
    assert from_json(to_json(value)) == {"a": frozenset({Link("b", 2)}), "c": "1.5", "d": {"e": None}}


@pytest.mark.parametrize(
    ("number", "text"), [("1E+2", "100"), ("0.120", "0.12"), ("0", "0"), ("-0.0", "0"), ("1E-7", "0.0000001")]
)
def test_one_number_has_one_spelling(number: str, text: str) -> None:
    assert plain_decimal(Decimal(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_plain_decimal_keeps_every_digit(number: Decimal) -> None:
    assert Decimal(plain_decimal(number)) == number


def test_no_digit_of_a_long_number_is_rounded_off() -> None:
    number = "4194303.999999999068677425384521484375"  # bytes in GiB, unrounded
    assert plain_decimal(Decimal(number)) == number
