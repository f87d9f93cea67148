"""Find what each charge of an ended month gives, by the rule that holds for that month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage, ChargeInputs
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.month_terms import MonthTerms
from reconciler.cli.rating_again import rated_again
from reconciler.cli.session import Session
from reconciler.closing.rule_version import RuleVersion, version_from, version_of
from reconciler.ledger.bills import bills_of_month, versions_of
from reconciler.metering.period import Period


@dataclass(frozen=True, slots=True)
class MonthCharge:
    """What the rule of one charge gives for the month."""

    version: RuleVersion
    charge: Charge | None
    """None if its usage is not known."""
    as_of: datetime
    """The moment of the samples."""
    terms: MonthTerms | None = None
    """The terms that the month is measured by, if it is measured by the samples of now."""


def measured_charges(usage: ChargedUsage, inputs: ChargeInputs, period: Period) -> dict[MappingCharge, MonthCharge]:
    """Return the charges of an ended month that are measured by the samples of now.

    `usage` is what charging these inputs gave.
    """
    found: dict[MappingCharge, MonthCharge] = {}
    for month in usage.ended_months:
        for charge in month.charges if str(month.period) == str(period) else ():
            terms = month.terms[charge.mapping, charge.name]
            version = version_of([terms.rule], inputs.settings, inputs.exclusions)
            found[charge.mapping, charge.name] = MonthCharge(version, charge, inputs.now, terms)
    return found


def charges_at_end(at_end: ChargeInputs, usage: ChargedUsage) -> dict[MappingCharge, MonthCharge]:
    """Return what the rules of today give for the samples of the month's end."""
    charged = {(each.mapping, each.name): each for each in usage.charges}
    return {
        (rule.name, rule.charge): MonthCharge(
            version_of([rule], at_end.settings, at_end.exclusions), charged.get((rule.name, rule.charge)), at_end.now
        )
        for rule in at_end.rules
    }


def charges_as_billed(session: Session, at_end: ChargeInputs, period: Period) -> dict[MappingCharge, MonthCharge]:
    """Return what the rules that billed the month last give, where they are others than those of today.

    A rule that changed after the month does not reach back.
    """
    workspace = session.manifests.workspace.name
    bills = {each.key: each for each in bills_of_month(session.ledger, workspace, session.tenant, str(period))}
    records = versions_of(session.ledger, workspace, {each.digest for each in bills.values()})
    found: dict[MappingCharge, MonthCharge] = {}
    for rule in at_end.rules:
        bill = bills.get((rule.source, rule.customer_id, rule.charge))
        if bill is None or version_of([rule], at_end.settings, at_end.exclusions).digest == bill.digest:
            continue
        was = version_from(dict(records[bill.digest].content))
        version = replace(was, rules=tuple(replace(each, name=rule.name) for each in was.rules))
        rated = rated_again(session.ledger, period, at_end.now, version.rules, version.settings, version.exclusions)
        key = (rule.name, rule.charge)
        found[key] = MonthCharge(version, rated.get(key), at_end.now)
    return found
