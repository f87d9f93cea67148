"""The live state: the objects that were read from ConnectWise, the documents they match, and the setup tables.

`live` builds it, and `planning` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.base import Kind, key_part
from reconciler.kinds.field_mapping import Object, Tables
from reconciler.kinds.values import Link

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class LiveObject:
    """One object from a ConnectWise response, with the requested fields."""

    kind: str
    id: int
    raw: Object
    parent_id: int | None = None

    @property
    def last_updated(self) -> str | None:
        """Return the time of the last change, as ConnectWise gives it [spec]. None if the response has none."""
        info = self.raw.get("_info") or {}
        value = info.get("lastUpdated")
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class LiveState:
    """Everything that was read from ConnectWise for one plan."""

    matches: Mapping[str, LiveObject] = field(default_factory=dict)
    """By address: the live object that each document matches. Documents without one are absent."""
    links: Mapping[str, Mapping[tuple[str | int, ...], Link]] = field(default_factory=dict)
    """By address and by the reference's place in the spec: the object that each reference resolves to."""
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By address of a mapping: why a reference in it resolves to no object, or to several."""
    objects: Mapping[tuple[str, int], LiveObject] = field(default_factory=dict)
    """By kind and id: all objects that were read from top-level collections."""
    tables: Tables = field(default_factory=dict)
    additions: Mapping[int, Sequence[LiveObject]] = field(default_factory=dict)
    """By agreement id: all additions of the agreements that are declared or billed."""
    solutions: Mapping[int, Sequence[LiveObject]] = field(default_factory=dict)
    """By company id: the management solutions that were read."""
    children: Mapping[str, Mapping[int, Sequence[LiveObject]]] = field(default_factory=dict)
    """By kind and id of the parent: all nested objects that were read for documents."""
    left_out: frozenset[str] = frozenset()
    """The addresses of documents that a partial plan does not compare: their objects exist, or were not needed."""
    named: Mapping[str, LiveObject] = field(default_factory=dict)
    """By address of a mapping: the live management solution that it means, even if stored under another name."""


def for_billing(below: Mapping[str, Mapping[int, Sequence[LiveObject]]]) -> dict[str, Any]:
    """Return `LiveState` arguments for billing. `below` has the nested objects by kind and parent id."""
    return {"children": below, "additions": below.get("Addition", {}), "solutions": below.get("ManagementSolution", {})}


def keys_of(kind: Kind, obj: LiveObject) -> tuple[Key, ...]:
    """Return the natural keys of a live object. Its parent is represented by the parent's id."""
    if kind.keys_of is not None:
        return kind.keys_of(obj.raw, obj.parent_id)
    parts: list[Any] = []
    for name in kind.key:
        mapping = kind.by_name[name].mapping
        if name == kind.parent:
            parts.append(obj.parent_id)
        else:
            parts.append(key_part(mapping.decode(obj.raw), exact=mapping.exact))
    return (tuple(parts),)
