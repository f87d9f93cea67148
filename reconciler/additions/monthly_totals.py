"""Add up what all our additions bill and cost per month (A16 in docs/explanation/billing.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.match import Matched
from reconciler.additions.orphans import Orphan
from reconciler.additions.ownership import Ownership
from reconciler.additions.period_money import PeriodMoney
from reconciler.additions.planned import PlannedAddition
from reconciler.planning.action import NOTHING, Side
from reconciler.planning.part import Costs

_ZERO = Decimal(0)


def monthly_totals(
    planned: Sequence[PlannedAddition],
    orphaned: Iterable[Orphan],
    matched: Matched,
    ownership: Ownership,
    held: Collection[str],
    builder: ActionBuilder,
    money: PeriodMoney,
) -> tuple[Decimal, Decimal, Costs]:
    """Return what all our additions bill and cost per month from the next month on, before the plan and after it.

    `held` has the addresses of mappings whose additions stay as they are. Adjustments bill once, and do not count.
    """

    def now(live: LiveAddition, *, zero_is_known: bool = False) -> Side:
        if live.id in months:
            return money.before.get(live.id, NOTHING)
        return builder.side(live.obj.raw, live.agreement_id, zero_is_known=zero_is_known)

    months = {each.addition.id: owner for owner, owned in ownership.by_owner.items() if owner.period for each in owned}
    written = {each.live.id for each in planned if each.live is not None}
    kept = (each for each in matched.kept if each.id not in written)
    unchanged = (*kept, *(each.live for each in matched.ending_duplicates))
    sides = [(now(each), money.after(each, months[each.id]) if each.id in months else now(each)) for each in unchanged]
    for line in planned:
        live = line.live
        standing = NOTHING if live is None or line.replaced else now(live, zero_is_known=line.costs_nothing)
        side = Side(line.from_next_month, line.cost_from_next_month)
        sides.append((standing, standing if line.owner.mapping_address in held else side))
    for orphan in orphaned:
        side = now(orphan.live)
        sides.append((side, side if orphan.action is None else NOTHING))
    before, after = ([pair[index] for pair in sides] for index in (0, 1))
    costs = Costs(_cost_of(before), _cost_of(after), _unknown_costs(before), _unknown_costs(after))
    return sum((each.amount for each in before), _ZERO), sum((each.amount for each in after), _ZERO), costs


def _cost_of(sides: Iterable[Side]) -> Decimal:
    """Return the sum of the known costs."""
    return sum((each.cost for each in sides if each.cost is not None), _ZERO)


def _unknown_costs(sides: Iterable[Side]) -> int:
    """Return how many additions have an unknown cost."""
    return sum(each.cost is None for each in sides)


def standing_amounts(ownership: Ownership, builder: ActionBuilder, money: PeriodMoney) -> dict[MappingCharge, Decimal]:
    """Return by charge what its additions bill a month as they stand."""
    found: defaultdict[MappingCharge, Decimal] = defaultdict(Decimal)
    for owner, owned in ownership.by_owner.items():
        for each in owned:
            found[owner.mapping, owner.charge] += (
                builder.from_next_month(each.addition.obj.raw, each.addition.agreement_id)
                if owner.period is None
                else money.before.get(each.addition.id, NOTHING).amount
            )
    return dict(found)
