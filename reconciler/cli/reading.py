"""Read everything that a plan needs: ConnectWise, the usage sources, and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.additions.agreements import has_unusual_cycle
from reconciler.additions.desired import BillingContext
from reconciler.additions.plan import UsageInputs
from reconciler.additions.tag import is_of_source
from reconciler.cli.charges import RatedMappings, load_and_charge
from reconciler.cli.clock import check_clock
from reconciler.cli.progress import reading_line
from reconciler.cli.pulling import pull_usage
from reconciler.cli.session import Session
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.journal import created_by_us, values_kept_when_cleared
from reconciler.ledger.snapshot import Snapshot
from reconciler.live.read import Scope, read_live_state
from reconciler.live.undeclared_agreements import UndeclaredAgreements, billing_cycles, with_undeclared_agreements
from reconciler.metering.collect import Collected
from reconciler.metering.period import local_date, period_of
from reconciler.planning.approvals import Approved


@dataclass(frozen=True, slots=True)
class SetupInputs:
    """What planning the setup needs, beside the manifests."""

    live_state: LiveState
    created: Mapping[str, int | None]
    """The ids of the objects that we created, by address. None if no answer gave an id."""
    kept_values: Mapping[str, Mapping[str, Any]]
    """By address: the values that ConnectWise kept in fields that an earlier run cleared."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from. A part that is out of scope is None."""

    setup: SetupInputs | None
    usage: UsageInputs | None
    searched: bool = False
    """True if every agreement of the tenant was searched for our tags."""


@dataclass(frozen=True, slots=True)
class UsageRead:
    """What was read for usage: the live state with our additions everywhere, the ledger's snapshot, and the charges."""

    live_state: LiveState
    snapshot: Snapshot
    rated: RatedMappings
    searched: bool
    """True if every agreement of the tenant was searched for our tags."""


async def read_inputs(
    session: Session, scope: Scope, approvals: Sequence[Approved] = (), *, prune: bool = False
) -> Inputs:
    """Return all that the plan of a scope needs. Raises `Refused` if the clock is wrong and usage is in scope."""
    if scope.usage:
        await check_clock(session)
    live_state, pulls = await _read_live_state_and_pull(session, scope, [each.text for each in approvals])
    setup = _setup_inputs(session, live_state) if scope.setup else None
    if not scope.usage:
        return Inputs(setup, None)
    read = await read_usage(session, live_state, pulls)
    return Inputs(setup, await usage_inputs(session, scope, read, approvals, prune=prune), read.searched)


async def _read_live_state_and_pull(
    session: Session, scope: Scope, approved: Collection[str]
) -> tuple[LiveState, tuple[Collected, ...]]:
    """Read ConnectWise and pull the usage sources at the same time. If one fails, the other is cancelled."""
    async with reading_line(lambda: session.client.requests.total) as line:
        live_state = asyncio.ensure_future(read_live_state(session.client, session.manifests, scope))
        pulls = asyncio.ensure_future(pull_usage(session, approved, line) if scope.usage else _no_pulls())
        try:
            return await live_state, await pulls
        finally:
            live_state.cancel()
            pulls.cancel()
            await asyncio.gather(live_state, pulls, return_exceptions=True)


async def _no_pulls() -> tuple[Collected, ...]:
    return ()


def _setup_inputs(session: Session, live_state: LiveState) -> SetupInputs:
    created = created_by_us(session.ledger, session.manifests.workspace.name)
    return SetupInputs(live_state, created, _kept_values(session, live_state))


def _kept_values(session: Session, live_state: LiveState) -> dict[str, dict[str, Any]]:
    """Return, by address, what ConnectWise kept in fields that a document clears, as the journal recorded it."""
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


async def read_usage(session: Session, live_state: LiveState, pulls: Sequence[Collected] = ()) -> UsageRead:
    """Read what planning usage needs beside the live state. `pulls` are those of this run."""
    manifests, ledger, now = session.manifests, session.ledger, session.context.now
    period = period_of(now, session.workspace.billing.timezone)
    snapshot = load_snapshot(ledger, manifests.workspace.name, session.tenant, str(period))
    agreements = await _undeclared_agreements(session, live_state, snapshot)
    rated = load_and_charge(manifests, agreements.live_state, ledger, now, pulls)
    return UsageRead(agreements.live_state, snapshot, rated, agreements.searched)


async def _undeclared_agreements(session: Session, live_state: LiveState, snapshot: Snapshot) -> UndeclaredAgreements:
    """Read our additions on agreements that no manifest names."""
    sources = [source.name for source in session.workspace.usage]
    period = period_of(session.context.now, session.workspace.billing.timezone)
    first_day = period.first_day.isoformat()
    known = {
        addition.agreement_id
        for addition in snapshot.additions.values()
        if addition.agreement_id is not None and not addition.ended_before(first_day)
    }

    def is_ours(addition: LiveObject) -> bool:
        serial = addition.raw.get("serialNumber")
        return addition.id in snapshot.additions or any(is_of_source(serial, source) for source in sources)

    # Search once in each period: a person may have copied an agreement with its additions.
    search = snapshot.tags_searched_at is None or snapshot.tags_searched_at not in period
    return await with_undeclared_agreements(session.client, live_state, known, is_ours, search=search)


async def usage_inputs(
    session: Session, scope: Scope, read: UsageRead, approvals: Sequence[Approved] = (), *, prune: bool = False
) -> UsageInputs:
    """Return all that planning of usage needs. Reads the billing cycles if an agreement has an unusual one."""
    billing = session.workspace.billing
    context = BillingContext(
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
        context=context,
        workspace=session.workspace,
        approvals=approvals,
        prune=prune,
    )
