"""The query language of `conditions`, `childConditions` and `customFieldConditions`.

    summary = "x" and (company/identifier in ("A","B") or not dateEntered >= [2026-01-01T00:00:00Z])

Operators `= != < <= > >= contains like in`, each of the last three also after `not`; `not`, `and`, `or`, parentheses;
strings in double quotes (`\\"` and `\\\\` inside), numbers, `True`/`False`, `null`, moments in brackets.
Keywords are read without case. In strings `*` stands for any run of characters, `[ab]` for one of some, `[[]` for a
bracket, and a line break for a space [docs]; `like` takes `%` as any run of characters, too.

Text is compared without case and trailing spaces [guess: SQL Server's usual collation]. What is compared with a
missing value is neither true nor false, as in SQL, and `not` leaves it so [guess]; only `= null` and `!= null` see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError

from reconciler.sandbox.connectwise.query.paths import Path, UnknownPath
from reconciler.sandbox.connectwise.schema.errors import bad_query
from reconciler.sandbox.connectwise.schema.validation import Unfit, parse_date
from reconciler.sandbox.connectwise.store.tables import fold

Truth = bool | None
Predicate = Callable[[dict[str, Any]], Truth]
Finder = Callable[[str], Path]

_GRAMMAR: Final = r"""
?start: either
?either: both (_OR both)*
?both: inverse (_AND inverse)*
?inverse: _NOT inverse -> negation
        | "(" either ")"
        | comparison
comparison: FIELD OPERATOR value -> compared
          | FIELD _NOT WORD value -> not_compared
          | FIELD WORD value -> compared
          | FIELD _IN "(" value ("," value)* ")" -> listed
          | FIELD _NOT _IN "(" value ("," value)* ")" -> not_listed
value: STRING -> text
     | NUMBER -> number
     | MOMENT -> moment
     | TRUE -> true
     | FALSE -> false
     | NULL -> null
