"""Find additions of ours without a mapping (orphans). They keep billing until you retire them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.live_additions import LiveAddition, agreement_goes_on
from reconciler.additions.match import Duplicate
from reconciler.amounts import amount_text
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import Snapshot
from reconciler.metering.period import Period
from reconciler.planning.action import NOTHING, Action, Change, Money
from reconciler.planning.objects import object_path, precondition
from reconciler.planning.plan import CoverageRow


@dataclass(frozen=True, slots=True)
class Orphan:
    """An orphan, or a duplicate of a mapping's addition, with its row in the coverage table."""

    live: LiveAddition
    address: str
    row: CoverageRow
    action: Action | None
    """The action that retires it, with `--prune`."""


def orphans(
    additions: Iterable[LiveAddition],
    duplicates: Iterable[Duplicate],
    builder: ActionBuilder,
    live_state: LiveState,
    period: Period,
    snapshot: Snapshot,
    *,
    prune: bool,
    ending: Collection[int] = (),
) -> list[Orphan]:
    """Return the orphans and duplicates, with a retiring action each if `prune` is set.

    `ending` has the ids of agreements that the same plan retires: their additions end with them. Additions of cancelled
    or expired agreements are left out, because such agreements bill nothing.
    """
    candidates = [*((live, None) for live in additions), *((each.live, each.owner.mapping) for each in duplicates)]
    return [
        _orphan(
            live,
            builder,
            period,
            snapshot,
            prune=prune,
            duplicate_of=mapping,
            ends_with_agreement=live.agreement_id in ending,
        )
        for live, mapping in candidates
        if agreement_goes_on(live, live_state, period.last_day.isoformat())
    ]


def _orphan(
    live: LiveAddition,
    builder: ActionBuilder,
    period: Period,
    snapshot: Snapshot,
    *,
    prune: bool,
    duplicate_of: str | None,
    ends_with_agreement: bool,
) -> Orphan:
    address = builder.orphan_address(live)
    recorded = snapshot.additions.get(live.id)
    source, customer_id = (live.tag.customer if live.tag else None) or (recorded and recorded.customer) or ("", "")
    last_day = period.last_day.isoformat()
    of_month = live.tag is not None and live.tag.period is not None
    harmless = not live.quantity or live.ends_by(last_day)
    if of_month:  # one addition for each month ends by itself, but a second one for the same month bills too much
        harmless = not live.quantity or duplicate_of is None
    pruned = prune and live.tag and not harmless and not ends_with_agreement and not of_month
    action = _retirement(live, address, period, builder) if pruned else None
    detail = _detail(live, last_day, duplicate_of=duplicate_of, retired=action is not None)
    if ends_with_agreement and not harmless:
        quantity = plain_decimal(live.quantity)
        detail = f"billing a quantity of {quantity} until its agreement ends, which this plan retires"
    row = CoverageRow(
        source=source,
        customer=customer_id,
        name=f"addition id {live.id} ({live.product}, agreement id {live.agreement_id})",
        state="orphan",
        quantity=live.quantity,
        money=live.monthly,
        detail=detail,
        accounted=harmless or ends_with_agreement or action is not None,
    )
    return Orphan(live, address, row, action)


def _detail(live: LiveAddition, last_day: str, *, duplicate_of: str | None, retired: bool) -> str:
    """Return what the orphan bills, why it has no mapping, and what to do."""
    if duplicate_of is not None:
        reason = f"CustomerMapping/{duplicate_of} has another addition for that agreement and product"
    elif live.tag is None:
        reason = "its tag was removed by hand, and its mapping no longer exists"
    else:
        reason = f"no mapping has its tag {live.serial}"
    quantity = plain_decimal(live.quantity)
    if live.tag is not None and live.tag.period is not None:
        advice = "" if duplicate_of is None else "; set its quantity to 0 in ConnectWise"
        return f"billing a quantity of {quantity} for {live.tag.period}: {reason}{advice}"
    if live.ends_by(last_day):
        return f"billing a quantity of {quantity} until its last day, {live.cancelled}: {reason}"
    if retired:
        return f"still billing a quantity of {quantity}, and retired by this plan: {reason}"
    advice = "cancel it in ConnectWise" if live.tag is None else "retire it with `apply --prune`"
    if duplicate_of is None:
        advice += ", or map the customer again"
    return f"still billing a quantity of {quantity}: {reason}; {advice}"


def _retirement(live: LiveAddition, address: str, period: Period, builder: ActionBuilder) -> Action:
    """Return the action that ends the addition with the running period, which it still bills.

    An addition that begins in a later period ends on its first day.
    """
    last_day = max(period.last_day.isoformat(), live.effective or "")
    still = "still " if live.monthly else ""
    bills = f"it {still}bills {amount_text(live.monthly, builder.currency)} for {period}"
    return Action(
        address=address,
        kind="Addition",
        action="retire",
        id=live.id,
        endpoint=object_path(kind("Addition").collection, live.obj),
        reason=f"no mapping has its tag; {bills}, and ends on {last_day}",
        changes=(Change(path="cancelledDate", before=live.cancelled, after=last_day),),
        precondition=precondition(kind("Addition"), kind("Addition").by_name, live.obj),
        money=Money.with_costs(
            builder.side(live.obj.raw, live.agreement_id, zero_is_known=False), NOTHING, builder.currency
        ),
    )
