"""Load the ended months whose bills can still change: their terms and their usage.

The usage of a settled charge is loaded only if something has changed since a run rated it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reconciler import __version__
from reconciler.additions.billed_months import BilledMonths
from reconciler.additions.charges import ChargeInputs
from reconciler.additions.closed_months import closed_months
from reconciler.additions.ended_months import EndedMonth
from reconciler.additions.line_amounts import NO_AMOUNTS, LineAmounts, line_amounts
from reconciler.additions.month_ratings import InputDigests, Inputs, unchanged
from reconciler.additions.open_months import OpenMonth, ended_months, open_months
from reconciler.additions.ownership import ownership_of_all
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.late_samples import Later, later_than
from reconciler.ledger.line_amounts import load_line_amounts
from reconciler.ledger.month_ratings import RatedPulls, load_month_ratings, rated_pulls
from reconciler.ledger.month_terms import load_month_terms
from reconciler.ledger.retention import last_seal
from reconciler.ledger.snapshot import AcceptedAmount, Close, MonthRating, Snapshot, TermsKey
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests
from reconciler.manifests.selection import used_sources
from reconciler.metering.collect import Collected
from reconciler.metering.loading import load_snapshots
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import Period, local_date, period_of
from reconciler.rating import pricing


@dataclass(frozen=True, slots=True)
class Ratings:
    """The ratings of settled months that the ledger has, and up to which pulls they hold."""

    known: Mapping[TermsKey, MonthRating] = field(default_factory=dict)
    """Those that hold by the samples of now."""
    pulls: RatedPulls = field(default_factory=RatedPulls)


@dataclass(frozen=True, slots=True)
class LoadedMonths:
    """What to charge, including ended months, and what the ledger recorded of these months."""

    to_charge: ChargeInputs
    terms: Mapping[TermsKey, Mapping[str, Any]] = field(default_factory=dict)
    """The terms of the running month."""
    ratings: Ratings = field(default_factory=Ratings)
    amounts: LineAmounts = NO_AMOUNTS


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
    accepted: Sequence[AcceptedAmount] = (),
    whole: Period | None = None,
) -> LoadedMonths:
    """Return the inputs of a charge with the ended months. Without additions of single months, nothing is loaded.

    All charges of the month `whole` are loaded, also those of which nothing has changed.
    """
    zone = to_charge.settings.timezone
    running = period_of(to_charge.now, zone)
    months = ended_months(running, zone)
    workspace = manifests.workspace.name
    recorded = load_month_terms(ledger, workspace, tenant, str(months[-1]))
    if not recorded and not closes and all(rule.lines == "rolling" for rule in to_charge.rules):
        return LoadedMonths(to_charge)
    sealed = last_seal(ledger, workspace)
    months = [each for each in months if sealed is None or str(each) > sealed.period]
    ended = {key: terms for key, terms in recorded.items() if key[-1] < str(running)}
    units = {source.name: source.unit for source in used_sources(manifests)}

    def rules_of(month: Period) -> list[Rule]:
        return pricing.rules(manifests, units, live_state, month.first_day)

    closed = closed_months(closes)
    ownership = ownership_of_all(live_state, to_charge.rules, manifests.workspace.spec, snapshot)
    amounts = line_amounts(
        ownership,
        live_state,
        snapshot,
        load_line_amounts(ledger, workspace, tenant, str(ended_months(running, zone)[-1])),
        to_charge.settings.currency,
    )
    found = open_months(
        to_charge.rules,
        rules_of,
        manifests,
        live_state,
        snapshot,
        ended,
        months,
        ownership=ownership,
        amounts=amounts,
        closed=closed,
    )
    ratings = _ratings(ledger, workspace, tenant, units, months) if any(each.settled for each in found) else Ratings()
    billed = BilledMonths(ownership, snapshot, accepted, amounts)
    today = local_date(to_charge.now, zone)
    digests = InputDigests(to_charge.settings, to_charge.exclusions, snapshot, today, __version__)
    loaded = []
    for month in found:
        inputs = digests.of_month(month, billed)
        left_out = frozenset() if month.period == whole else unchanged(month, inputs, ratings.known, billed)
        then = closed.exclusions_of(str(month.period), to_charge.exclusions)
        loaded.append(_loaded(month, left_out, inputs, replace(to_charge, exclusions=then), manifests, ledger, fresh))
    terms = {key: terms for key, terms in recorded.items() if key[-1] == str(running)}
    return LoadedMonths(replace(to_charge, ended=tuple(loaded)), terms, ratings, amounts)


def _ratings(
    ledger: Ledger, workspace: str, tenant: str, sources: Collection[str], months: Sequence[Period]
) -> Ratings:
    """Return the ratings that hold by the samples of now. No pull of these months need be read for that."""
    names = {name: source for source in sources for name in (source, report_of(source))}
    known = load_month_ratings(ledger, workspace, tenant)
    before, now = rated_pulls(ledger, workspace, tenant, names)
    ends = {str(each): each.end for each in months}
    stale: set[TermsKey] = set()
    for name, source in names.items():
        mark = before[name]
        later = (
            None if mark is None else Later() if mark == now[name] else later_than(ledger, name, mark, ends.values())
        )
        stale |= {key for key in known if key[0] == source and _is_stale(key, later, ends)}
    held = {key: rating for key, rating in known.items() if key not in stale}
    return Ratings(held, RatedPulls(before, now, frozenset(stale)))


def _is_stale(key: TermsKey, later: Later | None, ends: Mapping[str, datetime]) -> bool:
    """Return whether pulls that came later may change a rating. None says that they are not known."""
    if later is None or key[-1] not in ends:
        return True
    end, sample = ends[key[-1]], later.samples.get(key[1])
    return end in later.months or (sample is not None and sample < end)


def _loaded(
    month: OpenMonth,
    left_out: Collection[tuple[str, str]],
    inputs: Inputs,
    to_charge: ChargeInputs,
    manifests: Manifests,
    ledger: Ledger,
    fresh: Sequence[Collected],
) -> EndedMonth:
    """Return a month with the usage of its charges. Those that are left out have no terms either."""
    found = {(each.rule.name, each.rule.charge): each for each in month.terms}
    found = {name: each for name, each in found.items() if name not in left_out}
    rules = [terms.rule for terms in found.values()]
    sources = {rule.source for rule in rules}
    units = {source.name: source.unit for source in used_sources(manifests) if source.name in sources}
    return EndedMonth(
        month.period,
        found,
        month.expected,
        load_snapshots(
            ledger,
            units,
            rules,
            to_charge.settings,
            to_charge.now,
            fresh,
            exclusions=to_charge.exclusions,
            ended=month.period,
        ),
        month.settled,
        month.new,
        {name: digest for name, digest in inputs.items() if name not in left_out},
        to_charge.exclusions,
    )
