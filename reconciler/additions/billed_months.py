"""Find what is billed for each ended month of a charge: its additions, its adjustments and the accepted amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from reconciler.additions.line_amounts import NO_AMOUNTS, LineAmounts
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.additions.tag import identity_of, parse
from reconciler.ledger.snapshot import AcceptedAmount, Snapshot, TermsKey

_ZERO = Decimal(0)


class BilledMonths:
    """What is billed for ended months, live and in the ledger. Amounts are in the currency of the workspace."""

    def __init__(
        self,
        ownership: Ownership,
        snapshot: Snapshot,
        accepted: Sequence[AcceptedAmount],
        amounts: LineAmounts = NO_AMOUNTS,
    ) -> None:
        self._ownership = ownership
        self._amounts = amounts
        self._snapshot = snapshot
        self._accepted: dict[TermsKey, Decimal] = {}
        self._tags = [each.tag for each in accepted]
        self._numbers: Mapping[tuple[str, str], int] | None = None
        for each in accepted:
            self._accepted[each.key] = self._accepted.get(each.key, _ZERO) + each.amount

    def lines(self, owner: Owner) -> list[LiveAddition]:
        """Return the additions of a charge and month."""
        return [each.addition for each in self._ownership.by_owner.get(owner, ())]

    def standing(self, owner: Owner) -> Decimal:
        """Return what the additions of a charge and month bill, without adjustments."""
        removed = self._amounts.removed.get((_key(owner), False), _ZERO)
        return sum((self._amounts.of(each) for each in self.lines(owner)), removed)

    def adjusted(self, owner: Owner) -> Decimal:
        """Return what the adjustments of a charge and month bill, with the accepted amounts."""
        removed = self._amounts.removed.get((_key(owner), True), _ZERO)
        live = sum((self._amounts.of(each) for each in self._ownership.adjustments.get(owner, ())), removed)
        return live + self._accepted.get(_key(owner), _ZERO)

    def next_of(self, owner: Owner) -> Owner:
        """Return the owner of the next adjustment. No number is used twice."""
        if self._numbers is None:
            self._numbers = self._last_numbers()
        return owner.with_adjustment(self._numbers.get(_identity(owner), 0) + 1)

    def _last_numbers(self) -> Mapping[tuple[str, str], int]:
        numbers: dict[tuple[str, str], int] = {}

        def seen(key: tuple[str, str], number: int) -> None:
            numbers[key] = max(number, numbers.get(key, 0))

        for text in (*(each.tag for each in self._snapshot.additions.values()), *self._tags):
            if (tag := parse(text)) is not None and tag.period is not None and tag.adjustment:
                seen((tag.identity, tag.period), tag.adjustment)
        for owner, lines in self._ownership.adjustments.items():
            for line in lines:
                seen(_identity(owner), 0 if line.tag is None else line.tag.adjustment)
        return numbers


def amount_due(amount: Decimal, billed: Decimal, *, may_lower: bool) -> Decimal:
    """Return what a settled month is due, if it is rated with `amount`. 0 if nothing is.

    Nothing is given back for a month of which the ledger may have lost samples.
    """
    due = amount - billed
    return _ZERO if due < 0 and not may_lower else due


def _key(owner: Owner) -> TermsKey:
    return (owner.source, owner.customer_id, owner.charge, str(owner.period))


def _identity(owner: Owner) -> tuple[str, str]:
    return identity_of(owner.source, owner.customer_id, owner.mapping, owner.charge), str(owner.period)
