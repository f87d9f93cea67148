"""Find hand edits (drift): live values that are neither what the last apply wrote nor what usage asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.registry import kind
from reconciler.kinds.values import to_json
from reconciler.ledger.snapshot import RecordedAddition
from reconciler.planning.action import Change
from reconciler.planning.equality import same

LastApplied = Mapping[str, Any]
"""The fields of an addition after the last apply, by their names in ConnectWise. Empty if unknown."""


def undoing_changes(changes: Iterable[Change], last_applied: LastApplied) -> tuple[Change, ...]:
    """Return the changes that undo a hand edit.

    A field without a value in `last_applied` was not edited by hand. The exception is `cancelledDate`: a
    last day is ours only if an apply has recorded it.
    """
    if not last_applied:
        return ()
    return tuple(
        change
        for change in changes
        if (change.path in last_applied or change.path == "cancelledDate")
        and not same(_mapping(change), _value_applied(change, last_applied), change.before)
    )


def edits_text(edits: Iterable[Change], last_applied: LastApplied) -> str:
    """Return hand edits as text, such as `quantity 120 → 99`: the value that we wrote, and the live value."""
    return ", ".join(
        f"{change.path} {value_text(_value_applied(change, last_applied))} → {value_text(change.before)}"
        for change in edits
    )


def live_values(edits: Iterable[Change]) -> dict[str, Any]:
    """Return the live values of edited fields, by field, as the ledger records a hand edit."""
    return {change.path: change.before for change in edits}


def was_seen_in_earlier_period(edits: Iterable[Change], recorded: RecordedAddition | None, period: str) -> bool:
    """Return whether the ledger recorded the same edit in an earlier period.

    `onDrift: accept` accepts an edit only until the end of the period in which it was first seen.
    """
    if recorded is None or recorded.hand_edit_period is None or recorded.hand_edit_period >= period:
        return False
    return live_values(edits) == dict(recorded.hand_edit)


def value_text(value: Any) -> Any:
    """Return a field's value for a message. None gives `(empty)`."""
    return "(empty)" if value is None else value


def _value_applied(change: Change, last_applied: LastApplied) -> Any:
    return to_json(_mapping(change).decode(last_applied))


def _mapping(change: Change) -> FieldMapping:
    return kind("Addition").by_name[change.path].mapping
