"""Make a plan: read everything, compute the plan from what was read, then record what was read in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.additions.desired import BillingContext
from reconciler.additions.invoice_dates import invoice_dates
from reconciler.additions.ledger_records import LedgerRecords
from reconciler.additions.plan import UsageInputs, plan_usage
from reconciler.additions.targets import limited
from reconciler.cli.output import print_note
from reconciler.cli.partial import partial_notes, scope_of_part, setup_elsewhere, unknown_usage_note, unread_sources
from reconciler.cli.policies import check_actions
from reconciler.cli.price_effects import with_price_effects
from reconciler.cli.reading import Inputs, SetupInputs, UsageRead, read_inputs
from reconciler.cli.recording import record_read
from reconciler.cli.session import Session, tenant_of
from reconciler.kinds.agreement import KIND as AGREEMENT
from reconciler.kinds.registry import kind
from reconciler.ledger.journal import last_writes
from reconciler.ledger.snapshot import Close
from reconciler.ledger.snapshot import left_open as customers_left_open
from reconciler.live.read import Scope
from reconciler.manifests.selection import select, targets_of, used_sources
from reconciler.metering.collect import GUARDRAIL
from reconciler.metering.period import local_date, period_of
from reconciler.metering.snapshot import usage_time
from reconciler.planning.action import Action
from reconciler.planning.approvals import Approved, unused_approvals
from reconciler.planning.build import Asked, Only, build
from reconciler.planning.customers import declared_companies
from reconciler.planning.declared import declarations
from reconciler.planning.future_prices import future_prices
from reconciler.planning.goes_on import goes_on
from reconciler.planning.last_writes import with_last_writes
from reconciler.planning.part import Part
from reconciler.planning.plan import Declaration, Note, Plan
from reconciler.planning.retire import Retirements, Terms
from reconciler.planning.setup import plan_setup
from reconciler.planning.setup_tables import SetupTables
from reconciler.planning.undeclared import plan_undeclared

if TYPE_CHECKING:
    from reconciler.manifests.touched import LoadedPart


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what the ledger records after it is applied."""

    plan: Plan
    records: LedgerRecords
    invoices: Mapping[str, date] = field(default_factory=dict)
    """By address of a mapping: when its agreement is invoiced next. Empty for a plan without usage."""
    charged: ChargeInputs | None = None
    """What the usage was charged from. None for a plan without usage, and for a plan file."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The options of `plan` and `apply` that decide what is planned."""

    scope: Scope = field(default_factory=Scope)
    approvals: Sequence[Approved] = ()
    """Guardrails that the user approves."""
    prune: bool = False
    """Whether to retire orphans, and undeclared objects that we made."""
    targets: tuple[str, ...] = ()
    """The addresses to plan, with what they need. Empty: all documents."""
    changed_since: str | None = None
    """Only documents that changed since this Git revision are planned. The session has loaded them."""
    forget: tuple[str, ...] = ()
    """The addresses that the ledger forgets."""
    price_effects: bool = False
    """Whether the plan says what the last month would have cost, if it changes prices."""

    @property
    def asked(self) -> Asked:
        """Return these options as the plan file records them."""
        only: Only | None = None if self.scope == Scope() else "setup" if self.scope.setup else "usage"
        return Asked(only, self.prune, self.targets)

    def asked_of(self, part: LoadedPart | None) -> Asked:
        """Return these options as the plan file records them, with the part of the manifests that was loaded."""
        if part is None or part.whole:
            return self.asked
        return replace(self.asked, changed_since=self.changed_since, documents=part.touched, read_also=part.context)


