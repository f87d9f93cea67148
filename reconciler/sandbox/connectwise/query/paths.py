"""Find a field by its path (`company/identifier`): the type of its values, and a function that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.fields import PARTS, Entity, Field
from reconciler.sandbox.connectwise.schema.references import shown

_INFO = {"lastUpdated": "date", "updatedBy": "text", "dateEntered": "date", "enteredBy": "text"}
"""The members of `_info` and their types. Conditions and orderBy may name `lastUpdated` without `_info/` [seen]."""
_LISTS = ("refs", "objects", "custom", "ints", "numbers", "texts")

Getter = Callable[[dict[str, Any]], Any]
"""Reads a field from the data of a row; None if a step of the path is missing."""


class UnknownPath(ValueError):  # noqa: N818  # the name says what is wrong
    """The endpoint has no field with this path."""


@dataclass(frozen=True, slots=True)
class Path:
    """One field of a kind, or of an object that it refers to.

    `listed` is the name of the list that the path leads through, or empty.
    """

    parts: tuple[str, ...]
    kind: str
    get: Getter
    listed: str = ""


@lru_cache(maxsize=4096)
def find(entity_name: str, allowed: tuple[str, ...], text: str) -> Path:
    """Return the field at a path. `allowed` are the fields of a view that does not show all.

    Raises:
        UnknownPath: there is no such field.
    """
    first, *rest = text.split("/")
    if first == "id" and not rest:
        return Path((first,), "int", getter(("id",)))
    if text in {"lastUpdated", "_info/lastUpdated"}:
        return Path(("_info", "lastUpdated"), "date", getter(("_info", "lastUpdated")))
    if first == "_info":
        return _info((first, *rest))
    entity = ENTITIES[entity_name]
    if (renamed := next((name for name in allowed if name.startswith(f"{first}=")), None)) is not None:
        stored = renamed.partition("=")[2]
        return Path((first,), entity.fields[stored].kind, getter((stored,)))
    field = entity.fields.get(first)
    if field is None or field.writeonly or (allowed and first not in allowed):
        raise UnknownPath(f"{first!r} is not a field of {entity.resource}")
    if not rest:
        return Path((first,), field.kind, getter((first,)), listed=first if field.kind in _LISTS else "")
    return _below(entity, field, (first, *rest))


def _info(parts: tuple[str, ...]) -> Path:
    if len(parts) == 1:
        return Path(parts, "info", getter(parts))
    if len(parts) == 2 and (parts[1] in _INFO or parts[1].endswith("_href")):
        return Path(parts, _INFO.get(parts[1], "text"), getter(parts))
    raise UnknownPath(f"{'/'.join(parts)!r} is not part of _info")


def _below(entity: Entity, field: Field, parts: tuple[str, ...]) -> Path:
    text = "/".join(parts)
    listed = field.name if field.kind in _LISTS else ""
    if field.kind in {"ref", "refs"}:
        known = {"id": "int", "_info": "info", **shown(field.target)}
        if len(parts) == 2 and parts[1] in known:
            return Path(parts, known[parts[1]], getter(parts), listed)
        if len(parts) == 3 and parts[1] == "_info":
            return Path(parts, "text", getter(parts), listed)
    elif field.kind in {"objects", "custom"}:
        part = PARTS[field.target or "CustomFieldValue"].fields.get(parts[1])
        if part is not None and len(parts) == 2:
            return Path(parts, part.kind, getter(parts), listed)
        if part is not None and part.kind == "ref" and len(parts) == 3:
            known = {"id": "int", **shown(part.target)}
            if parts[2] in known:
                return Path(parts, known[parts[2]], getter(parts), listed)
    raise UnknownPath(f"{text!r} is not a field of {entity.resource}")


def getter(parts: tuple[str, ...]) -> Getter:
    """Return the function that reads a path from the data of an object."""
    if len(parts) == 1:
        (only,) = parts
        return lambda data: data.get(only)
    if len(parts) == 2:
        outer, inner = parts

        def two(data: dict[str, Any]) -> Any:
            held = data.get(outer)
            return None if held is None else held.get(inner)

        return two

    def many(data: dict[str, Any]) -> Any:
        held: Any = data
        for part in parts:
            if held is None:
                return None
            held = held.get(part)
        return held

    return many
