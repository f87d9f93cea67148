"""Applies a plan: checks it, sends its changes, and returns the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler.applying.carry_out import RunContext, carry_out
from reconciler.applying.recover import recover
from reconciler.applying.requests import ReadSecret
from reconciler.applying.run_actions import run_actions
from reconciler.applying.stale import Progress, check
from reconciler.connectwise import ConnectWise
from reconciler.errors import ReconcilerError, Refused
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.registry import kind
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.ledger.journal import begin_run, end_run
from reconciler.ledger.lease import Lease, hold_lock
from reconciler.ledger.records import UNKNOWN_ORIGIN, RunOrigin
from reconciler.ledger.store import Ledger
from reconciler.live.reader import Reader
from reconciler.planning.approvals import Approved, unapproved_trips
from reconciler.planning.outcome import Outcome, Result, outcome_of, record_of
from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How a plan is applied."""

    clock: Callable[[], datetime]
    secret: ReadSecret
    origin: RunOrigin = UNKNOWN_ORIGIN
    """Who applies the plan, and from which commit."""
    recheck: bool = True
    """Read the objects of the plan again first. Not needed if the plan was made under the same workspace lock."""
    verify: Callable[[Collection[str]], Awaitable[None]] | None = None
    """Called before anything is written, with the addresses of the actions that are done already. It may raise."""
    approved: Collection[Approved] = ()
    """Guardrails that the user approved."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Once set, no new action starts. Requests in flight finish."""
    on_result: Callable[[Result], None] = lambda _result: None
    on_notice: Callable[[str], None] = lambda _text: None
    """Called with messages for the user that belong to no action."""


@asynccontextmanager
async def workspace_lock(
    client: ConnectWise,
    ledger: Ledger,
    workspace: str,
    clock: Callable[[], datetime],
    on_notice: Callable[[str], None] = lambda _text: None,
    wait: timedelta = timedelta(),
) -> AsyncIterator[Lease]:
    """Hold the lock of a workspace, and first recover what an interrupted run left.

    A plan that is made under the lock need not be checked again, because no other apply writes meanwhile. Raises
    `LockHeld` where another run still holds the lock after `wait`. Once the lock is lost, no request that writes is
    sent: see `Lease.confirm`.
    """
    done = False
    try:
        async with hold_lock(ledger, workspace, wait=wait, on_wait=on_notice) as lease:
            with client.before_each_write(lease.confirm):
                await recover(client, lease, clock)
                yield lease
            done = True
    except LedgerError:
        # A lock that cannot be released expires after this process ends, so the outcome is still returned.
        if not done:
            raise


def check_guardrails(plan: Plan, approved: Collection[Approved]) -> None:
    """Raise `Refused` with all guardrails that tripped, refuse the run, and were not approved."""
    trips = unapproved_trips(plan, approved)
    if trips:
        lines = "\n".join(f"  {trip.name}: {_where(trip.address)}{trip.message}" for trip in trips)
        names = " ".join(f"--approve {name}" for name in sorted({trip.name for trip in trips}))
        raise Refused(
            f"guardrails tripped; nothing was written\n{lines}", advice=f"If these changes are right, add: {names}"
        )


def _where(address: str | None) -> str:
    return f"{address}: " if address else ""


def _origin(plan: Plan, options: ApplyOptions) -> RunOrigin:
    return options.origin if plan.undo is None else replace(options.origin, undoes=plan.undo.run)


async def apply(client: ConnectWise, ledger: Ledger, plan: Plan, options: ApplyOptions, lease: Lease) -> Outcome:
    """Apply a plan under the lock of the workspace, and return the outcome.

    Errors are raised only before the first write. A run that loses its lock stops: it raises `LostLease` if it has
    sent nothing yet, and otherwise returns an outcome with the skipped actions.
    """
    check_guardrails(plan, options.approved)
    lease.confirm()
    progress = await check(client, plan) if options.recheck else Progress()
    if options.verify is not None:
        await options.verify(progress.done.keys())
    _check_secrets(plan, progress.done.keys() | progress.begun.keys(), options.secret)
    run = RunContext(
        client=client,
        ledger=ledger,
        lease=lease,
        clock=options.clock,
        secret=options.secret,
        tables=await _tables(client, plan),
        ids={**progress.done, **progress.begun},
        begun=progress.begun.keys(),
        run_id=begin_run(ledger, plan.workspace, plan.digest, options.clock(), _origin(plan, options)),
    )
    results = await run_actions(
        plan,
        lambda action: carry_out(action, run),
        already=progress.done,
        stop=options.stop,
        on_result=_stop_when_lost(lease, options),
    )
    outcome = outcome_of(plan, results, stopped=options.stop.is_set(), requests=client.requests.total)
    try:
        end_run(ledger, run.run_id, record_of(outcome), options.clock())
    except LedgerError as error:
        options.on_notice(f"the end of this run could not be recorded in the ledger: {error}")
    if lease.lost and not run.sent:
        raise LostLease(
            lease.lost, where="ledger", advice="Nothing was written. Wait until the other run ends, then run again."
        )
    return outcome


def _check_secrets(plan: Plan, written: Collection[str], secret: ReadSecret) -> None:
    """Read every secret once before anything is sent, so that a missing variable does not stop an apply halfway.

    `written` has the addresses whose secrets an earlier run sent. Raises one `ReconcilerError` with all secrets that
    cannot be read.
    """
    missing: list[ReconcilerError] = []
    for action in plan.actions:
        for change in action.changes:
            if change.sensitive and action.address not in written:
                try:
                    secret(change.after)
                except ReconcilerError as error:
                    missing.append(error)
    if len(missing) == 1:
        raise missing[0]
    if missing:
        lines = "\n".join(f"  {error.where}: {error.what}" for error in missing)
        raise ReconcilerError(f"{len(missing)} secrets cannot be read\n{lines}", advice=missing[0].advice)


def _stop_when_lost(lease: Lease, options: ApplyOptions) -> Callable[[Result], None]:
    """Return a callback that passes each result on, and stops the run with one notice when the lock is lost."""

    def on_result(result: Result) -> None:
        options.on_result(result)
        if lease.lost and not options.stop.is_set():
            options.stop.set()
            options.on_notice(f"{lease.lost}; this run sends no more changes")

    return on_result


async def _tables(client: ConnectWise, plan: Plan) -> dict[str, list[dict[str, object]]]:
    """Return the setup tables that the requests need: ids of communication types and of custom fields."""
    needed: dict[str, Table] = {}
    for action in plan.actions:
        of = kind(action.kind)
        for change in action.changes:
            for table in of.by_name[change.path.partition(".")[0]].mapping.tables:
                needed[table.path] = table
    return await Reader(client).read_tables(needed.values())
