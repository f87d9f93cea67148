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

LastApplied = Mapping[str, Any]
"""An addition's fields as our last write or our last apply left them, by their names in ConnectWise."""


def hand_edits(changes: Iterable[Change], standing: LastApplied) -> tuple[Change, ...]:
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


def told(edits: Iterable[Change], standing: LastApplied) -> str:
    """`quantity 120 → 99`: from what we left to what stands there."""
    return ", ".join(
        f"{change.path} {value_text(_as_left(change, standing))} → {value_text(change.before)}" for change in edits
    )


def seen_values(edits: Iterable[Change]) -> dict[str, Any]:
    """An edit as the ledger notes it: what stands there, by field."""
    return {change.path: change.before for change in edits}


def was_seen_in_earlier_period(edits: Iterable[Change], known: RecordedAddition | None, period: str) -> bool:
    """Whether this very edit was noted in an earlier period: then `onDrift: accept` lets it stand no longer."""
    recorded_fields = known is not None and known.hand_edit_period is not None and known.hand_edit_period < period
    return recorded_fields and known is not None and seen_values(edits) == dict(known.hand_edit)


def _as_left(change: Change, standing: LastApplied) -> Any:
    return to_json(_mapping(change).decode(standing))


def _mapping(change: Change) -> FieldMapping:
    return kind("Addition").by_name[change.path].mapping


def value_text(value: Any) -> Any:
    """A value of a field, for a sentence."""
    return "nothing" if value is None else value
