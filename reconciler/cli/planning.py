"""A plan is made: everything is read first, then one pure pass plans, then the ledger notes what was read."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.additions.agreements import has_unusual_cycle
from reconciler.additions.desired import Surroundings
from reconciler.additions.live import live_additions
from reconciler.additions.notes import LedgerNotes, Linked, ToNote, billed_by
from reconciler.additions.ownership import Owner, Ownership, assign
from reconciler.additions.plan import UsageInputs, plan_usage
from reconciler.additions.tag import is_of_source
from reconciler.cli.charges import RatedMappings, load_and_charge
from reconciler.cli.clock import check_clock
from reconciler.cli.output import say
from reconciler.cli.progress import reading
from reconciler.cli.session import Session, person, pull_usage, tenant_of
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.ledger.additions import (
    load_snapshot,
    record_approvals,
    record_billed_additions,
    record_observed_additions,
    record_tag_search,
)
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.journal import created_by_us, values_kept_when_cleared
from reconciler.ledger.snapshot import Approval, BilledAddition, Snapshot
from reconciler.live.read import Scope, read_live_state
from reconciler.live.undeclared_agreements import UndeclaredAgreements, billing_cycles, with_undeclared_agreements
from reconciler.metering.collect import Collected
from reconciler.metering.period import local_date, period_of
from reconciler.planning.approvals import Approved, unused
from reconciler.planning.build import build
from reconciler.planning.outcome import Outcome, Result
from reconciler.planning.part import Part
from reconciler.planning.plan import Note, Plan
from reconciler.planning.setup import plan_setup


@dataclass(frozen=True, slots=True)
class Made:
    plan: Plan
    notes: LedgerNotes
    """What the ledger keeps once the plan is carried out."""


@dataclass(frozen=True, slots=True)
class UsageRead:
    """What was read for usage, beside the estate."""

    live_state: LiveState
    snapshot: Snapshot
    rated: RatedMappings
    searched: bool


async def make_plan(session: Session, scope: Scope, *, approvals: Sequence[Approved] = (), prune: bool = False) -> Made:
    """Reads both sides at once, compares, and notes which additions are ours."""
    if scope.usage:
        await check_clock(session)
    live_state, fresh = await _both_sides(session, scope, [each.text for each in approvals])
    manifests, spec, now = session.manifests, session.workspace, session.context.now
    parts: list[Part] = []
    if scope.setup:
        parts.append(plan_setup(manifests.documents, live_state, spec.guardrails, _kept(session, live_state)))
    notes = LedgerNotes()
    if scope.usage:
        read = await read_usage(session, live_state, fresh)
        usage = plan_usage(await inputs(session, scope, read, approvals, prune=prune))
        parts.append(usage.part)
        notes = usage.notes
        _note(session, notes, searched=read.searched)
    plan = build(
        workspace=manifests.workspace.name,
        tenant=tenant_of(session),
        now=now,
        manifest_digest=manifests.digest,
        parts=parts,
        currency=spec.billing.currency,
        warnings=undeclared(session, live_state) if scope.setup else (),
    )
    tell_unused(plan, approvals)
    return Made(plan, notes)


def _kept(session: Session, live_state: LiveState) -> dict[str, dict[str, Any]]:
    """What ConnectWise keeps in fields that documents clear, as the journal tells."""
    clearing = [
        document.address
        for document in session.manifests.documents
        if document.address in live_state.matches
        and any(
            item.name in document.declared
            and item.mapping.compared
            and item.mapping.subcollection is None
            and getattr(document.spec, item.attribute) is None
            and not any(item.mapping.encode(None, {}).values())
            for item in document.kind.fields
        )
    ]
    return values_kept_when_cleared(session.ledger, session.manifests.workspace.name, clearing) if clearing else {}


async def read_usage(session: Session, live_state: LiveState, fresh: Sequence[Collected] = ()) -> UsageRead:
    """What planning usage looks at: the ledger's snapshot, our additions elsewhere, and usage itself."""
    manifests, ledger, now = session.manifests, session.ledger, session.context.now
    period = period_of(now, session.workspace.billing.timezone)
    snapshot = load_snapshot(ledger, manifests.workspace.name, session.tenant, str(period))
    beyond = await _beyond(session, live_state, snapshot)
    return UsageRead(
        beyond.live_state, snapshot, load_and_charge(manifests, beyond.live_state, ledger, now, fresh), beyond.searched
    )


async def _beyond(session: Session, live_state: LiveState, snapshot: Snapshot) -> UndeclaredAgreements:
    sources = [source.name for source in session.workspace.usage]
    period = period_of(session.context.now, session.workspace.billing.timezone)
    first = period.first_day.isoformat()
    known = {
        addition.agreement_id
        for addition in snapshot.additions.values()
        if addition.agreement_id is not None and not addition.ended_before(first)
    }

    def is_ours(obj: LiveObject) -> bool:
        serial = obj.raw.get("serialNumber")
        return obj.id in snapshot.additions or any(is_of_source(serial, source) for source in sources)

    # Once in each period: somebody may have copied an agreement with its additions.
    search = snapshot.tags_searched_at is None or snapshot.tags_searched_at not in period
    return await with_undeclared_agreements(session.client, live_state, known, is_ours, search=search)


