"""The hooks of a kind of object in its own writes.

The tenant calls them in this order: `prepare`, then the check of required and unique fields, `check`, then the row is
stored, `created` or `changed`, and `compute`. A delete calls `used_by` and `delete`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from reconciler.sandbox.connectwise.schema.errors import Problem
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row


@dataclass(slots=True)
class Draft:
    """A write that is not stored yet.

    `values` are all values as they would be stored, `row` is the stored row (None in a POST), and `given` names the
    fields that the request holds.
    """

    store: Store
    values: dict[str, Any]
    parent: int | None
    row: Row | None
    given: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, resource: str, name: str, message: str, code: str = "InvalidField") -> None:
        """Add a problem of one field; the answer lists it with all others."""
        self.problems.append(Problem(code, message, resource, name))

    def default(self, name: str, value: Any) -> None:
        """Set a field that has no value yet. A `value` of None leaves it empty."""
        if self.values.get(name) is None and value is not None:
            self.values[name] = value

    def row_of(self, target: str, name: str) -> Row | None:
        """Return the row that a reference field points at, or None when the field is empty."""
        return self.store.row_of(target, self.values.get(name))


@dataclass(frozen=True, slots=True)
class Creation:
    """An object to create because another one was written."""

    table: str
    body: dict[str, Any]
    parent: int


@dataclass(frozen=True, slots=True)
class Change:
    """An object to change because another one was written."""

    table: str
    row: Row
    body: dict[str, Any]


Writes = Iterable[Creation | Change]
"""Writes to other objects. The tenant carries out each one, with all checks, before it takes the next."""


class Rules:
    """The rules of a kind without special rules: every hook does nothing, and a delete removes the row.

    `soft` means that a deleted row stays in its table, so other objects may still refer to it.
    """

    soft: ClassVar[bool] = False

    def prepare(self, draft: Draft) -> None:
        """Set defaults that depend on other objects. Runs before required fields are checked."""

    def check(self, draft: Draft) -> None:
        """Add problems that no field has by itself."""

    def created(self, _store: Store, _row: Row, _values: dict[str, Any]) -> Writes:
        """Complete a new row, and return the objects to create with it. `values` are the written fields."""
        return ()

    def changed(self, _store: Store, _row: Row, _values: dict[str, Any]) -> Writes:
        """Follow up on a change, and return the other objects to write. `values` are the written fields."""
        return ()

    def compute(self, store: Store, row: Row) -> None:
        """Compute the server's own fields from the others. A second call must give the same result."""

    def used_by(self, _store: Store, _row: Row) -> str | None:
        """Return an object that keeps the row from being deleted, other than those that refer to it."""
        return None

    def delete(self, _store: Store, _row: Row) -> bool:
        """Delete the row by the rules of its kind and return True. After False, the tenant removes the row."""
        return False
