"""The path of a live object, and what an action expects of it."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.planning.action import Precondition
from reconciler.planning.diff import manifest_values


def object_path(collection: str | None, live: LiveObject) -> str:
    """Return the path of a live object, such as `finance/agreements/34/additions/99`."""
    path = str(collection)
    if "{" in path:
        before, _, after = path.partition("{")
        path = f"{before}{live.parent_id}{after.partition('}')[2]}"
    return f"{path.rstrip('/')}/{live.id}"


def precondition(of: Kind, names: Iterable[str], live: LiveObject) -> Precondition:
    """Return what an action expects of a live object: its id, its last update, and the values of the fields `names`."""
    return Precondition(id=live.id, last_updated=live.last_updated, fields=manifest_values(of, names, live))
