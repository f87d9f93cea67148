"""What a past month would have cost by other prices: a what-if that nobody bills. Pure.

usage of the month ─▶ quantities ─┬─▶ prices as they stand ─────▶ amounts before
                                  └─▶ prices of the manifests ──▶ amounts after
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.open_months import ended_months
from reconciler.additions.ownership import Owner, owner_of_rule
from reconciler.additions.tag import parse
from reconciler.amounts import figure_text
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.dated_prices import UnitPrice
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.snapshot import Snapshot
from reconciler.metering.period import Period
from reconciler.planning.action import Money, Side
from reconciler.planning.plan import Note, PricedCustomer, PriceEffect
from reconciler.rating.errors import RatingError
from reconciler.rating.rate import lines_of, sum_of

_NAMED = 5
"""How many customers a note names."""
_ZERO = Decimal(0)

Standing = Callable[[Rule, int], UnitPrice | None]
"""(rule, place of a range) → the price and the cost at which its addition stands. None if there is no addition."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The rules of all mappings with the prices that work from a day on."""

    first_day: date | None
    """None: the prices of the running month."""
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class PriceChange:
    """The rules whose prices change on a day, each with the prices before and after."""

    first_day: date | None
    """None: the plan changes them."""
    rules: Sequence[tuple[Rule, Rule]]


@dataclass(frozen=True, slots=True)
class Month:
    """A month that has ended, with its usage."""

    name: str
    """As `2026-10`."""
    closed: bool
    charges: Sequence[Charge]


def compared_month(running: Period, timezone: str, closed: Collection[str], sealed: str | None) -> tuple[Period, bool]:
    """Return the month whose cost by other prices is shown, and whether it is closed.

    It is the last closed one, or else the last one that has ended. `closed` has the closed months, as `2026-10`. The
    usage of `sealed` and of the months before it is deleted.
    """
    months = ended_months(running, timezone)
    kept = [each for each in months if str(each) in closed and (sealed is None or str(each) > sealed)]
    return (kept[0], True) if kept else (months[0], False)


def price_changes(stages: Iterable[Prices], standing: Standing) -> list[PriceChange]:
    """Return what each stage changes, leaving out stages that change nothing.

    The first stage is compared with the prices at which the additions stand, each other one with the stage before it.
    """
    changes: list[PriceChange] = []
    before: Mapping[Owner, Rule] | None = None
    for stage in stages:
        after = {owner_of_rule(rule): rule for rule in stage.rules if not rule.proposed}
        if before is None:
            before = {owner: _as_it_stands(rule, standing) for owner, rule in after.items()}
        pairs = [(before[each], rule) for each, rule in after.items() if each in before and _differ(before[each], rule)]
        if pairs:
            changes.append(PriceChange(stage.first_day, pairs))
        before = after
    return changes


def standing_prices(live_state: LiveState, snapshot: Snapshot) -> Standing:
    """Return the prices at which our additions stand: those of our last write, so that a hand edit changes nothing."""
    tagged = [(parse(obj.raw.get("serialNumber")), obj) for found in live_state.additions.values() for obj in found]
    lines = [(tag, obj) for tag, obj in tagged if tag is not None and not tag.adjustment]
    # Of additions of one month, the newest one comes last and counts.
    in_order = sorted(lines, key=lambda each: (each[0].period or "", each[1].id))
    by_line = {(tag.identity, (obj.raw.get("product") or {}).get("id")): obj for tag, obj in in_order}

    def standing(rule: Rule, place: int) -> UnitPrice | None:
        owner = owner_of_rule(rule)
        links = live_state.links.get(owner.mapping_address, {})
        link = links.get((*rule.place, "ranges", place, "product")) or links.get((*rule.place, "product"))
        tag = parse(owner.tag)
        obj = None if link is None or tag is None else by_line.get((tag.identity, link.id))
        if obj is None:
            return None
        recorded = snapshot.additions.get(obj.id)
        fields = {**obj.raw, **({} if recorded is None else recorded.last_applied)}
        price, cost = fields.get("unitPrice"), Decimal(fields.get("unitCost") or 0)
        return None if price is None else UnitPrice(Decimal(price), cost or None)

    return standing


def price_effects(month: Month, changes: Iterable[PriceChange], currency: str | None) -> tuple[PriceEffect, ...]:
    """Return what a month would have cost by each change of prices.

    The quantities are those of the month by the rules of now. A customer whose usage is unknown has no amounts.
    """
    quantities = {(each.mapping, each.name): each.trace.quantity for each in month.charges if each.trace is not None}
    return tuple(_effect(month, each.first_day, each.rules, quantities, currency) for each in changes)


def _differ(before: Rule, after: Rule) -> bool:
    """Return whether a unit price differs, or a unit cost that is known before and after."""
    return any(
        old.price != new.price or (old.cost != new.cost and None not in {old.cost, new.cost})
        for old, new in zip(before.ranges, after.ranges, strict=True)
    )


