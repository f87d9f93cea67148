"""Rate a past month of a customer by the rules that hold for it: those that its close froze, or that billed it last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.additions.charges import ChargeInputs
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.live_additions import all_additions
from reconciler.cli.month_rules import rules_today, with_dated_prices
from reconciler.cli.rating_again import rated_again
from reconciler.cli.session import Session
from reconciler.closing.closed_charges import closed_charges
from reconciler.closing.rule_version import version_from, version_of
from reconciler.closing.three_way_rules import MonthRules
from reconciler.closing.three_way_usage import product_links
from reconciler.closing.to_explain import LateUsage, OwnRule
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.bills import bills_of_month, versions_of
from reconciler.ledger.snapshot import Close
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import Period

OwnRules = Mapping[MappingCharge, OwnRule]


def own_rules(
    session: Session, closes: Sequence[Close], period: Period, customer: tuple[str, str], mapping: str | None
) -> OwnRules:
    """Return the rules of a customer that hold for a month: frozen by one of its closes, or else of its last run.

    A charge that the ledger does not have is left out. `mapping` is the name of the customer's mapping now: it may have
    been renamed. None: it has none any more.
    """
    workspace = session.manifests.workspace.name
    month = bills_of_month(session.ledger, workspace, session.tenant, str(period))
    bills = {each.key: each for each in month if each.key[:2] == customer}
    closed = {key: each for key, each in closed_charges(closes).items() if key[:2] == customer and each.digest}
    digests = {
        **{key: each.digest for key, each in bills.items()},
        **{key: each.digest for key, each in closed.items() if each.digest},
    }
    known = versions_of(session.ledger, workspace, digests.values())
    found: dict[MappingCharge, OwnRule] = {}
    for key, digest in digests.items():
        version, frozen = version_from(dict(known[digest].content)), closed.get(key)
        used_at = bills[key].billed_at if frozen is None else frozen.close.closed_at
        was = bills[key].mapping if frozen is None else frozen.mapping
        found[mapping or was, key[2]] = OwnRule(version, used_at, frozen)
    return found


def changed_mappings(inputs: ChargeInputs, own: OwnRules) -> set[str]:
    """Return the mappings with a charge whose own rule is another than that of the manifests."""
    today = {
        (rule.name, rule.charge): version_of([rule], inputs.settings, inputs.exclusions).digest for rule in inputs.rules
    }
    return {key[0] for key, each in own.items() if today.get(key) != each.version.digest}


def by_own_rules(
    session: Session, inputs: ChargeInputs, own: OwnRules, moment: datetime, customer: tuple[str, str]
) -> ChargeInputs:
    """Return the inputs with the own rules, settings and exclusions. A charge without a version keeps its rule."""
    rules = [replace(rule, name=mapping) for (mapping, _), each in own.items() for rule in each.version.rules]
    rules += [rule for rule in inputs.rules if (rule.name, rule.charge) not in own]
    settings = next(iter(own.values())).version.settings
    every = (each for one in own.values() for each in one.version.exclusions)
    exclusions = [*{(each.name, each.device_id): each for each in every}.values()]
    units = {name: snapshot.unit for name, snapshot in inputs.snapshots.items()}
    snapshots = load_snapshots(session.ledger, units, rules, settings, moment, by_hour=[customer])
    return replace(inputs, settings=settings, rules=rules, exclusions=exclusions, snapshots=snapshots)


def late_usage(session: Session, inputs: ChargeInputs, period: Period, live_state: LiveState) -> LateUsage | None:
    """Return the usage of an ended month with what came late for it. None without a charge with lines of one month.

    `inputs` have the rules that hold for the month. Their prices with a day in the month or before are those of now, as
    in adjustments.
    """
    own = [rule for rule in inputs.rules if rule.lines == "perPeriod" and not rule.proposed]
    if not own:
        return None
    now, settings, exclusions = session.context.now, inputs.settings, inputs.exclusions
    today = rules_today(session, live_state, period)
    live = all_additions(live_state, session.workspace.billing.currency)
    products = product_links(today.rules, own, live_state, live)
    terms = with_dated_prices(session, MonthRules(own, settings, exclusions), today, products, live_state, period)
    units = {name: snapshot.unit for name, snapshot in inputs.snapshots.items()}
    snapshots = load_snapshots(session.ledger, units, terms.rules, settings, now, ended=period)
    charges = rated_again(session.ledger, period, now, terms.rules, settings, exclusions)
    return LateUsage(replace(inputs, now=now, rules=terms.rules, snapshots=snapshots), charges)
