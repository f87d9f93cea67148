"""What to ask a list for: small immutable expressions that print as ConnectWise conditions.

    all_of(equals("company/identifier", "ACME"), compare("startDate", ">=", date(2026, 1, 1)))
    company/identifier="ACME" and startDate>=[2026-01-01T00:00:00Z]

The grammar is that of CONNECTWISE.md [spec]. Inside a string `[` is written `[[]` [docs]. Not every text can be asked
for: `*` is a wildcard and a line break becomes a space [docs], and nobody confirmed how a double quote or a backslash
is written. `askable` tells, and `loosened` leaves such texts out of a condition, so that it finds more, and never less,
than what is looked for. What `literal` writes for them all the same is a [guess].
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

from reconciler.connectwise.codec import moment

Value: TypeAlias = str | bool | int | Decimal | date | None
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "like"]

URL_LIMIT = 1745
"""Characters of a URL at most: the vendor recommends 2,000, and 1,745 to be safe [docs]."""

_UNASKABLE = re.compile(r"[*\"\\\x00-\x1f\x7f\x85\u2028\u2029]")
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
        """Texts with a bracket are compared one by one: that `in` knows `[[]` nobody confirmed."""
        apart = [value for value in self.values if _stands_apart(value)]
        listed = ",".join(literal(value) for value in self.values if not _stands_apart(value))
        parts = [f"{_checked(self.path)} in ({listed})"] if listed else []
        parts += [f"{_checked(self.path)}={literal(value)}" for value in apart]
        text = " or ".join(parts)
        return f"({text})" if len(parts) > 1 else text


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
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("[", "[[]")
            return f'"{escaped}"'
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return format(value, "f")
        case date():
            return f"[{moment(value)}]"
        case _:
            raise TypeError(f"{value!r} cannot stand in a condition; numbers are int or finite Decimal")


def askable(value: Value) -> bool:
    """Whether a condition can ask for exactly this value."""
    return not isinstance(value, str) or _UNASKABLE.search(value) is None


def loosened(condition: Condition | None) -> Condition | None:
    """The condition without what cannot be asked for; None where nothing is left. It holds wherever the given one does.

    What it finds is to be filtered again by who asked.
    """
    match condition:
        case Comparison(operator="=", value=value):
            return condition if askable(value) else None
        case OneOf(values=values):
            return condition if all(map(askable, values)) else None
        case Joined(word="and", parts=parts):
            kept = [part for part in map(loosened, parts) if part is not None]
            return all_of(*kept) if kept else None
        case Joined(parts=parts):
            kept = [part for part in map(loosened, parts) if part is not None]
            return any_of(*kept) if len(kept) == len(parts) else None
        case Negated(part=part):
            return condition if loosened(part) == part else None
        case _:
            return condition


def may_hold(condition: Condition | None, entry: Mapping[str, Any]) -> bool:
    """Whether an object may be one that a condition asks for: False only where it certainly is not.

    It filters what a loosened condition finds. Texts are compared without case, blanks at the ends, or the ways in
    which Unicode writes a letter, as a tenant may compare them.
    """
    match condition:
        case Comparison(operator="=", value=str(value)):
            return _may_be(condition.path, (value,), entry)
        case OneOf(values=values) if all(isinstance(value, str) for value in values):
            return _may_be(condition.path, values, entry)
        case Joined(word="and", parts=parts):
            return all(may_hold(part, entry) for part in parts)
        case Joined(parts=parts):
            return any(may_hold(part, entry) for part in parts)
        case _:
            return True


def _may_be(path: str, values: Sequence[Value], entry: Mapping[str, Any]) -> bool:
    held: Any = entry
    for step in path.split("/"):
        held = held.get(step) if isinstance(held, Mapping) else None
    return not isinstance(held, str) or any(_folded(str(value)) == _folded(held) for value in values)


def _folded(text: str) -> str:
    return " ".join(normalize("NFKC", text).casefold().split())


def in_chunks(path: str, values: Sequence[Value], *, room: int) -> Iterator[tuple[Value, ...]]:
    """The values, doubles left out, in as few runs as fit: each `path in (…)`, URL-encoded, takes at most `room`.

    A value that does not fit even alone is a run of its own: it is to be asked for in another way.
    """
    frame = encoded_length(f"({_checked(path)} in ())")
    comma = encoded_length(",")
    apart = encoded_length(f" or {path}=")
    run: list[Value] = []
    used = frame
    for value in dict.fromkeys(values):
        size = encoded_length(literal(value)) + (apart if _stands_apart(value) else 0)
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


def _stands_apart(value: Value) -> bool:
    return isinstance(value, str) and "[" in value


def _joined(word: Literal["and", "or"], parts: Sequence[Condition | None]) -> Condition:
    kept = tuple(part for part in parts if part is not None)
    if not kept:
        raise ValueError(f"nothing to join by {word!r}")
    return kept[0] if len(kept) == 1 else Joined(word, kept)


def _checked(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is not the path of a field")
    return path
