"""Additions of ours that no mapping stands behind: they bill on, and somebody has to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.actions import ActionBuilder, precondition
from reconciler.additions.live import LiveAddition
from reconciler.additions.match import Duplicate
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import Snapshot
from reconciler.metering.period import Period
from reconciler.planning.plan import Action, Change, CoverageRow, Money
from reconciler.planning.setup import object_path


@dataclass(frozen=True, slots=True)
class Orphan:
    live: LiveAddition
    address: str
    row: CoverageRow
    action: Action | None
    """Its retirement, where that was asked for."""


def orphans(
    found: Iterable[LiveAddition],
    duplicates: Iterable[Duplicate],
    writer: ActionBuilder,
    live_state: LiveState,
    period: Period,
    snapshot: Snapshot,
    *,
    prune: bool,
) -> list[Orphan]:
    """A row for each, and with `prune` the action that ends it. `duplicates` stand beside the line of a mapping.

    An agreement that is cancelled or has ended bills nothing, and its orphans are not listed.
    """
    every = [*((live, None) for live in found), *((copy.live, copy.owner.mapping) for copy in duplicates)]
    return [
        _orphan(live, writer, period, snapshot, prune=prune, copy_of=mapping)
        for live, mapping in every
        if _agreement_bills(live, live_state)
    ]


def _orphan(
    live: LiveAddition,
    writer: ActionBuilder,
    period: Period,
    snapshot: Snapshot,
    *,
    prune: bool,
    copy_of: str | None,
) -> Orphan:
    address = writer.orphan_address(live)
    known = snapshot.additions.get(live.id)
    source, customer_id = (live.tag.customer if live.tag else None) or (known and known.customer) or ("", "")
    last = period.last_day.isoformat()
    done = not live.quantity or live.ends_by(last)
    action = _retirement(live, address, period, writer) if prune and live.tag and not done else None
    row = CoverageRow(
        source=source,
        customer=customer_id,
        name=where(live),
        state="orphan",
        quantity=live.quantity,
        money=live.monthly,
        detail=_detail(live, last, copy_of=copy_of, retired=action is not None),
        accounted=done or action is not None,
    )
    return Orphan(live, address, row, action)


def where(live: LiveAddition) -> str:
    """For a sentence."""
    return f"addition id {live.id} ({live.product}, agreement id {live.agreement_id})"


def _agreement_bills(live: LiveAddition, live_state: LiveState) -> bool:
    known = live_state.objects.get(("Agreement", live.agreement_id))
    status = live.obj.raw.get("agreementStatus") if known is None else known.raw.get("agreementStatus")
    return status not in ("Cancelled", "Expired")


def _detail(live: LiveAddition, last: str, *, copy_of: str | None, retired: bool) -> str:
    """What it bills, why nobody answers for it, and what can be done."""
    if copy_of is not None:
        why = f"CustomerMapping/{copy_of} has another line for that agreement and product"
    elif live.tag is None:
        why = "its tag was removed by hand, and the mapping that it had is gone"
    else:
        why = f"no mapping has its tag {live.serial}"
    amount = plain_decimal(live.quantity)
    if live.ends_by(last):
        return f"billing {amount} until its last day, {live.cancelled}: {why}"
    if retired:
        return f"still billing {amount}, and retired by this plan: {why}"
    advice = "cancel it in ConnectWise" if live.tag is None else "retire it with `apply --prune`"
    return f"still billing {amount}: {why}; {advice}" + ("" if copy_of else ", or map the customer again")


def _retirement(live: LiveAddition, address: str, period: Period, writer: ActionBuilder) -> Action:
    """It ends with the running period, which it still bills; a line that begins later ends on its first day."""
    last = max(period.last_day.isoformat(), live.effective or "")
    bills = f"it still bills {plain_decimal(live.monthly)} for {period}" if live.monthly else f"it bills 0 for {period}"
    return Action(
        address=address,
        kind="Addition",
        action="retire",
        id=live.id,
        endpoint=object_path(kind("Addition").collection, live.obj),
        reason=f"no mapping has its tag; {bills}, and ends on {last}",
        changes=(Change(path="cancelledDate", before=live.cancelled, after=last),),
        precondition=precondition(live),
        money=Money(before=live.monthly, after=Decimal(0), currency=writer.currency),
    )
