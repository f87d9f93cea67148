"""Take the ended months into a plan: the rules of their charges, and why one is not billed as measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage
from reconciler.additions.coverage import MappingCharge, Reasons
from reconciler.additions.desired import DesiredAdditions
from reconciler.additions.ended_months import ChargedMonth
from reconciler.additions.ownership import Owner, Ownership, owner_of, owner_of_rule
from reconciler.kinds.billing_rules import Rule


def rules_by_owner(usage: ChargedUsage, rules: Sequence[Rule], ownership: Ownership) -> dict[Owner, Rule]:
    """Return the rule of each charge, also for the additions of each month that are ours."""
    found = {owner_of_rule(rule): rule for rule in rules}
    found |= {owner: found[owner.of_all_months] for owner in ownership.by_owner}
    found |= {owner: found[owner.of_all_months] for owner in map(owner_of, usage.charges)}
    for month in usage.ended_months:
        found |= {owner_of(charge): month.terms[charge.mapping, charge.name].rule for charge in month.charges}
    return found


def with_charges(month: ChargedMonth, charges: Mapping[Owner, Charge]) -> ChargedMonth:
    """Return an ended month with its charges as they are after a lost ledger."""
    return replace(month, charges=tuple(charges[owner_of(each)] for each in month.charges))


def ended_reasons(months: Iterable[ChargedMonth], desired: Iterable[DesiredAdditions]) -> Reasons:
    """Return by charge and month why an ended month of it is not billed as measured."""
    found: defaultdict[MappingCharge, dict[str, str]] = defaultdict(dict)
    for month, of_month in zip(months, desired, strict=True):
        for charge in month.terms:
            reasons = (month.unknown.get(charge), of_month.refused.get(charge[0]), of_month.uninvoiced.get(charge[0]))
            if text := "; ".join(each for each in reasons if each is not None):
                found[charge][str(month.period)] = text
    return found


def billed_charges(
    usage: ChargedUsage, left_out: Collection[str], floors: Collection[MappingCharge]
) -> tuple[Charge, ...]:
    """Return the charges of the running month whose lines the plan writes as they are.

    `left_out` are mappings that are held or refused.
    """
    return tuple(
        each
        for each in usage.charges
        if each.state != "held"
        and each.period in (None, str(usage.period))
        and each.mapping not in left_out
        and (each.mapping, each.name) not in floors
    )
