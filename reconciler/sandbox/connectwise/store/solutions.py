"""What a management solution's reference means.

The reference `{id, name, setupName}` of a company's management solution points at the *record that brings the solution
in*: a managed devices integration (its `solution`) or a Management IT record (its `managementSolutionName`, or the name
of its type when that is not Custom). `id` is that record's id, `name` the solution's, `setupName` the record's. All of
this is a [guess] from the reference's field names; this module is the only place that knows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.connectwise.schema.validation import Unfit
from reconciler.sandbox.connectwise.store.tables import Row, Table, Tables

TARGET = "ManagementSolution"
_TABLES = ("managedDevicesIntegration", "managementItSolution")


def solution_name(data: dict[str, Any]) -> str | None:
    """The solution that a record of either table brings in."""
    if "managementItSolutionType" not in data:
        return data.get("solution")
    if data["managementItSolutionType"] == "Custom":
        return data.get("managementSolutionName")
    return str(data["managementItSolutionType"])


def resolve(tables: Tables, value: dict[str, Any]) -> dict[str, Any]:
    """The stored reference for `{id}`, `{name}` (with case) or `{setupName}`; what is given must agree."""
    wanted = {name: value[name] for name in ("id", "name", "setupName") if value.get(name) is not None}
    if not wanted:
        raise Unfit("managementSolution needs an id or a name", "MissingRequiredField")
    for table, row in _records(tables):
        reference = shared(table, row)
        if all(reference.get(name) == asked for name, asked in wanted.items()):
            return reference
    told = ", ".join(f"{name} {asked!r}" for name, asked in wanted.items())
    raise Unfit(f"There is no management solution with {told}; names are matched with case", "InvalidReference")


def shared(table: Table, row: Row) -> dict[str, Any]:
    """The one reference that all management solutions of this record share."""
    reference = row.refs.get(TARGET)
    if reference is None:
        reference = row.refs[TARGET] = {"id": row.id}
        refresh(row)
        reference["_info"] = {"managementSolution_href": table.href(row)}
    return reference


def refresh(row: Row) -> None:
    """Show a record's new names in the reference to it."""
    reference = row.refs.get(TARGET)
    if reference is not None:
        reference["name"] = solution_name(row.data)
        reference["setupName"] = row.data.get("name")


def _records(tables: Tables) -> Iterator[tuple[Table, Row]]:
    for name in _TABLES:
        table = tables[name]
        for row in table.rows.values():
            yield table, row
