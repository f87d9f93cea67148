"""Edits by hand on additions of ours: what stands there is neither what we left nor what usage asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.registry import kind
from reconciler.kinds.values import to_json
from reconciler.ledger.snapshot import RecordedAddition
from reconciler.planning.equality import same
from reconciler.planning.plan import Change

Standing = Mapping[str, Any]
"""An addition's fields as our last write or our last apply left them, by their names in ConnectWise."""


def edited(changes: Iterable[Change], standing: Standing) -> tuple[Change, ...]:
    """The changes that undo an edit.

    A field of which we know nothing was not edited. The last day is an exception: we never send one, and leave it
    empty.
    """
    if not standing:
        return ()
    return tuple(
        change
        for change in changes
        if (change.path in standing or change.path == "cancelledDate")
        and not same(_mapping(change), _as_left(change, standing), change.before)
    )


def told(edits: Iterable[Change], standing: Standing) -> str:
    """`quantity 120 → 99`: from what we left to what stands there."""
    return ", ".join(f"{change.path} {shown(_as_left(change, standing))} → {shown(change.before)}" for change in edits)


def fingerprint(edits: Iterable[Change]) -> dict[str, Any]:
    """An edit as the ledger notes it: what stands there, by field."""
    return {change.path: change.before for change in edits}


def is_of_earlier_period(edits: Iterable[Change], known: RecordedAddition | None, period: str) -> bool:
    """Whether this very edit was noted in an earlier period: then `onDrift: accept` lets it stand no longer."""
    noted = known is not None and known.hand_edit_period is not None and known.hand_edit_period < period
    return noted and known is not None and fingerprint(edits) == dict(known.hand_edit)


def _as_left(change: Change, standing: Standing) -> Any:
    return to_json(_mapping(change).decode(standing))


def _mapping(change: Change) -> FieldMapping:
    return kind("Addition").by_name[change.path].mapping


def shown(value: Any) -> Any:
    """A value of a field, for a sentence."""
    return "nothing" if value is None else value
