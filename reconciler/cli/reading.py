"""Read everything that a plan needs: ConnectWise, the usage sources, and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.additions.agreements import BillingCycles, has_unusual_cycle
from reconciler.additions.charges import ChargeInputs
from reconciler.additions.line_amounts import NO_AMOUNTS, LineAmounts
from reconciler.additions.rivals import REMEMBERED
from reconciler.additions.tag_search import tag_search
from reconciler.cli.clock import check_clock
from reconciler.cli.ended_months import Ratings, with_ended_months
from reconciler.cli.loading import load_usage
from reconciler.cli.progress import reading_line
from reconciler.cli.pulling import pull_usage
from reconciler.cli.session import Session
from reconciler.cli.setup_ledger import SetupLedger, read_setup_ledger
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.accepted_amounts import load_accepted_amounts
from reconciler.ledger.additions import Some, load_snapshot
from reconciler.ledger.closes import load_closes
from reconciler.ledger.journal import values_kept_when_cleared
from reconciler.ledger.snapshot import AcceptedAmount, Close, Snapshot, TermsKey
from reconciler.live.read import Scope, read_live_state
from reconciler.live.undeclared_agreements import billing_cycles, with_undeclared_agreements
from reconciler.manifests.documents import Manifests
from reconciler.manifests.relations import customer_of
from reconciler.metering.collect import Collected
from reconciler.metering.period import Period, period_of
from reconciler.planning.approvals import Approved
from reconciler.planning.setup import clearing_documents

_FEW = 100
"""A partial plan with more customers than this loads what the ledger knows of all additions."""


@dataclass(frozen=True, slots=True)
class SetupInputs:
    """What planning the setup needs, beside the manifests."""

    live_state: LiveState
    ledger: SetupLedger
    """What the ledger knows of the objects of the setup, and the undeclared objects."""
    kept_values: Mapping[str, Mapping[str, Any]]
    """By address: the values that ConnectWise kept in fields that an earlier run cleared."""


@dataclass(frozen=True, slots=True)
class UsageRead:
    """What was read for usage, beside the manifests."""

    live_state: LiveState
    """With our additions on all agreements that were read."""
    snapshot: Snapshot
    """What the ledger knows of our additions."""
    to_charge: ChargeInputs
    searched: bool
    """True if every agreement of the tenant was searched for our tags."""
    terms: Mapping[TermsKey, Mapping[str, Any]] = field(default_factory=dict)
    """The terms that the ledger has of the running month."""
    closes: Sequence[Close] = ()
    """The closes of months, oldest first."""
    accepted: Sequence[AcceptedAmount] = ()
    """The owed amounts of settled months that a person accepted."""
    ratings: Ratings = field(default_factory=Ratings)
    """The ratings of settled months that the ledger has."""
    amounts: LineAmounts = NO_AMOUNTS
    """What the additions of single months billed."""
    cycles: BillingCycles = field(default_factory=dict)
    """Empty if every agreement has the default cycle, and for a report."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from. A part that is out of scope is None."""

    setup: SetupInputs | None
    usage: UsageRead | None

    @property
    def live_state(self) -> LiveState:
        """Return the live state with the most objects: that of usage has undeclared agreements too."""
        read = self.usage or self.setup
        return LiveState() if read is None else read.live_state


async def read_inputs(
    session: Session, scope: Scope, approvals: Sequence[Approved] = (), forget: Collection[str] = ()
) -> Inputs:
    """Return all that the plan of a scope needs. Raises `Refused` if the clock is wrong and usage is in scope."""
    if scope.usage:
        await check_clock(session)
    live_state, pulls = await _read_live_state_and_pull(session, scope, [each.text for each in approvals])
    setup = await _setup_inputs(session, live_state, forget) if scope.setup else None
    usage = await read_usage_to_plan(session, live_state, pulls) if scope.usage else None
    return Inputs(setup, usage)


