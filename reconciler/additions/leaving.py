"""Plan additions that no charge bills any longer: their mapping has ended, or bills another product or agreement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.agreements import last_day_of, next_invoice_of
from reconciler.additions.desired import BillingContext, end_reason
from reconciler.additions.drift import undoing_changes
from reconciler.additions.following import MOVED, Leaving, by_owner, following_additions, until
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.match import Superseded
from reconciler.additions.moves import Move, Moves
from reconciler.additions.ownership import Owner, Ownership
from reconciler.additions.planned import PlannedAddition, without_amount
from reconciler.amounts import amount_text
from reconciler.kinds.agreement import ENDED
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value
from reconciler.planning.diff import changes_to_update
from reconciler.planning.plan import Note

_ZERO = Decimal(0)


def left_additions(
    superseded: Iterable[Superseded],
    moves: Moves,
    rules: Mapping[Owner, Rule],
    context: BillingContext,
    builder: ActionBuilder,
) -> Iterator[PlannedAddition]:
    """Yield the plans for additions of other products or agreements than their mappings bill now."""
    following: dict[Owner, list[Leaving]] = defaultdict(list)
    for each in superseded:
        move = moves.by_id.get(each.live.id)
        if move is not None and move.bills_on:
            following[each.owner].append(Leaving(each, move))
        else:
            yield left_addition(each, move, builder)
    desired = by_owner(moves.additions)
    for owner, leaving in following.items():
        yield from following_additions(leaving, desired[owner], rules[owner], context, builder)


def left_addition(superseded: Superseded, move: Move | None, builder: ActionBuilder) -> PlannedAddition:
    """Return the plan for an addition of another product or agreement, which bills nothing any more.

    Its quantity goes to 0, and its price and cost back to those that the last apply left. If it is on another
    agreement, it also ends.
    """
    live, owner = superseded.live, superseded.owner
    recorded = builder.snapshot.additions.get(live.id)
    last_applied = recorded.last_applied if recorded else {}
    values: dict[str, Value] = {"quantity": _ZERO}
    for name in ("unitPrice", "unitCost"):
        if (left := last_applied.get(name)) is not None:
            values[name] = Decimal(left)
    if move is not None:
        values["cancelledDate"] = move.last_day
    changes = changes_to_update(kind("Addition"), values, live.obj)
    address = builder.unique_address(owner.address_of(live.product), live.id)
    reason = f"{owner.mapping_address} {MOVED}"
    if move is not None:
        reason = f"{reason}; {until(live.monthly, move, builder)}"
    edits = undoing_changes(changes, last_applied)
    notes = (builder.edit_note(address, edits, recorded),) if edits and recorded else ()
    return builder.planned(
        owner,
        address,
        live,
        "update" if move is None else "retire",
        reason,
        changes,
        superseded.depends_on,
        costs_nothing=False,
        with_cost="unitCost" in last_applied,
        with_text="invoiceDescription" in last_applied,
        reason=reason,
        replaced=move is not None and move.replaced,
        **builder.notes_or_drifted(notes),
    )


def ended_additions(
    ended: Collection[str],
    rules: Mapping[Owner, Rule],
    ownership: Ownership,
    planned: Iterable[PlannedAddition],
    live_state: LiveState,
    builder: ActionBuilder,
) -> Iterator[PlannedAddition]:
    """Yield the plan that gives an addition of a mapping that has ended its last day, if no charge bills it.

    `ended` has the names of these mappings. An agreement that is cancelled or expired bills nothing, so its additions
    are left as they are.
    """
    written = {each.live.id for each in planned if each.live is not None}
    for owner, owned in ownership.by_owner.items():
        end = rules[owner].end
        if owner.period is not None:  # it ends with its month anyway
            continue
        for each in owned if owner.mapping in ended and end is not None else ():
            live = each.addition
            agreement = live_state.objects.get(("Agreement", live.agreement_id))
            status = live.obj.raw.get("agreementStatus") if agreement is None else agreement.raw.get("agreementStatus")
            if live.id not in written and status not in ENDED and end is not None:
                last_day = last_day_of(end, next_invoice_of(live.agreement_id, live_state))
                yield _ended(owner, live, last_day, end_reason(rules[owner]), builder)


def _ended(owner: Owner, live: LiveAddition, last_day: str, why: str, builder: ActionBuilder) -> PlannedAddition:
    """Return the plan that gives an addition its last day.

    An addition that begins after the last day cannot end before it begins, so its quantity goes to 0 as well.
    """
    begins_later = (live.effective or "") > last_day
    last_day = max(last_day, live.effective or "")
    values: dict[str, Value] = {} if live.ends_by(last_day) else {"cancelledDate": last_day}
    if begins_later:
        values["quantity"] = _ZERO
    bills_on = last_day >= builder.first_day and not begins_later
    reason = f"{why}; {until(live.monthly, Move(last_day, bills_on=bills_on), builder)}"
    address = builder.unique_address(owner.address_of(live.product), live.id)
    changes = changes_to_update(kind("Addition"), values, live.obj)
    planned = builder.planned(owner, address, live, "retire", reason, changes, frozenset(), reason=reason)
    return planned if bills_on else without_amount(planned)


def overbilled(
    rules: Mapping[Owner, Rule], ownership: Ownership, live_state: LiveState, currency: str | None
) -> dict[str, str]:
    """Return, by mapping, a sentence on invoices for months after the mapping's `end`."""
    found: dict[str, str] = {}
    for owner, owned in ownership.by_owner.items():
        end = rules[owner].end
        for each in owned if end is not None and owner.period is None else ():
            live = each.addition
            invoiced = next_invoice_of(live.agreement_id, live_state)
            if end is None or not live.monthly or last_day_of(end, invoiced) == last_day_of(end, None):
                continue
            found[owner.mapping] = (
                f"agreement id {live.agreement_id} is invoiced through {last_day_of(end, invoiced)}, after the month "
                f"of its end: credit {amount_text(live.monthly, currency)} for each later month, or set `end` to "
                f"{last_day_of(end, invoiced)}"
            )
    return found


def double_notes(superseded: Iterable[Superseded], moves: Mapping[int, Move], currency: str | None) -> Iterator[Note]:
    """Yield a note for each addition on an old agreement if the new agreement bills an invoiced month again."""
    for each in superseded:
        move = moves.get(each.live.id)
        if move is not None and move.billed_twice is not None:
            yield Note(
                address=each.owner.mapping_address,
                message=f"addition id {each.live.id} was invoiced until {move.billed_twice} with "
                f"{amount_text(each.live.monthly, currency)} a month, and the addition on the new agreement bills that "
                "month too: credit one of them",
            )
