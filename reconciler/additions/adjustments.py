"""Find what a settled month still lacks, or has too much (BILLING, Closed months).

A month is settled when it is closed, or when its invoice is made. Its additions stand. Each run rates it again, by its
own rules and the samples that there are now. The difference to what is billed becomes an adjustment: money, not
quantity. An adjustment is never changed: the next difference is the next adjustment. So what was billed is always what
the rating gives, whatever came late, in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.billed_months import BilledMonths, amount_due
from reconciler.additions.charge import Charge
from reconciler.additions.ended_months import ChargedMonth
from reconciler.additions.line_amounts import NO_AMOUNTS, LineAmounts
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.month_terms import MonthTerms
from reconciler.additions.ownership import Owner, Ownership, owner_of
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
    months: Iterable[ChargedMonth],
    ownership: Ownership,
    snapshot: Snapshot,
    accepted: Sequence[AcceptedAmount] = (),
    amounts: LineAmounts = NO_AMOUNTS,
) -> list[Due]:
    """Return what the settled charges of these months are still due, and those with adjustments that are open again.

    `accepted` has the amounts that a person accepted in place of an adjustment, and `amounts` what invoices have. A
    charge whose month has no known figure is left out. So is a credit for a month of which the ledger may have lost
    samples.
    """
    found = []
    known = BilledMonths(ownership, snapshot, accepted, amounts)
    for month in months:
        for charge in month.charges:
            owner, key = owner_of(charge), (charge.mapping, charge.name)
            settled = key in month.settled
            if charge.amount is None or not (settled or known.adjusted(owner)):
                continue
            # An open month bills what its usage asks for, so only its adjustments are too much.
            standing = known.standing(owner) if settled else charge.amount
            billed = standing + known.adjusted(owner)
            amount = amount_due(charge.amount, billed, may_lower=charge.may_lower or not settled)
            if not amount:
                continue
            cause = "open again"
            if settled:
                cause = _cause(charge, known.lines(owner), known.adjusted(owner), new=key in month.new)
            terms = month.terms[charge.mapping, charge.name]
            found.append(Due(known.next_of(owner), amount, charge.amount, billed, cause, charge, terms))
    return found


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
