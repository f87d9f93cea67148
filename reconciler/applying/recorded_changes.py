"""Makes the changes that the ledger records with each write: what a field was before, and what it becomes. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from reconciler.applying.requests import Ids
from reconciler.planning.action import Action


def recorded_changes(action: Action, fields: Collection[str], ids: Ids) -> dict[str, list[Any]] | None:
    """Return (before, after) by path, for those changes of an action that are in `fields`. None if there are none.

    A link to an object that the plan has created by now has its id. A secret is only a reference, as in the plan.
    """
    found = {
        change.path: [change.before, _with_ids(change.after, ids)]
        for change in action.changes
        if change.path.partition(".")[0] in fields
    }
    return found or None


def _with_ids(value: Any, ids: Ids) -> Any:
    """Return the JSON of a value, with the id in each link to an object that exists by now."""
    if isinstance(value, list):
        return [_with_ids(entry, ids) for entry in value]
    if not isinstance(value, dict):
        return value
    address = value.get("address")
    if isinstance(address, str) and value.get("id") is None and address in ids:
        return {**value, "id": ids[address]}
    return {name: _with_ids(entry, ids) for name, entry in value.items()}
