"""The declared types of JSON values: what passes, what is refused, and what is normalised."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.http.shapes import (
    DATE,
    FLAG,
    ID,
    NUMBER,
    SCALAR,
    TEXT,
    ListOf,
    Shape,
    ValueType,
    merged,
    reference,
    shape_error,
)


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (TEXT, ""),
        (FLAG, False),
        (NUMBER, 0),
        (NUMBER, Decimal("-12.50")),
        (NUMBER, Decimal("1E+20")),
        (ID, 1),
        (ID, 2**53 - 1),
        (DATE, "2026-11-01"),
        (DATE, "2026-11-01T00:00:00Z"),
        (SCALAR, "x"),
        (SCALAR, True),
        (SCALAR, Decimal("1.5")),
        (ListOf(TEXT), []),
        (ListOf(ID), [1, 2]),
        (Shape({"a": TEXT}), {}),
        (Shape({"a": TEXT}), {"a": None, "b": object()}),
        (reference("name"), {"id": 3, "name": "x"}),
    ],
)
def test_values_of_the_declared_type_pass(expected: ValueType, value: Any) -> None:
    assert shape_error(value, expected) is None


@pytest.mark.parametrize(
    ("expected", "value", "says"),
    [
        (TEXT, 7, "it is the number 7, but text is expected"),
        (FLAG, "true", 'it is the text "true", but true or false is expected'),
        (FLAG, 1, "it is the number 1, but true or false is expected"),
        (NUMBER, True, "it is true, but a number is expected"),
        (NUMBER, "7", 'it is the text "7", but a number is expected'),
        (NUMBER, Decimal("1E+400"), "it is the number 1.0000e+400, but a number is expected"),
        (NUMBER, Decimal("1E-31"), "it is the number 1.0000e-31, but a number is expected"),
        (NUMBER, 10**400, "it is the number 1.0000e+400, but a number is expected"),
        (ID, 0, "it is the number 0, but an id is expected"),
        (ID, -1, "it is the number -1, but an id is expected"),
        (ID, 2**53, "but an id is expected"),
        (ID, False, "it is false, but an id is expected"),
        (ID, Decimal(7), "it is the number 7, but an id is expected"),
        (DATE, "2026-02-30", 'it is the text "2026-02-30", but a date is expected'),
        (DATE, "soon", 'it is the text "soon", but a date is expected'),
        (DATE, "２０２６-11-01", "but a date is expected"),
        (DATE, 20261101, "it is the number 20261101, but a date is expected"),
        (SCALAR, [], "it is [], but a single value is expected"),
        (SCALAR, {"x": 1}, "it is an object, but a single value is expected"),
        (ListOf(TEXT), {}, "it is {}, but a list is expected"),
        (ListOf(TEXT), ["a", None], "[1] is null, but text is expected"),
        (Shape(), [1], "it is a list, but an object is expected"),
        (reference(), {"name": "x"}, "it has no id"),
        (Shape({"a": ListOf(reference("name"))}), {"a": [{"id": 1}, {"id": "2"}]}, 'a[1].id is the text "2", but an'),
        (Shape({"a": Shape({"b": TEXT})}), {"a": {"b": {}}}, "a.b is {}, but text is expected"),
        (FLAG, "x" * 100, f'it is the text "{"x" * 40}…", but'),
        (FLAG, "a\n\tb", 'it is the text "a b", but'),
    ],
)  # fmt: skip
def test_other_values_are_refused_with_their_path(expected: ValueType, value: Any, says: str) -> None:
    assert says in str(shape_error(value, expected))


@pytest.mark.parametrize(
    ("expected", "value", "kept"),
    [
        (ID, Decimal("7.0"), 7),
        (TEXT, "Active  ", "Active"),
        (TEXT, " ", ""),
        (DATE, " ", None),
        (DATE, " 2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        (FLAG, False, False),
        (reference("name"), {"id": 0, "name": "", "_info": {"href": "x"}}, None),
        (reference("name"), {"id": None, "name": None}, None),
        (reference("name"), {"id": Decimal("0.0")}, None),
        (reference("name"), {}, None),
        (reference("name"), {"id": Decimal("3.0"), "name": "x"}, {"id": 3, "name": "x"}),
    ],
)
def test_a_value_is_normalised_in_place(expected: ValueType, value: Any, kept: Any) -> None:
    held = {"a": value}
    assert shape_error(held, Shape({"a": expected})) is None
    assert held == {"a": kept}
    assert type(held["a"]) is type(kept)


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (ID, Decimal("7.5")),
        (ID, Decimal("NaN")),
        (ID, Decimal("0.0")),
        (NUMBER, "7"),
        (reference("name"), {"id": 0, "name": "x"}),
        (reference("name"), {"id": False}),
        (reference("name"), "x"),
        (Shape({"name": TEXT}), []),
    ],
)
def test_a_value_of_another_type_is_refused_and_not_changed(expected: ValueType, value: Any) -> None:
    held = {"a": value}
    assert shape_error(held, Shape({"a": expected})) is not None
    assert held == {"a": value} or value.is_nan()


def test_two_shapes_are_merged_field_by_field() -> None:
    one = Shape({"a": TEXT, "c": reference("name"), "d": ListOf(Shape({"x": ID}))}, frozenset({"a"}))
    other = Shape({"a": FLAG, "b": ID, "c": reference("identifier"), "d": ListOf(Shape({"y": ID}))})
    assert merged(one, other) == Shape(
        {
            "a": TEXT,
            "b": ID,
            "c": reference("name", "identifier"),
            "d": ListOf(Shape({"x": ID, "y": ID})),
        },
        frozenset({"a"}),
    )
