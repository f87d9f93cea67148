"""Charge an ended month for its report: by the rules that hold for it, whatever the manifests say now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage, ChargeInputs, charge_usage
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.live_additions import LiveAddition, all_additions
from reconciler.additions.tag import identity_of
from reconciler.cli.month_rules import RecordedRules, rules_today, usage_by, with_dated_prices
from reconciler.cli.rating_again import rated_again
from reconciler.cli.session import Session
from reconciler.closing.three_way_rules import MonthRules, rules_of_month
from reconciler.closing.three_way_usage import product_links
from reconciler.kinds.billing_rules import Range, Rule
from reconciler.kinds.customer_mapping import ProductReference
from reconciler.kinds.live_state import LiveState
from reconciler.metering.period import Period


@dataclass(frozen=True, slots=True)
class MonthUsage:
    """The usage of an ended month, and what it gives."""

    to_charge: ChargeInputs
    """The usage at the end of the month, with the rules that hold for it."""
    usage: ChargedUsage
    late: frozenset[MappingCharge]
    """The charges with lines of one month. What came late for the month counts."""


def usage_of_month(
    session: Session, live_state: LiveState, period: Period, additions: Iterable[LiveAddition]
) -> MonthUsage:
    """Return the usage of an ended month, charged by the rules that its close froze, or that its last run used.

    `additions` are those that billed it. A charge that is younger than the month counts if it has one of them. A
    customer without a bill in the month is rated by the rules of today.
    """
    today = rules_today(session, live_state, period)
    terms = rules_of_month(today, RecordedRules(session).of(period).values())
    new = [*_billed_later(today.rules, terms.rules, additions, period)]
    terms = replace(terms, rules=[*terms.rules, *new])
    live = all_additions(live_state, session.workspace.billing.currency)
    products = product_links(today.rules, terms.rules, live_state, live)
    terms = with_dated_prices(session, terms, today, products, live_state, period)
    inputs = usage_by(session, terms, period.end - timedelta.resolution)
    inputs = replace(inputs, default_rules=[_as_billed(each, terms.rules) for each in inputs.default_rules])
    usage, late = charge_usage(inputs), _late(session, terms, period)
    charges = tuple(late.get((each.mapping, each.name), each) for each in usage.charges)
    return MonthUsage(inputs, replace(usage, charges=charges), frozenset(late))


def _billed_later(
    today: Sequence[Rule], known: Iterable[Rule], additions: Iterable[LiveAddition], period: Period
) -> Iterator[Rule]:
    """Yield the rules of charges that the month did not have, and that it is billed for since."""
    keys = {(rule.source, rule.customer_id, rule.charge) for rule in known}
    tags = [each.tag for each in additions if each.tag is not None and each.tag.period == str(period)]
    billed = {tag.identity for tag in tags}
    for rule in today:
        identity = identity_of(rule.source, rule.customer_id, rule.name, rule.charge)
        if (rule.source, rule.customer_id, rule.charge) not in keys and identity in billed:
            yield rule


def _late(session: Session, terms: MonthRules, period: Period) -> dict[MappingCharge, Charge]:
    rules = [rule for rule in terms.rules if rule.lines == "perPeriod" and not rule.proposed]
    return rated_again(session.ledger, period, session.context.now, rules, terms.settings, terms.exclusions)


def _as_billed(default: Rule, rules: Collection[Rule]) -> Rule:
    """Return a default rule with the prices at which the month billed its products. It prices unmapped customers."""
    prices: dict[ProductReference, Decimal | None] = {
        each.product: each.price for rule in rules for each in rule.ranges if not each.own_price
    }

    def priced(each: Range) -> Range:
        return each if each.own_price else replace(each, price=prices.get(each.product, each.price))

    return replace(default, ranges=tuple(map(priced, default.ranges)))
