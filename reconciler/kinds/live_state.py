"""What was read of ConnectWise: live objects, the documents they belong to, and setup tables.

A value that `live` makes and `planning` reads; neither knows the other.
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
    """One object as ConnectWise answered it, cut down to the fields that were asked for."""

    kind: str
    id: int
    raw: Object
    parent_id: int | None = None

    @property
    def last_updated(self) -> str | None:
        """The only token of change that the API has [spec]; a server may leave it out."""
        info = self.raw.get("_info") or {}
        value = info.get("lastUpdated")
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class LiveState:
    """The live side of a plan."""

    matches: Mapping[str, LiveObject] = field(default_factory=dict)
    """By address: the live object of each declared document that has one."""
    links: Mapping[str, Mapping[tuple[str | int, ...], Link]] = field(default_factory=dict)
    """By address and place: what every reference of a document points at."""
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By address: why a mapping points at nothing, or at two things."""
    objects: Mapping[tuple[str, int], LiveObject] = field(default_factory=dict)
    """By kind and id: everything that was read of top-level collections, declared or looked up."""
    tables: Tables = field(default_factory=dict)
    additions: Mapping[int, Sequence[LiveObject]] = field(default_factory=dict)
    """By agreement id: every addition of the agreements that are declared or billed."""
    solutions: Mapping[int, Sequence[LiveObject]] = field(default_factory=dict)
    """By company id: the management solutions that were read."""
    named: Mapping[str, LiveObject] = field(default_factory=dict)
    """By a mapping's address: the live management solution that it names, under whatever name it is stored."""


def for_billing(below: Mapping[str, Mapping[int, Sequence[LiveObject]]]) -> dict[str, Any]:
    """What was read below parents (by kind and parent id), as the parts of an `LiveState` that billing looks at."""
    return {"additions": below.get("Addition", {}), "solutions": below.get("ManagementSolution", {})}


def keys_of(kind: Kind, obj: LiveObject) -> tuple[Key, ...]:
    """The natural keys under which a live object can be meant; the parent's id stands for the parent."""
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
