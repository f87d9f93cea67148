"""Load the ended months whose bills can still change: their terms and their usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.additions.charges import ChargeInputs
from reconciler.additions.closed_months import closed_months
from reconciler.additions.ended_months import EndedMonth
from reconciler.additions.open_months import OpenMonth, ended_months, open_months
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.month_terms import load_month_terms
from reconciler.ledger.retention import last_seal
from reconciler.ledger.snapshot import Close, Snapshot, TermsKey
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests
from reconciler.manifests.selection import used_sources
from reconciler.metering.collect import Collected
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import Period, period_of
from reconciler.rating import pricing


@dataclass(frozen=True, slots=True)
class LoadedMonths:
    """What to charge, with the ended months, and the terms that the ledger has of the running month."""

    to_charge: ChargeInputs
    terms: Mapping[TermsKey, Mapping[str, Any]] = field(default_factory=dict)


def with_ended_months(
    to_charge: ChargeInputs,
    manifests: Manifests,
    live_state: LiveState,
    snapshot: Snapshot,
    ledger: Ledger,
    tenant: str,
    fresh: Sequence[Collected] = (),
    *,
    closes: Sequence[Close] = (),
) -> LoadedMonths:
    """Return the inputs of a charge with the ended months. Without additions of single months, nothing is loaded."""
    zone = to_charge.settings.timezone
    running = period_of(to_charge.now, zone)
    months = ended_months(running, zone)
    recorded = load_month_terms(ledger, manifests.workspace.name, tenant, str(months[-1]))
    if not recorded and not closes and all(rule.lines == "rolling" for rule in to_charge.rules):
        return LoadedMonths(to_charge)
    sealed = last_seal(ledger, manifests.workspace.name)
    months = [each for each in months if sealed is None or str(each) > sealed.period]
    ended = {key: terms for key, terms in recorded.items() if key[-1] < str(running)}
    units = {source.name: source.unit for source in used_sources(manifests)}

    def rules_of(month: Period) -> list[Rule]:
        return pricing.rules(manifests, units, live_state, month.first_day)

    closed = closed_months(closes)
    found = open_months(to_charge.rules, rules_of, manifests, live_state, snapshot, ended, months, closed=closed)
    loaded = tuple(_loaded(each, to_charge, manifests, ledger, fresh) for each in found)
    return LoadedMonths(
        replace(to_charge, ended=loaded), {key: terms for key, terms in recorded.items() if key[-1] == str(running)}
    )


def _loaded(
    month: OpenMonth, to_charge: ChargeInputs, manifests: Manifests, ledger: Ledger, fresh: Sequence[Collected]
) -> EndedMonth:
    rules = [terms.rule for terms in month.terms]
    sources = {rule.source for rule in rules}
    units = {source.name: source.unit for source in used_sources(manifests) if source.name in sources}
    return EndedMonth(
        month.period,
        {(terms.rule.name, terms.rule.charge): terms for terms in month.terms},
        month.expected,
        load_snapshots(ledger, units, rules, to_charge.settings, to_charge.now, fresh, ended=month.period),
        month.settled,
        month.new,
    )
