"""Tell what prices with a later day will change: the day, the customers, and the money per month at today's usage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.ownership import owner_of, owner_of_rule
from reconciler.amounts import amount_text, figure_text
from reconciler.kinds.billing_rules import Rule, product_label
from reconciler.kinds.values import plain_decimal
from reconciler.planning.plan import Note
from reconciler.rating.rate import lines_of, sum_of

_NAMED = 5
"""How many customers a note names."""


@dataclass(frozen=True, slots=True)
class FuturePrices:
    """The rules of all mappings with the prices of a later month."""

    first_day: date
    """The first day of the first month that is billed at these prices."""
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class _Changed:
    """One charge whose prices change."""

    mapping: str
    before: Decimal | None
    """Amount per month at the quantity of now. None if it is unknown."""
    after: Decimal | None


def future_notes(
    charges: Iterable[Charge], rules: Iterable[Rule], future: Iterable[FuturePrices], currency: str | None
) -> Iterator[Note]:
    """Yield one note for each later month whose prices differ from those of the month before.

    The prices of a mapping that ends before that month, or that is only proposed, do not count.
    """
    quantities = {owner_of(each).of_all_months: each.trace.quantity for each in charges if each.trace is not None}
    before = {owner_of_rule(rule): rule for rule in rules}
    for each in future:
        after = {owner_of_rule(rule): rule for rule in each.rules}
        pairs = [
            (before[owner], rule)
            for owner, rule in after.items()
            if owner in before and not rule.proposed and (rule.end is None or rule.end >= each.first_day)
        ]
        if prices := tuple(dict.fromkeys(text for pair in pairs for text in _prices(*pair))):
            customers = [
                _changed(*pair, quantities.get(owner_of_rule(pair[0])), currency)
                for pair in pairs
                if any(_prices(*pair))
            ]
            yield Note(message=_message(each.first_day, prices, customers, currency))
        before = after


def _prices(before: Rule, after: Rule) -> Iterator[str]:
    """Yield what each product of a rule is sold for and costs before and after, if it changes."""
    for old, new in zip(before.ranges, after.ranges, strict=True):
        parts = [
            *_change("", old.price, new.price),
            *_change("cost ", old.cost, new.cost),
        ]
        if parts:
            yield f"{product_label(new.product)} {', '.join(parts)}"


def _change(what: str, before: Decimal | None, after: Decimal | None) -> Iterator[str]:
    if before != after:
        yield f"{what}{_text(before)} → {_text(after)}"


def _text(value: Decimal | None) -> str:
    return "unknown" if value is None else plain_decimal(value)


def _changed(before: Rule, after: Rule, quantity: Decimal | None, currency: str | None) -> _Changed:
    if quantity is None:
        return _Changed(before.name, None, None)
    amounts = [sum_of(lines_of(rule, quantity, currency)[0]) for rule in (before, after)]
    return _Changed(before.name, *amounts)


def _message(day: date, prices: Sequence[str], customers: Sequence[_Changed], currency: str | None) -> str:
    known = [each for each in customers if each.before is not None and each.after is not None]
    mappings = list(dict.fromkeys(each.mapping for each in customers))
    names = ", ".join(mappings[:_NAMED])
    more = f" and {len(mappings) - _NAMED} more" if len(mappings) > _NAMED else ""
    count = "1 customer" if len(mappings) == 1 else f"{len(mappings)} customers"
    before = sum((each.before or Decimal(0) for each in known), Decimal(0))
    after = sum((each.after or Decimal(0) for each in known), Decimal(0))
    sign = "+" if after >= before else "-"
    money = (
        f"{figure_text(before, currency)} → {amount_text(after, currency)} a month "
        f"({sign}{figure_text(abs(after - before), currency)}) at the quantities of now"
    )
    unknown = len(customers) - len(known)
    without = "" if not unknown else f"; of {unknown} of them, the quantity or the price is unknown"
    return f"prices change on {day} ({'; '.join(prices)}): {count} ({names}{more}), {money}{without}"
