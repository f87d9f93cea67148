"""Read what the report of a period needs: the ledger, the manifests, and the names in ConnectWise. Pulls no source."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from reconciler.additions.charge import Charge
from reconciler.additions.charges import charge_usage
from reconciler.additions.histories import histories_of
from reconciler.additions.live_additions import LiveAddition, all_additions
from reconciler.additions.ownership import Owner, owner_of, owner_of_rule
from reconciler.cli.month_usage import MonthUsage, usage_of_month
from reconciler.cli.reading import read_usage
from reconciler.cli.session import Session
from reconciler.errors import ReconcilerError
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.company import CompanySpec
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.product import ProductSpec
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.pulls import first_whole_pull_at, whole_pulls_between
from reconciler.ledger.snapshot import Snapshot
from reconciler.ledger.written_additions import additions_at, has_writes_until
from reconciler.live.read import Scope, read_live_state
from reconciler.manifests.documents import Manifests
from reconciler.metering.context import MeteringContext
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import Period, day_start, period_of
from reconciler.reporting.billed import Billed, Names, ProductName, billed_in, from_journal
from reconciler.reporting.build import Party, ReportInputs, build_report
from reconciler.reporting.hours import hours_of
from reconciler.reporting.report import Hours, Report, SourceHours

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_HOUR = timedelta(hours=1)
_AT_ONCE = 50
"""How many customers have their hours in memory at the same time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report should have."""

    period: str | None
    """As `2026-10`. None: the running month."""
    customer: str | None = None
    """The address of a customer, of its mapping or of its company. None: all customers."""
    plots: int | None = 0
    """How many charges get a plot at most: those of customers with an exception first, then those with the largest
    amounts. None: all."""


async def read_report(session: Session, wanted: Wanted) -> Report:
    """Return the report of a period. Raises `ReconcilerError` if the ledger has nothing of it."""
    now, timezone = session.context.now, session.workspace.billing.timezone
    period = _period(wanted.period, now, timezone)
    _check_known(session, period)
    live_state = await read_live_state(session.client, session.manifests, Scope(setup=False, usage=True))
    only = None if wanted.customer is None else _customers(session.manifests, wanted.customer)
    inputs, month = await _inputs(session, live_state, period)
    report = build_report(inputs, only, wanted.customer)
    names = _to_plot(report, wanted.plots)
    if not names:
        return report
    return build_report(replace(inputs, hours=dict(_hours(session, inputs, month, names))), only, wanted.customer)


def _period(name: str | None, now: datetime, timezone: str) -> Period:
    """Return the period of a month. Raises `ReconcilerError` if it is no month, or has not begun."""
    if name is None:
        return period_of(now, timezone)
    if not _MONTH.fullmatch(name):
        raise ReconcilerError(f"--period {name}: this is no month", advice="Write a month such as --period 2026-10.")
    period = period_of(day_start(date.fromisoformat(f"{name}-01"), timezone), timezone)
    if now < period.start:
        raise ReconcilerError(f"--period {name}: this month has not begun", advice="Choose an earlier month.")
    return period


def _check_known(session: Session, period: Period) -> None:
    """Raise `ReconcilerError` if the ledger has neither a pull nor a write from before the end of a period."""
    pulls = [first_whole_pull_at(session.ledger, source.name) for source in session.workspace.usage]
    firsts = [each for each in pulls if each is not None]
    if any(each < period.end for each in firsts):
        return
    if has_writes_until(session.ledger, session.manifests.workspace.name, period.end):
        return
    first = f"The first month in it is {period_of(min(firsts), session.workspace.billing.timezone)}." if firsts else ""
    raise ReconcilerError(
        f"the ledger has nothing of {period}",
        where="ledger",
        advice=first or "Read the sources with: reconciler usage pull",
    )


def _customers(manifests: Manifests, address: str) -> frozenset[str]:
    """Return the customers that an address names, as `cove/1001006`.

    Raises `ReconcilerError` if no mapping has the address.
    """
    named = address.removeprefix("CustomerMapping/")
    found = {
        customer
        for document in manifests.of(CustomerMappingSpec)
        for customer in [f"{document.spec.customer.source}/{document.spec.customer.id}"]
        if named == document.name
        or address in {customer, f"Company/{document.spec.company}"}
        or address.startswith((f"Addition/{document.name}.", f"Addition/{document.name}:"))
    }
    if not found:
        raise ReconcilerError(
            f"--customer {address}: no customer mapping has this address",
            advice="Write a mapping such as CustomerMapping/acme, a company such as Company/acme, or a customer such "
            "as cove/1001006. `reconciler usage coverage` lists all customers.",
        )
    return frozenset(found)


async def _inputs(session: Session, live_state: LiveState, period: Period) -> tuple[ReportInputs, MonthUsage]:
    """Read the usage and the additions of a period: of the running month as they are, of another from the ledger.

    A month that has ended is rated by the rules that hold for it.
    """
    ledger, workspace, now = session.ledger, session.manifests.workspace.name, session.context.now
    manifests, currency = session.manifests, session.workspace.billing.currency
    if now in period:
        read = await read_usage(session, live_state)
        live_state, snapshot = read.live_state, read.snapshot
        additions: Sequence[LiveAddition] = all_additions(live_state, currency)
        month = MonthUsage(read.to_charge, charge_usage(read.to_charge), frozenset())
    else:
        snapshot = load_snapshot(ledger, workspace, session.tenant, str(period))
        additions = _that_billed(session, snapshot, period)
        month = usage_of_month(session, live_state, period, additions)
    names = names_of(manifests, live_state)
    owners = [owner_of_rule(rule) for rule in month.to_charge.rules]
    sources = frozenset(source.name for source in session.workspace.usage)
    before = period_of(period.start - timedelta.resolution, session.workspace.billing.timezone)
    previous: Billed | None = None
    earlier = _that_billed(session, snapshot, before)
    if any(_is_of(each, before) for each in earlier) or has_writes_until(
        ledger, workspace, period.start - timedelta.resolution
    ):
        previous = billed_in(before, earlier, owners, sources, snapshot, names)
    return (
        ReportInputs(
            workspace=workspace,
            currency=currency,
            timezone=session.workspace.billing.timezone,
            made_at=now,
            until=min(now, period.end),
            usage=month.usage,
            rules=month.to_charge.rules,
            billed=billed_in(period, additions, owners, sources, snapshot, names),
            previous=previous,
            sources=list(source_hours(session, period, min(now, period.end))),
            parties=_parties(manifests, live_state),
        ),
        month,
    )


def source_hours(session: Session, period: Period, until: datetime) -> Iterator[SourceHours]:
    """Yield in how many hours each source had a believed pull. A source that was never read has no hours."""
    for source in session.workspace.usage:
        first = first_whole_pull_at(session.ledger, source.name)
        begins = period.start if first is None else max(period.start, first)
        elapsed = max(0, (until - datetime.resolution - period.start) // _HOUR - (begins - period.start) // _HOUR + 1)
        pulls = whole_pulls_between(session.ledger, source.name, period.start, until)
        known = {(each.started_at - period.start) // _HOUR for each in pulls}
        yield SourceHours(name=source.name, known=len(known), elapsed=0 if first is None else elapsed)


def _that_billed(session: Session, snapshot: Snapshot, period: Period) -> list[LiveAddition]:
    """Return the additions that billed an ended month: those of all months as they stood at its end.

    Those of a single month are taken as they stand now. They follow late samples, and on an agreement that is invoiced
    in advance they are created only when the month has ended.
    """
    at_end = written_additions(session, snapshot, period.end - timedelta.resolution)
    of_all_months = [each for each in at_end if each.tag is None or each.tag.period is None]
    now = written_additions(session, snapshot, None)
    return [*of_all_months, *(each for each in now if each.tag is not None and each.tag.period is not None)]


def _is_of(addition: LiveAddition, period: Period) -> bool:
    return addition.tag is not None and addition.tag.period == str(period)


def written_additions(session: Session, snapshot: Snapshot, moment: datetime | None) -> list[LiveAddition]:
    """Return our additions as the journal has them at a moment, or now."""
    found = additions_at(session.ledger, session.manifests.workspace.name, snapshot, moment)
    return from_journal(found, snapshot, session.workspace.billing.currency)


def names_of(manifests: Manifests, live_state: LiveState) -> Names:
    """Return the names of the agreements and products that additions refer to."""
    agreements = {
        number: str(live.raw.get("name") or "").strip()
        for (kind, number), live in live_state.objects.items()
        if kind == "Agreement"
    }
    products = {}
    for address, live in live_state.matches.items():
        document = manifests.find(ProductSpec, address)
        if document is not None:
            products[live.id] = ProductName(document.name, document.spec.customer_description)
    return Names(agreements, products, manifests.workspace.spec.billing.currency)


def _parties(manifests: Manifests, live_state: LiveState) -> dict[str, Party]:
    found = {}
    for document in manifests.of(CustomerMappingSpec):
        links = live_state.links.get(document.address, {})
        company, agreement = links.get(("company",)), links.get(("agreement",))
        address = f"Company/{document.spec.company}"
        declared = manifests.find(CompanySpec, address)
        live = None if agreement is None else live_state.objects.get(("Agreement", agreement.id or 0))
        found[document.name] = Party(
            name=None if declared is None else declared.spec.name,
            identifier=declared.spec.identifier if declared is not None else None if company is None else company.name,
            company=address if declared is not None else None,
            agreement=(None if agreement is None else agreement.name)
            if live is None
            else str(live.raw.get("name") or "").strip() or None,
        )
    return found


def _to_plot(report: Report, limit: int | None) -> list[str]:
    """Return the mappings that get a plot: those with an exception first, then those with the largest amounts."""
    exceptions = {each.customer for each in report.exceptions}
    customers = [each for each in report.customers if each.mapping is not None]
    customers.sort(key=lambda each: (each.address not in exceptions, -each.billed))
    names = [str(each.mapping).removeprefix("CustomerMapping/") for each in customers]
    return names[:limit]


def _hours(
    session: Session, inputs: ReportInputs, month: MonthUsage, names: Collection[str]
) -> Iterator[tuple[Owner, Hours]]:
    """Yield the hours of each of these mappings. Only a few customers are in memory at the same time."""
    charges = {owner_of(charge).of_all_months: charge for charge in inputs.usage.charges}
    every = [rule for rule in month.to_charge.rules if rule.name in names and owner_of_rule(rule) in charges]
    for late in (False, True):
        rules = [rule for rule in every if ((rule.name, rule.charge) in month.late) is late]
        for start in range(0, len(rules), _AT_ONCE):
            yield from _hours_of(session, month, rules[start : start + _AT_ONCE], charges, late=late)


def _hours_of(
    session: Session, month: MonthUsage, rules: Sequence[Rule], charges: Mapping[Owner, Charge], *, late: bool
) -> Iterator[tuple[Owner, Hours]]:
    """Yield the hours of some charges. With `late`, what came late for the month counts."""
    to_charge, period = month.to_charge, month.usage.period
    now = session.context.now if late else to_charge.now
    at = MeteringContext(now, to_charge.settings, period)
    units = {source.name: source.unit for source in session.workspace.usage}
    by_hour = [replace(rule, measure="mean") for rule in rules]  # such a rule needs every hour
    ended = period if late else None
    settings, exclusions = to_charge.settings, to_charge.exclusions
    snapshots = load_snapshots(session.ledger, units, by_hour, settings, now, exclusions=exclusions, ended=ended)
    histories = histories_of(snapshots, to_charge.exclusions, at)
    for rule in rules:
        begins = period.start
        if histories.problem(rule) is not None:
            continue
        history = histories.of(rule.source, rule.meter)
        if rule.start is not None:
            begins = max(begins, day_start(rule.start, at.settings.timezone))
        first = history.source.first_seen.get(rule.customer_id)
        begins = begins if first is None else max(begins, first)
        totals = history.hours(rule.customer_id, begins) if history.source.pulls else ()
        owner = owner_of_rule(rule)
        yield owner, hours_of(rule, charges[owner], totals, at.span, begins)
