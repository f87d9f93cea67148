"""Edits by hand on additions of ours: what stands there is neither what we wrote nor what we want. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.forms import Form
from reconciler.kinds.registry import kind
from reconciler.kinds.values import to_json
from reconciler.planning.equality import same
from reconciler.planning.plan import Change

Written = Mapping[str, Any]
"""An addition's fields as we last sent them, by their names in ConnectWise."""


def edited(changes: Iterable[Change], written: Written) -> tuple[Change, ...]:
    """The changes that undo an edit. What we never wrote, nobody can have edited; the last day alone is ours though
    never sent: we leave it empty."""
    if not written:
        return ()
    return tuple(
        change
        for change in changes
        if (change.path in written or change.path == "cancelledDate")
        and not same(_form(change), _as_written(change, written), change.before)
    )


def told(edits: Iterable[Change], written: Written) -> str:
    """`quantity 120 → 99`: from what we wrote to what stands there."""
    return ", ".join(f"{change.path} {_as_written(change, written)} → {change.before}" for change in edits)


def _as_written(change: Change, written: Written) -> Any:
    return to_json(_form(change).decode(written))


def _form(change: Change) -> Form:
    return kind("Addition").by_name[change.path].form
