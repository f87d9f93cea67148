"""The field mapping of custom fields. A manifest names them by caption, ConnectWise by id."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.http import shapes
from reconciler.kinds.field_mapping import FieldMapping, Object, Table, Tables, date_text
from reconciler.kinds.values import Value, plain_text

TABLE = "system/userDefinedFields"
NUMBERS = frozenset({"Currency", "Number", "Percent"})
"""Values of `fieldTypeIdentifier` [spec] of the fields with JSON numbers [guess]."""


def _decode(obj: Object) -> Value:
    return {str(item["caption"]).strip(): _plain(item) for item in obj.get("customFields") or () if item.get("caption")}


def _plain(item: Object) -> Value:
    value = item.get("value")
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    return date_text(value) if item.get("type") == "Date" else plain_text(value)


def _encode(value: Value, tables: Tables) -> dict[str, Any]:
    """Return the declared entries only. ConnectWise keeps the fields that the array leaves out [seen]."""
    rows = {str(row["caption"]).strip(): row for row in tables.get(TABLE, ()) if row.get("caption")}
    declared: Mapping[str, Any] = value or {}
    return {
        "customFields": [
            {"id": rows[caption]["id"], "value": _typed(item, rows[caption])}
            for caption, item in sorted(declared.items())
        ]
    }


def fits(value: Value, row: Mapping[str, Any]) -> bool:
    """Return whether a custom field can hold a value. `row` is its row of the setup table. Any field can be empty."""
    sort = row.get("fieldTypeIdentifier")
    if value is None or sort is None:
        return True
    if sort in NUMBERS:
        return isinstance(value, Decimal)
    return isinstance(value, bool if sort == "Checkbox" else str)


def _typed(value: Value, row: Mapping[str, Any]) -> Any:
    """Return a value for ConnectWise. A plan has numbers as text; the field's type says which texts are numbers."""
    is_number = isinstance(value, str) and row.get("fieldTypeIdentifier") in NUMBERS
    return Decimal(value) if is_number else value


CUSTOM_FIELDS = FieldMapping(
    ("customFields",),
    _decode,
    _encode,
    tables=(Table(TABLE, ("id", "caption", "fieldTypeIdentifier")),),
    shape={
        "customFields": shapes.ListOf(
            shapes.Shape(
                {"id": shapes.ID, "caption": shapes.TEXT, "type": shapes.TEXT, "value": shapes.SCALAR},
                frozenset({"id", "caption"}),
            )
        )
    },
    array=True,
)
