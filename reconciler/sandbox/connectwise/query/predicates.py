"""Compile the tree of a condition to a predicate over the data of a row.

Text is compared without case and trailing spaces [guess: like SQL Server]. A comparison with a missing
value is neither true nor false, as in SQL, and `not` does not change that [guess]; only `= null` and `!= null` see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from reconciler.sandbox.connectwise.query.conditions import Comparison, Moment, Node, Not, Wild, plain
from reconciler.sandbox.connectwise.query.paths import Path, UnknownPath
from reconciler.sandbox.connectwise.schema.errors import bad_query
from reconciler.sandbox.connectwise.store.tables import fold

Truth = bool | None
"""True, false, or None if a value is missing."""
Predicate = Callable[[dict[str, Any]], Truth]
"""Returns whether a condition holds for the data of a row."""
Finder = Callable[[str], Path]
"""Returns the field of a path, and raises `UnknownPath` when there is none."""


def compile_node(node: Node, find: Finder) -> Predicate:
    """Return the predicate of a tree.

    Raises:
        Refusal: 400, for an unknown field or a value of the wrong type.
    """
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
            raise bad_query(f"The conditions are invalid: null cannot follow {node.operator}")
        return
    if path.kind not in _KINDS[type(value)]:
        message = f"{node.path} is of type {path.kind}, and cannot be compared with this value"
        raise bad_query(f"The conditions are invalid: {message}")
    if isinstance(value, Wild) and node.operator not in {"=", "!=", "in", "contains", "like"}:
        raise bad_query(f"The conditions are invalid: a wildcard cannot follow {node.operator}")
    if node.operator in {"contains", "like"} and not isinstance(value, str | Wild):
        raise bad_query(f"The conditions are invalid: {node.operator} needs a string")
    if isinstance(value, bool) and node.operator not in {"=", "!=", "in"}:
        raise bad_query(f"The conditions are invalid: {node.operator} cannot compare True and False")


def _within(path: Path, values: tuple[Any, ...]) -> Predicate:
    wanted = frozenset(plain(value) for value in values if value is not None and not isinstance(value, Wild))
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
    wanted, compare = plain(value), _ORDER[operator]
    get, text = path.get, path.kind in _TEXT

    def ordered(data: dict[str, Any]) -> Truth:
        held = get(data)
        if held is None:
            return None
        return compare(fold(held) if text else held, wanted)

    return ordered


def _loose(path: Path, node: Comparison) -> Predicate:
    """Compare the value of a custom field: only values of the same type can be equal."""
    get = path.get

    def loose(data: dict[str, Any]) -> Truth:
        held = get(data)
        if node.values == (None,):
            return (held is None) is (node.operator == "=")
        if held is None:
            return None
        mine = fold(held) if isinstance(held, str) else held
        wanted = [plain(value) for value in node.values]
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
