"""The types of JSON values from outside, declared as data and checked once, right after a response was read.

    Shape({"name": TEXT, "company": reference("identifier"), "types": ListOf(reference("name"))})

A field that is absent or `null` passes unless it is required. A field that is not declared may hold anything. Code
behind this check asks whether a value is there, and never which type it has.

`shape_error` also normalises values in place. A whole id such as `7.0` becomes `7`, and a text loses the blanks at its
ends. An empty date becomes `null`, and so does a reference whose id is 0 or missing and whose texts are empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

ScalarType: TypeAlias = Literal["text", "true or false", "a number", "an id", "a date", "a single value"]
TEXT: Final = "text"
FLAG: Final = "true or false"
NUMBER: Final = "a number"
ID: Final = "an id"
DATE: Final = "a date"
SCALAR: Final = "a single value"

_HAS_ID: Final = frozenset({"id"})
_ID_LIMIT = 2**53
_MAX_DIGITS = 30
"""The most digits that an amount, quantity or price has before the decimal point, and after it."""
_NUMBER_LIMIT = 10**_MAX_DIGITS


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with these fields."""

    fields: Mapping[str, ValueType] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one type."""

    of: ValueType


ValueType: TypeAlias = ScalarType | Shape | ListOf


def reference(*texts: str) -> Shape:
    """Return the shape of a reference to another object: a required id, and text fields such as a name."""
    fields: dict[str, ValueType] = {"id": ID, **dict.fromkeys(texts, TEXT)}
    return Shape(fields, _HAS_ID)


def merged(one: Shape, other: Shape) -> Shape:
    """Return a shape with the fields of both.

    A field in both is merged. Where its two types cannot be merged, the type in `one` counts.
    """
    fields = dict(one.fields)
    for name, expected in other.fields.items():
        fields[name] = _merged_types(fields[name], expected) if name in fields else expected
    return Shape(fields, one.required | other.required)


def _merged_types(one: ValueType, other: ValueType) -> ValueType:
    if isinstance(one, Shape) and isinstance(other, Shape):
        return merged(one, other)
    if isinstance(one, ListOf) and isinstance(other, ListOf):
        return ListOf(_merged_types(one.of, other.of))
    return one


def shape_error(value: Any, expected: ValueType, path: str = "") -> str | None:
    """Return what is wrong with a value, with the path of its field, or None if the value is as expected.

    Normalises the fields of objects in place; see the module.
    """
    if isinstance(expected, Shape):
        return _object_error(value, expected, path)
    if isinstance(expected, ListOf):
        if not isinstance(value, list):
            return f"{_subject(path)}is {_described(value)}, but a list is expected"
        found = (shape_error(entry, expected.of, f"{path}[{number}]") for number, entry in enumerate(value))
        return next((problem for problem in found if problem is not None), None)
    if _has_type(value, expected):
        return None
    return f"{_subject(path)}is {_described(value)}, but {expected} is expected"


def _normalised(value: Any, expected: ValueType) -> Any:
    """Return a value in the form that this program uses; the same object where it has that form already."""
    if isinstance(value, str):
        return (value.strip() or (None if expected == DATE else "")) if expected in (TEXT, DATE) else value
    if expected == ID and isinstance(value, Decimal) and value.is_finite() and 0 < value < _ID_LIMIT:
        return int(value) if value == int(value) else value
    is_reference = isinstance(expected, Shape) and expected.required == _HAS_ID
    return None if is_reference and _refers_to_nothing(value) else value


def _refers_to_nothing(reference: Any) -> bool:
    """Return whether a reference is empty: its id is 0 or missing, and so are its texts."""
    return isinstance(reference, dict) and not any(
        each.strip() if isinstance(each, str) else each not in (None, 0) or each is False
        for name, each in reference.items()
        if name != "_info"
    )


def _object_error(value: Any, shape: Shape, path: str) -> str | None:
    if not isinstance(value, dict):
        return f"{_subject(path)}is {_described(value)}, but an object is expected"
    for name in shape.required:
        if value.get(name) is None:
            return f"{_subject(path)}has no {name}"
    for name, expected in shape.fields.items():
        found = value.get(name)
        if found is None or _is_plainly(found, expected):
            continue
        normalised = _normalised(found, expected)
        if normalised is not found:
            value[name] = found = normalised
            if found is None:
                continue
        at = f"{path}.{name}" if path else name
        problem = (
            _object_error(found, expected, at) if expected.__class__ is Shape else shape_error(found, expected, at)
        )
        if problem is not None:
            return problem
    return None


def _is_plainly(value: Any, expected: ValueType) -> bool:
    """Return True for the common values that need no normalising; False means that the full check decides.

    A large estate has a million values, and nearly all of them pass here.
    """
    kind = value.__class__
    if kind is str:
        if expected == TEXT:
            return not value or not (value[0].isspace() or value[-1].isspace())
        return expected == DATE and _is_date(value[:10])
    if kind is bool:
        return expected == FLAG
    return kind is int and (expected in (ID, NUMBER)) and 0 < value < _ID_LIMIT


def _has_type(value: Any, expected: ScalarType) -> bool:
    match expected:
        case "text":
            return isinstance(value, str)
        case "true or false":
            return isinstance(value, bool)
        case "a number":
            return _is_number(value)
        case "an id":
            return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _ID_LIMIT
        case "a date":
            return isinstance(value, str) and _is_date(value[:10])
        case "a single value":
            return isinstance(value, str | bool) or _is_number(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    if not -_NUMBER_LIMIT < value < _NUMBER_LIMIT:
        return False
    exponent = 0 if isinstance(value, int) else value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MAX_DIGITS


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and text.isascii() and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _described(value: Any) -> str:
    """Return a short description of a value for a message."""
    if isinstance(value, dict):
        return "an object" if value else "{}"
    if isinstance(value, list):
        return "a list" if value else "[]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        text = " ".join(value.split())
        return f'the text "{text}"' if len(text) <= 40 else f'the text "{text[:40]}…"'
    number = Decimal(value)
    return f"the number {number}" if -20 < number.adjusted() < 20 else f"the number {number:.4e}"


def _subject(path: str) -> str:
    return f"{path} " if path else "it "
