"""Make the actions of a plan that change additions, with their money."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.drift import (
    edits_text,
)
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner
from reconciler.additions.planned import PlannedAddition, recorded_fields, written_fields
from reconciler.additions.tag import DEFAULT_CHARGE
from reconciler.kinds.money import amount_after, cost_after, monthly_amount
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.planning.action import NOTHING, Action, Change, Money, Side
from reconciler.planning.diff import changes_to_create
from reconciler.planning.objects import object_path, precondition
from reconciler.planning.plan import Note

OnDrift = Literal["restore", "accept", "fail"]
Verb = Literal["adopt", "update", "retire"]

_ZERO = Decimal(0)


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
        values = values_to_create(desired)
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

    def notes_or_drifted(self, notes: tuple[Note, ...]) -> dict[str, tuple[Note, ...]]:
        """Return notes on hand edits as `notes`, or as `drifted` with `onDrift: fail`."""
        fails = self.on_drift == "fail"
        return {"notes": () if fails else notes, "drifted": notes if fails else ()}

    def edit_note(self, address: str, edits: Iterable[Change], recorded: RecordedAddition) -> Note:
        """Return the note on a hand edit."""
        message = f"edited by hand: {edits_text(edits, recorded.last_applied)}"
        return Note(address=address, message=message, drift=True)

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


def values_to_create(desired: DesiredAddition) -> dict[str, Value]:
    """Return the fields of an addition that is created, by their paths."""
    values = written_fields(desired)
    if desired.unit_cost is None and desired.own_price:
        # ConnectWise would fill in the cost of the product [spec]. A 0 counts as unknown.
        values["unitCost"] = _ZERO
    return values
