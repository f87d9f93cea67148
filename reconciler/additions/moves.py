"""Decide what happens to the additions on the old agreement when a mapping moves to another one (BILLING, Additions).

A move is for whole months. If no invoice of the old agreement covers the running month, the old addition goes to 0 and
ends on the day before the month, and the new one bills all of it. Otherwise the old one ends with the last month that
it bills, and the new one begins after that.

The first and last day of an addition show what an invoice has billed, because no plan changes an invoiced month. An
addition has no gaps. If the old agreement has billed later months in advance, the addition on the new agreement ends
before them. The old addition then bills on until the addition on the new agreement is past.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.additions.agreements import day_before, next_invoice_of
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.invoiced_months import NEVER, Line, line_of
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.kinds.live_state import LiveState
from reconciler.metering.period import Period


@dataclass(frozen=True, slots=True)
class Move:
    """How an addition on the old agreement ends."""

    last_day: str | None
    """None if it bills on without one, because the addition on the new agreement ends first."""
    bills_on: bool
    """Whether it bills until its last day. If not, its quantity goes to 0."""
    billed_twice: str | None = None
    """The last day that both agreements have invoiced. None if there is none."""
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
    """Return the desired additions with their first days after a move, and how the old additions end."""
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
        move = _OneMove(of_owner, old, new, live_state, period)
        additions += move.additions()
        moves |= move.moves()
    return Moves(tuple(additions), moves)


class _OneMove:
    """The move of one charge. Each day is the first of a month. A day that is called `last` is the last of a month."""

    def __init__(
        self,
        desired: Sequence[DesiredAddition],
        old: Sequence[LiveAddition],
        new: Sequence[LiveAddition],
        live_state: LiveState,
        period: Period,
    ) -> None:
        self._desired = desired
        self._period = period
        self._first = period.first_day.isoformat()
        self._old = [line_of(each, live_state, self._first) for each in old]
        self._billing = [each for each in self._old if each.bills]
        self._new = [each for each in (line_of(each, live_state, self._first) for each in new) if each.bills]
        here = desired[0].agreement.id
        self._invoiced_here = "" if here is None else next_invoice_of(here, live_state) or ""
        self._taken = max((each.taken for each in self._billing), default=self._first)
        """The first day from which no old agreement has billed anything."""
        self._starts = max(each.effective_date for each in desired)
        """The first day that a new addition can have."""
        self._fixed = any(not self._can_shift(each) for each in self._new)
        """Whether the first day of the addition on the new agreement must stay as it is."""
        begins = max(self._first, min(each.first for each in self._new)) if self._fixed else ""
        self._begins = begins or max(self._starts, self._taken)
        if self._begins <= period.last_day.isoformat():  # also one that begins inside the month bills all of it
            self._begins = self._first
        self._ends = self._end_here() if self._fixed else None

    def _can_shift(self, line: Line) -> bool:
        """Return whether an addition on the new agreement can get another first day.

        It can if it has billed nothing, and old additions can bill until it begins.
        """
        billed_nothing = line.first >= max(self._first, self._invoiced_here)
        return billed_nothing and (
            self._taken <= line.first or any(each.first <= line.first < each.over for each in self._billing)
        )

    def _end_here(self) -> str | None:
        """Return the day before which the addition on the new agreement ends. None if it can bill all following months.

        It cannot if an old agreement has billed some of them, or if its own agreement was invoiced without it.
        """
        over = max(each.over for each in self._new)
        reached = max(self._begins, min(self._invoiced_here, over))
        has_gap = over < self._invoiced_here
        if self._taken <= reached and not has_gap:
            return None
        following = min((each.first for each in self._billing if each.over > reached), default=reached)
        return reached if has_gap else min(over, max(reached, following))

    def additions(self) -> list[DesiredAddition]:
        """Return the desired additions with their first days, and with a last day if they cannot bill on."""
        if self._ends is not None:
            last, stays = day_before(self._ends), self._last_of_old()
            reason = f"agreement id {stays.agreement_id} has the months after it" if stays else "its months are billed"
            return [
                replace(each, last_day=min(last, each.last_day or last), end_reason=reason, billed_elsewhere=True)
                for each in self._desired
            ]
        elsewhere = any(each.first <= self._first and self._bills_on(each) for each in self._old)
        if not elsewhere and self._begins == self._first:
            return list(self._desired)
        reason = self._reason()
        return [
            replace(
                each,
                effective_date=max(each.effective_date, self._begins),
                shifts_from=None if self._fixed else max(self._first, self._invoiced_here),
                late_start_reason=each.late_start_reason or reason,
                billed_elsewhere=elsewhere or self._begins > self._first,
            )
            for each in self._desired
        ]

    def moves(self) -> dict[int, Move]:
        """Return how each old addition ends, by its id."""
        return {each.addition.id: self._move(each) for each in self._old}

    def _move(self, line: Line) -> Move:
        over = self._over(line)
        if over is None:
            last = max(day_before(self._first), line.addition.effective or "")
            return Move(last, bills_on=False, replaced=bool(self._new))
        last_day = line.addition.cancelled if over == line.over else day_before(over)
        return Move(last_day, bills_on=True, billed_twice=self._billed_twice(line), replaced=bool(self._new))

    def _bills_on(self, line: Line) -> bool:
        return self._over(line) is not None

    def _over(self, line: Line) -> str | None:
        """Return the day before which an old addition ends. None if it bills nothing from the running month on."""
        taken = line.taken > self._first
        if not line.bills:
            return None
        if self._ends is not None:
            stays = self._last_of_old()
            if stays is not None and (line.agreement_id, line.over) == (stays.agreement_id, stays.over):
                return NEVER if line.can_go_on else line.over
            return line.over if line.over < NEVER else line.taken if taken else None
        if not taken and (self._begins == self._first or line.first >= self._begins):
            return None
        over = max(self._begins, line.taken) if taken else self._begins
        longest = line.can_go_on and line.over == max(each.over for each in self._billing)
        return over if longest else min(line.over, over)

    def _last_of_old(self) -> Line | None:
        """Return the old addition that bills last."""
        return max(self._billing, key=lambda each: (each.taken, each.over), default=None)

    def _billed_twice(self, line: Line) -> str | None:
        """Return the last day of the months that both agreements have invoiced. None if there are none."""
        if not self._fixed or self._invoiced_here <= self._first:
            return None
        until = min(line.taken, self._invoiced_here, max(each.over for each in self._new))
        return day_before(until) if until > max(line.first, self._begins) else None

    def _reason(self) -> str:
        taking = [each for each in self._old if each.taken > self._first]
        ids = " and ".join(str(each.agreement_id) for each in taking)
        return f"agreement id {ids} is invoiced for {self._period} already" if ids else ""
