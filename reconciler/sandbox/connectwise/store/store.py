"""The objects of one ConnectWise tenant: how they are found, referred to and stamped.

The store applies no rules. `tenant.Tenant` first checks each write against fields, uniqueness and the rules of its
kind, and then changes the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.errors import not_found
from reconciler.sandbox.connectwise.schema.references import shape
from reconciler.sandbox.connectwise.schema.validation import Unfit
from reconciler.sandbox.connectwise.schema.views import VIEWS
from reconciler.sandbox.connectwise.store import solutions
from reconciler.sandbox.connectwise.store.tables import Row, Table
from reconciler.sandbox.shared.clock import Clock

MEMBER = "API"
"""The member that `_info` names as the author of a write through the API."""
_ID_STEP = 1000
"""Ids of different tables start far apart, so that an id in a wrong place fails in tests."""


class Store:
    """All tables of one tenant, by name.

    `version` rises with every write. A cache of values from the tables compares it to see whether it is still valid.
    `author` is the login that `_info` names in the next write.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.tables: dict[str, Table] = {}
        self.version = 0
        self.author = MEMBER
        paths = {view.table: view.path for view in reversed(VIEWS) if not view.by and not view.fields}
        for number, (name, entity) in enumerate(ENTITIES.items()):
            self.tables[name] = Table(name, entity, paths[name], number * _ID_STEP + 1)

    @property
    def today(self) -> str:
        """Return today's date at 00:00 UTC, in the form of stored dates: `2026-11-01T00:00:00Z`."""
        return f"{self.clock.now().date().isoformat()}T00:00:00Z"

    def moment(self, after: str = "") -> str:
        """Return the current time to the second, or one second past `after` when the clock has not moved on since."""
        now = f"{self.clock.now().isoformat()[:19]}Z"
        if not after or now > after:
            return now
        later = datetime.strptime(after, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
        return later.strftime("%Y-%m-%dT%H:%M:%SZ")

    @contextmanager
    def acting_as(self, login: str) -> Iterator[None]:
        """Name another login as the author of every write in this context, as when a person or another tool writes."""
        former, self.author = self.author, login
        try:
            yield
        finally:
            self.author = former

    def table(self, name: str) -> Table:
        """Return the table of a name. A table that only references use is created on the first call."""
        found = self.tables.get(name)
        if found is None:
            found = self.tables[name] = Table(name, None, "", 1)
        return found

    def get(self, table: str, key: int) -> Row:
        """Return one row by id.

        Raises:
            Refusal: 404, there is no such row.
        """
        row = self.tables[table].rows.get(key)
        if row is None:
            raise not_found(ENTITIES[table].resource, key)
        return row

    def children(self, table: str, parent: int) -> list[Row]:
        """Return the rows of a table that were created under one parent."""
        return list(self.tables[table].children.get(parent, {}).values())

    def reference(self, target: str, key: int | None) -> dict[str, Any] | None:
        """Return the shared reference to a row, or None when no id is given."""
        if key is None:
            return None
        table = self.table(shape(target).table)
        return table.reference(table.rows[key], target)

    def row_of(self, target: str, reference: Mapping[str, Any] | None) -> Row | None:
        """Return the row that a stored reference points at, or None when the field is empty."""
        return None if reference is None else self.table(shape(target).table).rows.get(reference["id"])

    def default_of(self, table: str, target: str) -> dict[str, Any] | None:
        """Return a reference to the default entry of a setup table, or None when no entry is the default."""
        for row in self.table(table).rows.values():
            if row.data.get("defaultFlag"):
                return self.reference(target, row.id)
        return None

    def resolve(self, target: str, value: dict[str, Any]) -> dict[str, Any]:
        """Return the shared reference that a request's `{"id": 3}` or `{"name": "…"}` means.

        Raises:
            Unfit: no object has this id or name, or the reference has an unknown field.
        """
        if target == solutions.TARGET:
            return solutions.resolve(self.tables, value)
        form = shape(target)
        table = self.table(form.table)
        known = {"id", "_info", *(mine for mine, _ in form.shows)}
        if unknown := value.keys() - known:
            raise Unfit(f"{', '.join(sorted(unknown))} is not a field of this reference")
        key = value.get("id")
        if key is not None and (isinstance(key, bool) or not isinstance(key, int)):
            raise Unfit("the id of a reference must be an integer")
        row = table.rows.get(key) if key else _by_name(table, form.names, dict(form.shows), value)
        if row is None:
            asked = {name: value[name] for name in ("id", *form.names) if value.get(name)}
            raise Unfit(f"There is no {target} with {asked or 'neither id nor name'}", "InvalidReference")
        return table.reference(row, target)

    def touch(self, name: str, row: Row, before: dict[str, Any]) -> None:
        """Stamp a changed row with time and author, and update the indexes and references that show its data.

        `before` is the row's data as it was before the change.
        """
        table = self.tables[name]
        info = row.data["_info"] = {**row.data["_info"], "updatedBy": self.author}
        info["lastUpdated"] = self.moment(after=info["lastUpdated"])
        table.reindex(row, before)
        table.refresh(row)
        solutions.refresh(row)
        self.version += 1


def _by_name(table: Table, names: tuple[str, ...], fields: dict[str, str], value: dict[str, Any]) -> Row | None:
    for name in names:
        text = value.get(name)
        if isinstance(text, str) and text.strip():
            found = [row for row in table.named(fields[name], text) if not row.data.get("deletedFlag")]
            return found[0] if found else None
    return None
