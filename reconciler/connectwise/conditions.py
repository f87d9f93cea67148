"""What to ask a list for: small immutable expressions that print as ConnectWise conditions.

    all_of(equals("company/identifier", "ACME"), compare("startDate", ">=", date(2026, 1, 1)))
    company/identifier="ACME" and startDate>=[2026-01-01T00:00:00Z]

The grammar is that of CONNECTWISE.md [spec]; that a quote inside a string is written `\\"` is a [guess], kept in
`literal` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import quote

from reconciler.connectwise.codec import moment

Value: TypeAlias = str | bool | int | Decimal | date | None
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "like"]

URL_LIMIT = 2000
"""Characters of a URL above which a tenant was seen to answer 414 [seen]."""

_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field held against one value."""

    path: str
    operator: Operator
    value: Value

    def __str__(self) -> str:
        gap = " " if self.operator.isalpha() else ""
        return f"{_checked(self.path)}{gap}{self.operator}{gap}{literal(self.value)}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One field held against a list of values."""

    path: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{_checked(self.path)} in ({','.join(literal(value) for value in self.values)})"


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions, of which all or any must hold."""

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
    """The field at `path` (`company/identifier` goes into a reference) is `value`; None asks for an empty one."""
    return Comparison(path, "=", value)


def compare(path: str, operator: Operator, value: Value) -> Condition:
    """The field stands in this relation to the value."""
    return Comparison(path, operator, value)


def like(path: str, pattern: str) -> Condition:
    """The field matches a pattern in which `%` stands for anything."""
    return Comparison(path, "like", pattern)


def contains(path: str, text: str) -> Condition:
    """The field holds this text somewhere."""
    return Comparison(path, "contains", text)


def one_of(path: str, values: Sequence[Value]) -> Condition:
    """The field is one of these. An empty list raises `ValueError`: it would match nothing, so do not ask."""
    if not values:
        raise ValueError(f"{path} in () matches nothing; do not ask")
    return OneOf(path, tuple(values))


def all_of(*parts: Condition | None) -> Condition:
    """Every part holds; parts that are None are left out, but one must remain."""
    return _joined("and", parts)


def any_of(*parts: Condition | None) -> Condition:
    """At least one part holds; parts that are None are left out, but one must remain."""
    return _joined("or", parts)


def negate(part: Condition) -> Condition:
    """The part does not hold."""
    return Negated(part)


def literal(value: Value) -> str:
    """A value as the grammar writes it; dates are dates, never shifted through a zone."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return format(value, "f")
        case date():
            return f"[{moment(value)}]"
        case _:
            raise TypeError(f"{value!r} cannot stand in a condition; numbers are int or finite Decimal")


def in_chunks(path: str, values: Sequence[Value], *, room: int) -> Iterator[tuple[Value, ...]]:
    """The values, doubles left out, in as few runs as fit: each `path in (…)`, URL-encoded, takes at most `room`.

    Raises `ValueError` for a value that does not fit even alone.
    """
    frame = encoded_length(f"{_checked(path)} in ()")
    comma = encoded_length(",")
    run: list[Value] = []
    used = frame
    for value in dict.fromkeys(values):
        size = encoded_length(literal(value))
        if frame + size > room:
            raise ValueError(f"{path} in (…) with a value of {size} characters does not fit a URL")
        if run and used + comma + size > room:
            yield tuple(run)
            run, used = [], frame
        used += size + (comma if run else 0)
        run.append(value)
    if run:
        yield tuple(run)


@lru_cache(maxsize=1024)
def encode(text: str) -> str:
    """Text percent-encoded for a query."""
    return quote(text, safe="")


def encoded_length(text: str) -> int:
    """Characters that a text takes in a query."""
    return len(encode(text))


def _joined(word: Literal["and", "or"], parts: Sequence[Condition | None]) -> Condition:
    kept = tuple(part for part in parts if part is not None)
    if not kept:
        raise ValueError(f"nothing to join by {word!r}")
    return kept[0] if len(kept) == 1 else Joined(word, kept)


def _checked(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is not the path of a field")
    return path
