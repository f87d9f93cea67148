"""Whether two values of a field are the same. The one place that says so, for diff, staleness, drift and read-back.

A value comes from a manifest, from ConnectWise, from a plan file or from the ledger, so the two sides can have
different shapes: a `Decimal` and its text, a `Link` and its JSON, a set and a list. Two values are the same when a
server that stored the one may answer with the other:

| value | a server may |
|---|---|
| text | trim it, store it in Unicode NFC, turn a line break into a space, write one blank for several |
| date | write it at midnight of any zone: its first ten characters are the date, and no zone moves it [seen] |
| number | write any number of zeros, as text or not, and lose what a double cannot hold |
| reference | answer with more or fewer members than `{id, name}` |
| nothing | leave a cleared field out, or answer with null, an empty text, an empty list, or false for a flag |
| a number that is to be cleared | keep it at 0 (`cleared`; only where nothing is wanted) |

Case counts in a text, and 0 is a number, not nothing.
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
"""Members of an object that is nothing but a reference."""
_NOISE: Final = Decimal("1e-12")
"""Share of a number that arithmetic with doubles may add or take away."""
_FINEST: Final = Decimal("5e-7")
"""Half of the sixth decimal: what is declared or rated has six at most, so no real difference is smaller."""


def same(mapping: FieldMapping | None, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same. `mapping` is the field's; `None` where no field is known.

    Reflexive and symmetric.
    """
    return _same(_Sort.of(mapping), one, other)


def holds(mapping: FieldMapping | None, wanted: Any, standing: Any) -> bool:
    """Whether what stands holds what is wanted. Named entries and objects in a list may stand beside others that
    nobody asked for; everything else must be the same."""
    return cleared(mapping, wanted, standing) or _holds(_Sort.of(mapping), wanted, standing)


def cleared(mapping: FieldMapping | None, wanted: Any, standing: Any) -> bool:
    """Whether a number that is to be cleared stands at 0: ConnectWise may keep it at 0 and never empty [guess]."""
    return wanted is None and mapping is not None and mapping.sort == "number" and _number(standing) == 0


@dataclass(frozen=True, slots=True)
class _Sort:
    """What is known of a field's values before one looks at them."""

    name: str = ""
    references: bool = True
    """Whether an object of the members `id` and `name` is a reference: custom fields can have such captions."""

    @classmethod
    def of(cls, mapping: FieldMapping | None) -> _Sort:
        if mapping is None:
            return _UNKNOWN
        references = mapping.target is not None or mapping.subcollection is not None
        return _Sort(mapping.sort, references)


_UNKNOWN: Final = _Sort()


def _same(sort: _Sort, one: Any, other: Any) -> bool:
    if type(one) is type(other) and one == other:
        return True  # nearly every field of ten thousand additions ends here
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


def _holds(sort: _Sort, wanted: Any, standing: Any) -> bool:
    if isinstance(wanted, Mapping) and (not sort.references or _references(wanted, standing) is None):
        there = standing if isinstance(standing, Mapping) else {}
        return all(_holds(_UNKNOWN, value, there.get(name)) for name, value in wanted.items())
    if _is_list(wanted) and _is_list(standing) and any(_is_object(entry) for entry in wanted):
        return len(standing) >= len(wanted) and all(
            any(_holds(sort, entry, found) for found in standing) for entry in wanted
        )
    return _same(sort, wanted, standing)


def _is_nothing(value: Any) -> bool:
    """A flag that is not set, a text of blanks, an object in which nothing is set: all are nothing. 0 is not."""
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
    """A text as it is compared: what a server may do to it on the way is done."""
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
    """Equal but for what doubles lose. A server that rounds to fewer decimals has stored another number."""
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
    """What ConnectWise calls it: identifier and name, as far as they are known."""
    address: str | None
    """Of a document that declares it: its name is a manifest name then, and no label."""


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and not value.keys() <= _POINTER


def _references(one: Any, other: Any) -> tuple[_Reference, _Reference] | None:
    """Both as references, where one of them is nothing else; its counterpart may have more members."""
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
    """By id where both have one, else by what they are called.

    A reference to something that does not exist yet is the same as itself only. Two that have no member in common
    cannot be told apart, and that is no difference.
    """
    if one.id is not None and other.id is not None:
        return _same(_UNKNOWN, one.id, other.id)
    if any(each.id is None and each.address for each in (one, other)):
        return one.id == other.id and one.address == other.address
    return not (one.labels and other.labels) or bool(one.labels & other.labels)


# ── named entries ────────────────────────────────────────────────────────────────────────────────────────────


def named(entries: Mapping[str, Any], name: str) -> Any:
    """The entry of this name (a custom field's caption), as a server may spell it; None where there is none."""
    if name in entries:
        return entries[name]
    wanted = plain(name)
    return next((entry for spelled, entry in entries.items() if plain(spelled) == wanted), None)