async def make_plan(session: Session, options: PlanOptions) -> Planned:
    """Return the plan that the options ask for, and record in the ledger what was read of our additions."""
    if options.targets:
        manifests = select(session.manifests, targets_of(session.manifests, options.targets).selected)
        session = replace(session, manifests=manifests)
    scope = scope_of_part(session.manifests, options.scope)
    notes: list[Note] = []
    if scope.usage and session.manifests.from_ledger:
        unread = unread_sources(session.manifests, session.ledger)
        if len(unread) == len(used_sources(session.manifests)):
            scope = Scope(setup=scope.setup, usage=False)
            notes.append(unknown_usage_note(unread))
    inputs = await read_inputs(session, scope, options.approvals, options.forget)
    planned = plan_from(session, inputs, options, notes)
    planned = replace(planned, plan=_with_last_writes(session, planned.plan))
    if options.price_effects and inputs.usage is not None:
        planned = replace(planned, plan=with_price_effects(session, inputs.usage, planned.plan))
    check_actions(session.manifests, planned.plan)
    if inputs.usage is not None:
        record_read(session, planned.records, inputs.usage.ratings.pulls, searched=inputs.usage.searched)
    report_unused(planned.plan, options.approvals)
    return planned


def plan_from(session: Session, inputs: Inputs, options: PlanOptions, notes: Sequence[Note] = ()) -> Planned:
    """Return the plan of what was read, with these notes. Does no I/O."""
    manifests, spec = session.manifests, session.workspace
    parts: list[Part] = []
    warnings = [*partial_notes(session, options.targets, options.changed_since), *notes]
    records = LedgerRecords()
    rest = setup_elsewhere(manifests)
    if (setup := inputs.setup) is not None:
        setup_parts = _setup_parts(session, setup, options, rest)
        warnings += setup_parts[0].notes
        parts += [replace(setup_parts[0], notes=()), setup_parts[1]]
    if inputs.usage is not None:
        with_setup = inputs.setup is not None
        usage = plan_usage(
            usage_inputs(session, inputs.usage, options, with_setup=with_setup, agreements=_agreements(parts))
        )
        usage = limited(usage, targets_of(manifests, options.targets))
        parts.append(usage.part)
        records = usage.records
    live_state = inputs.live_state
    plan = build(
        workspace=manifests.workspace.name,
        tenant=tenant_of(session),
        now=session.context.now,
        manifest_digest=manifests.digest,
        parts=parts,
        currency=spec.billing.currency,
        warnings=warnings,
        asked=options.asked_of(session.part),
        usage_at=None if inputs.usage is None else usage_time(inputs.usage.to_charge.snapshots.values()),
        objects=live_state.objects,
        companies=declared_companies(manifests.documents, live_state.matches),
    )
    if inputs.usage is None:
        return Planned(plan, records)
    return Planned(plan, records, invoice_dates(manifests, live_state), inputs.usage.to_charge)


def _with_last_writes(session: Session, plan: Plan) -> Plan:
    """Return a plan whose actions say what we last wrote. Only the rows of changed objects are read."""
    addresses = [action.address for action in plan.actions if kind(action.kind).declarable]
    writes = last_writes(session.ledger, session.manifests.workspace.name, addresses) if addresses else {}
    return plan.model_copy(update={"actions": with_last_writes(plan.actions, writes)}) if writes else plan


def _setup_parts(session: Session, setup: SetupInputs, options: PlanOptions, elsewhere: int) -> tuple[Part, Part]:
    """Return the part about undeclared objects, and the part about the documents."""
    manifests, terms, ledger = session.manifests, terms_of(session), setup.ledger
    retirements = Retirements(SetupTables(setup.live_state.tables), terms)
    month = period_of(session.context.now, session.workspace.billing.timezone)
    undeclared = plan_undeclared(ledger.left, ledger.read, ledger.knows, manifests, retirements, prune=options.prune)
    documents = plan_setup(
        manifests.documents,
        setup.live_state,
        session.workspace.guardrails,
        setup.kept_values,
        elsewhere,
        terms=terms,
        pruned=undeclared.actions,
    )
    compared = [each for each in manifests.documents if each.address not in setup.live_state.left_out]
    declared: Sequence[Declaration] = ()
    if ledger.knows.remembered or not manifests.is_partial:
        declared = (
            *undeclared.declared,
            *declarations(compared, setup.live_state, ledger.knows.remembered),
        )
    read = ledger.read
    goes_on_notes = goes_on(documents.actions, read.below, read.below_children, terms.last_day)
    prices = future_prices(manifests, month.first_day)
    left = Part(notes=(*undeclared.notes, *goes_on_notes, *prices), problems=(*ledger.problems, *retirements.problems))
    return left, replace(documents, declared=tuple(declared))