async def inputs(
    session: Session, scope: Scope, read: UsageRead, approvals: Sequence[Approved] = (), *, prune: bool = False
) -> UsageInputs:
    """All that the pure pass over usage looks at."""
    billing = session.workspace.billing
    surroundings = Surroundings(
        manifests=session.manifests,
        live_state=read.live_state,
        period=read.rated.usage.period,
        today=local_date(session.context.now, billing.timezone),
        currency=billing.currency,
        setup=scope.setup,
        cycles=await billing_cycles(session.client) if has_unusual_cycle(read.live_state, session.manifests) else {},
    )
    return UsageInputs(
        usage=read.rated.usage,
        rules=read.rated.rules,
        snapshot=read.snapshot,
        surroundings=surroundings,
        workspace=session.workspace,
        approvals=approvals,
        prune=prune,
    )


def ownership_of(session: Session, read: UsageRead) -> Ownership:
    """Which charge each addition of ours belongs to, for reports."""
    first = read.rated.usage.period.first_day.isoformat()
    owners = [Owner(rule.name, rule.source, rule.customer_id) for rule in read.rated.rules]
    sources = frozenset(source.name for source in session.workspace.usage)
    live = live_additions(read.live_state, first, session.workspace.billing.currency)
    return assign(live, owners, sources, read.snapshot)


def _note(session: Session, notes: LedgerNotes, *, searched: bool) -> None:
    """A ledger that cannot be written is no reason to lose a plan."""
    workspace, now = session.manifests.workspace.name, session.context.now
    try:
        record_observed_additions(session.ledger, workspace, session.tenant, notes.observed_additions, now)
        if searched:
            record_tag_search(session.ledger, workspace, session.tenant, now)
    except LedgerError as error:
        say(f"note: what was read could not be kept: {error}")


async def _both_sides(
    session: Session, scope: Scope, approved: Collection[str]
) -> tuple[LiveState, tuple[Collected, ...]]:
    """ConnectWise and the usage sources, read at once; where one fails the other is not left running."""
    async with reading(lambda: session.client.requests.total) as told:
        live_state = asyncio.ensure_future(read_live_state(session.client, session.manifests, scope))
        pulling = asyncio.ensure_future(pull_usage(session, approved, told) if scope.usage else _nothing())
        try:
            return await live_state, await pulling
        finally:
            live_state.cancel()
            pulling.cancel()
            await asyncio.gather(live_state, pulling, return_exceptions=True)


async def _nothing() -> tuple[Collected, ...]:
    return ()


def undeclared(session: Session, live_state: LiveState) -> list[Note]:
    """What we once made and the manifests no longer declare, under any name: removing a document removes nothing."""
    made = created_by_us(session.ledger, session.manifests.workspace.name)
    managed = {(live.kind, live.id) for live in live_state.matches.values()}
    declared = session.manifests.by_address
    return [
        Note(address=address, message=f"no longer declared (id {number}); nothing was removed in ConnectWise")
        for address, number in sorted(made.items())
        if address not in declared
        and (address.partition("/")[0], number) not in managed
        and not address.startswith("Addition/")
        and "#" not in address
    ]


def tell_unused(plan: Plan, approvals: Sequence[Approved]) -> None:
    """Say which approvals fit nothing: a wrong address approves nothing, and looks as if it did.

    `shrink` is not among them. It is for the pull, and stands in no plan.
    """
    for each in unused(plan, approvals):
        if each.name != "shrink":
            say(f"note: --approve {each.text} fits no guardrail that this plan trips")


def notes_of(plan: Plan) -> LedgerNotes:
    """What the ledger keeps once a plan of a file is carried out: of its own additions, and of no others."""
    return LedgerNotes(billed=tuple(billed_by(plan.actions)))


def keep(session: Session, made: Made, outcome: Outcome | None, approved: Sequence[Approved]) -> None:
    """Notes how the apply left our additions, and which guardrails were let pass by whom.

    An apply is done when this is called. So what the ledger cannot keep is said, and changes no exit code.
    """
    workspace, now = session.manifests.workspace.name, session.context.now
    period = str(period_of(now, session.workspace.billing.timezone))
    done = {} if outcome is None else {each.address: each for each in outcome.results}
    left = [(note.tag, _left(note, done)) for note in made.notes.billed]
    unfinished = {tag for tag, each in left if each is None}  # none of the lines of such a charge is noted as billed
    billed = [each for tag, each in left if each is not None and tag not in unfinished]
    passed = [
        Approval(trip.name, trip.address, period, person(), now)
        for trip in made.plan.guardrails
        if any(each.covers(trip) for each in approved)
    ]
    try:
        record_billed_additions(session.ledger, workspace, session.tenant, billed, period, now)
        record_approvals(session.ledger, workspace, passed)
    except LedgerError as error:
        say(f"note: how the additions were left could not be kept: {error}")


def _left(each: ToNote, done: Mapping[str, Result]) -> BilledAddition | None:
    """What is noted of an addition that now stands as the plan wanted it; None where it does not."""
    number = each.addition_id
    if each.changes:
        result = done.get(each.address)
        if result is None or result.status not in ("done", "already"):
            return None
        number = result.id or number
    if number is None:
        return None

    def found(link: Linked) -> int | None:
        made = done.get(link[1] or "")
        return link[0] if link[0] is not None or made is None else made.id

    return BilledAddition(
        number, found(each.agreement), found(each.product), each.tag, each.customer, each.fields, each.rule
    )
