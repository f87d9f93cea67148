"""Matched lines as actions of a plan, with hand edits told from changes of usage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from reconciler.additions.desired import DesiredAddition
from reconciler.additions.drift import hand_edits, seen_values, told, value_text, was_seen_in_earlier_period
from reconciler.additions.live import LiveAddition
from reconciler.additions.match import Pair, Superseded
from reconciler.additions.money import amount_text, monthly_amount
from reconciler.additions.ownership import Owner
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value, plain_decimal
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.planning.diff import as_it_stands, changed, created
from reconciler.planning.plan import Action, Change, Money, Note, Precondition
from reconciler.planning.setup import object_path

OnDrift = Literal["restore", "accept", "fail"]

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class HandEdit:
    """A hand edit as this run saw it."""

    addition_id: int
    seen: Mapping[str, Any]
    period: str
    """The period in which it was first seen."""


@dataclass(frozen=True, slots=True)
class PlannedAddition:
    """What becomes of one addition: the action, or none where it stands as it should."""

    owner: Owner
    address: str
    live: LiveAddition | None
    action: Action | None
    quantity: Decimal
    """After the action."""
    monthly: Decimal
    """Money a month, after the action."""
    fields: Mapping[str, Any]
    """What the addition holds after the action, by the names of ConnectWise: whatever differs later is an edit."""
    after: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()
    drifted: tuple[Note, ...] = ()
    """Edits that stop the run, by `onDrift: fail`."""
    edit: HandEdit | None = None
    accepted: frozenset[str] = frozenset()
    """Fields in which a hand edit is left to stand, by `onDrift: accept`."""
    adopted: bool = False
    """Taken over from somebody else in this run."""
    why: str = ""
    """What it bills, in words, whether it changes or not."""


@dataclass(frozen=True, slots=True)
class ActionBuilder:
    """Makes actions of matched lines."""

    snapshot: Snapshot
    period: str
    """The period of the run, as `2026-11`."""
    last_day: str
    currency: str | None
    on_drift: OnDrift
    rules: Mapping[Owner, str]
    """Digest of the rule of each charge."""
    taken: set[str] = field(default_factory=set)
    """Addresses that are given away."""

    def pair(self, pair: Pair) -> PlannedAddition:
        line, live = pair.line, pair.live
        self.taken.add(line.address)
        if live is None:
            return self._created(line)
        if pair.evidence == "tag":
            return self._updated(line, live)
        retagged = Change(path="serialNumber", before=live.serial or None, after=line.owner.tag)
        rest = changed(kind("Addition"), self._fields_for(line, live), live.obj)
        changes = (retagged, *(each for each in rest if each.path != retagged.path))
        reason = {
            "first version": f"its tag is of an earlier version; {line.why}",
            "renamed": f"renamed: it carries the tag {live.serial}; {line.why}",
            "untagged": f"drift: its tag was removed by hand; {line.why}",
            "adopt": line.why,
        }[pair.evidence]
        lost = Note(address=line.address, message=f"edited by hand: addition id {live.id} has lost its tag")
        also = (lost,) if pair.evidence == "untagged" else ()
        known = None if pair.evidence == "adopt" else self.snapshot.additions.get(live.id)
        if known is not None and (edits := hand_edits(changes[1:], known.last_applied)):
            return self._drifted(line, live, changes, edits, known, reason=reason, verb="adopt", also=also)
        return self._rewritten(
            line, live, "adopt", reason, changes, adopted=pair.evidence == "adopt", **self._told(also)
        )

    def superseded(self, gone: Superseded) -> PlannedAddition:
        """An addition of another product or agreement goes to 0. Its price is as it was left."""
        live, owner = gone.live, gone.owner
        known = self.snapshot.additions.get(live.id)
        values: dict[str, Value] = {"quantity": _ZERO}
        price = (known.last_applied if known else {}).get("unitPrice")
        if price is not None:
            values["unitPrice"] = Decimal(price)
        changes = changed(kind("Addition"), values, live.obj)
        address = self.unique_address(f"Addition/{owner.mapping}.{owner.charge}:{live.product}", live.id)
        reason = f"CustomerMapping/{owner.mapping} bills by another product or agreement now"
        edits = hand_edits(changes, known.last_applied if known else {})
        notes = (self._edit_note(address, edits, known),) if edits and known else ()
        return self._written(
            owner, address, live, "update", reason, changes, gone.after, why=reason, **self._told(notes)
        )

    def orphan_address(self, live: LiveAddition) -> str:
        """The address of an addition that no mapping stands behind."""
        parts = live.tag.parts if live.tag else ()
        name = ".".join((parts[2], parts[3] if len(parts) > 3 else "storage")) if parts else f"id-{live.id}"
        return self.unique_address(f"Addition/{name}:{live.product}", live.id)

    def unique_address(self, address: str, number: int) -> str:
        """The address, with the id behind it where another line has it already."""
        if address in self.taken:
            address = f"{address}:{number}"
        self.taken.add(address)
        return address

    def _created(self, line: DesiredAddition) -> PlannedAddition:
        values = _values(line)
        money = Money(before=_ZERO, after=monthly_amount(values, self.currency), currency=self.currency)
        of = kind("Addition")
        action = Action(
            address=line.address,
            kind=of.name,
            action="create",
            endpoint=str(of.collection),
            reason=line.why,
            changes=created(of, values),
            money=money,
            rule=self.rules.get(line.owner),
        )
        return PlannedAddition(
            line.owner,
            line.address,
            None,
            action,
            line.quantity,
            money.after,
            recorded_fields(values),
            line.after,
            why=line.why,
        )

    def _updated(self, line: DesiredAddition, live: LiveAddition) -> PlannedAddition:
        changes = changed(kind("Addition"), self._fields_for(line, live), live.obj)
        reason = f"price; {line.why}" if {change.path for change in changes} == {"unitPrice"} else line.why
        known = self.snapshot.additions.get(live.id)
        edits = hand_edits(changes, known.last_applied) if known else ()
        if not edits or known is None:
            return self._rewritten(line, live, "update", reason, changes)
        names = ", ".join(change.path for change in edits)
        reason = f"drift: edited by hand ({names}); {line.why}"
        return self._drifted(line, live, changes, edits, known, reason=reason)

    def _fields_for(self, line: DesiredAddition, live: LiveAddition) -> dict[str, Value]:
        """The fields of a live line. Its first day stays, unless somebody moved it to a later one than we left."""
        values = _values(line)
        known = self.snapshot.additions.get(live.id)
        left = date_text((known.last_applied if known else {}).get("effectiveDate"))
        first = max(left or "", line.effective_date)
        if left is None or live.effective is None or live.effective <= first:
            del values["effectiveDate"]
            return values
        return {**values, "effectiveDate": first}

    def _drifted(
        self,
        line: DesiredAddition,
        live: LiveAddition,
        changes: tuple[Change, ...],
        edits: tuple[Change, ...],
        known: RecordedAddition,
        *,
        reason: str,
        verb: Literal["adopt", "update"] = "update",
        also: tuple[Note, ...] = (),
    ) -> PlannedAddition:
        """`also` tells of a tag that was removed. It comes back in any case: without it the line would not be ours."""
        earlier = was_seen_in_earlier_period(edits, known, self.period)
        same = known.hand_edit_period is not None and seen_values(edits) == dict(known.hand_edit)
        edit = HandEdit(live.id, seen_values(edits), str(known.hand_edit_period) if same else self.period)
        if self.on_drift != "accept" or earlier:
            notes = (*also, self._edit_note(line.address, edits, known))
            return self._rewritten(line, live, verb, reason, changes, edit=edit, **self._told(notes))
        should = monthly_amount({**live.obj.raw, **{change.path: change.after for change in changes}}, self.currency)
        usage = ", ".join(f"{change.path} {value_text(change.after)}" for change in edits)
        worth = amount_text(should, self.currency)
        what = told(edits, known.last_applied)
        message = f"hand edit accepted until {self.last_day}: {what}; by usage it would be {usage}, {worth} a month"
        notes = (*also, Note(address=line.address, message=message))
        left = tuple(change for change in changes if change not in edits)
        # What is noted is what we left: else the edit would pass for ours in the next run.
        ours = {change.path: known.last_applied.get(change.path) for change in edits}
        why = reason if verb == "adopt" else line.why
        written = self._rewritten(line, live, verb, why, left, notes=notes, edit=edit)
        return replace(written, fields={**written.fields, **ours}, accepted=frozenset(ours))

    def _told(self, notes: tuple[Note, ...]) -> dict[str, tuple[Note, ...]]:
        """Edits as notes, or as what stops the run."""
        fails = self.on_drift == "fail"
        return {"notes": () if fails else notes, "drifted": notes if fails else ()}

    def _edit_note(self, address: str, edits: Iterable[Change], known: RecordedAddition) -> Note:
        return Note(address=address, message=f"edited by hand: {told(edits, known.last_applied)}")

    def _rewritten(
        self,
        line: DesiredAddition,
        live: LiveAddition,
        verb: Literal["adopt", "update"],
        reason: str,
        changes: tuple[Change, ...],
        **more: Any,
    ) -> PlannedAddition:
        return self._written(line.owner, line.address, live, verb, reason, changes, line.after, why=line.why, **more)

    def _written(
        self,
        owner: Owner,
        address: str,
        live: LiveAddition,
        verb: Literal["adopt", "update"],
        reason: str,
        changes: tuple[Change, ...],
        after: frozenset[str],
        **more: Any,
    ) -> PlannedAddition:
        left = {**live.obj.raw, **{change.path: change.after for change in changes}}
        money = Money(before=live.monthly, after=monthly_amount(left, self.currency), currency=self.currency)
        action = None
        if changes:
            action = Action(
                address=address,
                kind="Addition",
                action=verb,
                id=live.id,
                endpoint=object_path(kind("Addition").collection, live.obj),
                reason=reason,
                changes=changes,
                precondition=precondition(live),
                money=money,
                rule=self.rules.get(owner),
            )
        return PlannedAddition(
            owner,
            address,
            live,
            action,
            Decimal(left.get("quantity") or 0),
            money.after,
            recorded_fields(left),
            after,
            **more,
        )


def precondition(live: LiveAddition) -> Precondition:
    """Every compared field of the addition as it stands."""
    of = kind("Addition")
    return Precondition(id=live.id, last_updated=live.obj.last_updated, fields=as_it_stands(of, of.by_name, live.obj))


_RECORDED = ("serialNumber", "quantity", "unitPrice", "lessIncluded", "billCustomer", "effectiveDate", "cancelledDate")


def recorded_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger notes of an addition: these fields, by the names of ConnectWise."""
    return {name: _plain(values.get(name)) for name in _RECORDED}


def _plain(value: Any) -> Any:
    return plain_decimal(Decimal(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _values(line: DesiredAddition) -> dict[str, Value]:
    price = {} if line.unit_price is None else {"unitPrice": line.unit_price}
    # A line that holds nothing keeps the last day that somebody gave it.
    last_day = {} if line.emptied else {"cancelledDate": None}
    return {
        "agreement": line.agreement,
        "product": line.product,
        "serialNumber": line.owner.tag,
        "quantity": line.quantity,
        **price,
        "lessIncluded": _ZERO,
        "billCustomer": "Billable",
        "effectiveDate": line.effective_date,
        **last_day,
    }
