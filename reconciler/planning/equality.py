"""Decides whether two values of a field are the same, for diff, stale plans, drift and read-back.

A value comes from a manifest, from ConnectWise, from a plan file or from the ledger. The two values can have different
types: a `Decimal` and its text, a `Link` and its JSON, a set and a list. Two values are the same if a server that
stored one of them may return the other:

| value | a server may |
|---|---|
| text | trim it, store it in Unicode NFC, turn a line break into a space, turn several spaces into one |
| date | return it as midnight of any time zone. The first ten characters are the date, in every zone [seen] |
| number | return it with any number of zeros, as text or as a number, with the precision of a double |
| reference | return more or fewer members than `{id, name}` |
| nothing | leave a cleared field out, or return null, an empty text, an empty list, or false for a flag |
| a cleared number | keep it at 0 (`cleared`; only if the desired value is null) |

Upper and lower case count in a text. 0 is a number, and not the same as nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.values import Link

_BLANKS: Final = re.compile("[ \t\r\n\x0b\x0c\x85\u2028\u2029]+")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_MIDNIGHT: Final = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)?")
_DATE: Final = 10
"""Characters of `2026-11-01`."""
_POINTER: Final = frozenset({"id", "identifier", "name", "address", "_info"})
"""Members that a reference can have. An object with other members is no reference."""
_NOISE: Final = Decimal("1e-12")
"""Relative error that arithmetic with doubles may cause."""
_FINEST: Final = Decimal("5e-7")
"""Half of the sixth decimal. Declared and rated numbers have at most six decimals, so no real difference is smaller."""


def same(mapping: FieldMapping | None, one: Any, other: Any) -> bool:
    """Whether two values of a field are the same. `mapping` is the mapping of the field, or None if it is unknown.

    Reflexive and symmetric.
    """
    return _same(_Sort.of(mapping), one, other)


def holds(mapping: FieldMapping | None, desired: Any, live: Any) -> bool:
    """Whether a live value has everything that is desired.

    It may have more named entries, and more objects in a list. Everything else must be the same.
    """
    return cleared(mapping, desired, live) or _holds(_Sort.of(mapping), desired, live)


def cleared(mapping: FieldMapping | None, desired: Any, live: Any) -> bool:
    """Whether a number that should be empty is 0. ConnectWise may keep a cleared number at 0 [guess]."""
    return desired is None and mapping is not None and mapping.sort == "number" and _number(live) == 0


@dataclass(frozen=True, slots=True)
class _Sort:
    """What the mapping of a field says about its values."""

    name: str = ""
    references: bool = True
    """Whether an object with the members `id` and `name` is a reference. Custom fields can have such captions."""

    @classmethod
    def of(cls, mapping: FieldMapping | None) -> _Sort:
        if mapping is None:
            return _UNKNOWN
        references = mapping.target is not None or mapping.subcollection is not None
        return _Sort(mapping.sort, references)


_UNKNOWN: Final = _Sort()


def _same(sort: _Sort, one: Any, other: Any) -> bool:
    if type(one) is type(other) and one == other:
        return True  # the fast path for nearly every field
    if _is_nothing(one) or _is_nothing(other):
        return _is_nothing(one) and _is_nothing(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if sort.name == "number" or _is_number(one) or _is_number(other):
        return _same_number(_number(one), _number(other))
    if isinstance(one, str) and isinstance(other, str):
        return _same_text(sort, one, other)
    if sort.references and (pair := _references(one, other)) is not None:
        return _same_reference(*pair)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_same(_UNKNOWN, one.get(name), other.get(name)) for name in one.keys() | other.keys())
    if _is_list(one) and _is_list(other):
        return _each_has_one(sort, one, other) and _each_has_one(sort, other, one)
    return False


def _holds(sort: _Sort, desired: Any, live: Any) -> bool:
    if isinstance(desired, Mapping) and (not sort.references or _references(desired, live) is None):
        entries = live if isinstance(live, Mapping) else {}
        return all(_holds(_UNKNOWN, value, entries.get(name)) for name, value in desired.items())
    if _is_list(desired) and _is_list(live) and any(_is_object(entry) for entry in desired):
        return len(live) >= len(desired) and all(any(_holds(sort, entry, found) for found in live) for entry in desired)
    return _same(sort, desired, live)


def _is_nothing(value: Any) -> bool:
    """Whether a value is empty: a flag that is not set, a text of spaces, an object without values. 0 is not empty."""
    if value is None or value is False:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        return all(_is_nothing(entry) for entry in value.values())
    return _is_list(value) and not value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | frozenset)


def _each_has_one(sort: _Sort, some: Collection[Any], others: Collection[Any]) -> bool:
    return all(any(_same(sort, entry, found) for found in others) for entry in some)


# ── text and dates ───────────────────────────────────────────────────────────────────────────────────────────


def plain(text: str) -> str:
    """Return a text in the form in which it is compared: trimmed, in Unicode NFC, with single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _BLANKS.sub(" ", text).strip()


