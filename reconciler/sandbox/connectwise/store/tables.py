"""Rows and tables: the objects of a tenant, with indexes by text and the references to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.connectwise.schema.fields import Entity
from reconciler.sandbox.connectwise.schema.references import HREF_ROOT, fill, shape


@dataclass(slots=True, eq=False)
class Row:
    """One object.

    `data` is what requests can see of it. `secrets` are values that are never shown. `refs` are the references to this
    object, one per kind of reference, shared by all objects that refer to it.
    """

    id: int
    parent: int | None
    data: dict[str, Any]
    secrets: dict[str, Any] = field(default_factory=dict, repr=False)
    refs: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)


@dataclass(slots=True, eq=False)
class Table:
    """All objects of one kind, in ascending order of their ids.

    `path` is the path of its collection below the API root, for the addresses in `_info`. It is empty for tables that
    only references use.
    """

    name: str
    entity: Entity | None
    path: str
    next_id: int
    rows: dict[int, Row] = field(default_factory=dict)
    children: dict[int, dict[int, Row]] = field(default_factory=dict)
    by_text: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Add a new row."""
        self.rows[row.id] = row
        self.next_id = max(self.next_id, row.id + 1)
        if row.parent is not None:
            self.children.setdefault(row.parent, {})[row.id] = row
        for name, index in self.by_text.items():
            _put(index, row.data.get(name), row.id)

    def remove(self, row: Row) -> None:
        """Remove a row."""
        del self.rows[row.id]
        if row.parent is not None:
            del self.children[row.parent][row.id]
        for name, index in self.by_text.items():
            _take(index, row.data.get(name), row.id)

    def reindex(self, row: Row, before: dict[str, Any]) -> None:
        """Update the indexes after the data of a row has changed from `before`."""
        for name, index in self.by_text.items():
            if before.get(name) != row.data.get(name):
                _take(index, before.get(name), row.id)
                _put(index, row.data.get(name), row.id)

    def named(self, name: str, value: str) -> list[Row]:
        """Return the rows whose field `name` has this text, compared without case and trailing spaces."""
        index = self.by_text.get(name)
        if index is None:
            index = self.by_text[name] = {}
            for row in self.rows.values():
                _put(index, row.data.get(name), row.id)
        return [self.rows[each] for each in index.get(fold(value), ())]

    def href(self, row: Row) -> str:
        """Return the address of a row, below the placeholder of the API root."""
        path = self.path.replace("{parent}", str(row.parent))
        return f"{HREF_ROOT}/{path}/{row.id}"

    def reference(self, row: Row, target: str) -> dict[str, Any]:
        """Return the shared reference of one kind to a row, and create it on the first call."""
        reference = row.refs.get(target)
        if reference is None:
            reference = row.refs[target] = {"id": row.id}
            fill(reference, target, row.data)
            if self.path:
                reference["_info"] = {shape(target).href: self.href(row)}
        return reference

    def refresh(self, row: Row) -> None:
        """Update every reference to a row with its current names."""
        for target, reference in row.refs.items():
            fill(reference, target, row.data)


Tables = dict[str, Table]
"""The tables of a tenant, by name."""


def fold(text: str) -> str:
    """Return a text as the database compares it: without case and trailing spaces [guess: like SQL Server]."""
    return text.rstrip().casefold()


def _put(index: dict[str, list[int]], value: Any, key: int) -> None:
    if isinstance(value, str):
        index.setdefault(fold(value), []).append(key)


def _take(index: dict[str, list[int]], value: Any, key: int) -> None:
    if isinstance(value, str):
        index[fold(value)].remove(key)
