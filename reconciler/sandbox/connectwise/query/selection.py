"""Compile `fields`, `orderBy` and the filters of a list. The results are cached by view and text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from reconciler.sandbox.connectwise.query import conditions, paths, predicates
from reconciler.sandbox.connectwise.query.predicates import Predicate
from reconciler.sandbox.connectwise.schema.errors import bad_query
from reconciler.sandbox.connectwise.store.tables import Row, fold

Projection = Callable[[dict[str, Any]], dict[str, Any]]
_Tree = dict[str, "_Tree | None"]


@lru_cache(maxsize=1024)
def projection(entity: str, allowed: tuple[str, ...], text: str) -> Projection:
    """Return the function that reduces an object to the named fields. `_info` is left out unless named [seen]."""
    tree: _Tree = {}
    for name in filter(None, (part.strip() for part in text.split(","))):
        path = found(entity, allowed, name, "fields")
        level: _Tree = tree
        *outer, last = path.parts
        for part in outer:
            below = level.setdefault(part, {})
            if below is None:
                break
            level = below
        else:
            level[last] = None
    return _cutter(tree)


def _cutter(tree: _Tree) -> Projection:
    plain = tuple(name for name, below in tree.items() if below is None)
    nested = tuple((name, _cutter(below)) for name, below in tree.items() if below is not None)

    def cut(data: dict[str, Any]) -> dict[str, Any]:
        shown = {name: data[name] for name in plain if name in data}
        for name, inner in nested:
            held = data.get(name)
            if isinstance(held, list):
                shown[name] = [inner(each) for each in held]
            elif held is not None:
                shown[name] = inner(held)
        return shown

    return cut


@lru_cache(maxsize=256)
def narrowed(allowed: tuple[str, ...]) -> Projection:
    """Return the function that reduces an object to the fields of a view, with `id` and `_info`.

    `shown=stored` in a view gives the field `stored` the name `shown`.
    """
    pairs = tuple((mine, theirs or mine) for mine, _, theirs in (name.partition("=") for name in allowed))

    def cut(data: dict[str, Any]) -> dict[str, Any]:
        held = {mine: data[theirs] for mine, theirs in pairs if theirs in data}
        return {"id": data["id"], **held, "_info": data["_info"]}

    return cut


def order(entity: str, allowed: tuple[str, ...], text: str, rows: list[Row]) -> list[Row]:
    """Return rows sorted by the keys of an `orderBy`, each ascending or descending.

    Rows without a value come first. Rows with equal values keep their order.
    """
    ordered = list(rows)
    for key in reversed([part.split() for part in text.split(",") if part.strip()]):
        if len(key) > 2 or (len(key) == 2 and key[1].lower() not in {"asc", "desc"}):
            raise bad_query(f"The orderBy is invalid: {' '.join(key)!r}")
        path = found(entity, allowed, key[0], "orderBy")
        if path.listed or path.kind in {"ref", "info"}:
            raise bad_query(f"The orderBy is invalid: {key[0]!r} cannot be ordered by")
        get = path.get
        ordered.sort(key=_sort_key(get), reverse=len(key) == 2 and key[1].lower() == "desc")
    return ordered


def _sort_key(get: paths.Getter) -> Callable[[Row], tuple[bool, Any]]:
    def key(row: Row) -> tuple[bool, Any]:
        held = get(row.data)
        if held is None:
            return False, 0
        return True, fold(held) if isinstance(held, str) else held

    return key


@lru_cache(maxsize=1024)
def predicate(entity: str, allowed: tuple[str, ...], text: str) -> Predicate:
    """Return the predicate of `conditions`."""

    def find(name: str) -> paths.Path:
        path = paths.find(entity, allowed, name)
        if path.listed:
            raise paths.UnknownPath(f"{name!r} is a list; ask for it in childConditions")
        return path

    return predicates.compile_node(conditions.parse(text), find)


@lru_cache(maxsize=256)
def child_predicate(entity: str, allowed: tuple[str, ...], text: str) -> Predicate:
    """Return the predicate of `childConditions`: it holds when one entry of the list meets all of it."""
    lists: set[str] = set()

    def find(name: str) -> paths.Path:
        path = paths.find(entity, allowed, name)
        if not path.listed or len(path.parts) < 2:
            raise paths.UnknownPath(f"{name!r} is not inside a list")
        lists.add(path.listed)
        return paths.Path(path.parts[1:], path.kind, paths.getter(path.parts[1:]))

    inner = predicates.compile_node(conditions.parse(text), find)
    if len(lists) != 1:
        raise bad_query("The childConditions are invalid: they must ask about one list")
    (listed,) = lists
    return lambda data: any(inner(entry) is True for entry in data.get(listed, ()))


@lru_cache(maxsize=256)
def custom_predicate(text: str) -> Predicate:
    """Return the predicate of `customFieldConditions`: `caption="Tier" and value="Gold"` for one custom field."""
    known = {"id": "int", "caption": "text", "type": "text", "value": "any"}

    def find(name: str) -> paths.Path:
        if name not in known:
            raise paths.UnknownPath(f"{name!r} is not part of a custom field")
        return paths.Path((name,), known[name], paths.getter((name,)))

    inner = predicates.compile_node(conditions.parse(text), find)
    return lambda data: any(inner(entry) is True for entry in data.get("customFields", ()))


def filtered(rows: Iterable[Row], filters: Iterable[Predicate]) -> list[Row]:
    """Return the rows for which all filters hold."""
    kept = list(rows)
    for fulfils in filters:
        kept = [row for row in kept if fulfils(row.data) is True]
    return kept


def found(entity: str, allowed: tuple[str, ...], name: str, parameter: str) -> paths.Path:
    """Return the field that a query parameter names.

    Raises:
        Refusal: 400, there is no such field.
    """
    try:
        return paths.find(entity, allowed, name)
    except paths.UnknownPath as error:
        raise bad_query(f"The {parameter} parameter is invalid: {error}") from None
