"""References to management solutions.

The reference `{id, name, setupName}` of a company's management solution points at the record that provides the
solution: a managed devices integration (its `solution`), or a Management IT record (its `managementSolutionName`, or
the name of its type when the type is not Custom). `id` is the id of that record, `name` the name of the solution, and
`setupName` the name of the record. All of this is a [guess] from the names of the fields, and only this module
depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.connectwise.schema.validation import Unfit
from reconciler.sandbox.connectwise.store.tables import Row, Table, Tables

TARGET = "ManagementSolution"
"""The kind of reference that this module resolves."""
_TABLES = ("managedDevicesIntegration", "managementItSolution")


def solution_name(data: dict[str, Any]) -> str | None:
    """Return the name of the solution that a record of either table provides."""
    if "managementItSolutionType" not in data:
        return data.get("solution")
    if data["managementItSolutionType"] == "Custom":
        return data.get("managementSolutionName")
    return str(data["managementItSolutionType"])


def resolve(tables: Tables, value: dict[str, Any]) -> dict[str, Any]:
    """Return the shared reference for `{id}`, `{name}` (with case) or `{setupName}`. Given members must all match.

    Raises:
        Unfit: no record matches, or none of the members is given.
    """
    wanted = {name: value[name] for name in ("id", "name", "setupName") if value.get(name) is not None}
    if not wanted:
        raise Unfit("managementSolution needs an id or a name", "MissingRequiredField")
    for table, row in _records(tables):
        reference = shared(table, row)
        if all(reference.get(name) == asked for name, asked in wanted.items()):
            return reference
    listed = ", ".join(f"{name} {asked!r}" for name, asked in wanted.items())
    raise Unfit(f"There is no management solution with {listed}; names are matched with case", "InvalidReference")


def shared(table: Table, row: Row) -> dict[str, Any]:
    """Return the reference that all management solutions of a record share, and create it on the first call."""
    reference = row.refs.get(TARGET)
    if reference is None:
        reference = row.refs[TARGET] = {"id": row.id}
        refresh(row)
        reference["_info"] = {"managementSolution_href": table.href(row)}
    return reference


def refresh(row: Row) -> None:
    """Update the reference to a record with its current names."""
    reference = row.refs.get(TARGET)
    if reference is not None:
        reference["name"] = solution_name(row.data)
        reference["setupName"] = row.data.get("name")


def _records(tables: Tables) -> Iterator[tuple[Table, Row]]:
    for name in _TABLES:
        table = tables[name]
        for row in table.rows.values():
            yield table, row
