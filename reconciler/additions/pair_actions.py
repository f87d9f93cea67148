"""Plan one desired addition: create it, update the live one it is paired with, or adopt that.

Hand edits are reported apart from changes of usage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reconciler.additions.actions import ActionBuilder, Verb, values_to_create
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.drift import (
    edits_text,
    live_values,
    undoing_changes,
    value_text,
    was_seen_in_earlier_period,
)
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.match import Pair
from reconciler.additions.planned import HandEdit, PlannedAddition, recorded_fields, removed_last_day, written_fields
from reconciler.amounts import amount_text
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.money import monthly_amount
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value, to_json
from reconciler.ledger.snapshot import RecordedAddition
from reconciler.planning.action import Change, LastWritten
from reconciler.planning.diff import changes_to_update
from reconciler.planning.plan import Note

_PRICES = {"unitPrice", "unitCost"}


def planned_pair(builder: ActionBuilder, pair: Pair) -> PlannedAddition:
    """Return the plan for a desired addition: create, update or adopt, or no action."""
    desired, live = pair.desired, pair.live
    builder.used_addresses.add(desired.address)
    if live is None:
        return _created(builder, desired)
    if pair.evidence == "tag":
        return _updated(builder, desired, live)
    return _tagged_again(builder, pair, desired, live)


def _created(builder: ActionBuilder, desired: DesiredAddition) -> PlannedAddition:
    values = values_to_create(desired)
    known = desired.unit_cost == 0
    after = builder.side(values, desired.agreement.id, zero_is_known=known)
    return PlannedAddition(
        owner=desired.owner,
        address=desired.address,
        live=None,
        action=builder.creation(desired),
        quantity=desired.quantity,
        monthly=monthly_amount(values, builder.currency),
        from_next_month=after.amount,
        cost_from_next_month=after.cost,
        costs_nothing=known,
        fields=recorded_fields(values, with_cost=desired.unit_cost is not None, with_text=True),
        depends_on=desired.depends_on,
        reason=desired.reason,
    )


def _updated(builder: ActionBuilder, desired: DesiredAddition, live: LiveAddition) -> PlannedAddition:
    changes = changes_to_update(kind("Addition"), _live_values(builder, desired, live), live.obj)
    reason = f"{_only_price(changes)}{desired.reason}"
    verb, reason = _verb_and_reason(changes, desired, reason)
    recorded = builder.snapshot.additions.get(live.id)
    edits = undoing_changes(changes, recorded.last_applied) if recorded else ()
    if not edits or recorded is None:
        return _written(builder, desired, live, verb, reason, changes)
    names = ", ".join(change.path for change in edits)
    reason = f"drift: edited by hand ({names}); {reason}"
    return _edited(builder, desired, live, changes, edits, recorded, reason=reason, verb=verb)


def _tagged_again(builder: ActionBuilder, pair: Pair, desired: DesiredAddition, live: LiveAddition) -> PlannedAddition:
    """Return the plan for an addition without the right tag: it is adopted, and gets the tag."""
    tag = Change(path="serialNumber", before=live.serial or None, after=desired.owner.tag)
    others = changes_to_update(kind("Addition"), _live_values(builder, desired, live), live.obj)
    changes = (tag, *(each for each in others if each.path != tag.path))
    reason = {
        "first version": f"its tag is of an earlier version; {desired.reason}",
        "renamed": f"renamed: it has the tag {live.serial}; {desired.reason}",
        "untagged": f"drift: its tag was removed by hand; {desired.reason}",
        "adopt": desired.reason,
    }[pair.evidence]
    message = f"edited by hand: the tag of addition id {live.id} was removed"
    removed = Note(address=desired.address, message=message, drift=True)
    more_notes = (removed,) if pair.evidence == "untagged" else ()
    edited = {tag.path: tag.before} if pair.evidence == "untagged" else {}
    recorded = None if pair.evidence == "adopt" else builder.snapshot.additions.get(live.id)
    if recorded is not None and (edits := undoing_changes(changes[1:], recorded.last_applied)):
        return _edited(
            builder,
            desired,
            live,
            changes,
            edits,
            recorded,
            reason=reason,
            verb="adopt",
            more_notes=more_notes,
            edited=edited,
        )
    adopted = pair.evidence == "adopt"
    notes = builder.notes_or_drifted(more_notes)
    if adopted and live.cancelled is not None and desired.last_day is None:
        notes["notes"] = (Note(address=desired.address, message=removed_last_day(live)),)
    return _written(builder, desired, live, "adopt", reason, changes, adopted=adopted, edited=edited, **notes)


def _live_values(builder: ActionBuilder, desired: DesiredAddition, live: LiveAddition) -> dict[str, Value]:
    """Return the fields to write to a live addition.

    The first day is among them only in two cases: someone moved it by hand to a later day than the last apply
    left, or the mapping moved and the addition has billed nothing yet.
    """
    values = written_fields(desired)
    if _has_billed_nothing(desired, live, builder.last_day):
        return values
    recorded = builder.snapshot.additions.get(live.id)
    left = date_text((recorded.last_applied if recorded else {}).get("effectiveDate"))
    first = max(left or "", desired.effective_date)
    if left is None or live.effective is None or live.effective <= first:
        del values["effectiveDate"]
        return values
    return {**values, "effectiveDate": first}


def _edited(
    builder: ActionBuilder,
    desired: DesiredAddition,
    live: LiveAddition,
    changes: tuple[Change, ...],
    edits: tuple[Change, ...],
    recorded: RecordedAddition,
    *,
    reason: str,
    verb: Verb = "update",
    more_notes: tuple[Note, ...] = (),
    edited: Mapping[str, Any] = MappingProxyType({}),
) -> PlannedAddition:
    """Return the plan for an addition with a hand edit, by `onDrift`.

    `more_notes` reports a removed tag. The tag is always written again: without it, the addition is not ours.
    """
    seen = live_values(edits)
    edited = {**edited, **seen}
    earlier = was_seen_in_earlier_period(edits, recorded, builder.period)
    same = recorded.hand_edit_period is not None and seen == dict(recorded.hand_edit)
    edit = HandEdit(live.id, seen, str(recorded.hand_edit_period) if same else builder.period)
    if builder.on_drift != "accept" or earlier:
        notes = (*more_notes, builder.edit_note(desired.address, edits, recorded))
        changes = _with_our_values(changes, edits, recorded)
        return _written(
            builder, desired, live, verb, reason, changes, edit=edit, edited=edited, **builder.notes_or_drifted(notes)
        )
    by_usage = monthly_amount({**live.obj.raw, **{change.path: change.after for change in changes}}, builder.currency)
    message = (
        f"hand edit accepted until {builder.last_day}: {edits_text(edits, recorded.last_applied)}; usage would "
        f"give {', '.join(f'{change.path} {value_text(change.after)}' for change in edits)}, "
        f"{amount_text(by_usage, builder.currency)} a month"
    )
    notes = (*more_notes, Note(address=desired.address, message=message, drift=True))
    other_changes = tuple(change for change in changes if change not in edits)
    written = _written(
        builder,
        desired,
        live,
        verb,
        reason if verb == "adopt" else desired.reason,
        other_changes,
        notes=notes,
        edit=edit,
        edited=edited,
    )
    # Record the values that we wrote. With the edited values, the next run would take the edit for our own write.
    ours = {change.path: recorded.last_applied.get(change.path) for change in edits}
    return replace(written, fields={**written.fields, **ours}, accepted=frozenset(ours))


def _written(
    builder: ActionBuilder,
    desired: DesiredAddition,
    live: LiveAddition,
    verb: Verb,
    action_reason: str,
    changes: tuple[Change, ...],
    **more: Any,
) -> PlannedAddition:
    """Return the plan for a live addition that a charge bills. `more` has further fields of it."""
    return builder.planned(
        desired.owner,
        desired.address,
        live,
        verb,
        action_reason,
        changes,
        desired.depends_on,
        reason=desired.reason,
        costs_nothing=desired.unit_cost == 0,
        with_cost=desired.unit_cost is not None,
        with_text=desired.invoice_text is not None,
        **more,
    )


def _only_price(changes: Iterable[Change]) -> str:
    """Return how the reason of an action begins that changes only the price, the cost or the text."""
    paths = frozenset(change.path for change in changes)
    only = {frozenset({"unitCost"}): "cost; ", frozenset({"invoiceDescription"}): "text; "}
    return only.get(paths, "price; " if paths and paths <= _PRICES else "")


def _with_our_values(
    changes: Iterable[Change], edits: Collection[Change], recorded: RecordedAddition
) -> tuple[Change, ...]:
    """Return the changes, those that undo a hand edit with the value that our last apply left."""
    fields = kind("Addition").by_name

    def ours(change: Change) -> LastWritten:
        return LastWritten(value=to_json(fields[change.path].mapping.decode(recorded.last_applied)), edited=True)

    return tuple(
        change.model_copy(update={"last_written": ours(change)}) if change in edits else change for change in changes
    )


def _has_billed_nothing(desired: DesiredAddition, live: LiveAddition, last_day: str) -> bool:
    """Return whether an addition of a mapping that moved has billed nothing yet. `last_day` is that of the period."""
    first, billable = live.effective, desired.shifts_from
    return (
        billable is not None and first is not None and (first >= billable or (not live.quantity and first > last_day))
    )


def _verb_and_reason(changes: Iterable[Change], desired: DesiredAddition, reason: str) -> tuple[Verb, str]:
    """Return the verb of an update and its reason. An addition that gets its last day is retired."""
    last_day = next((change for change in changes if change.path == "cancelledDate"), None)
    if last_day is None:
        return "update", reason
    if last_day.after is None:
        return "update", f"its last day {last_day.before} is removed; {reason}"
    return "retire", f"{desired.end_reason}, so it ends on {last_day.after}; {reason}"
