"""Conditions of list requests, as immutable expressions whose `str` is the text that ConnectWise expects.

    all_of(equals("company/identifier", "ACME"), compare("startDate", ">=", date(2026, 1, 1)))
    company/identifier="ACME" and startDate>=[2026-01-01T00:00:00Z]

The grammar is in CONNECTWISE.md [spec]. Inside a string, `[` is written `[[]` [docs]. A condition cannot ask for every
text: `*` is a wildcard, a line break becomes a space [docs], and the escape of a double quote or a backslash is not
confirmed. `can_query` says whether it can. `queryable_part` leaves such texts out of a condition, which then finds
more objects than asked for, and never fewer. The output of `literal` for such a text is a [guess].
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, TypeAlias
from unicodedata import normalize
from urllib.parse import quote

from reconciler.connectwise.codec import format_datetime

Value: TypeAlias = str | bool | int | Decimal | date | None
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "like"]

URL_LIMIT = 1745
"""The most characters of a URL: the vendor recommends at most 2,000, and 1,745 to be safe [docs]."""

_NOT_QUERYABLE = re.compile(r"[*\"\\\x00-\x1f\x7f\x85\u2028\u2029]")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field compared with one value."""

    path: str
    operator: Operator
    value: Value

    def __str__(self) -> str:
        gap = " " if self.operator.isalpha() else ""
        return f"{_checked(self.path)}{gap}{self.operator}{gap}{literal(self.value)}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field compared with a list of values."""

    path: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        """Return the condition. Texts with `[` get a comparison each: it is not confirmed that `in` accepts `[[]`."""
        apart = [value for value in self.values if _needs_own_comparison(value)]
        listed = ",".join(literal(value) for value in self.values if not _needs_own_comparison(value))
        parts = [f"{_checked(self.path)} in ({listed})"] if listed else []
        parts += [f"{_checked(self.path)}={literal(value)}" for value in apart]
        text = " or ".join(parts)
        return f"({text})" if len(parts) > 1 else text


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions, all (`and`) or any (`or`) of which must hold."""

    word: Literal["and", "or"]
    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return f" {self.word} ".join(f"({part})" if isinstance(part, Joined) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Negated:
    """A condition that must not hold."""

    part: Condition

    def __str__(self) -> str:
        return f"not ({self.part})"


Condition: TypeAlias = Comparison | OneOf | Joined | Negated


def equals(path: str, value: Value) -> Condition:
    """Return the condition that a field has a value. A path such as `company/identifier` goes into a reference.

    None asks for an empty field.
    """
    return Comparison(path, "=", value)


def compare(path: str, operator: Operator, value: Value) -> Condition:
    """Return the condition that a field compares with a value by this operator."""
    return Comparison(path, operator, value)


def like(path: str, pattern: str) -> Condition:
    """Return the condition that a field matches a pattern; `%` matches any text."""
    return Comparison(path, "like", pattern)


def contains(path: str, text: str) -> Condition:
    """Return the condition that a field contains a text."""
    return Comparison(path, "contains", text)


def one_of(path: str, values: Sequence[Value]) -> Condition:
    """Return the condition that a field has one of the values. Raises `ValueError` for no values: send no request."""
    if not values:
        raise ValueError(f"{path} in () matches nothing; send no request")
    return OneOf(path, tuple(values))


def all_of(*parts: Condition | None) -> Condition:
    """Return the condition that all parts hold. Parts that are None are ignored; at least one must remain."""
    return _joined("and", parts)


def any_of(*parts: Condition | None) -> Condition:
    """Return the condition that any part holds. Parts that are None are ignored; at least one must remain."""
    return _joined("or", parts)


def negate(part: Condition) -> Condition:
    """Return the condition that the part does not hold."""
    return Negated(part)


def literal(value: Value) -> str:
    """Return a value in the notation of the grammar. A date is not converted between time zones."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("[", "[[]")
            return f'"{escaped}"'
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return format(value, "f")
        case date():
            return f"[{format_datetime(value)}]"
        case _:
            raise TypeError(f"{value!r} cannot be in a condition; use int or a finite Decimal")


def can_query(value: Value) -> bool:
    """Return whether a condition can ask for exactly this value."""
    return not isinstance(value, str) or _NOT_QUERYABLE.search(value) is None


def queryable_part(condition: Condition | None) -> Condition | None:
    """Return the part of a condition that can be queried, or None if no part can.

    It holds for every object for which the condition holds, and maybe for others: filter the result again.
    """
    match condition:
        case Comparison(operator="=", value=value):
            return condition if can_query(value) else None
        case OneOf(values=values):
            return condition if all(map(can_query, values)) else None
        case Joined(word="and", parts=parts):
            kept = [part for part in map(queryable_part, parts) if part is not None]
            return all_of(*kept) if kept else None
        case Joined(parts=parts):
            kept = [part for part in map(queryable_part, parts) if part is not None]
            return any_of(*kept) if len(kept) == len(parts) else None
        case Negated(part=part):
            return condition if queryable_part(part) == part else None
        case _:
            return condition


def may_match(condition: Condition | None, entry: Mapping[str, Any]) -> bool:
    """Return False where an object certainly does not match a condition, else True.

    Use it to filter the result of `queryable_part`. It ignores case, blanks at the ends and the Unicode form of a text,
    because a tenant may ignore them.
    """
    match condition:
        case Comparison(operator="=", value=str(value)):
            return _may_have(condition.path, (value,), entry)
        case OneOf(values=values) if all(isinstance(value, str) for value in values):
            return _may_have(condition.path, values, entry)
        case Joined(word="and", parts=parts):
            return all(may_match(part, entry) for part in parts)
        case Joined(parts=parts):
            return any(may_match(part, entry) for part in parts)
        case _:
            return True


def _may_have(path: str, values: Sequence[Value], entry: Mapping[str, Any]) -> bool:
    held: Any = entry
    for step in path.split("/"):
        held = held.get(step) if isinstance(held, Mapping) else None
    return not isinstance(held, str) or any(_folded(str(value)) == _folded(held) for value in values)


def _folded(text: str) -> str:
    return " ".join(normalize("NFKC", text).casefold().split())


def in_chunks(path: str, values: Sequence[Value], *, room: int) -> Iterator[tuple[Value, ...]]:
    """Yield the distinct values in as few chunks as possible: each `path in (…)`, URL-encoded, is at most `room` long.

    A value that is too long even alone gets its own chunk, which needs another way than the URL.
    """
    frame = encoded_length(f"({_checked(path)} in ())")
    comma = encoded_length(",")
    separate = encoded_length(f" or {path}=")
    chunk: list[Value] = []
    used = frame
    for value in dict.fromkeys(values):
        size = encoded_length(literal(value)) + (separate if _needs_own_comparison(value) else 0)
        if chunk and used + comma + size > room:
            yield tuple(chunk)
            chunk, used = [], frame
        used += size + (comma if chunk else 0)
        chunk.append(value)
    if chunk:
        yield tuple(chunk)


@lru_cache(maxsize=1024)
def encode(text: str) -> str:
    """Return a text percent-encoded for a query."""
    return quote(text, safe="")


def encoded_length(text: str) -> int:
    """Return the length of a text in a query, percent-encoded."""
    return len(encode(text))


def _needs_own_comparison(value: Value) -> bool:
    return isinstance(value, str) and "[" in value


def _joined(word: Literal["and", "or"], parts: Sequence[Condition | None]) -> Condition:
    kept = tuple(part for part in parts if part is not None)
    if not kept:
        raise ValueError(f"there is no condition to join by {word!r}")
    return kept[0] if len(kept) == 1 else Joined(word, kept)


def _checked(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is not the path of a field")
    return path
