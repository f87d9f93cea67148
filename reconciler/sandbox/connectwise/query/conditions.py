"""The language of `conditions`, `childConditions` and `customFieldConditions`: from its text to a tree.

    summary = "x" and (company/identifier in ("A","B") or not dateEntered >= [2026-01-01T00:00:00Z])

The operators are `= != < <= > >= contains like in`; the last three can follow `not`. `not`, `and`, `or` and parentheses
combine comparisons. Values are strings in double quotes (with `\\"` and `\\\\` inside), numbers, `True` and `False`,
`null`, and times in brackets. Keywords are read without case.

In strings `*` matches any characters, `[ab]` one of the characters, `[[]` a bracket, and a line break a space [docs].
After `like`, `%` also matches any characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError

from reconciler.sandbox.connectwise.schema.errors import bad_query
from reconciler.sandbox.connectwise.schema.validation import Unfit, parse_date
from reconciler.sandbox.connectwise.store.tables import fold

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
    """A time in brackets, in the form of stored times."""

    text: str


@dataclass(frozen=True, slots=True)
class Wild:
    """A text with wildcards, as written."""

    text: str

    def pattern(self, *, percent: bool = False) -> str:
        """Return the text as a regular expression over folded text. With `percent`, `%` is a wildcard too."""
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
    """The opposite of a condition. An unknown result stays unknown."""

    of: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more conditions joined by `and` or `or`."""

    word: str
    parts: tuple[Node, ...]


Node = Comparison | Not | Junction
"""A node of the tree."""


class _Build(Transformer[Token, Node]):
    """Turns the parse tree of lark into nodes."""

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
    """Return the tree of a condition.

    Raises:
        Refusal: 400, the text cannot be read.
    """
    try:
        return _PARSER.parse(text)  # type: ignore[return-value]  # the transformer makes nodes of trees
    except Unfit as error:
        raise bad_query(f"The conditions are invalid: {error}") from None
    except LarkError as error:
        where = getattr(error, "pos_in_stream", None)
        place = f"at {text[where : where + 20]!r}" if isinstance(where, int) and where >= 0 else "at the end"
        raise bad_query(f"The conditions are invalid: unexpected input {place}") from None


def plain(value: Any) -> Any:
    """Return a value in the form in which values of rows are compared with it."""
    if isinstance(value, Moment):
        return value.text
    return fold(value) if isinstance(value, str) else value


def equalities(node: Node) -> dict[str, tuple[Any, ...]]:
    """Return the paths that must equal one of some values wherever the condition holds, for look-ups by index."""
    if isinstance(node, Comparison):
        if node.operator in {"=", "in"} and not any(value is None or isinstance(value, Wild) for value in node.values):
            return {node.path: tuple(plain(value) for value in node.values)}
        return {}
    if isinstance(node, Junction) and node.word == "and":
        found: dict[str, tuple[Any, ...]] = {}
        for part in node.parts:
            found = {**equalities(part), **found}
        return found
    return {}
