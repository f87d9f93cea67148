"""The values that desired and live documents are compared in, and how they stand in a plan's JSON.

A value is text, a flag, a `Decimal`, a `Link` to another object, nothing (`None`), an unordered
`frozenset` of those, or a mapping of names to values. Dates are text, `2026-11-01`: ConnectWise means
a date and sends a midnight [seen], so no zone ever touches them.
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
    """A reference to an object of ConnectWise: by id where it exists, by address where it is still planned.

    Two links are the same when their ids are; what they are called is for the reader.
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
    """Text trimmed, in Unicode NFC and with plain line ends: values come back padded or not [seen]. Empty text is
    nothing."""
    return unicodedata.normalize("NFC", str(value)).strip().replace("\r\n", "\n").replace("\r", "\n") or None


def one_line(text: str) -> str:
    """Text as `plain_text` has it, with each line break as a blank."""
    return (plain_text(text) or "").replace("\n", " ")


def to_json(value: Value) -> Json:
    """A value as a plan's JSON holds it: decimals as text, links as objects, sets sorted."""
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
    """The value that `to_json` wrote. Decimals stay text: the field that takes them knows its type."""
    if isinstance(value, Mapping):
        if "name" in value and value.keys() <= {"name", "id", "address"}:
            return Link(value["name"], value.get("id"), value.get("address"))
        return {name: from_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return frozenset(from_json(item) for item in value)
    return value


def plain_decimal(value: Decimal) -> str:
    """`Decimal('1E+2')` as `100`, `Decimal('0.120')` as `0.12`: one spelling for one number, whatever its length.

    `normalize` would round to 28 digits, and a quantity in GiB can have more: it would differ from itself for ever.
    """
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
