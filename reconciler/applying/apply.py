"""Does exactly what a plan says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.applying.carry_out import Workbench, carry_out
from reconciler.applying.outcome import Outcome, Result, outcome_of
from reconciler.applying.requests import ReadSecret
from reconciler.applying.settle import settle
from reconciler.applying.stale import check
from reconciler.applying.walk import walk
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.parallel import in_parallel
from reconciler.errors import Refused
from reconciler.kinds.forms import Table
from reconciler.kinds.registry import kind
from reconciler.ledger.journal import begin_run, end_run
from reconciler.ledger.lock import hold
from reconciler.ledger.store import Ledger
from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Conduct:
    """How an apply is carried out."""

    clock: Callable[[], datetime]
    secret: ReadSecret
    recheck: bool = True
    """Read again what the plan touches: time has passed since it was made."""
    approved: Collection[str] = ()
    """Names of guardrails that a person has approved."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    on_result: Callable[[Result], None] = lambda _result: None


def check_guardrails(plan: Plan, approved: Collection[str]) -> None:
    """Raises `Refused` for every guardrail that tripped and was not approved by name."""
    open_ones = [trip for trip in plan.guardrails if trip.name not in approved]
    if open_ones:
        lines = "\n".join(f"  {trip.name}: {_where(trip.address)}{trip.message}" for trip in open_ones)
        names = " ".join(f"--approve {name}" for name in sorted({trip.name for trip in open_ones}))
        raise Refused(f"guardrails tripped; nothing was written\n{lines}", advice=f"If that is meant: {names}")


def _where(address: str | None) -> str:
    return f"{address}: " if address else ""


async def apply(client: ConnectWise, ledger: Ledger, plan: Plan, conduct: Conduct) -> Outcome:
    """Carries a plan out, under the workspace's lock. `Refused` (exit 3) means that nothing was written."""
    check_guardrails(plan, conduct.approved)
    with hold(ledger, plan.workspace, conduct.clock()) as lease:
        await settle(client, ledger, plan.workspace, conduct.clock)
        already: Mapping[str, int] = (await check(client, plan)).done if conduct.recheck else {}
        bench = Workbench(
            client=client,
            ledger=ledger,
            run_id=begin_run(ledger, plan.workspace, plan.digest, conduct.clock()),
            clock=conduct.clock,
            secret=conduct.secret,
            tables=await _tables(client, plan),
            ids=dict(already),
        )
        renewed = conduct.clock()

        def noted(result: Result) -> None:
            nonlocal renewed
            now = conduct.clock()
            if (now - renewed).total_seconds() > RENEW_EVERY:
                lease.renew(now)
                renewed = now
            conduct.on_result(result)

        results = await walk(
            plan, lambda action: carry_out(action, bench), already=already, stop=conduct.stop, on_result=noted
        )
        outcome = outcome_of(plan, results, interrupted=conduct.stop.is_set(), requests=client.requests.total)
        end_run(ledger, bench.run_id, outcome.model_dump(mode="json"), conduct.clock())
    return outcome


RENEW_EVERY = 60
"""Seconds between two signs of life of a long apply."""


async def _tables(client: ConnectWise, plan: Plan) -> dict[str, list[dict[str, object]]]:
    """The setup tables that encoding needs: ids of communication types and of custom fields."""
    needed: dict[str, Table] = {}
    for action in plan.actions:
        of = kind(action.kind)
        for change in action.changes:
            for table in of.by_name[change.path.partition(".")[0]].form.tables:
                needed[table.path] = table
    wanted = list(needed.values())

    async def read(table: Table) -> list[dict[str, object]]:
        return await client.list(table.path, fields=table.fields)

    rows = await in_parallel(read, wanted, workers=len(wanted) or 1)
    return dict(zip(needed, rows, strict=True))
