"""Custom fields: named by caption in a manifest, by id on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.kinds.forms import Form, Object, Table, Tables
from reconciler.kinds.values import Value

TABLE = "system/userDefinedFields"


def _decode(obj: Object) -> Value:
    return {str(item.get("caption")).strip(): _plain(item.get("value")) for item in obj.get("customFields") or ()}


def _plain(value: Any) -> Value:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    return str(value).strip() or None


def _encode(value: Value, tables: Tables) -> dict[str, Any]:
    """Only the declared entries: leaving one out of the array does not clear it [seen]."""
    ids = {str(row["caption"]).strip(): row["id"] for row in tables.get(TABLE, ())}
    declared: Mapping[str, Any] = value or {}
    return {"customFields": [{"id": ids[caption], "value": item} for caption, item in sorted(declared.items())]}


CUSTOM_FIELDS = Form(("customFields",), _decode, _encode, tables=(Table(TABLE, ("id", "caption")),))
