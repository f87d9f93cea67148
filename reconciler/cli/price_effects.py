"""Say in a plan that changes prices what the last month would have cost by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from reconciler.additions.charge import Charge
from reconciler.additions.charges import charge_usage
from reconciler.cli.reading import UsageRead
from reconciler.cli.session import Session
from reconciler.closing.price_change import (
    Month,
    Prices,
    compared_month,
    effect_note,
    price_changes,
    price_effects,
    standing_prices,
)
from reconciler.kinds.billing_rules import Rule
from reconciler.ledger.retention import last_seal
from reconciler.metering.loading import is_measured_by_hour, load_snapshots
from reconciler.metering.period import Period, period_of
from reconciler.planning.plan import Plan


def with_price_effects(session: Session, read: UsageRead, plan: Plan) -> Plan:
    """Return the plan with the effects of its price changes. The ledger is read only if a price changes."""
    stages = [
        Prices(None, read.to_charge.rules),
        *(Prices(each.first_day, each.rules) for each in read.to_charge.future),
    ]
    changes = price_changes(stages, standing_prices(read.live_state, read.snapshot))
    if not changes:
        return plan
    names = {rule.name for change in changes for rule, _after in change.rules}
    rules = [rule for rule in read.to_charge.rules if rule.name in names]
    effects = price_effects(_last_month(session, read, rules), changes, session.workspace.billing.currency)
    notes = tuple(map(effect_note, effects))
    return plan.model_copy(update={"price_effects": effects, "warnings": (*plan.warnings, *notes)})


def _last_month(session: Session, read: UsageRead, rules: Sequence[Rule]) -> Month:
    """Return the last closed month, with the usage of these rules. If none is closed, the last one that has ended."""
    sealed = last_seal(session.ledger, session.manifests.workspace.name)
    last, closed = compared_month(
        period_of(read.to_charge.now, session.workspace.billing.timezone),
        session.workspace.billing.timezone,
        {each.period for each in read.closes},
        None if sealed is None else sealed.period,
    )
    kept: dict[bool, list[Rule]] = {True: [], False: []}
    for rule in rules:
        kept[is_measured_by_hour(rule, last, last.last_day)].append(rule)
    charges = [
        charge for by_hour, found in kept.items() for charge in _charges(session, read, found, last, by_hour=by_hour)
    ]
    return Month(str(last), closed=closed, charges=charges)


def _charges(
    session: Session, read: UsageRead, rules: Sequence[Rule], period: Period, *, by_hour: bool
) -> tuple[Charge, ...]:
    """Return the charges of a month. Without `by_hour`, only its last pulls are loaded."""
    if not rules:
        return ()
    inputs = read.to_charge
    units = {name: snapshot.unit for name, snapshot in inputs.snapshots.items()}
    now = period.end - timedelta.resolution
    since = None if by_hour else now - inputs.settings.max_age - timedelta(hours=1)
    snapshots = load_snapshots(
        session.ledger, units, rules, inputs.settings, now, since=since, exclusions=inputs.exclusions
    )
    return charge_usage(
        replace(inputs, now=now, rules=rules, snapshots=snapshots, future=(), default_rules=(), partial=True)
    ).charges
