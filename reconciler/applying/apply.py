"""Does exactly what a plan says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.applying.carry_out import RunContext, carry_out
from reconciler.applying.recover import recover
from reconciler.applying.requests import ReadSecret
from reconciler.applying.stale import Progress, check
from reconciler.applying.walk import walk
from reconciler.connectwise import ConnectWise
from reconciler.errors import ReconcilerError, Refused
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.registry import kind
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.ledger.journal import begin_run, end_run
from reconciler.ledger.lease import Lease, hold_lock
from reconciler.ledger.store import Ledger
from reconciler.live.reader import Reader
from reconciler.planning.approvals import Approved, open_trips
from reconciler.planning.outcome import Outcome, Result, outcome_of
from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How an apply is carried out."""

    clock: Callable[[], datetime]
    secret: ReadSecret
    recheck: bool = True
    """Read again what the plan touches. Needless only where the plan was made in this very turn."""
    approved: Collection[Approved] = ()
    """Guardrails that a person lets pass."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    on_result: Callable[[Result], None] = lambda _result: None
    on_notice: Callable[[str], None] = lambda _text: None
    """Told what a person should know though it is no action's result."""


@asynccontextmanager
async def workspace_lock(
    client: ConnectWise,
    ledger: Ledger,
    workspace: str,
    clock: Callable[[], datetime],
    on_notice: Callable[[str], None] = lambda _text: None,
) -> AsyncIterator[Lease]:
    """The workspace to ourselves, with everything settled that a run which died has left.

    A plan that is made in a turn needs no second look: no other apply wrote since. `Refused` while another has it.
    No request that writes leaves once the lock is lost: see `Lease.confirm`.
    """
    done = False
    try:
        async with hold_lock(ledger, workspace, on_wait=on_notice) as lease:
            with client.before_each_write(lease.confirm):
                await recover(client, lease, clock)
                yield lease
            done = True
    except LedgerError:
        # A lock that cannot be given back falls free with the end of this process: no reason to lose the outcome.
        if not done:
            raise


def check_guardrails(plan: Plan, approved: Collection[Approved]) -> None:
    """Raises `Refused` for every guardrail of the run that tripped and was not approved by name."""
    trips = open_trips(plan, approved)
    if trips:
        lines = "\n".join(f"  {trip.name}: {_where(trip.address)}{trip.message}" for trip in trips)
        names = " ".join(f"--approve {name}" for name in sorted({trip.name for trip in trips}))
        raise Refused(f"guardrails tripped; nothing was written\n{lines}", advice=f"If that is meant: {names}")


def _where(address: str | None) -> str:
    return f"{address}: " if address else ""


async def apply(client: ConnectWise, ledger: Ledger, plan: Plan, options: ApplyOptions, lease: Lease) -> Outcome:
    """Carries a plan out, in the workspace's turn. Whatever is raised is raised before the first write.

    A run that loses its lock stops: `LostLease` where it has sent nothing yet, else the outcome tells.
    """
    check_guardrails(plan, options.approved)
    lease.confirm()
    progress = await check(client, plan) if options.recheck else Progress()
    _secrets_at_hand(plan, progress.done.keys() | progress.begun.keys(), options.secret)
    run = RunContext(
        client=client,
        ledger=ledger,
        lease=lease,
        clock=options.clock,
        secret=options.secret,
        tables=await _tables(client, plan),
        ids={**progress.done, **progress.begun},
        begun=progress.begun.keys(),
        run_id=begin_run(ledger, plan.workspace, plan.digest, options.clock()),
    )
    noted = _until_lost(lease, options)
    results = await walk(
        plan, lambda action: carry_out(action, run), already=progress.done, stop=options.stop, on_result=noted
    )
    outcome = outcome_of(plan, results, stopped=options.stop.is_set(), requests=client.requests.total)
    try:
        end_run(ledger, run.run_id, outcome.model_dump(mode="json"), options.clock())
    except LedgerError as error:
        options.on_notice(f"the end of this run could not be noted: {error}")
    if lease.lost and not run.sent:
        raise LostLease(
            lease.lost, where="ledger", advice="Nothing was written. Let the other run end, then run again."
        )
    return outcome


def _secrets_at_hand(plan: Plan, made: Collection[str], secret: ReadSecret) -> None:
    """Every secret is read once before anything is sent: a missing variable must not end an apply in its middle.

    Raises `ReconcilerError` that names all that are missing.
    """
    missing: list[ReconcilerError] = []
    for action in plan.actions:
        for change in action.changes:
            if change.sensitive and action.address not in made:
                try:
                    secret(change.after)
                except ReconcilerError as error:
                    missing.append(error)
    if len(missing) == 1:
        raise missing[0]
    if missing:
        told = "\n".join(f"  {error.where}: {error.what}" for error in missing)
        raise ReconcilerError(f"{len(missing)} secrets cannot be read\n{told}", advice=missing[0].advice)


def _until_lost(lease: Lease, options: ApplyOptions) -> Callable[[Result], None]:
    """Passes results on. A lock that is lost ends the run in good order, and is told once."""

    def noted(result: Result) -> None:
        options.on_result(result)
        if lease.lost and not options.stop.is_set():
            options.stop.set()
            options.on_notice(f"{lease.lost}; this run writes nothing more")

    return noted


async def _tables(client: ConnectWise, plan: Plan) -> dict[str, list[dict[str, object]]]:
    """The setup tables that encoding needs: ids of communication types and of custom fields."""
    needed: dict[str, Table] = {}
    for action in plan.actions:
        of = kind(action.kind)
        for change in action.changes:
            for table in of.by_name[change.path.partition(".")[0]].mapping.tables:
                needed[table.path] = table
    return await Reader(client).read_tables(needed.values())
