"""Looks an object up by its natural key: before a plan file is trusted, and after an answer was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.applying.requests import natural_key
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import Condition, equals
from reconciler.errors import ReconcilerError
from reconciler.kinds.base import Kind
from reconciler.kinds.estate import LiveObject, keys_of
from reconciler.kinds.values import Value


class TwoFoundError(ReconcilerError):
    """More than one live object has the natural key of what was to be made."""


async def find_by_key(client: ConnectWise, of: Kind, path: str, values: Mapping[str, Value]) -> dict[str, Any] | None:
    """The whole object under the natural key that these values have, or None. Two raise `TwoFoundError`."""
    parent_id = values[of.parent].id if of.parent else None
    wanted = natural_key(of, values)
    rows = await client.list(path, conditions=_condition(of, values))
    found = [
        row
        for row in rows
        if not (of.ignore(row) or of.dormant(row))
        and wanted in keys_of(of, LiveObject(of.name, row["id"], _placed(of, row, parent_id), parent_id))
    ]
    if len(found) > 1:
        ids = " and ".join(str(row["id"]) for row in found)
        raise TwoFoundError(
            f"two objects have the natural key of what was to be made: ids {ids}",
            where=f"/{path}",
            advice="Remove one in ConnectWise, or pin the one that is meant with metadata.id.",
        )
    return found[0] if found else None


def _placed(of: Kind, row: dict[str, Any], parent_id: int | None) -> dict[str, Any]:
    return {"agreementId": parent_id, **row} if of.parent == "agreement" else row


def _condition(of: Kind, values: Mapping[str, Value]) -> Condition | None:
    """Whole lists for what lives below a parent: they are short, and need no condition to be right."""
    if of.find_by is None:
        return None
    if of.find_by.startswith("company/"):
        return equals("company/id", values["company"].id)
    return equals(of.find_by, str(values[of.key[0]]))
