"""Decide what happens to the additions on the old agreement when a mapping moves to another one (BILLING, Additions).

A move is for whole months. If no invoice of the old agreement covers the running month, the old addition goes to 0 and
ends on the day before the month, and the new one bills all of it. Otherwise the old one ends with the last month that
it bills, and the new one begins after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.additions.agreements import day_before, next_invoice_of
from reconciler.additions.desired import DesiredAddition
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.kinds.live_state import LiveState
from reconciler.metering.period import Period


@dataclass(frozen=True, slots=True)
class Move:
    """How an addition on the old agreement ends."""

    last_day: str
    bills_on: bool
    """Whether it bills until its last day. If not, its quantity goes to 0."""
    billed_twice: bool = False
    """Whether its agreement has invoiced the period, although the addition on the new agreement bills it too."""
    replaced: bool = False
    """Whether the charge has a live addition on the new agreement already."""


@dataclass(frozen=True, slots=True)
class Moves:
    """The desired additions with their first days after a move, and how each old addition ends, by its id."""

    additions: tuple[DesiredAddition, ...]
    by_id: Mapping[int, Move]


def with_moves(
    desired: Iterable[DesiredAddition], ownership: Ownership, live_state: LiveState, period: Period
) -> Moves:
    """Return the desired additions, each with the first day that no old agreement bills, and how the old ones end."""
    by_owner: dict[Owner, list[DesiredAddition]] = defaultdict(list)
    for each in desired:
        by_owner[each.owner].append(each)
    additions: list[DesiredAddition] = []
    moves: dict[int, Move] = {}
    for owner, of_owner in by_owner.items():
        owned = [each.addition for each in ownership.by_owner.get(owner, ())]
        here = of_owner[0].agreement.id
        old = [each for each in owned if each.agreement_id != here]
        if not old:
            additions += of_owner
            continue
        new = [each for each in owned if each.agreement_id == here]
        moved, found = _move(of_owner, old, new, live_state, period)
        additions += moved
        moves |= found
    return Moves(tuple(additions), moves)


def _move(
    desired: Sequence[DesiredAddition],
    old: Sequence[LiveAddition],
    new: Sequence[LiveAddition],
    live_state: LiveState,
    period: Period,
) -> tuple[list[DesiredAddition], dict[int, Move]]:
    first_day, last_day = period.first_day.isoformat(), period.last_day.isoformat()
    invoiced = {
        each.id: following
        for each in old
        if (following := next_invoice_of(each.agreement_id, live_state)) is not None
        and following > first_day
        and each.quantity > 0
        and (each.effective or "") < following
    }
    begins = max([each.effective_date for each in desired] + list(invoiced.values()))
    starts = max(each.effective_date for each in desired)
    # An addition that ended before the next day that its agreement can bill does not bill the months between.
    begun = any(
        each.quantity > 0
        and (each.effective or "") <= last_day
        and (each.cancelled is None or each.cancelled >= day_before(starts))
        for each in new
    )
    is_replaced = any(each.quantity > 0 for each in new)
    moves: dict[int, Move] = {}
    for each in old:
        if each.id in invoiced:
            twice = begun and (each.effective or "") <= last_day
            end = day_before(invoiced[each.id] if begun else begins)
            moves[each.id] = Move(end, bills_on=True, billed_twice=twice, replaced=is_replaced)
        elif begins > last_day and not begun and each.quantity > 0:
            moves[each.id] = Move(day_before(begins), bills_on=True, replaced=is_replaced)
        else:
            end = max(day_before(first_day), each.effective or "")
            moves[each.id] = Move(end, bills_on=False, replaced=is_replaced)
    if not any(move.bills_on for move in moves.values()):
        return list(desired), moves
    reason = _reason(old, invoiced, period)
    return [
        replace(
            each,
            effective_date=max(each.effective_date, begins),
            late_start_reason=each.late_start_reason or reason,
            billed_elsewhere=True,
        )
        for each in desired
    ], moves


def _reason(old: Sequence[LiveAddition], invoiced: Mapping[int, str], period: Period) -> str:
    ids = " and ".join(str(each.agreement_id) for each in old if each.id in invoiced)
    return f"agreement id {ids} is invoiced for {period} already" if ids else ""
