"""Load what `usage close` needs from ConnectWise and the ledger, and record the close. No usage source is pulled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reconciler.additions.charges import ChargedUsage, ChargeInputs, charge_usage
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.live_additions import all_additions
from reconciler.additions.month_terms import terms_from_json, terms_of
from reconciler.additions.ownership import Owner, owner_of_rule
from reconciler.additions.plan import UsageInputs, plan_usage
from reconciler.cli.loading import load_usage
from reconciler.cli.month_charges import MonthCharge, charges_as_billed, charges_at_end, measured_charges
from reconciler.cli.origin import actor_of
from reconciler.cli.planning import PlanOptions, usage_inputs
from reconciler.cli.reading import UsageRead, read_usage_to_plan
from reconciler.cli.report_reading import names_of, source_hours, written_additions
from reconciler.cli.retention import names_in_ledger
from reconciler.cli.session import Session
from reconciler.cli.show_usage import USAGE
from reconciler.closing.close import ToClose, close_of
from reconciler.closing.frozen import frozen
from reconciler.closing.month_gaps import MonthFacts, SourceMonth, month_gaps
from reconciler.errors import Refused
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.ledger.bill_records import VersionRecord
from reconciler.ledger.bills import record_versions
from reconciler.ledger.closes import record_close, samples_digest
from reconciler.ledger.journal import open_intents
from reconciler.ledger.month_terms import load_month_terms
from reconciler.ledger.pulls import pulls_between
from reconciler.ledger.snapshot import Close, closes_of
from reconciler.live.read import read_live_state
from reconciler.manifests.git import commit_of
from reconciler.metering.period import Period
from reconciler.metering.retention import longest_look_back
from reconciler.reporting.billed import billed_in
from reconciler.reporting.report import ReportLine, SourceHours

_MOMENT = timedelta.resolution


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A month that is closed now."""

    closes: tuple[Close, ...]
    """Its closes, oldest first."""
    is_new: bool
    """Whether this run closed something."""


async def close_month(session: Session, period: Period, accepted: Sequence[str]) -> ClosedMonth:
    """Close a month and record it, under the workspace's lock. `accepted` has the values of `--accept`.

    Raises `Refused` if it has not ended, or if something of it is unknown.
    """
    now, workspace = session.context.now, session.manifests.workspace.name
    if now < period.end:
        raise Refused(f"{period} has not ended", where="usage close", advice=f"Close it from {period.end.date()} on.")
    declared = await read_live_state(session.client, session.manifests, USAGE)
    read = await read_usage_to_plan(session, declared, whole=period)
    at_end = load_usage(session.manifests, read.live_state, session.ledger, period.end - _MOMENT)
    before = closes_of(read.closes, str(period))
    inputs = usage_inputs(session, read, PlanOptions())
    usage = charge_usage(at_end)
    measured = measured_charges(inputs.usage, read.to_charge, period)
    since = period.start - longest_look_back(at_end.settings)
    sources = names_in_ledger(session.workspace)
    of_rules = {
        **charges_at_end(at_end, usage),
        **charges_as_billed(session, at_end, period),
        **measured,
    }
    found = close_of(
        ToClose(
            period=str(period),
            now=now,
            by=actor_of(session.context.environ),
            samples=samples_digest(session.ledger, sources, since, now),
            charges=list(_frozen(session, read, at_end, of_rules, period)),
            gaps=month_gaps(_facts(session, usage, measured, inputs, period)),
            accepted=accepted,
            before=before,
        )
    )
    if found is None:
        return ClosedMonth(tuple(before), is_new=False)
    commit = commit_of(session.context.root, session.context.environ)
    versions = [VersionRecord(each.version.digest, each.version.to_json(), now, commit) for each in of_rules.values()]
    record_versions(session.ledger, workspace, versions)
    record_close(session.ledger, workspace, session.tenant, found)
    return ClosedMonth((*before, found), is_new=True)


def _facts(
    session: Session,
    usage: ChargedUsage,
    measured: Mapping[MappingCharge, MonthCharge],
    inputs: UsageInputs,
    period: Period,
) -> MonthFacts:
    intents = open_intents(session.ledger, session.manifests.workspace.name)
    return MonthFacts(
        period=str(period),
        sources=[_source_month(session, each, period) for each in source_hours(session, period, period.end)],
        coverage=usage.coverage,
        measured=measured.keys(),
        part=plan_usage(inputs),
        customers={rule.name: f"{rule.source}/{rule.customer_id}" for rule in inputs.rules},
        open_writes=[each.address for each in intents],
    )


def _source_month(session: Session, hours: SourceHours, period: Period) -> SourceMonth:
    states = Counter(each.state for each in pulls_between(session.ledger, hours.name, period.start, period.end))
    return SourceMonth(hours.name, hours.known, hours.elapsed, states["failed"], states["disbelieved"])


def _frozen(
    session: Session,
    read: UsageRead,
    at_end: ChargeInputs,
    of_rules: Mapping[MappingCharge, MonthCharge],
    period: Period,
) -> Iterator[Mapping[str, Any]]:
    """Yield the charges of the month as a close freezes them."""
    standing = _standing(session, read, at_end.rules, period)
    recorded = load_month_terms(session.ledger, session.manifests.workspace.name, session.tenant, str(period))
    for today in at_end.rules:
        found = of_rules[today.name, today.charge]
        (rule,) = found.version.rules
        if today.proposed or (rule.start or period.first_day) > period.last_day:
            continue
        if rule.end is not None and rule.end < period.first_day:
            continue
        record = recorded.get((rule.source, rule.customer_id, rule.charge, str(period)))
        terms = found.terms or (None if record is None else terms_from_json(record, today.name))
        if terms is None:
            document = session.manifests.get(CustomerMappingSpec, f"CustomerMapping/{today.name}")
            terms = terms_of(document, today, read.live_state)
        if terms is not None and terms.products.keys() >= {each.product for each in rule.ranges}:
            terms = replace(terms, rule=rule)
        yield frozen(
            rule,
            None if terms is None else terms.to_json(),
            found.charge,
            standing.get(owner_of_rule(today), ()),
            version=found.version,
            as_of=found.as_of,
        )


def _standing(
    session: Session, read: UsageRead, rules: Sequence[Rule], period: Period
) -> dict[Owner, list[ReportLine]]:
    """Return by charge the additions that bill the month: of one month as they are, of all months as they stood."""
    currency = session.workspace.billing.currency
    live = [each for each in all_additions(read.live_state, currency) if each.tag is not None and each.tag.period]
    written = written_additions(session, read.snapshot, period.end - _MOMENT)
    of_all_months = [each for each in written if each.tag is not None and not each.tag.period]
    sources = frozenset(source.name for source in session.workspace.usage)
    names = names_of(session.manifests, read.live_state)
    owners = [owner_of_rule(rule) for rule in rules]
    found = billed_in(period, [*live, *of_all_months], owners, sources, read.snapshot, names)
    return {owner: list(lines) for owner, lines in found.by_owner.items()}
