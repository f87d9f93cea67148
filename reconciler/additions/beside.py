"""Name the additions that are not ours and may bill the same thing as a new addition beside them.

A plan reads the product and the quantity of an addition, not its description. `import` compares more, and names lines
on other agreements too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.live_additions import LiveAddition, ids_text
from reconciler.additions.match import Pair
from reconciler.additions.ownership import Ownership
from reconciler.amounts import amount_text
from reconciler.kinds.values import plain_decimal
from reconciler.planning.plan import Note

_BACKUP = re.compile(r"backup|storage|(?<![a-z])(?:cove|[gt]i?b)(?![a-z])", re.IGNORECASE)
_COUNTED = re.compile(r"365|mailbox|(?<![a-z])(?:users?|seats?|licen[cs]es?|hours?)(?![a-z])", re.IGNORECASE)
"""Words of products that count users or hours."""
_TOLERANCE = Decimal("0.05")
_LISTED = 20
"""How many new additions one note lists."""
_TELLING = Decimal(20)
"""A smaller quantity equals another one by chance."""


class Beside:
    """The additions that are not ours, by their agreement."""

    def __init__(self, ownership: Ownership, pairs: Sequence[Pair], last_day: str, currency: str | None) -> None:
        adopted = {pair.live.id for pair in pairs if pair.live is not None}
        self._currency = currency
        self._billed = frozenset(owner.of_all_months for owner in ownership.by_owner)
        self._foreign: Mapping[int, list[LiveAddition]] = defaultdict(list)
        for each in ownership.foreign:
            if each.monthly and not each.ends_by(last_day) and each.id not in adopted:
                self._foreign[each.agreement_id].append(each)

    def notes(self, pairs: Iterable[Pair]) -> Iterator[Note]:
        """Yield a note for each new addition and each addition beside it that may bill the same.

        One more note names all others beside the first additions of mappings: their products do not say what they bill.
        """
        unknown: list[str] = []
        for pair in pairs:
            named = list(self.texts(pair))
            for text in named:
                yield Note(address=pair.desired.address, message=text)
            others = self._foreign.get(pair.desired.agreement.id or 0, [])
            if others and not named and pair.live is None and pair.desired.owner.of_all_months not in self._billed:
                amount = amount_text(sum((each.monthly for each in others), Decimal(0)), self._currency)
                unknown.append(f"{pair.desired.address} (id {ids_text(others)}, {amount} a month)")
        if unknown:
            more = f"; and {len(unknown) - _LISTED} more" if len(unknown) > _LISTED else ""
            yield Note(
                message="new additions on agreements with other additions that are not ours; check that none of those "
                f"bills the same backup: {'; '.join(unknown[:_LISTED])}{more}"
            )

    def texts(self, pair: Pair) -> Iterator[str]:
        """Yield a sentence for each addition that may bill the same as this one, if this one is new."""
        desired = pair.desired
        for each in self._foreign.get(desired.agreement.id or 0, ()) if pair.live is None else ():
            bills = f"bills {amount_text(each.monthly, self._currency)} a month"
            if each.product_id == desired.product.id:
                yield (
                    f"addition id {each.id} of the same agreement and product is not ours, and {bills} as well; take "
                    "it over with `adopt: true`"
                )
            elif desired.owner.of_all_months not in self._billed and _may_bill(each, desired):
                yield (
                    f"addition id {each.id} ({each.product}, {plain_decimal(each.quantity)}) of the same agreement is "
                    f"not ours, and {bills}: if it bills the same backup, take it over with `product` and "
                    "`adopt: true`, or end it"
                )


def _may_bill(foreign: LiveAddition, desired: DesiredAddition) -> bool:
    """Return whether an addition of another product may bill the same: by its product, or by its quantity."""
    if _COUNTED.search(foreign.product):
        return False
    fits = abs(foreign.quantity - desired.quantity) <= desired.quantity * _TOLERANCE
    return bool(_BACKUP.search(foreign.product)) or (fits and desired.quantity >= _TELLING)
