"""Rate charges of a month again from the ledger, by the samples that were known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.ended_months import EndedMonth
from reconciler.additions.month_terms import MonthTerms
from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Rule
from reconciler.kinds.meters import Unit
from reconciler.kinds.values import Link
from reconciler.ledger.store import Ledger
from reconciler.metering.loading import is_measured_by_hour, load_snapshots
from reconciler.metering.period import Period, local_date
from reconciler.metering.retention import longest_look_back


def rated_again(
    ledger: Ledger,
    period: Period,
    moment: datetime,
    rules: Sequence[Rule],
    settings: BillingSettings,
    exclusions: Iterable[Exclusion],
) -> dict[MappingCharge, Charge]:
    """Return by mapping and charge what these rules give for a month. A charge without a known figure is held.

    A moment after the month counts what came late for it.
    """
    every = [*{(each.name, each.customer_id, each.device_id): each for each in exclusions}.values()]
    if moment >= period.end:
        return _after(ledger, period, moment, rules, settings, every)
    today = local_date(moment, settings.timezone)
    found: dict[MappingCharge, Charge] = {}
    for by_hour in (True, False):
        own = [rule for rule in rules if is_measured_by_hour(rule, period, today) is by_hour]
        if not own:
            continue
        # Of rules that need only the newest figures, the last pulls of the month are loaded, and not all of its hours.
        since = None if by_hour else moment - longest_look_back(settings)
        snapshots = load_snapshots(ledger, _units(own), own, settings, moment, since=since, exclusions=every)
        inputs = ChargeInputs(moment, settings, own, every, snapshots, partial=True)
        found |= {(each.mapping, each.name): each for each in charge_usage(inputs).charges}
    return found


def _after(
    ledger: Ledger,
    period: Period,
    moment: datetime,
    rules: Sequence[Rule],
    settings: BillingSettings,
    exclusions: Sequence[Exclusion],
) -> dict[MappingCharge, Charge]:
    if not rules:
        return {}
    snapshots = load_snapshots(ledger, _units(rules), rules, settings, moment, ended=period)
    terms = {(rule.name, rule.charge): MonthTerms(rule, Link(""), {}) for rule in rules}
    month = EndedMonth(period, terms, frozenset(terms), snapshots)
    usage = charge_usage(ChargeInputs(moment, settings, (), exclusions, {}, ended=[month], partial=True))
    (charged,) = usage.ended_months
    held = {
        (rule.name, rule.charge): Charge(
            rule.name, rule.source, rule.customer_id, "held", charged.unknown[rule.name, rule.charge], rule.charge
        )
        for rule in rules
        if (rule.name, rule.charge) in charged.unknown
    }
    return {**held, **{(each.mapping, each.name): each for each in charged.charges}}


def _units(rules: Iterable[Rule]) -> dict[str, Unit]:
    return {rule.source: rule.unit or "GB" for rule in rules}
