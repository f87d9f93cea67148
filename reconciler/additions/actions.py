"""Turn the match into actions of a plan. Hand edits are reported apart from changes of usage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

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
from reconciler.additions.ownership import Owner
from reconciler.additions.planned import HandEdit, PlannedAddition, recorded_fields, removed_last_day, written_fields
from reconciler.additions.tag import DEFAULT_CHARGE
from reconciler.amounts import amount_text
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.money import amount_after, cost_after, monthly_amount
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value, to_json
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.planning.action import NOTHING, Action, Change, LastWritten, Money, Side
from reconciler.planning.diff import changes_to_create, changes_to_update
from reconciler.planning.objects import object_path, precondition
from reconciler.planning.plan import Note

OnDrift = Literal["restore", "accept", "fail"]
Verb = Literal["adopt", "update", "retire"]

_ZERO = Decimal(0)
_PRICES = {"unitPrice", "unitCost"}


@dataclass(frozen=True, slots=True)
class ActionBuilder:
    """Makes actions of matched additions."""

    snapshot: Snapshot
    period: str
    """The period of the run, as `2026-11`."""
    last_day: str
    """The last day of the period, as `2026-11-30`."""
    currency: str | None
    on_drift: OnDrift
    rule_digests: Mapping[Owner, str]
    """The digest of each charge's rule."""
    not_counted: Collection[int] = ()
    """The ids of agreements that bill nothing after the period, or whose amount the setup of the same plan counts."""
    used_addresses: set[str] = field(default_factory=set)
    """Addresses that an addition has already."""

    @property
    def first_day(self) -> str:
        """Return the first day of the period, as `2026-11-01`."""
        return f"{self.period}-01"

    def from_next_month(self, fields: Mapping[str, Any], agreement_id: int | None) -> Decimal:
        """Return what an addition with these fields bills per month, from the next month on."""
        if agreement_id in self.not_counted:
            return _ZERO
        return amount_after(fields, self.last_day, self.currency)

    def side(self, fields: Mapping[str, Any], agreement_id: int | None, *, zero_is_known: bool) -> Side:
        """Return what an addition with these fields bills and costs per month, from the next month on."""
        if agreement_id in self.not_counted:
            return NOTHING
        cost = cost_after(fields, self.last_day, self.currency, zero_is_known=zero_is_known)
        return Side(amount_after(fields, self.last_day, self.currency), cost)

    def for_pair(self, pair: Pair) -> PlannedAddition:
        """Return the plan for a desired addition: create, update or adopt, or no action."""
        desired, live = pair.desired, pair.live
        self.used_addresses.add(desired.address)
        if live is None:
            return self._created(desired)
        if pair.evidence == "tag":
            return self._updated(desired, live)
        return self._tagged_again(pair, desired, live)

    def orphan_address(self, live: LiveAddition) -> str:
        """Return the address of an addition without a mapping, from its tag, or from its id if it has none."""
        parts = live.tag.parts if live.tag else ()
        name = ".".join((parts[2], parts[3] if len(parts) > 3 else DEFAULT_CHARGE)) if parts else f"id-{live.id}"
        period = f"@{live.tag.period}" if live.tag and live.tag.period else ""
        return self.unique_address(f"Addition/{name}:{live.product}{period}", live.id)

    def unique_address(self, address: str, number: int) -> str:
        """Return the address, with the id appended if another addition has the same one."""
        if address in self.used_addresses:
            address = f"{address}:{number}"
        self.used_addresses.add(address)
        return address

    def creation(self, desired: DesiredAddition) -> Action:
        """Return the action that creates an addition."""
        self.used_addresses.add(desired.address)
        values = _values_to_create(desired)
        of = kind("Addition")
        after = self.side(values, desired.agreement.id, zero_is_known=desired.unit_cost == 0)
        return Action(
            address=desired.address,
            kind=of.name,
            action="create",
            endpoint=str(of.collection),
            reason=desired.reason,
            changes=changes_to_create(of, values),
            money=Money.with_costs(NOTHING, after, self.currency),
            rule=self.rule_digests.get(desired.owner),
        )

    def _created(self, desired: DesiredAddition) -> PlannedAddition:
        values = _values_to_create(desired)
        known = desired.unit_cost == 0
        after = self.side(values, desired.agreement.id, zero_is_known=known)
        return PlannedAddition(
            owner=desired.owner,
            address=desired.address,
            live=None,
            action=self.creation(desired),
            quantity=desired.quantity,
            monthly=monthly_amount(values, self.currency),
            from_next_month=after.amount,
            cost_from_next_month=after.cost,
            costs_nothing=known,
            fields=recorded_fields(values, with_cost=desired.unit_cost is not None, with_text=True),
            depends_on=desired.depends_on,
            reason=desired.reason,
        )

    def _updated(self, desired: DesiredAddition, live: LiveAddition) -> PlannedAddition:
        changes = changes_to_update(kind("Addition"), self._live_values(desired, live), live.obj)
        reason = f"{_only_price(changes)}{desired.reason}"
        verb, reason = _verb_and_reason(changes, desired, reason)
        recorded = self.snapshot.additions.get(live.id)
        edits = undoing_changes(changes, recorded.last_applied) if recorded else ()
        if not edits or recorded is None:
            return self._written(desired, live, verb, reason, changes)
        names = ", ".join(change.path for change in edits)
        reason = f"drift: edited by hand ({names}); {reason}"
        return self._edited(desired, live, changes, edits, recorded, reason=reason, verb=verb)

    def _tagged_again(self, pair: Pair, desired: DesiredAddition, live: LiveAddition) -> PlannedAddition:
        """Return the plan for an addition without the right tag: it is adopted, and gets the tag."""
        tag = Change(path="serialNumber", before=live.serial or None, after=desired.owner.tag)
        others = changes_to_update(kind("Addition"), self._live_values(desired, live), live.obj)
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
        recorded = None if pair.evidence == "adopt" else self.snapshot.additions.get(live.id)
        if recorded is not None and (edits := undoing_changes(changes[1:], recorded.last_applied)):
            return self._edited(
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
        notes = self.notes_or_drifted(more_notes)
        if adopted and live.cancelled is not None and desired.last_day is None:
            notes["notes"] = (Note(address=desired.address, message=removed_last_day(live)),)
        return self._written(desired, live, "adopt", reason, changes, adopted=adopted, edited=edited, **notes)

    def _live_values(self, desired: DesiredAddition, live: LiveAddition) -> dict[str, Value]:
        """Return the fields to write to a live addition.

        The first day is among them only in two cases: someone moved it by hand to a later day than the last apply
        left, or the mapping moved and the addition has billed nothing yet.
        """
        values = written_fields(desired)
        if _has_billed_nothing(desired, live, self.last_day):
            return values
        recorded = self.snapshot.additions.get(live.id)
        left = date_text((recorded.last_applied if recorded else {}).get("effectiveDate"))
        first = max(left or "", desired.effective_date)
        if left is None or live.effective is None or live.effective <= first:
            del values["effectiveDate"]
            return values
        return {**values, "effectiveDate": first}

    def _edited(
        self,
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
        earlier = was_seen_in_earlier_period(edits, recorded, self.period)
        same = recorded.hand_edit_period is not None and seen == dict(recorded.hand_edit)
        edit = HandEdit(live.id, seen, str(recorded.hand_edit_period) if same else self.period)
        if self.on_drift != "accept" or earlier:
            notes = (*more_notes, self.edit_note(desired.address, edits, recorded))
            changes = _with_our_values(changes, edits, recorded)
            return self._written(
                desired, live, verb, reason, changes, edit=edit, edited=edited, **self.notes_or_drifted(notes)
            )
        by_usage = monthly_amount({**live.obj.raw, **{change.path: change.after for change in changes}}, self.currency)
        message = (
            f"hand edit accepted until {self.last_day}: {edits_text(edits, recorded.last_applied)}; usage would "
            f"give {', '.join(f'{change.path} {value_text(change.after)}' for change in edits)}, "
            f"{amount_text(by_usage, self.currency)} a month"
        )
        notes = (*more_notes, Note(address=desired.address, message=message, drift=True))
        other_changes = tuple(change for change in changes if change not in edits)
        written = self._written(
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

    def notes_or_drifted(self, notes: tuple[Note, ...]) -> dict[str, tuple[Note, ...]]:
        """Return notes on hand edits as `notes`, or as `drifted` with `onDrift: fail`."""
        fails = self.on_drift == "fail"
        return {"notes": () if fails else notes, "drifted": notes if fails else ()}

    def edit_note(self, address: str, edits: Iterable[Change], recorded: RecordedAddition) -> Note:
        """Return the note on a hand edit."""
        message = f"edited by hand: {edits_text(edits, recorded.last_applied)}"
        return Note(address=address, message=message, drift=True)

    def _written(
        self,
        desired: DesiredAddition,
        live: LiveAddition,
        verb: Verb,
        action_reason: str,
        changes: tuple[Change, ...],
        **more: Any,
    ) -> PlannedAddition:
        """Return the plan for a live addition that a charge bills. `more` has further fields of it."""
        return self.planned(
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

    def planned(
        self,
        owner: Owner,
        address: str,
        live: LiveAddition,
        verb: Verb,
        action_reason: str,
        changes: tuple[Change, ...],
        depends_on: frozenset[str],
        *,
        costs_nothing: bool = False,
        with_cost: bool = False,
        with_text: bool = False,
        **more: Any,
    ) -> PlannedAddition:
        """Return the plan for a live addition. There is no action if `changes` is empty."""
        after = {**live.obj.raw, **{change.path: change.after for change in changes}}
        money = Money.with_costs(
            self.side(live.obj.raw, live.agreement_id, zero_is_known=costs_nothing),
            self.side(after, live.agreement_id, zero_is_known=costs_nothing),
            self.currency,
        )
        action = None
        if changes:
            action = Action(
                address=address,
                kind="Addition",
                action=verb,
                id=live.id,
                endpoint=object_path(kind("Addition").collection, live.obj),
                reason=action_reason,
                changes=changes,
                precondition=precondition(kind("Addition"), kind("Addition").by_name, live.obj),
                money=money,
                rule=self.rule_digests.get(owner),
            )
        return PlannedAddition(
            owner=owner,
            address=address,
            live=live,
            action=action,
            quantity=Decimal(after.get("quantity") or 0),
            monthly=monthly_amount(after, self.currency),
            from_next_month=money.after,
            cost_from_next_month=money.cost_after,
            costs_nothing=costs_nothing,
            fields=recorded_fields(after, with_cost=with_cost, with_text=with_text),
            depends_on=depends_on,
            **more,
        )


def _values_to_create(desired: DesiredAddition) -> dict[str, Value]:
    values = written_fields(desired)
    if desired.unit_cost is None and desired.own_price:
        # ConnectWise would fill in the cost of the product [spec]. A 0 counts as unknown.
        values["unitCost"] = _ZERO
    return values


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
