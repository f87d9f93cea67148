"""Custom fields: definitions in one table, and the values that every object of a screen shows.

`podId` is the number of a screen. Which number is which screen is a [guess], kept in `PODS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from reconciler.sandbox.connectwise.store.tables import Row, Tables

PODS: Final = {
    1: "company",
    2: "contact",
    3: "agreement",
    4: "addition",
    5: "catalogItem",
    6: "invoice",
    7: "companySite",
    8: "agreementSite",
}
"""The table whose objects each screen shows, by `podId`."""


def defined(tables: Tables, table: str) -> list[Row]:
    """Return the definitions of the custom fields of a table, in their order on the screen."""
    found = [row for row in tables["userDefinedField"].rows.values() if PODS.get(row.data["podId"]) == table]
    return sorted(found, key=lambda row: (row.data["sequenceNumber"], row.id))


def show(tables: Tables, table: str, row: Row) -> None:
    """Give a row an entry for every custom field of its table. A table without custom fields shows no list."""
    fields = defined(tables, table) if table in PODS.values() else []
    if not fields:
        row.data.pop("customFields", None)
        return
    held = {entry["id"]: entry for entry in row.data.get("customFields", ())}
    row.data["customFields"] = [_entry(field.data, held.get(field.id, {}).get("value")) for field in fields]


def merge(held: list[dict[str, Any]], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the stored entries, replaced by the given ones. An entry that is not given keeps its value [seen]."""
    return [*({entry["id"]: entry for entry in [*held, *given]}.values())]


def mistakes(tables: Tables, table: str, given: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Return a sentence for each unknown id and each value of the wrong type in the given entries."""
    entries = list(given)
    known = {row.id: row.data for row in defined(tables, table)} if entries else {}
    for entry in entries:
        definition = known.get(entry["id"])
        value = entry.get("value")
        if definition is None:
            yield f"There is no custom field {entry['id']} on this object"
        elif value is not None and not isinstance(value, _types(definition["fieldTypeIdentifier"])):
            kind = definition["fieldTypeIdentifier"]
            yield f"The value of custom field {definition['caption']!r} must be of type {kind}"


def _types(kind: str) -> tuple[type, ...]:
    if kind == "Checkbox":
        return (bool,)
    return (int, Decimal) if kind in {"Currency", "Number", "Percent"} else (str,)


def show_all(tables: Tables, table: str) -> None:
    """Show new or changed definitions in all rows of a table."""
    for row in tables[table].rows.values():
        show(tables, table, row)


def _entry(definition: dict[str, Any], value: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": definition["id"],
        "caption": definition["caption"],
        "type": definition["fieldTypeIdentifier"],
        "entryMethod": definition.get("entryTypeIdentifier", "EntryField"),
        "numberOfDecimals": definition.get("numberDecimals", 0),
    }
    if value is not None:
        entry["value"] = value
    return entry