def _as_it_stands(rule: Rule, standing: Standing) -> Rule:
    """Return a rule with the prices at which its additions stand. What nothing bills yet has the price of the rule."""
    found = [(each, standing(rule, place)) for place, each in enumerate(rule.ranges)]
    ranges = (each if now is None else replace(each, price=now.price, cost=now.cost) for each, now in found)
    return replace(rule, ranges=tuple(ranges))


def _effect(
    month: Month,
    first_day: date | None,
    changed: Sequence[tuple[Rule, Rule]],
    quantities: Mapping[tuple[str, str], Decimal],
    currency: str | None,
) -> PriceEffect:
    customers = [
        _customer(before, after, quantities.get((after.name, after.charge)), currency) for before, after in changed
    ]
    known = [each.money for each in customers if each.money is not None]
    return PriceEffect(
        period=month.name,
        closed=month.closed,
        first_day=first_day,
        customers=tuple(customers),
        money=Money.with_costs(
            Side(sum((each.before for each in known), _ZERO), _sum(each.cost_before for each in known)),
            Side(sum((each.after for each in known), _ZERO), _sum(each.cost_after for each in known)),
            currency,
        ),
    )


def _sum(costs: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of costs. None if one of them is unknown."""
    found = list(costs)
    return None if None in found else sum((each for each in found if each is not None), _ZERO)


def _customer(before: Rule, after: Rule, quantity: Decimal | None, currency: str | None) -> PricedCustomer:
    """Return what a customer's month would have cost. Its amounts are unknown without a quantity or a price."""
    sides = [None if quantity is None else _side(rule, quantity, currency) for rule in (before, after)]
    money = None if sides[0] is None or sides[1] is None else Money.with_costs(sides[0], sides[1], currency)
    return PricedCustomer(
        mapping=f"CustomerMapping/{after.name}",
        customer=f"{after.source}/{after.customer_id}",
        charge=after.charge if after.place else None,
        quantity=quantity,
        money=money,
    )


def _side(rule: Rule, quantity: Decimal, currency: str | None) -> Side | None:
    """Return what a quantity would have cost by a rule. None if it has no price."""
    try:
        lines, _others = lines_of(rule, quantity, currency)
    except RatingError:  # the ranges do not hold the quantity, so the month cannot be priced
        return None
    amount = sum_of(lines)
    return None if amount is None else Side(amount, _sum(each.cost for each in lines))


def effect_note(effect: PriceEffect) -> Note:
    """Return the note of the plan on a price effect: the sum, and the customers that it changes most."""
    money, currency = effect.money, effect.money.currency
    if not any(each.money for each in effect.customers):
        return Note(
            message=f"by {_when(effect)}, what {effect.period} ({_which(effect)}) would have cost is unknown: the "
            f"ledger has no usage of it for the {_customers(effect)} whose prices change"
        )
    known = sorted(
        (each for each in effect.customers if each.money is not None),
        key=lambda each: (-abs(each.money.after - each.money.before) if each.money else _ZERO, each.mapping),
    )
    named = "; ".join(_named(each, currency) for each in known[:_NAMED])
    more = f"; and {len(known) - _NAMED} more, which --json lists" if len(known) > _NAMED else ""
    unknown = len(effect.customers) - len(known)
    without = f"; {unknown} more had no known usage or price then" if unknown else ""
    cost = "" if money.cost_after is None else f", cost {_moved(money.cost_before, money.cost_after, currency)}"
    return Note(
        message=f"by {_when(effect)}, {effect.period} ({_which(effect)}) would have cost "
        f"{_moved(money.before, money.after, currency)} {currency or ''}".rstrip()
        + f" ({_signed(money.after - money.before, currency)}){cost}"
        + (f": {named}{more}" if named else "")
        + without
    )


def _customers(effect: PriceEffect) -> str:
    count = len({each.customer for each in effect.customers})
    return "customer" if count == 1 else f"{count} customers"


def _when(effect: PriceEffect) -> str:
    return "these prices" if effect.first_day is None else f"the prices from {effect.first_day} on"


def _which(effect: PriceEffect) -> str:
    return "the last closed month" if effect.closed else "the last month that has ended, not closed"


def _named(customer: PricedCustomer, currency: str | None) -> str:
    money = customer.money
    name = customer.mapping.partition("/")[2] + ("" if customer.charge is None else f".{customer.charge}")
    return name if money is None else f"{name} {_moved(money.before, money.after, currency)}"


def _moved(before: Decimal | None, after: Decimal, currency: str | None) -> str:
    shown = figure_text(after, currency)
    return shown if before is None or before == after else f"{figure_text(before, currency)} → {shown}"


def _signed(amount: Decimal, currency: str | None) -> str:
    return f"{'+' if amount >= 0 else '-'}{figure_text(abs(amount), currency)}"
