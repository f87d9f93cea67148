"""Find the months that an addition bills, and those that an invoice of its agreement has billed already.

No API gives the lines of an invoice. The first and last day of an addition say which months it has billed, up to the
last day that an invoice of its agreement covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.additions.agreements import next_invoice_of
from reconciler.additions.live_additions import LiveAddition
from reconciler.kinds.live_state import LiveState

NEVER = "9999-12-01"
"""`Line.over` of an addition without a last day."""


@dataclass(frozen=True, slots=True)
class Line:
    """The months that an addition bills. Each day is the first of a month, because additions bill whole months."""

    addition: LiveAddition
    first: str
    over: str
    """The first day after the last month that it bills."""
    invoiced: str
    """The first day that no invoice of its agreement covers. Empty if it is unknown."""
    taken: str
    """The first day after the months that it has billed. If the running month is not billed, the first day of that."""

    @property
    def agreement_id(self) -> int:
        """Return the id of its agreement."""
        return self.addition.agreement_id

    @property
    def bills(self) -> bool:
        """Return whether it bills these months, if with quantity 0. It does not if a move has taken them from it."""
        return not self.addition.is_left

    @property
    def can_go_on(self) -> bool:
        """Return whether it can bill the months after its last day: no invoice was made for them without it."""
        return self.over >= self.invoiced


def line_of(addition: LiveAddition, live_state: LiveState, running: str) -> Line:
    """Return the months of an addition. `running` is the first day of the running month."""
    first = _month(addition.effective or running)
    over = NEVER if addition.cancelled is None else _month_after(addition.cancelled)
    invoiced = next_invoice_of(addition.agreement_id, live_state) or ""
    has_billed = not addition.is_left and invoiced > max(running, first)
    return Line(addition, first, over, invoiced, min(invoiced, over) if has_billed else running)


def _month(day: str) -> str:
    return date.fromisoformat(day).replace(day=1).isoformat()


def _month_after(day: str) -> str:
    return (date.fromisoformat(day).replace(day=1) + timedelta(days=31)).replace(day=1).isoformat()