def _agreements(parts: Iterable[Part]) -> tuple[Action, ...]:
    """Return the actions of these parts that change agreements."""
    actions = (action for part in parts for action in part.actions)
    return tuple(each for each in actions if each.kind == AGREEMENT.name and each.id is not None)


def terms_of(session: Session) -> Terms:
    """Return the settings that all retirements of a plan share."""
    billing = session.workspace.billing
    last_day = period_of(session.context.now, billing.timezone).last_day
    return Terms(last_day.isoformat(), billing.currency, session.workspace.retired_as)


def usage_inputs(
    session: Session,
    read: UsageRead,
    options: PlanOptions,
    *,
    with_setup: bool = False,
    agreements: Collection[Action] = (),
) -> UsageInputs:
    """Charge the usage that was read, and return the inputs of `plan_usage`. Does no I/O.

    With `with_setup`, the same plan creates the declared objects that do not exist yet. `agreements` are its actions
    that change agreements.
    """
    billing, usage = session.workspace.billing, charge_usage(read.to_charge)
    left_open = left_open_customers(read.closes)
    if session.manifests.is_partial:
        customers = {(rule.source, rule.customer_id) for rule in read.to_charge.rules}
        left_open = {each: reason for each, reason in left_open.items() if each in customers}
    context = BillingContext(
        manifests=session.manifests,
        live_state=read.live_state,
        period=usage.period,
        today=local_date(session.context.now, billing.timezone),
        currency=billing.currency,
        setup=with_setup,
        cycles=read.cycles,
    )
    return UsageInputs(
        usage=usage,
        rules=read.to_charge.rules,
        snapshot=read.snapshot,
        terms=read.terms,
        accepted=read.accepted,
        ratings=read.ratings.known,
        amounts=read.amounts,
        left_open=left_open,
        context=context,
        workspace=session.workspace,
        future=read.to_charge.future,
        approvals=options.approvals,
        prune=options.prune,
        ending=frozenset(each.id for each in agreements if each.action == "retire" and each.id),
        in_setup=frozenset(each.id for each in agreements if (each.action == "retire" or each.money) and each.id),
    )


def left_open_customers(closes: Sequence[Close]) -> dict[tuple[str, str], str]:
    """Return by source and customer id the closed months that left the customer open, with the reasons."""
    found: dict[tuple[str, str], list[str]] = {}
    for month, gaps in customers_left_open(closes).items():
        for address, gap in gaps.items():
            source, _, customer = address.partition("/")
            text = f"{month} was closed without this customer by {gap.by}: {gap.reason} ({gap.what})"
            found.setdefault((source, customer), []).append(text)
    return {customer: "; ".join(texts) for customer, texts in found.items()}


def report_unused(plan: Plan, approvals: Sequence[Approved]) -> None:
    """Print a note for each approval that matches no tripped guardrail, such as one with a misspelt address.

    `shrink` is left out, because it approves a pull and not a plan.
    """
    proposed = {
        address
        for row in plan.coverage
        if row.state == "proposed"
        for address in (row.address, f"{row.source}/{row.customer}")
    }
    for each in unused_approvals(plan, approvals):
        if each.address in proposed:
            print_note(
                f"--approve {each.text} approves nothing: {each.address} is only proposed. To bill it, remove "
                "`proposed: true` from its document"
            )
        elif each.name != GUARDRAIL:
            print_note(f"--approve {each.text} matches no tripped guardrail of this plan")
