"""What we last wrote to the objects that a plan changes. It tells a hand edit from a change in Git. Pure.

A value in ConnectWise that is not the one that we last wrote was changed there. A declared value that is not the one
that we last wrote was changed in the manifests, and is not applied yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from reconciler.kinds.base import Kind
from reconciler.kinds.registry import kind
from reconciler.kinds.values import to_json
from reconciler.planning.action import Action, Change, LastWritten
from reconciler.planning.equality import same


class LastWrite(Protocol):
    """What our successful writes left of an object, as the ledger has it."""

    @property
    def object_id(self) -> int | None:
        """The id of the object, or None if no answer gave one."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """The properties that they sent, by the names of ConnectWise. Fractions are Decimals."""

    @property
    def written_at(self) -> datetime:
        """The time of the last one."""


def with_last_writes(actions: Iterable[Action], writes: Mapping[str, LastWrite]) -> tuple[Action, ...]:
    """Return the actions, each with the time of our last write and with the values that it left.

    `writes` is by address. A write to another object than that of the action does not count.
    """
    return tuple(_with_last_write(action, writes.get(action.address)) for action in actions)


def _with_last_write(action: Action, write: LastWrite | None) -> Action:
    if write is None or (action.id is not None and action.id != write.object_id):
        return action
    of, changes = kind(action.kind), action.changes
    if action.action == "update":
        changes = tuple(_with_value(of, change, write.fields) for change in changes)
    return action.model_copy(update={"written_at": write.written_at, "changes": changes})


def _with_value(of: Kind, change: Change, fields: Mapping[str, Any]) -> Change:
    """Return a change with the value that we last wrote. Entries of a field and secrets are left as they are."""
    item = of.by_name.get(change.path)
    if item is None or item.mapping.subcollection is not None or item.mapping.sensitive:
        return change
    if not any(path.partition("/")[0] in fields for path in item.mapping.reads):
        return change
    value = item.mapping.decode(fields)
    edited = not same(item.mapping, value, change.before)
    # A write has only the id of a link. The plan has its name.
    shown = change.before if not edited else change.after if same(item.mapping, value, change.after) else to_json(value)
    return change.model_copy(update={"last_written": LastWritten(value=shown, edited=edited)})
