"""Choose the rules that the three-way check rates a month by: those that billed it, as the ledger recorded them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.closing.rule_version import RuleVersion
from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Range, Rule
from reconciler.kinds.customer_mapping import ProductReference
from reconciler.metering.period import Period

ChargeKey = tuple[str, str, str]
"""The source, the id of the customer, and the name of the charge."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The version of a rule that billed a charge last in a month."""

    key: ChargeKey
    billed_at: datetime
    first_used_at: datetime
    version: RuleVersion

    @property
    def rule(self) -> Rule:
        """Return the rule of the charge. A version in the ledger has one."""
        return self.version.rules[0]


@dataclass(frozen=True, slots=True)
class MonthRules:
    """Rules, settings and exclusions of a month."""

    rules: Sequence[Rule]
    settings: BillingSettings
    exclusions: Sequence[Exclusion]
    unrecorded: int = 0
    """How many of the rules are those of today, because the ledger has no bill of their customer in the month."""


def rules_of_month(today: MonthRules, recorded: Iterable[Recorded], first_after: Iterable[Recorded] = ()) -> MonthRules:
    """Return the rules that billed a month, and those of today for customers without a bill in it.

    `first_after` has the rules of customers whose first bill came in a later month: a mapping that is newer than a
    month bills it by the rules of its first month. A charge that a customer got later is left out. The name of a
    mapping is that of today: its additions have it in their tags. The time zone is that of today as well, because it
    decides which hours a month has.
    """
    of_month = sorted(recorded, key=lambda each: each.billed_at)
    every = [*of_month, *first_after]
    if not every:
        return replace(today, unrecorded=len(today.rules))
    billed = {each.key[:2] for each in every}
    names = {(rule.source, rule.customer_id): rule.name for rule in today.rules}
    rules = [replace(each.rule, name=names.get(each.key[:2], each.rule.name)) for each in every]
    others = [rule for rule in today.rules if (rule.source, rule.customer_id) not in billed]
    exclusions = [
        *(exclusion for each in every for exclusion in each.version.exclusions),
        *(each for each in today.exclusions if (each.source, each.customer_id) not in billed),
    ]
    return MonthRules(
        [*sorted(rules, key=lambda rule: (rule.name, rule.charge)), *others],
        replace((of_month or every)[-1].version.settings, timezone=today.settings.timezone),
        [*{(each.name, each.customer_id, each.device_id): each for each in exclusions}.values()],
        len(others),
    )


def rule_at(rule: Rule, recorded: Iterable[Recorded], moment: datetime, period: Period) -> Rule:
    """Return the rule of a charge as it was at the moment of an invoice. `rule` is that of the month `period`.

    `recorded` has the versions of the charge, those of later months first. The price is the one in force in the month
    that the invoice bills. Without a version that was in use by then, the rule of the month counts.
    """
    found = next((each for each in recorded if each.first_used_at <= moment), None)
    if found is None:
        return rule
    was = replace(found.rule, name=rule.name)
    if moment >= period.start:
        return was
    of_month: Mapping[ProductReference, Range] = {each.product: each for each in rule.ranges}
    return replace(was, ranges=tuple(_at_price_of(each, of_month.get(each.product)) for each in was.ranges))


def _at_price_of(was: Range, of_month: Range | None) -> Range:
    return was if of_month is None else replace(was, price=of_month.price, cost=of_month.cost)
