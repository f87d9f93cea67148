"""Find the settled charges of which nothing has changed since a run rated them. Their usage is not loaded again.

A rating follows from the terms of the month, the settings, the exclusions, and the samples. The ledger says which
samples are new. The rest has a digest. What is billed is compared in every run, so a changed or removed addition is
found although its month is not rated.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from reconciler.additions.billed_months import BilledMonths, amount_due
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.ended_months import ChargedMonth
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.month_terms import MonthTerms
from reconciler.additions.open_months import OpenMonth
from reconciler.additions.ownership import Owner, owner_of_rule
from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Rule
from reconciler.ledger.snapshot import MonthRating, Snapshot, TermsKey

Inputs = Mapping[MappingCharge, str]
"""The digest of each settled charge of a month, over everything that it is rated by but its usage."""


class InputDigests:
    """Makes the digests of the settled charges of months.

    `today` is the day of the run, in the billing time zone. `version` is that of this program: another one may rate
    otherwise.
    """

    def __init__(
        self, settings: BillingSettings, exclusions: Iterable[Exclusion], snapshot: Snapshot, today: date, version: str
    ) -> None:
        self._settings = repr((version, _settings(settings)))
        self._snapshot = snapshot
        self._exclusions: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for each in exclusions:
            is_over = each.until is not None and each.until < today
            self._exclusions[each.source, each.customer_id].append(repr((each.device_id, each.until, is_over)))

    def of_month(self, month: OpenMonth, billed: BilledMonths) -> Inputs:
        """Return the digests of the settled charges of a month."""
        return {
            (each.rule.name, each.rule.charge): self._digest(each, billed.lines(_owner(each.rule, month)))
            for each in month.terms
            if (each.rule.name, each.rule.charge) in month.settled
        }

    def _digest(self, terms: MonthTerms, lines: Iterable[LiveAddition]) -> str:
        rule = terms.rule
        exclusions = sorted(self._exclusions.get((rule.source, rule.customer_id), ()))
        text = repr((self._settings, rule, terms.agreement, terms.products, exclusions, [*map(self._first, lines)]))
        return hashlib.sha256(text.encode()).hexdigest()

    def _first(self, line: LiveAddition) -> tuple[object, ...]:
        """Return what sets a floor after a lost ledger: see `floors`."""
        found = self._snapshot.additions.get(line.id)
        if found is None:
            return line.id, line.agreement_product, line.quantity
        return (
            line.id,
            line.agreement_product,
            found.first_quantity,
            None if found.first_quantity is None else found.first_seen_at,
            found.first_rule_digest,
        )


def _settings(settings: BillingSettings) -> tuple[object, ...]:
    """Return the settings that ratings follow from, always in the same order."""
    trials = sorted(settings.bill_trials)
    return settings.timezone, settings.grace, settings.max_age, settings.currency, trials


def unchanged(
    month: OpenMonth, inputs: Inputs, ratings: Mapping[TermsKey, MonthRating], billed: BilledMonths
) -> frozenset[MappingCharge]:
    """Return the settled charges of a month that need no rating: their last one holds, and nothing is due by it."""
    found = set()
    for terms in month.terms:
        rule = terms.rule
        name, owner = (rule.name, rule.charge), _owner(rule, month)
        known = ratings.get(_key(owner))
        if name not in inputs or known is None or known.inputs != inputs[name]:
            continue
        amount = billed.standing(owner) + billed.adjusted(owner)
        if known.amount is None or not amount_due(known.amount, amount, may_lower=known.may_lower):
            found.add(name)
    return frozenset(found)


def new_ratings(months: Iterable[ChargedMonth], known: Mapping[TermsKey, MonthRating]) -> tuple[MonthRating, ...]:
    """Return the ratings of settled charges that the ledger does not have yet."""
    found = (rating for month in months for rating in _ratings(month))
    return tuple(each for each in found if known.get(each.key) != each)


def _ratings(month: ChargedMonth) -> Iterable[MonthRating]:
    charges = {(each.mapping, each.name): each for each in month.charges}
    for name, digest in month.inputs.items():
        key = _key(_owner(month.terms[name].rule, month))
        charge = charges.get(name)
        if charge is not None:
            yield MonthRating(key, digest, charge.amount, charge.may_lower)
        elif name in month.without_figure:
            yield MonthRating(key, digest, None, may_lower=False)


def _owner(rule: Rule, month: OpenMonth | ChargedMonth) -> Owner:
    return owner_of_rule(rule).of_period(str(month.period))


def _key(owner: Owner) -> TermsKey:
    return (owner.source, owner.customer_id, owner.charge, str(owner.period))