OPERATOR: "<=" | ">=" | "!=" | "<>" | "=" | "<" | ">"
WORD.3: /(contains|like)\b/i
_IN.3: /in\b/i
_AND.3: /and\b/i
_OR.3: /or\b/i
_NOT.3: /not\b/i
TRUE.3: /true\b/i
FALSE.3: /false\b/i
NULL.3: /null\b/i
STRING: /"(?:[^"\\]|\\.)*"/s
NUMBER: /-?\d+(?:\.\d+)?/
MOMENT: /\[[^\]]*\]/
FIELD: /[A-Za-z_][A-Za-z0-9_]*(?:\/[A-Za-z_][A-Za-z0-9_]*)*/
%ignore /\s+/
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`, or `path in (values)`."""

    path: str
    operator: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in brackets, as stored times are written."""

    text: str


@dataclass(frozen=True, slots=True)
class Wild:
    """A text with wildcards in it, as it was written."""

    text: str

    def pattern(self, *, percent: bool = False) -> str:
        """As a regular expression over folded text; `percent` is a wildcard after `like`."""
        pieces = []
        for piece in _PIECES.findall(self.text.casefold()):
            if piece == "*" or (piece == "%" and percent):
                pieces.append(".*")
            elif len(piece) > 1:
                negated, members = ("^", piece[2:-1]) if piece[1] == "^" else ("", piece[1:-1])
                pieces.append(f"[{negated}{re.escape(members)}]")
            else:
                pieces.append(re.escape(piece))
        return "".join(pieces)


_WILD: Final = re.compile(r"\*|\[[^\]]+\]")
_PIECES: Final = re.compile(r"\[[^\]]+\]|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; what is unknown stays unknown."""

    of: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """`and` or `or` over two or more."""

    word: str
    parts: tuple[Node, ...]


Node = Comparison | Not | Junction


class _Build(Transformer[Token, Node]):
    """Parse tree → nodes."""

    def either(self, parts: list[Node]) -> Node:
        return Junction("or", tuple(parts))

    def both(self, parts: list[Node]) -> Node:
        return Junction("and", tuple(parts))

    def negation(self, parts: list[Node]) -> Node:
        return Not(parts[0])

    def compared(self, parts: list[Any]) -> Node:
        operator = str(parts[1]).lower()
        return Comparison(str(parts[0]), "!=" if operator == "<>" else operator, (parts[2],))

    def not_compared(self, parts: list[Any]) -> Node:
        return Not(self.compared(parts))

    def listed(self, parts: list[Any]) -> Node:
        return Comparison(str(parts[0]), "in", tuple(parts[1:]))

    def not_listed(self, parts: list[Any]) -> Node:
        return Not(self.listed(parts))

    def text(self, parts: list[Token]) -> str | Wild:
        held = re.sub(r"\\(.)", r"\1", parts[0][1:-1], flags=re.DOTALL)
        held = re.sub(r"\r\n|[\r\n]", " ", held)
        plain = held.replace("[[]", "[")
        return plain if not _WILD.search(held.replace("[[]", "")) else Wild(held)

    def number(self, parts: list[Token]) -> Decimal:
        return Decimal(str(parts[0]))

    def moment(self, parts: list[Token]) -> Moment:
        return Moment(parse_date(parts[0][1:-1].strip()))

    def true(self, _parts: list[Token]) -> bool:
        return True

    def false(self, _parts: list[Token]) -> bool:
        return False

    def null(self, _parts: list[Token]) -> None:
        return None


_PARSER: Final = Lark(_GRAMMAR, parser="lalr", transformer=_Build(), maybe_placeholders=False)


@lru_cache(maxsize=2048)
def parse(text: str) -> Node:
    """The tree of a condition; a 400 when it cannot be read."""
    try:
        return _PARSER.parse(text)  # type: ignore[return-value]  # the transformer makes nodes of trees
    except Unfit as error:
        raise bad_query(f"The conditions are invalid: {error}") from None
    except LarkError as error:
        where = getattr(error, "pos_in_stream", None)
        told = f"at {text[where : where + 20]!r}" if isinstance(where, int) and where >= 0 else "at the end"
        raise bad_query(f"The conditions are invalid: unexpected input {told}") from None


def compile_node(node: Node, find: Finder) -> Predicate:
    """A predicate over a row's data; a 400 for a field that is not known or a value of the wrong type."""
    if isinstance(node, Comparison):
        return _comparison(node, find)
    if isinstance(node, Not):
        inner = compile_node(node.of, find)

        def inverse(data: dict[str, Any]) -> Truth:
            truth = inner(data)
            return None if truth is None else not truth

        return inverse
    parts = tuple(compile_node(part, find) for part in node.parts)
    return _all(parts) if node.word == "and" else _any(parts)


def _all(parts: tuple[Predicate, ...]) -> Predicate:
    def both(data: dict[str, Any]) -> Truth:
        whole: Truth = True
        for part in parts:
            truth = part(data)
            if truth is False:
                return False
            if truth is None:
                whole = None
        return whole

    return both


def _any(parts: tuple[Predicate, ...]) -> Predicate:
    def either(data: dict[str, Any]) -> Truth:
        whole: Truth = False
        for part in parts:
            truth = part(data)
            if truth is True:
                return True
            if truth is None:
                whole = None
        return whole

    return either


_TEXT: Final = ("text", "enum")
_KINDS: Final[dict[type, tuple[str, ...]]] = {
    str: _TEXT,
    Wild: _TEXT,
    bool: ("flag",),
    Decimal: ("int", "number"),
    Moment: ("date",),
}


def _comparison(node: Comparison, find: Finder) -> Predicate:
    try:
        path = find(node.path)
    except UnknownPath as error:
        raise bad_query(f"The conditions are invalid: {error}") from None
    if path.kind == "any":
        return _loose(path, node)
    for value in node.values:
        _fits(path, node, value)
    if node.operator == "in":
        return _within(path, node.values)
    (value,) = node.values
    get = path.get
    if value is None:
        wanted = node.operator == "="
        return lambda data: (get(data) is None) is wanted
    if node.operator in {"contains", "like"}:
        return _matching(path, node.operator, value)
    if isinstance(value, Wild):
        return _wild(path, node.operator, value)
    return _ordered(path, node.operator, value)


def _fits(path: Path, node: Comparison, value: Any) -> None:
    if value is None:
        if node.operator not in {"=", "!=", "in"}:
            raise bad_query(f"The conditions are invalid: null cannot stand after {node.operator}")
        return
    if path.kind not in _KINDS[type(value)]:
        told = f"{node.path} is of type {path.kind}, and cannot be compared with this value"
        raise bad_query(f"The conditions are invalid: {told}")
    if isinstance(value, Wild) and node.operator not in {"=", "!=", "in", "contains", "like"}:
        raise bad_query(f"The conditions are invalid: a wildcard cannot stand after {node.operator}")
    if node.operator in {"contains", "like"} and not isinstance(value, str | Wild):
        raise bad_query(f"The conditions are invalid: {node.operator} needs a string")
    if isinstance(value, bool) and node.operator not in {"=", "!=", "in"}:
        raise bad_query(f"The conditions are invalid: {node.operator} cannot compare True and False")


def _plain(value: Any) -> Any:
    if isinstance(value, Moment):
        return value.text
    return fold(value) if isinstance(value, str) else value


def _within(path: Path, values: tuple[Any, ...]) -> Predicate:
    wanted = frozenset(_plain(value) for value in values if value is not None and not isinstance(value, Wild))
    wild = [re.compile(value.pattern(), re.DOTALL) for value in values if isinstance(value, Wild)]
    get, text = path.get, path.kind in _TEXT

    def within(data: dict[str, Any]) -> Truth:
        held = get(data)
        if held is None:
            return None
        mine = fold(held) if text else held
        return mine in wanted or any(pattern.fullmatch(mine) for pattern in wild)

    return within


def _wild(path: Path, operator: str, value: Wild) -> Predicate:
    get, pattern = path.get, re.compile(value.pattern(), re.DOTALL)

    def wild(data: dict[str, Any]) -> Truth:
        held = get(data)
        return None if held is None else (pattern.fullmatch(fold(held)) is not None) is (operator == "=")

    return wild


def _matching(path: Path, operator: str, value: str | Wild) -> Predicate:
    get = path.get
    if operator == "contains":
        part = value.pattern() if isinstance(value, Wild) else re.escape(value.casefold())
        inside = re.compile(part, re.DOTALL)

        def contains(data: dict[str, Any]) -> Truth:
            held = get(data)
            return None if held is None else inside.search(held.casefold()) is not None

        return contains
    if isinstance(value, Wild):
        pattern = re.compile(value.pattern(percent=True), re.DOTALL)
    else:
        pattern = re.compile(".*".join(re.escape(piece) for piece in value.casefold().split("%")), re.DOTALL)

    def like(data: dict[str, Any]) -> Truth:
        held = get(data)
        return None if held is None else pattern.fullmatch(held.casefold()) is not None

    return like


_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda held, value: bool(held == value),
    "!=": lambda held, value: bool(held != value),
    "<": lambda held, value: bool(held < value),
    "<=": lambda held, value: bool(held <= value),
    ">": lambda held, value: bool(held > value),
    ">=": lambda held, value: bool(held >= value),
}


def _ordered(path: Path, operator: str, value: Any) -> Predicate:
    wanted, compare = _plain(value), _ORDER[operator]
    get, text = path.get, path.kind in _TEXT

    def ordered(data: dict[str, Any]) -> Truth:
        held = get(data)
        if held is None:
            return None
        return compare(fold(held) if text else held, wanted)

    return ordered


def _loose(path: Path, node: Comparison) -> Predicate:
    """A custom field's value: whatever type it has is compared with a value of the same type only."""
    get = path.get

    def loose(data: dict[str, Any]) -> Truth:
        held = get(data)
        if node.values == (None,):
            return (held is None) is (node.operator == "=")
        if held is None:
            return None
        mine = fold(held) if isinstance(held, str) else held
        wanted = [_plain(value) for value in node.values]
        if node.operator == "in":
            return mine in wanted
        if node.operator in {"contains", "like"}:
            return isinstance(held, str) and _matching(path, node.operator, node.values[0])(data)
        if isinstance(node.values[0], Wild):
            return _wild(path, node.operator, node.values[0])(data) if isinstance(held, str) else False
        if isinstance(mine, str) is not isinstance(wanted[0], str):
            return node.operator == "!="
        return _ORDER[node.operator](mine, wanted[0])

    return loose


def equalities(node: Node) -> dict[str, tuple[Any, ...]]:
    """Paths that must equal one of some values for the whole to be true, for look-ups by index."""
    if isinstance(node, Comparison):
        if node.operator in {"=", "in"} and not any(value is None or isinstance(value, Wild) for value in node.values):
            return {node.path: tuple(_plain(value) for value in node.values)}
        return {}
    if isinstance(node, Junction) and node.word == "and":
        found: dict[str, tuple[Any, ...]] = {}
        for part in node.parts:
            found = {**equalities(part), **found}
        return found
    return {}
