"""The field values that a plan compares, and their form in a plan's JSON.

A value is text, true or false, a `Decimal`, a `Link` to another object, `None`, an unordered `frozenset` of values, or
a mapping of names to values. Dates are text such as `2026-11-01`. ConnectWise sends a date as a midnight in UTC [seen],
so a date is never converted to a time zone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Value = Any
"""str | bool | Decimal | Link | None | frozenset[Value] | Mapping[str, Value]"""

Json = Any


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to an object: by ConnectWise id, or by address if the object is not created yet.

    Links with ids are equal if the ids are equal. Their names are for display only.
    """

    name: str
    id: int | None = None
    address: str | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Link):
            return NotImplemented
        if self.id is None or other.id is None:
            return self.id == other.id and self.address == other.address and self.name == other.name
        return self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id if self.id is not None else (self.address, self.name))


def plain_text(value: Any) -> str | None:
    """Return a value as trimmed text in Unicode NFC, with `\\n` line ends. None if the text is empty.

    ConnectWise can return a value with other spaces at its ends than were sent [seen].
    """
    return unicodedata.normalize("NFC", str(value)).strip().replace("\r\n", "\n").replace("\r", "\n") or None


def one_line(text: str) -> str:
    """Return text like `plain_text`, with each line break as a space."""
    return (plain_text(text) or "").replace("\n", " ")


def to_json(value: Value) -> Json:
    """Return a value for a plan's JSON: decimals as text, links as objects, sets as sorted lists."""
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, Link):
        parts = {"name": value.name, "id": value.id, "address": value.address}
        return {key: part for key, part in parts.items() if part is not None}
    if isinstance(value, frozenset):
        return sorted((to_json(item) for item in value), key=str)
    if isinstance(value, Mapping):
        return {name: to_json(item) for name, item in value.items()}
    return value


def from_json(value: Json) -> Value:
    """Return the value that `to_json` wrote. Decimals stay text; the field mapping converts them."""
    if isinstance(value, Mapping):
        if "name" in value and value.keys() <= {"name", "id", "address"}:
            return Link(value["name"], value.get("id"), value.get("address"))
        return {name: from_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return frozenset(from_json(item) for item in value)
    return value


def with_unit(number: str, unit: str | None) -> str:
    """Return a number with its unit, such as `120.4 GB`. A count has no unit."""
    return number if unit is None else f"{number} {unit}"


def plain_decimal(value: Decimal) -> str:
    """Return a number as text without exponent and trailing zeros: `1E+2` as `100`, `0.120` as `0.12`.

    `Decimal.normalize` is not used. It rounds to 28 digits, and a quantity in GiB can have more: the plan would show a
    difference after every apply.
    """
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