async def _read_live_state_and_pull(
    session: Session, scope: Scope, approved: Collection[str]
) -> tuple[LiveState, tuple[Collected, ...]]:
    """Read ConnectWise and pull the usage sources at the same time. If one fails, the other is cancelled."""
    async with reading_line(lambda: session.client.requests.total) as line:
        pulls_needed = scope.usage and not session.manifests.from_ledger
        live_state = asyncio.ensure_future(read_live_state(session.client, session.manifests, scope))
        pulls = asyncio.ensure_future(pull_usage(session, approved, line) if pulls_needed else _no_pulls())
        try:
            return await live_state, await pulls
        finally:
            live_state.cancel()
            pulls.cancel()
            await asyncio.gather(live_state, pulls, return_exceptions=True)


async def _no_pulls() -> tuple[Collected, ...]:
    return ()


async def _setup_inputs(session: Session, live_state: LiveState, forget: Collection[str]) -> SetupInputs:
    ledger, live_state = await read_setup_ledger(session, live_state, forget)
    return SetupInputs(live_state, ledger, _kept_values(session, live_state))


def _kept_values(session: Session, live_state: LiveState) -> dict[str, dict[str, Any]]:
    """Return, by address, what ConnectWise kept in fields that a document clears, as the journal recorded it."""
    clearing = clearing_documents(session.manifests.documents, live_state)
    return values_kept_when_cleared(session.ledger, session.manifests.workspace.name, clearing) if clearing else {}


async def read_usage_to_plan(
    session: Session, live_state: LiveState, pulls: Sequence[Collected] = (), *, whole: Period | None = None
) -> UsageRead:
    """Read what planning usage needs, with the billing cycles if an agreement has an unusual one.

    The usage of the ended month `whole` is read even if nothing of it has changed.
    """
    read = await read_usage(session, live_state, pulls, whole=whole)
    if not has_unusual_cycle(read.live_state, session.manifests):
        return read
    return replace(read, cycles=await billing_cycles(session.client))


async def read_usage(
    session: Session, live_state: LiveState, pulls: Sequence[Collected] = (), *, whole: Period | None = None
) -> UsageRead:
    """Read our additions everywhere, and the usage to charge. `pulls` are those of this run.

    The usage of the ended month `whole` is read even if nothing of it has changed.
    """
    manifests, ledger, now = session.manifests, session.ledger, session.context.now
    period = period_of(now, session.workspace.billing.timezone)
    some = _some_additions(manifests, live_state) if manifests.is_partial else None
    workspace, since = manifests.workspace.name, now - REMEMBERED
    snapshot = load_snapshot(ledger, workspace, session.tenant, str(period), some, edits_since=since)
    customers = {customer for each in manifests.documents if (customer := customer_of(each)) is not None}
    sources = [source.name for source in session.workspace.usage]
    search = tag_search(snapshot, sources, period, customers if manifests.is_partial else None)
    found = await with_undeclared_agreements(
        session.client, live_state, search.agreements, search.is_ours, search=search.is_due
    )
    to_charge = load_usage(manifests, found.live_state, ledger, now, pulls)
    closes = load_closes(ledger, workspace, session.tenant)
    accepted = load_accepted_amounts(ledger, workspace, session.tenant)
    loaded = with_ended_months(
        to_charge,
        manifests,
        found.live_state,
        snapshot,
        ledger,
        session.tenant,
        pulls,
        closes=closes,
        accepted=accepted,
        whole=whole,
    )
    return UsageRead(
        found.live_state,
        snapshot,
        loaded.to_charge,
        found.searched,
        terms=loaded.terms,
        closes=closes,
        accepted=accepted,
        ratings=loaded.ratings,
        amounts=loaded.amounts,
    )


def _some_additions(manifests: Manifests, live_state: LiveState) -> Some | None:
    """Return which additions a partial plan needs from the ledger. None if it needs all of them."""
    mappings = [each.name for each in manifests.of(CustomerMappingSpec)]
    customers = {customer for each in manifests.documents if (customer := customer_of(each)) is not None}
    return Some(customers, mappings, live_state.additions.keys()) if len(customers) <= _FEW else None