def _same_text(sort: _Sort, one: str, other: str) -> bool:
    one, other = plain(one), plain(other)
    if one == other:
        return True
    if sort.name == "date":
        return one[:_DATE] == other[:_DATE]
    if sort.name or not (_MOMENT.fullmatch(one) and _MOMENT.fullmatch(other)):
        return False
    if _is_date(one) or _is_date(other):
        return one[:_DATE] == other[:_DATE]
    return _moment(one) is not None and _moment(one) == _moment(other)


def _is_date(text: str) -> bool:
    return len(text) == _DATE or _MIDNIGHT.fullmatch(text[_DATE:]) is not None


def _moment(text: str) -> datetime | None:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _number(value: Any) -> Decimal | None:
    if not (_is_number(value) or isinstance(value, str)):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _same_number(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two numbers differ only by the precision of a double. A number rounded to fewer decimals is different."""
    if one is None or other is None:
        return False
    if one == other or float(one) == float(other):
        return True
    return abs(one - other) <= min(max(abs(one), abs(other)) * _NOISE, _FINEST)


# ── references ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Reference:
    id: Any
    labels: frozenset[str]
    """Its identifier and its name in ConnectWise, if known."""
    address: str | None
    """The address of the document that declares it, or None. With an address, its name is a manifest name."""


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and not value.keys() <= _POINTER


def _references(one: Any, other: Any) -> tuple[_Reference, _Reference] | None:
    """Return both values as references if one of them is a reference. The other may have more members."""
    if not all(isinstance(each, Link | Mapping) for each in (one, other)):
        return None
    if all(_is_object(each) for each in (one, other)):
        return None
    return _reference(one), _reference(other)


def _reference(value: Link | Mapping[str, Any]) -> _Reference:
    if isinstance(value, Link):
        value = {"id": value.id, "name": value.name, "address": value.address}
    address = value.get("address")
    labels = () if address else (value.get("identifier"), value.get("name"))
    return _Reference(
        value.get("id"),
        frozenset(plain(text).casefold() for text in labels if isinstance(text, str) and text.strip()),
        address if isinstance(address, str) else None,
    )


def _same_reference(one: _Reference, other: _Reference) -> bool:
    """Compare two references by id if both have one, and otherwise by identifier and name.

    A reference to an object that does not exist yet is the same only as itself. Two references without a common
    member count as the same, because nothing shows a difference.
    """
    if one.id is not None and other.id is not None:
        return _same(_UNKNOWN, one.id, other.id)
    if any(each.id is None and each.address for each in (one, other)):
        return one.id == other.id and one.address == other.address
    return not (one.labels and other.labels) or bool(one.labels & other.labels)


# ── named entries ────────────────────────────────────────────────────────────────────────────────────────────


def named(entries: Mapping[str, Any], name: str) -> Any:
    """Return the entry with this name (the caption of a custom field), or None. Compares names as a server may spell
    them."""
    if name in entries:
        return entries[name]
    plain_name = plain(name)
    return next((entry for spelled, entry in entries.items() if plain(spelled) == plain_name), None)
