"""Rows and tables: where the tenant keeps its objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.connectwise.schema.fields import Entity
from reconciler.sandbox.connectwise.schema.references import HREF_ROOT, fill, shape


@dataclass(slots=True, eq=False)
class Row:
    """One object: what is shown of it, what never is, and the references that others share to it."""

    id: int
    parent: int | None
    data: dict[str, Any]
    secrets: dict[str, Any] = field(default_factory=dict, repr=False)
    refs: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)


@dataclass(slots=True, eq=False)
class Table:
    """All objects of one kind, ascending by id. `path` is where one of them is found, for `_info` links."""

    name: str
    entity: Entity | None
    path: str
    next_id: int
    rows: dict[int, Row] = field(default_factory=dict)
    children: dict[int, dict[int, Row]] = field(default_factory=dict)
    by_text: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take a new row in."""
        self.rows[row.id] = row
        self.next_id = max(self.next_id, row.id + 1)
        if row.parent is not None:
            self.children.setdefault(row.parent, {})[row.id] = row
        for name, index in self.by_text.items():
            _put(index, row.data.get(name), row.id)

    def remove(self, row: Row) -> None:
        """Let a row go."""
        del self.rows[row.id]
        if row.parent is not None:
            del self.children[row.parent][row.id]
        for name, index in self.by_text.items():
            _take(index, row.data.get(name), row.id)

    def reindex(self, row: Row, before: dict[str, Any]) -> None:
        """Bring the indexes in line after a row's data changed from `before`."""
        for name, index in self.by_text.items():
            if before.get(name) != row.data.get(name):
                _take(index, before.get(name), row.id)
                _put(index, row.data.get(name), row.id)

    def named(self, name: str, value: str) -> list[Row]:
        """The rows whose field `name` is this text, compared without case or trailing spaces."""
        index = self.by_text.get(name)
        if index is None:
            index = self.by_text[name] = {}
            for row in self.rows.values():
                _put(index, row.data.get(name), row.id)
        return [self.rows[each] for each in index.get(fold(value), ())]

    def href(self, row: Row) -> str:
        """Where the row is found."""
        path = self.path.replace("{parent}", str(row.parent))
        return f"{HREF_ROOT}/{path}/{row.id}"

    def reference(self, row: Row, target: str) -> dict[str, Any]:
        """The shared reference of one kind to a row."""
        reference = row.refs.get(target)
        if reference is None:
            reference = row.refs[target] = {"id": row.id}
            fill(reference, target, row.data)
            if self.path:
                reference["_info"] = {shape(target).href: self.href(row)}
        return reference

    def refresh(self, row: Row) -> None:
        """Show a row's new names in every reference to it."""
        for target, reference in row.refs.items():
            fill(reference, target, row.data)


Tables = dict[str, Table]
"""The tables of a tenant by name."""


def fold(text: str) -> str:
    """Text as the database compares it: without case, without trailing spaces [guess: SQL Server's collation]."""
    return text.rstrip().casefold()


def _put(index: dict[str, list[int]], value: Any, key: int) -> None:
    if isinstance(value, str):
        index.setdefault(fold(value), []).append(key)


def _take(index: dict[str, list[int]], value: Any, key: int) -> None:
    if isinstance(value, str):
        index[fold(value)].remove(key)
