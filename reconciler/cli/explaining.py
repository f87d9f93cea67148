"""Load what `usage explain` needs from ConnectWise and the ledger, and explain it. No usage source is pulled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.additions.plan import UsageInputs, UsagePart
from reconciler.additions.views import AdditionView
from reconciler.cli.history import addresses_of
from reconciler.cli.invoice_words import address_on_invoice
from reconciler.cli.loading import load_customer
from reconciler.cli.places import place_finder
from reconciler.cli.recorded_rules import by_recorded_versions, changed_mappings, recorded_versions
from reconciler.cli.session import Session
from reconciler.cli.show_usage import addition_named, not_found, plan_from_ledger
from reconciler.closing.explanation import Lines, Past, ToExplain, explain
from reconciler.closing.values import RuleValue, rule_values
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.product import ProductSpec
from reconciler.ledger.additions import approvals_of_period, hand_edits_of
from reconciler.ledger.history import read_runs_by_id, writes_of_addresses
from reconciler.ledger.pulls import customer_records, pulls_between
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import Period, period_of
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

    @property
    def customer(self) -> tuple[str, str]:
        return (self.source, self.customer_id)


async def explain_address(session: Session, words: str, period: Period) -> dict[str, Any]:
    """Return the explanation of an addition, a mapping or a customer such as `cove/1001006`, as JSON.

    It is named by its address, or by words on an invoice: see `address_on_invoice`. Raises `ReconcilerError` if nothing
    has this name.
    """
    planned, part = await plan_from_ledger(session)
    subject = _subject(session, part, words)
    now, live_state = session.context.now, planned.context.live_state
    moment = min(now, period.end - timedelta.resolution)
    inputs = load_customer(session.manifests, live_state, session.ledger, moment, subject.customer)
    if subject.mapping is not None:
        inputs = replace(inputs, rules=[rule for rule in inputs.rules if rule.name == subject.mapping])
    running = now in period
    own = {} if running else recorded_versions(session, period, subject.customer)
    values = _values(session, inputs, live_state)
    today = [each for each in inputs.rules if (each.name, each.charge) not in own]
    if own:
        changed = changed_mappings(inputs, own)
        values = {name: found for name, found in values.items() if name not in changed}
        inputs = by_recorded_versions(session, inputs, own, moment, subject.customer)
    usage = charge_usage(inputs)
    rows: Iterable[CoverageRow | PlannedRow] = (row for row in usage.coverage.rows if row.mapping)
    if running:
        rows = (row for row in part.part.coverage if (row.source, row.customer) == subject.customer)
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
            lines=_lines(session, planned, subject),
            past=_past(session, subject, period, inputs),
            notes=() if running or not today else (_by_the_rules_of_today(today if own else ()),),
        )
    )


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
        return _Subject(address, source, customer_id, view.mapping, [view])
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


def _past(session: Session, subject: _Subject, period: Period, inputs: ChargeInputs) -> Past:
    ledger, workspace = session.ledger, session.manifests.workspace.name
    ids = {each.live.id for each in subject.views if each.live is not None}
    named = [each.address for each in subject.views]
    addresses = [*addresses_of(ledger, session.manifests, subject.address), *named]
    writes = writes_of_addresses(ledger, workspace, addresses)
    covers = {
        *(f"CustomerMapping/{rule.name}" for rule in inputs.rules),
        *named,
        f"{subject.source}/{subject.customer_id}",
        subject.source,
        None,
    }
    end = min(period.end, inputs.now + timedelta.resolution)
    reported = any(meter.reported for rule in inputs.rules for meter in rule.meters)
    return Past(
        pulls=pulls_between(ledger, subject.source, period.start, end),
        reports=pulls_between(ledger, report_of(subject.source), period.start, end) if reported else (),
        writes=writes,
        runs=read_runs_by_id(ledger, workspace, {each.run_id for each in writes}),
        approvals=[each for each in approvals_of_period(ledger, workspace, str(period)) if each.address in covers],
        hand_edits=hand_edits_of(ledger, workspace, session.tenant, ids, period.start, period.end),
    )
