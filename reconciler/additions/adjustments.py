"""Find what a settled month still lacks, or has too much (BILLING, Closed months).

A month is settled when it is closed, or when its invoice is made. Its additions stand. Each run rates it again, by its
own rules and the samples that there are now. The difference to what is billed becomes an adjustment: money, not
quantity. An adjustment is never changed: the next difference is the next adjustment. So what was billed is always what
the rating gives, whatever came late, in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.ended_months import ChargedMonth
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.month_terms import MonthTerms
from reconciler.additions.ownership import Owner, Ownership, owner_of
from reconciler.additions.tag import identity_of, parse
from reconciler.ledger.snapshot import AcceptedAmount, Snapshot

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Due:
    """What a charge of a settled month is still due, on top of what is billed for it."""

    owner: Owner
    """The charge, with the month and the number of the adjustment."""
    amount: Decimal
    """In the currency of the workspace. Negative if too much is billed."""
    rated: Decimal
    """What the month gives by its own rules and the samples of now."""
    billed: Decimal
    """What its additions and adjustments bill, with the amounts that a person accepted."""
    cause: str
    """Such as `late samples`."""
    charge: Charge
    terms: MonthTerms


def dues(
    months: Iterable[ChargedMonth], ownership: Ownership, snapshot: Snapshot, accepted: Sequence[AcceptedAmount] = ()
) -> list[Due]:
    """Return what the settled charges of these months are still due, and those with adjustments that are open again.

    `accepted` has the amounts that a person accepted in place of an adjustment. A charge whose month has no known
    figure is left out. So is a credit for a month of which the ledger may have lost samples.
    """
    found = []
    known = _Known(ownership, snapshot, accepted)
    for month in months:
        for charge in month.charges:
            owner, key = owner_of(charge), (charge.mapping, charge.name)
            settled = key in month.settled
            if charge.amount is None or not (settled or known.adjustments(owner)):
                continue
            lines = [each.addition for each in ownership.by_owner.get(owner, ())]
            # An open month bills what its usage asks for, so only its adjustments are too much.
            standing = sum((each.monthly for each in lines), _ZERO) if settled else charge.amount
            billed = standing + known.adjusted(owner)
            amount = charge.amount - billed
            if not amount or (amount < 0 and settled and not charge.may_lower):
                continue
            numbered = known.next_of(owner)
            cause = _cause(charge, lines, known.adjusted(owner), new=key in month.new) if settled else "open again"
            found.append(
                Due(numbered, amount, charge.amount, billed, cause, charge, month.terms[charge.mapping, charge.name])
            )
    return found


class _Known:
    """The adjustments that there are, live and in the ledger."""

    def __init__(self, ownership: Ownership, snapshot: Snapshot, accepted: Sequence[AcceptedAmount]) -> None:
        self._live: Mapping[Owner, Sequence[LiveAddition]] = ownership.adjustments
        self._accepted: dict[tuple[str, str, str, str], Decimal] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        for each in accepted:
            self._accepted[each.key] = self._accepted.get(each.key, _ZERO) + each.amount
        tags = (*(each.tag for each in snapshot.additions.values()), *(each.tag for each in accepted))
        for text in tags:
            if (tag := parse(text)) is not None and tag.period is not None and tag.adjustment:
                self._seen((tag.identity, tag.period), tag.adjustment)
        for owner, lines in self._live.items():
            for line in lines:
                self._seen(_identity(owner), 0 if line.tag is None else line.tag.adjustment)

    def _seen(self, key: tuple[str, str], number: int) -> None:
        self._numbers[key] = max(number, self._numbers.get(key, 0))

    def adjustments(self, owner: Owner) -> bool:
        """Return whether a month has adjustments that bill something, or accepted amounts."""
        return bool(self.adjusted(owner))

    def adjusted(self, owner: Owner) -> Decimal:
        """Return what the adjustments of a charge and month bill, with the accepted amounts."""
        live = sum((each.monthly for each in self._live.get(owner, ())), _ZERO)
        return live + self._accepted.get((owner.source, owner.customer_id, owner.charge, str(owner.period)), _ZERO)

    def next_of(self, owner: Owner) -> Owner:
        """Return the owner of the next adjustment. No number is used twice."""
        return owner.with_adjustment(self._numbers.get(_identity(owner), 0) + 1)


def _identity(owner: Owner) -> tuple[str, str]:
    return identity_of(owner.source, owner.customer_id, owner.mapping, owner.charge), str(owner.period)


def _cause(charge: Charge, lines: Sequence[LiveAddition], adjusted: Decimal, *, new: bool) -> str:
    """Return why a settled month is rated differently now, for the text on the invoice."""
    if new:
        return "new mapping" if not adjusted else "late samples"
    causes = []
    if sum((each.quantity for each in lines), _ZERO) != sum((each.quantity for each in charge.lines), _ZERO):
        causes.append("late samples")
    billed = {each.price for each in lines if each.quantity}
    if billed and not billed >= {each.unit_price for each in charge.lines if each.quantity}:
        causes.append("price")
    return " and ".join(causes) or "correction"
