"""Setup tables, looked into by display name: without case, never guessing, each name looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.field_mapping import Tables, Target
from reconciler.kinds.values import Link
from reconciler.manifests.suggestions import did_you_mean, near

Row = Mapping[str, Any]


class UnknownEntryError(Exception):
    """No entry, or no single one, has the name; the message names the table and what comes near. Caught in
    `resolve`, and told there with its place."""


class SetupTables:
    """The tables that were read for this run."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._labelled: dict[tuple[str, str], dict[str, list[Row]]] = {}
        self._found: dict[tuple[Target, str, str | None], Link | str] = {}
        """The entry, or why there is none."""

    def entry(self, target: Target, name: str, scope: str | None = None) -> Link:
        """The one entry of this name: an active one where there is one.

        `scope` is the name of its owner, as a subcategory's category.
        """
        key = (target, name, scope)
        if key not in self._found:
            self._found[key] = self._look(target, name, scope)
        found = self._found[key]
        if isinstance(found, str):
            raise UnknownEntryError(found)
        return found

    def row(self, target: Target, name: str) -> Row:
        """All that was read of the one entry of this name."""
        found = self.entry(target, name)
        return next(row for row in self._rows(str(target.table), target.label)[_folded(name)] if row["id"] == found.id)

    def _look(self, target: Target, name: str, scope: str | None) -> Link | str:
        table = str(target.table)
        rows = self._rows(table, target.label)
        of_name = rows.get(_folded(name), [])
        found = [row for row in of_name if scope is None or _folded(self._owner(row, target)) == _folded(scope)]
        found = [row for row in found if not row.get("inactiveFlag")] or found
        if len(found) == 1:
            return Link(_label(found[0], target.label), found[0]["id"])
        if found:
            told = ", ".join(self._told(row, target) for row in found)
            return f"'{name}' is ambiguous in the setup table /{table}: {told}"
        if of_name:
            told = " and ".join(repr(self._owner(row, target)) for row in of_name)
            return f"the setup table /{table} has no '{name}' with {target.scope} '{scope}'; it has one with {told}"
        names = [_label(row, target.label) for entries in rows.values() for row in entries]
        return f"the setup table /{table} has no '{name}'; {_hint(name, names)}"

    def _rows(self, table: str, label: str) -> dict[str, list[Row]]:
        if (table, label) not in self._labelled:
            rows: dict[str, list[Row]] = {}
            for row in self._tables.get(table, ()):
                if name := _label(row, label):  # an entry without a name cannot be meant
                    rows.setdefault(_folded(name), []).append(row)
            self._labelled[table, label] = rows
        return self._labelled[table, label]

    def _owner(self, row: Row, target: Target) -> str:
        """The name of a row's owner. A row can give the owner's id alone: the owner's own table names it then."""
        owner = row.get(str(target.scope)) or {}
        owners = self._tables.get(target.scope_table or "", ())
        return _label(owner, "name") or next(
            (_label(each, "name") for each in owners if each["id"] == owner.get("id")), ""
        )

    def _told(self, row: Row, target: Target) -> str:
        return f"id {row['id']}" + (f" ({target.scope} '{self._owner(row, target)}')" if target.scope else "")


def _hint(name: str, names: Iterable[str]) -> str:
    """What comes near, or what there is."""
    known = sorted(set(names))
    if not known:
        return "it is empty"
    return did_you_mean(map(repr, near(name, known))) or f"it has {', '.join(known[:8])}"


def _label(row: Row, label: str) -> str:
    return str(row.get(label) or "").strip()


def _folded(text: str) -> str:
    return text.strip().casefold()
