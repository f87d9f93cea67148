"""Load the usage of a month by the rules that hold for it: those that its close froze, or that its last run used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage, ChargeInputs, charge_usage
from reconciler.additions.month_terms import MonthTerms
from reconciler.additions.ownership import Owner, owner_of
from reconciler.additions.repricing import repriced
from reconciler.cli.rating_again import rated_again
from reconciler.cli.retention import check_not_sealed
from reconciler.cli.session import Session
from reconciler.closing.closed_charges import closed_charges
from reconciler.closing.rule_version import version_from
from reconciler.closing.three_way_rules import ChargeKey, MonthRules, Recorded
from reconciler.closing.three_way_usage import Products
from reconciler.kinds.billing_rules import Rule, exclusion_of, settings_of
from reconciler.kinds.customer_mapping import ProductReference
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.meters import Unit
from reconciler.kinds.values import Link
from reconciler.ledger.bills import bills_of_month, versions_of
from reconciler.ledger.closes import load_closes
from reconciler.ledger.pulls import latest_whole_pull
from reconciler.ledger.snapshot import closes_of
from reconciler.manifests.selection import used_sources
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import Period, month_before, period_of
from reconciler.rating import pricing


@dataclass(frozen=True, slots=True)
class RecordedRules:
    """Reads from the ledger by which rules each charge is rated in a month, each month once."""

    session: Session
    _months: dict[str, dict[ChargeKey, Recorded]] = field(default_factory=dict)

    def of(self, period: Period) -> dict[ChargeKey, Recorded]:
        """Return the versions of the rules by charge: frozen by a close of the month, or else of its last run."""
        name = str(period)
        if name not in self._months:
            self._months[name] = {each.key: each for each in _recorded(self.session, name)}
        return self._months[name]

    def first_after(self, period: Period, rules: Iterable[Rule]) -> Iterable[Recorded]:
        """Yield the versions that billed the customers of rules first after a month, if they have no bill in it."""
        zone = self.session.workspace.billing.timezone
        missing = {(rule.source, rule.customer_id) for rule in rules} - {key[:2] for key in self.of(period)}
        month, running = period_of(period.end, zone), period_of(self.session.context.now, zone)
        while missing and month.start <= running.start:
            first = [each for each in self.of(month).values() if each.key[:2] in missing]
            yield from first
            missing -= {each.key[:2] for each in first}
            month = period_of(month.end, zone)

    def at(self, key: ChargeKey, moment: datetime, period: Period) -> Iterable[Recorded]:
        """Yield the versions of a charge in the months up to a moment, those of later months first."""
        zone = self.session.workspace.billing.timezone
        made_in = period_of(moment, zone)
        for month in (period, made_in, month_before(made_in, zone)):
            if key in (found := self.of(month)):
                yield found[key]


def _recorded(session: Session, period: str) -> Iterable[Recorded]:
    workspace = session.manifests.workspace.name
    bills = bills_of_month(session.ledger, workspace, session.tenant, period)
    closed = closed_charges(closes_of(load_closes(session.ledger, workspace, session.tenant), period))
    found = {each.key: (each.billed_at, each.digest) for each in bills}
    found |= {key: (each.close.closed_at, each.digest) for key, each in closed.items() if each.digest}
    known = versions_of(session.ledger, workspace, [digest for _, digest in found.values()])
    versions = {digest: version_from(dict(each.content)) for digest, each in known.items()}
    for key, (moment, digest) in found.items():
        yield Recorded(key, moment, known[digest].first_used_at, versions[digest])


def rules_today(session: Session, live_state: LiveState, period: Period) -> MonthRules:
    """Return the rules of the manifests, with the prices of a month."""
    manifests = session.manifests
    return MonthRules(
        pricing.rules(manifests, _units(session), live_state, period.first_day),
        settings_of(session.workspace.billing, session.workspace.usage),
        [exclusion_of(each.name, each.spec) for each in manifests.of(ExclusionSpec)],
    )


def with_dated_prices(
    session: Session, terms: MonthRules, today: MonthRules, products: Products, live_state: LiveState, period: Period
) -> MonthRules:
    """Return the rules of a month that is over with the dated prices that the manifests have for it now.

    Only lines of one month follow them, by an adjustment. What a line of all months has billed stays.
    """
    addresses = {live.id: address for address, live in live_state.matches.items() if live.kind == "Product"}
    now = {(rule.source, rule.customer_id, rule.charge): rule for rule in today.rules}

    linked: dict[ProductReference | None, Link] = dict(products.items())

    def priced(rule: Rule) -> Rule:
        current = now.get((rule.source, rule.customer_id, rule.charge))
        if current is None or rule.lines == "rolling":
            return rule
        month = MonthTerms(rule, Link(""), linked)
        return repriced(month, current, session.manifests, addresses, period.first_day).rule

    return replace(terms, rules=[*map(priced, terms.rules)])


def usage_by(session: Session, terms: MonthRules, moment: datetime) -> ChargeInputs:
    """Return the usage of a month up to a moment, as these rules need it.

    Raises `UsageError` if the month is sealed.
    """
    ledger, units = session.ledger, _units(session)
    check_not_sealed(ledger, session.manifests.workspace.name, session.workspace, moment)
    exclusions = terms.exclusions
    return ChargeInputs(
        now=moment,
        settings=terms.settings,
        rules=terms.rules,
        exclusions=exclusions,
        snapshots=load_snapshots(ledger, units, terms.rules, terms.settings, moment, exclusions=exclusions),
        default_rules=pricing.default_rules(
            session.manifests, units, period_of(moment, terms.settings.timezone).first_day
        ),
        partial=session.manifests.is_partial,
    )


def known_usage(session: Session, terms: MonthRules, moment: datetime, period: Period) -> ChargedUsage:
    """Return the usage of a month up to a moment. That of a source without usable data is that of its last whole pull.

    Until a source can be read again, its lines stay as that pull left them. The coverage is that of the moment.
    """
    usage = charge_usage(usage_by(session, terms, moment))
    rows = {(row.mapping, row.charge): row for row in usage.coverage.rows if _is_unread(row)}
    rules = [rule for rule in terms.rules if (rule.name, rule.charge) in rows]
    charges: dict[Owner, Charge] = {}
    proposed: list[Charge] = []
    for source in sorted({rule.source for rule in rules}):
        pull = latest_whole_pull(session.ledger, source, before=moment, since=period.start)
        if pull is not None:
            some = [rule for rule in rules if rule.source == source]
            earlier = usage_by(session, replace(terms, rules=some), pull.started_at)
            then = charge_usage(replace(earlier, default_rules=(), partial=True))
            charges |= {owner_of(each): each for each in then.charges}
            proposed += then.proposed
            rows |= {(row.mapping, row.charge): row for row in then.coverage.rows if row.device_id is None}
    return replace(
        usage,
        charges=tuple(charges.get(owner_of(each), each) for each in usage.charges),
        proposed=(*usage.proposed, *proposed),
        coverage=replace(
            usage.coverage,
            rows=tuple(rows[row.mapping, row.charge] if _is_unread(row) else row for row in usage.coverage.rows),
        ),
    )


def with_late_usage(session: Session, usage: ChargedUsage, terms: MonthRules, period: Period) -> ChargedUsage:
    """Return the usage of a month that is over with what came late for it: lines of one month follow it.

    Lines of all months stay as the month left them.
    """
    rules = [rule for rule in terms.rules if rule.lines == "perPeriod" and not rule.proposed]
    now = session.context.now
    late = rated_again(session.ledger, period, now, rules, terms.settings, terms.exclusions)
    known = {key: each for key, each in late.items() if each.state != "held"}
    charges = tuple(known.get((each.mapping, each.name), each) for each in usage.charges)
    return replace(usage, charges=charges)


def _is_unread(row: CoverageRow) -> bool:
    """Return whether the usage of a mapping is unknown because its source has no usable data."""
    return row.state == "unknown" or (row.state == "proposed" and row.quantity is None)


def _units(session: Session) -> dict[str, Unit]:
    return {source.name: source.unit for source in used_sources(session.manifests)}
