"""The values of an import: what was read from the tenant, and what cannot be declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.kinds.field_mapping import Tables
from reconciler.kinds.live_state import LiveObject

ObjectKey: TypeAlias = tuple[str, int]
"""The name of a kind, and the ConnectWise id of an object of that kind."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An object, or one field of it, that is not written, and why."""

    what: str
    """The address of the document, or kind, name, company and id of an object without a document."""
    reason: str
    field: str | None = None
    """The field that is left out. None if the whole document is."""
    object: str = ""
    """Kind, name, company and id of the object. Empty for what is no object, such as a mapping."""
    kind: str = ""
    id: int | None = None

    def to_json(self) -> dict[str, str | int | None]:
        """Return the entry as a JSON object."""
        return {
            "address": None if self.what == self.object or not self.kind else self.what,
            "object": self.object or None,
            "kind": self.kind or None,
            "id": self.id,
            "field": self.field,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Estate:
    """The objects that an import read from ConnectWise, without deleted ones."""

    objects: Mapping[str, Sequence[LiveObject]] = field(default_factory=dict)
    """By kind: the objects of top-level collections. Products: only those that are needed."""
    children: Mapping[str, Mapping[int, Sequence[LiveObject]]] = field(default_factory=dict)
    """By kind and by the id of the parent: the objects of nested collections."""
    tables: Tables = field(default_factory=dict)
    deleted: tuple[LiveObject, ...] = ()
    """Companies that were deleted. They are not written. No customer that they fit is proposed for another company."""
    unread: tuple[LeftOut, ...] = ()
    """Collections that the API member may not read."""

    def of(self, kind: str) -> Iterator[LiveObject]:
        """Yield all objects of a kind, nested ones too."""
        yield from self.objects.get(kind, ())
        for below in self.children.get(kind, {}).values():
            yield from below
