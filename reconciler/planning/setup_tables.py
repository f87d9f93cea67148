"""Finds entries of setup tables by name. Upper and lower case do not count, and a similar name is never taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.field_mapping import Tables, Target
from reconciler.kinds.values import Link
from reconciler.manifests.suggestions import did_you_mean, near

Row = Mapping[str, Any]


class UnknownEntryError(Exception):
    """No entry, or more than one, has the name. The message has the table and similar names.

    `resolve` catches it and adds the place in the manifest.
    """


class SetupTables:
    """The setup tables of this run. Each name is looked up once."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._by_label: dict[tuple[str, str], dict[str, list[Row]]] = {}
        self._found: dict[tuple[Target, str, str | None], Link | str] = {}
        """The entry, or the reason why there is none."""

    def entry(self, target: Target, name: str, scope: str | None = None) -> Link:
        """Return the only entry with this name, preferring active entries. Raises `UnknownEntryError` without one.

        `scope` is the name of its owner, such as the category of a subcategory.
        """
        key = (target, name, scope)
        if key not in self._found:
            self._found[key] = self._find(target, name, scope)
        found = self._found[key]
        if isinstance(found, str):
            raise UnknownEntryError(found)
        return found

    def row(self, target: Target, name: str) -> Row:
        """Return the row of the only entry with this name."""
        found = self.entry(target, name)
        return next(row for row in self._rows(str(target.table), target.label)[_folded(name)] if row["id"] == found.id)

    def names_with(self, target: Target, word: str) -> list[str]:
        """Return the names of the active entries that contain this word, or only the entry that is the word."""
        rows = [row for entries in self._rows(str(target.table), target.label).values() for row in entries]
        names = [_label(row, target.label) for row in rows if not row.get("inactiveFlag")]
        exact = [name for name in names if _folded(name) == _folded(word)]
        return exact or [name for name in names if _folded(word) in re.findall(r"[\w]+", name.casefold())]

    def _find(self, target: Target, name: str, scope: str | None) -> Link | str:
        table = str(target.table)
        rows = self._rows(table, target.label)
        with_name = rows.get(_folded(name), [])
        found = [row for row in with_name if scope is None or _folded(self._owner(row, target)) == _folded(scope)]
        found = [row for row in found if not row.get("inactiveFlag")] or found
        if len(found) == 1:
            return Link(_label(found[0], target.label), found[0]["id"])
        if found:
            entries = ", ".join(self._described(row, target) for row in found)
            return f"'{name}' is ambiguous in the setup table /{table}: {entries}"
        if with_name:
            owners = " and ".join(repr(self._owner(row, target)) for row in with_name)
            return f"the setup table /{table} has no '{name}' with {target.scope} '{scope}'; it has one with {owners}"
        names = [_label(row, target.label) for entries in rows.values() for row in entries]
        return f"the setup table /{table} has no '{name}'; {_hint(name, names)}"

    def _rows(self, table: str, label: str) -> dict[str, list[Row]]:
        if (table, label) not in self._by_label:
            rows: dict[str, list[Row]] = {}
            for row in self._tables.get(table, ()):
                if name := _label(row, label):  # no document can refer to an entry without a name
                    rows.setdefault(_folded(name), []).append(row)
            self._by_label[table, label] = rows
        return self._by_label[table, label]

    def _owner(self, row: Row, target: Target) -> str:
        """Return the name of a row's owner. If the row has only its id, the name is read from the owner's table."""
        owner = row.get(str(target.scope)) or {}
        owners = self._tables.get(target.scope_table or "", ())
        return _label(owner, "name") or next(
            (_label(each, "name") for each in owners if each["id"] == owner.get("id")), ""
        )

    def _described(self, row: Row, target: Target) -> str:
        return f"id {row['id']}" + (f" ({target.scope} '{self._owner(row, target)}')" if target.scope else "")


def _hint(name: str, names: Iterable[str]) -> str:
    """Return similar names, or the first names of the table."""
    known = sorted(set(names))
    if not known:
        return "it is empty"
    return did_you_mean(map(repr, near(name, known))) or f"it has {', '.join(known[:8])}"


def _label(row: Row, label: str) -> str:
    return str(row.get(label) or "").strip()


def _folded(text: str) -> str:
    return text.strip().casefold()
