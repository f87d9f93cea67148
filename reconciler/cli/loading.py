"""Load the usage of the period from the ledger, with the rules that charge it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.additions.charges import ChargeInputs
from reconciler.additions.future_prices import FuturePrices
from reconciler.cli.retention import check_not_sealed
from reconciler.kinds.billing_rules import exclusion_of, settings_of
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests
from reconciler.manifests.selection import used_sources
from reconciler.metering.collect import Collected
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import period_of
from reconciler.rating import pricing


def load_usage(
    manifests: Manifests, live_state: LiveState, ledger: Ledger, now: datetime, fresh: Sequence[Collected] = ()
) -> ChargeInputs:
    """Return the usage of all sources with its rules. The ledger has the samples; `fresh` are the pulls of this run.

    The rules come first, because they say which customers need the samples of which hours. Raises `UsageError` if the
    month is sealed.
    """
    workspace = manifests.workspace.spec
    check_not_sealed(ledger, manifests.workspace.name, workspace, now)
    units = {source.name: source.unit for source in used_sources(manifests)}
    settings = settings_of(workspace.billing, workspace.usage)
    first_day = period_of(now, settings.timezone).first_day
    rules = pricing.rules(manifests, units, live_state, first_day)
    exclusions = [exclusion_of(each.name, each.spec) for each in manifests.of(ExclusionSpec)]
    return ChargeInputs(
        now=now,
        settings=settings,
        rules=rules,
        future=[
            FuturePrices(day, pricing.rules(manifests, units, live_state, day))
            for day in pricing.days_of_new_prices(manifests, first_day)
        ],
        exclusions=exclusions,
        snapshots=load_snapshots(ledger, units, rules, settings, now, fresh, exclusions=exclusions),
        default_rules=pricing.default_rules(manifests, units, first_day),
        partial=manifests.is_partial,
    )


def load_customer(
    manifests: Manifests, live_state: LiveState, ledger: Ledger, moment: datetime, customer: tuple[str, str]
) -> ChargeInputs:
    """Return the usage of one customer at a moment, with all its hours, and the rules of its mappings.

    `customer` is (source, customer id). All samples come from the ledger.
    """
    units = {source.name: source.unit for source in used_sources(manifests) if source.name == customer[0]}
    settings = settings_of(manifests.workspace.spec.billing, manifests.workspace.spec.usage)
    every = {source.name: source.unit for source in used_sources(manifests)}
    first_day = period_of(moment, settings.timezone).first_day
    rules = [
        rule
        for rule in pricing.rules(manifests, every, live_state, first_day)
        if (rule.source, rule.customer_id) == customer
    ]
    return ChargeInputs(
        now=moment,
        settings=settings,
        rules=rules,
        exclusions=[exclusion_of(each.name, each.spec) for each in manifests.of(ExclusionSpec)],
        snapshots=load_snapshots(ledger, units, rules, settings, moment, by_hour=[customer]),
        partial=True,
    )
