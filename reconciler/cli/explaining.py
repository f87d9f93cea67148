"""Load what `usage explain` needs from ConnectWise and the ledger, and explain it. No usage source is pulled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.additions.plan import UsageInputs, UsagePart
from reconciler.additions.views import AdditionView
from reconciler.cli.history import addresses_of
from reconciler.cli.invoice_words import address_on_invoice
from reconciler.cli.invoiced import Asked, invoices_of_lines
from reconciler.cli.loading import load_customer
from reconciler.cli.periods import period_named
from reconciler.cli.places import place_finder
from reconciler.cli.recorded_rules import OwnRules, by_own_rules, changed_mappings, late_usage, own_rules
from reconciler.cli.session import Session
from reconciler.cli.show_usage import addition_named, not_found, part_of, plan_from_ledger
from reconciler.closing.closed_charges import closed_charges, own_bills
from reconciler.closing.corrections import corrections_json
from reconciler.closing.explanation import explain
from reconciler.closing.month_lines import lines_of_month, month_of, same_charge_and_month, written_in_months
from reconciler.closing.rule_version import version_of
from reconciler.closing.to_explain import Lines, Past, ToExplain
from reconciler.closing.values import RuleValue, rule_values
from reconciler.errors import ReconcilerError
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.product import ProductSpec
from reconciler.ledger.additions import approvals_of_adjustments, approvals_of_period, hand_edits_of
from reconciler.ledger.bill_records import BillRecord, VersionRecord
from reconciler.ledger.bills import bills_of_month, versions_of
from reconciler.ledger.closes import load_closes
from reconciler.ledger.history import read_runs_by_id, writes_of_addresses
from reconciler.ledger.pulls import customer_records, pulls_between
from reconciler.ledger.retention import last_seal
from reconciler.ledger.snapshot import Approval, Close, closes_of
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import Period, month_before, period_of
from reconciler.planning.plan import EVERY_CUSTOMER
from reconciler.planning.plan import CoverageRow as PlannedRow


@dataclass(frozen=True, slots=True)
class _Subject:
    """The customer that an address stands for, and its lines as they stand."""

    address: str
    source: str
    customer_id: str
    mapping: str | None
    """The mapping, if the address names a line. None: all mappings of the customer."""
    views: Sequence[AdditionView]
    month_address: str = ""
    """The full address of the addition that was asked for. Empty if another object was."""

    @property
    def customer(self) -> tuple[str, str]:
        return (self.source, self.customer_id)


async def explain_address(session: Session, words: str, month: str | None) -> dict[str, Any]:
    """Return the explanation of an addition, a mapping or a customer such as `cove/1001006`, as JSON.

    It is named by its address, or by words on an invoice: see `address_on_invoice`. `month` is the value of `--period`.
    Without it, an addition of one month is explained in that month, and all else in the running one. Raises
    `ReconcilerError` if nothing has this name, and if the month is none.
    """
    now, timezone = session.context.now, session.workspace.billing.timezone
    period_named(month, now, timezone)  # an error in it comes before any request
    session, planned, subject, part = await _planned(session, words)
    period = period_named(month or month_of(subject.month_address).month, now, timezone)
    live_state = planned.context.live_state
    moment = min(now, period.end - timedelta.resolution)
    inputs = load_customer(session.manifests, live_state, session.ledger, moment, subject.customer)
    running = now in period
    closes = closes_of(load_closes(session.ledger, session.manifests.workspace.name, session.tenant), str(period))
    name = next((rule.name for rule in inputs.rules), None)
    own = {} if running else own_rules(session, closes, period, subject.customer, name)
    values = _values(session, inputs, live_state)
    today = [each for each in inputs.rules if (each.name, each.charge) not in own]
    if own:
        changed = changed_mappings(inputs, own)
        values = {name: found for name, found in values.items() if name not in changed}
        inputs = by_own_rules(session, inputs, own, moment, subject.customer)
    usage = charge_usage(inputs)
    rows: Iterable[CoverageRow | PlannedRow] = (row for row in usage.coverage.rows if row.mapping)
    if running:
        rows = (row for row in part.part.coverage if (row.source, row.customer) == subject.customer)
    shown = replace(subject, views=lines_of_month(subject.views, str(period)))
    past = _past(session, planned, part, shown, period, inputs, closes)
    asked = Asked(shown.views, past.writes, period)
    past = replace(past, invoices=await invoices_of_lines(session, live_state, planned.snapshot, asked))
    return explain(
        ToExplain(
            workspace=session.manifests.workspace.name,
            address=subject.address,
            source=subject.source,
            customer_id=subject.customer_id,
            name=_name(session, subject),
            at=now,
            inputs=inputs,
            usage=usage,
            values=values,
            coverage=[_row_json(row) for row in rows],
            lines=_lines(session, planned, shown),
            past=past,
            own=own,
            before=_before(session, subject, period),
            records=_records(session, inputs, own),
            late=None if running else late_usage(session, inputs, period, live_state),
            notes=[*_notes(session, period, today if own else (), running=running or not today)],
        )
    )


def _before(session: Session, subject: _Subject, period: Period) -> Mapping[str, BillRecord]:
    """Return what each charge of a customer was billed in the month before."""
    workspace, month = session.manifests.workspace.name, str(month_before(period, session.workspace.billing.timezone))
    closed = closed_charges(closes_of(load_closes(session.ledger, workspace, session.tenant), month))
    bills = own_bills(bills_of_month(session.ledger, workspace, session.tenant, month), closed)
    return {each.charge: each for each in bills if each.key[:2] == subject.customer}


def _records(session: Session, inputs: ChargeInputs, own: OwnRules) -> Mapping[str, VersionRecord]:
    """Return the records of the rules that are explained, by digest."""
    today = (version_of([rule], inputs.settings, inputs.exclusions).digest for rule in inputs.rules)
    digests = {*today, *(each.version.digest for each in own.values())}
    return versions_of(session.ledger, session.manifests.workspace.name, digests)


def _notes(session: Session, period: Period, rules: Sequence[Rule], *, running: bool) -> Iterator[str]:
    """Yield the notes on a month. `rules` are those without a recorded version, if others have one."""
    sealed = last_seal(session.ledger, session.manifests.workspace.name)
    if sealed is not None and str(period) <= sealed.period:
        yield (
            f"{period} is sealed: its samples were deleted on {sealed.sealed_at:%Y-%m-%d}, so its usage cannot be "
            "measured again"
        )
    elif not running:
        yield _by_the_rules_of_today(rules)


async def _planned(session: Session, words: str) -> tuple[Session, UsageInputs, _Subject, UsagePart]:
    """Plan the usage that the ledger holds, and find what the words name: of one mapping alone if they name it."""
    alone = part_of(session, words)
    if alone is not None:
        planned, part = await plan_from_ledger(alone)
        try:
            return alone, planned, _subject(alone, part, words), part
        except ReconcilerError:
            pass  # an addition that the mapping no longer has, or a wrong name: the whole estate says more
    planned, part = await plan_from_ledger(session)
    return session, planned, _subject(session, part, words), part


def _by_the_rules_of_today(rules: Sequence[Rule]) -> str:
    """Return the note on a past month. `rules` are those without a recorded version, if others have one."""
    names = ", ".join(f"{each.name}.{each.charge}" for each in rules)
    if names:
        return f"the ledger has no bill of {names} in this month: rated by the rules of today"
    return "the ledger has no bills of this month: its usage is rated by the rules of today"


def _subject(session: Session, part: UsagePart, address: str) -> _Subject:
    kind, _, name = address.partition("/")
    if kind == "Addition":
        view = addition_named(part, address)
        source, _, customer_id = view.customer.partition("/")
        return _Subject(
            address, source, customer_id, view.mapping, same_charge_and_month(part.views, view), view.address
        )
    source, customer_id = kind, name
    document = session.manifests.find(CustomerMappingSpec, address)
    if document is not None:
        source, customer_id = document.spec.customer.source, document.spec.customer.id
    views = [each for each in part.views if each.customer == f"{source}/{customer_id}"]
    known = [f"{row.source}/{row.customer}" for row in part.part.coverage if row.customer != EVERY_CUSTOMER]
    if document is None and not views and address not in known:
        named = address_on_invoice(address, session.manifests, part)
        if named is not None:
            return _subject(session, part, named)
        mappings = [each.address for each in session.manifests.of(CustomerMappingSpec)]
        raise not_found(
            f"no addition, mapping, customer, company or agreement is named {address}", address, [*known, *mappings]
        )
    return _Subject(address, source, customer_id, None, views)


def _name(session: Session, subject: _Subject) -> str:
    known = customer_records(session.ledger, subject.source).get(subject.customer_id)
    return subject.customer_id if known is None else known.customer.name


def _values(session: Session, inputs: ChargeInputs, live_state: LiveState) -> Mapping[str, Sequence[RuleValue]]:
    place_of = place_finder(session.manifests.root)
    documents = {each.name: each for each in session.manifests.of(CustomerMappingSpec)}
    first_day = period_of(inputs.now, inputs.settings.timezone).first_day
    return {
        rule.name: [*rule_values(documents[rule.name], session.manifests, live_state, first_day, place_of)]
        for rule in inputs.rules
        if rule.name in documents
    }


def _row_json(row: CoverageRow | PlannedRow) -> dict[str, Any]:
    return {"state": row.state, "detail": row.detail, "accounted": row.accounted}


def _lines(session: Session, planned: UsageInputs, subject: _Subject) -> Lines:
    products = {
        live.id: document.spec.customer_description
        for document in session.manifests.of(ProductSpec)
        if (live := planned.context.live_state.matches.get(document.address)) is not None
    }
    texts = {
        view.address: products[view.live.product_id]
        for view in subject.views
        if view.live is not None and view.live.product_id in products
    }
    for view in subject.views:
        if view.live is not None and view.live.tag is not None and view.live.tag.adjustment:
            texts[view.address] = str(view.live.obj.raw.get("invoiceDescription") or "")
    return Lines(subject.views, planned.snapshot.additions, texts)


def _past(
    session: Session,
    planned: UsageInputs,
    part: UsagePart,
    subject: _Subject,
    period: Period,
    inputs: ChargeInputs,
    closes: Sequence[Close],
) -> Past:
    ledger, workspace = session.ledger, session.manifests.workspace.name
    ids = {each.live.id for each in subject.views if each.live is not None}
    named = [each.address for each in subject.views]
    addresses = [*addresses_of(ledger, session.manifests, subject.address), *named]
    writes = writes_of_addresses(ledger, workspace, written_in_months(addresses, str(period), named))
    covers = {
        *(f"CustomerMapping/{rule.name}" for rule in inputs.rules),
        *named,
        f"{subject.source}/{subject.customer_id}",
        subject.source,
        None,
    }
    end = min(period.end, inputs.now + timedelta.resolution)
    reported = any(meter.reported for rule in inputs.rules for meter in rule.meters)
    approvals = [each for each in approvals_of_period(ledger, workspace, str(period)) if each.address in covers]
    of_others = [*_approvals_of_corrections(session, subject, period)]
    rows = [row for row in part.part.coverage if (row.source, row.customer) == subject.customer and row.state == "owed"]
    accepted = [each for each in planned.accepted if (each.source, each.customer_id) == subject.customer]
    return Past(
        pulls=pulls_between(ledger, subject.source, period.start, end),
        reports=pulls_between(ledger, report_of(subject.source), period.start, end) if reported else (),
        writes=writes,
        runs=read_runs_by_id(ledger, workspace, {each.run_id for each in writes}),
        approvals=[*approvals, *(each for each in of_others if each not in approvals)],
        hand_edits=hand_edits_of(ledger, workspace, session.tenant, ids, period.start, period.end),
        closes=closes,
        corrections=corrections_json(
            subject.views,
            [row for row in rows if month_of(row.address or "").month == str(period)],
            [each for each in accepted if each.period == str(period)],
            writes,
            of_others,
        ),
    )


def _approvals_of_corrections(session: Session, subject: _Subject, period: Period) -> Iterator[Approval]:
    """Yield the approvals of adjustments of a customer that correct a month, or that are billed in it.

    They were given in a later month than the one that they correct.
    """
    mappings = {each.mapping for each in subject.views if each.mapping is not None}
    named = {each.address for each in subject.views}
    for each in approvals_of_adjustments(session.ledger, session.manifests.workspace.name):
        address = each.address or ""
        is_own = any(address.startswith(f"Addition/{mapping}.") for mapping in mappings)
        if address in named or (is_own and month_of(address).month == str(period)):
            yield each
