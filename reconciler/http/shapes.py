"""What JSON from outside may look like, said as data and checked in one place: at the edge, right after it was read.

    Shape({"name": TEXT, "company": reference("identifier"), "types": Many(reference("name"))})

A field that is absent or `null` fits unless it is required, and a field that is not named may hold anything. So code
behind the check asks what is there, never of which type it is.

Some values have several spellings in JSON. `misfit` writes them in one, in place: a whole id such as `7.0` becomes `7`,
a text loses the blanks at its ends, an empty date becomes `null`, and so does a reference to nothing: one whose id is 0
or missing and whose texts are empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

Plain: TypeAlias = Literal["text", "true or false", "a number", "an id", "a date", "a single value"]
TEXT: Final = "text"
FLAG: Final = "true or false"
NUMBER: Final = "a number"
ID: Final = "an id"
DATE: Final = "a date"
SCALAR: Final = "a single value"

_HAS_ID: Final = frozenset({"id"})
_MOST_ID = 2**53
_MOST_DIGITS = 30
"""Digits before and after the point that any amount, quantity or price has at most."""
_LARGEST = 10**_MOST_DIGITS


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with these fields."""

    fields: Mapping[str, Sort] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Many:
    """A list of values of one sort."""

    of: Sort


Sort: TypeAlias = Plain | Shape | Many


def reference(*texts: str) -> Shape:
    """A reference to another object. It has an id and text fields, such as a name."""
    fields: dict[str, Sort] = {"id": ID, **dict.fromkeys(texts, TEXT)}
    return Shape(fields, _HAS_ID)


def joined(one: Shape, other: Shape) -> Shape:
    """A shape with the fields of both; what both name is joined in turn."""
    fields = dict(one.fields)
    for name, sort in other.fields.items():
        fields[name] = _joined(fields[name], sort) if name in fields else sort
    return Shape(fields, one.required | other.required)


def _joined(one: Sort, other: Sort) -> Sort:
    if isinstance(one, Shape) and isinstance(other, Shape):
        return joined(one, other)
    if isinstance(one, Many) and isinstance(other, Many):
        return Many(_joined(one.of, other.of))
    return one


def misfit(value: Any, sort: Sort, path: str = "") -> str | None:
    """What is wrong with a value, with the path of the field; None where it fits."""
    if isinstance(sort, Shape):
        return _in_object(value, sort, path)
    if isinstance(sort, Many):
        if not isinstance(value, list):
            return f"{_at(path)}is {told(value)} where a list is expected"
        found = (misfit(entry, sort.of, f"{path}[{number}]") for number, entry in enumerate(value))
        return next((problem for problem in found if problem is not None), None)
    return None if _fits(value, sort) else f"{_at(path)}is {told(value)} where {sort} is expected"


def _in_one_spelling(value: Any, sort: Sort) -> Any:
    """A value in the one spelling that this program uses. Returns a value unchanged where it has that spelling."""
    if isinstance(value, str):
        return (value.strip() or (None if sort == DATE else "")) if sort in (TEXT, DATE) else value
    if sort == ID and isinstance(value, Decimal) and value.is_finite() and 0 < value < _MOST_ID:
        return int(value) if value == int(value) else value
    return None if isinstance(sort, Shape) and sort.required == _HAS_ID and _is_of_nothing(value) else value


def _is_of_nothing(reference: Any) -> bool:
    """Whether a reference says that there is nothing: its id is 0 or missing, and it names nothing."""
    return isinstance(reference, dict) and not any(
        each.strip() if isinstance(each, str) else each not in (None, 0) or each is False
        for name, each in reference.items()
        if name != "_info"
    )


def _in_object(value: Any, shape: Shape, path: str) -> str | None:
    if not isinstance(value, dict):
        return f"{_at(path)}is {told(value)} where an object is expected"
    for name in shape.required:
        if value.get(name) is None:
            return f"{_at(path)}has no {name}"
    for name, sort in shape.fields.items():
        held = value.get(name)
        if held is None or _fits_plainly(held, sort):
            continue
        plain = _in_one_spelling(held, sort)
        if plain is not held:
            value[name] = held = plain
            if held is None:
                continue
        where = f"{path}.{name}" if path else name
        problem = _in_object(held, sort, where) if sort.__class__ is Shape else misfit(held, sort, where)
        if problem is not None:
            return problem
    return None


def _fits_plainly(value: Any, sort: Sort) -> bool:
    """Whether a value fits at first sight, as nearly all of a million do; False says nothing."""
    kind = value.__class__
    if kind is str:
        if sort == TEXT:
            return not value or not (value[0].isspace() or value[-1].isspace())
        return sort == DATE and _is_date(value[:10])
    if kind is bool:
        return sort == FLAG
    return kind is int and (sort in (ID, NUMBER)) and 0 < value < _MOST_ID


def _fits(value: Any, sort: Plain) -> bool:
    match sort:
        case "text":
            return isinstance(value, str)
        case "true or false":
            return isinstance(value, bool)
        case "a number":
            return _is_number(value)
        case "an id":
            return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_ID
        case "a date":
            return isinstance(value, str) and _is_date(value[:10])
        case "a single value":
            return isinstance(value, str | bool) or _is_number(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    if not -_LARGEST < value < _LARGEST:
        return False
    exponent = 0 if isinstance(value, int) else value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MOST_DIGITS


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and text.isascii() and date.fromisoformat(text) is not None
    except ValueError:
        return False


def told(value: Any) -> str:
    """A value for a message, short; long ones by their type."""
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


def _at(path: str) -> str:
    return f"{path} " if path else "it "
