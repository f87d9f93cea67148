"""`reconciler apply`: does exactly what a plan says."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from reconciler.applying.apply import Conduct, check_guardrails
from reconciler.applying.apply import apply as carry_out_plan
from reconciler.cli import plan as planning
from reconciler.cli.context import Context
from reconciler.cli.output import paint_of, print_lines, read_file
from reconciler.cli.progress import progress
from reconciler.cli.session import Session, make_plan, opened
from reconciler.errors import Refused
from reconciler.live.read import Scope
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan, read_plan
from reconciler.rendering.outcome_text import outcome_text

IN_PART = 4
UNACCOUNTED = 5


def apply(
    ctx: typer.Context,
    planfile: Annotated[
        Path | None, typer.Argument(help="A file that `plan --out` wrote; left out: plan, ask, do.")
    ] = None,
    only: Annotated[planning.Only | None, typer.Option(help="Only the setup, or only the hourly usage.")] = None,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")] = False,
    approve: Annotated[list[str] | None, typer.Option(help="Let this guardrail pass; may be repeated.")] = None,
) -> int:
    """Do exactly what a plan says: of a plan file, or of a fresh plan after a yes."""
    context: Context = ctx.obj
    if planfile is not None and only is not None:
        raise typer.TyperException("--only goes with a fresh plan: a plan file says itself what it holds")
    return asyncio.run(_apply(context, planfile, planning.scope_of(only), auto_approve, tuple(approve or ())))


async def _apply(
    context: Context, planfile: Path | None, scope: Scope, auto_approve: bool, approved: tuple[str, ...]
) -> int:
    async with opened(context) as session:
        if planfile is not None:
            plan = read_plan(read_file(planfile), where=str(planfile))
            _made_of_these(plan, session)
        else:
            plan = await make_plan(session, scope)
            if not context.json:
                planning.show(context, plan)
        if not plan.actions:
            return _ended(context, plan, None)
        check_guardrails(plan, approved)
        asked = planfile is None and not auto_approve
        if asked:
            _ask(plan)
        outcome = await _carried_out(session, plan, approved, recheck=asked or planfile is not None)
        return _ended(context, plan, outcome)


def _made_of_these(plan: Plan, session: Session) -> None:
    """A plan file is for these manifests, as they were."""
    manifests = session.manifests
    advice = "Nothing was written. Make a new plan: reconciler plan --out FILE"
    if plan.workspace != manifests.workspace.name:
        raise Refused(f"the plan is for workspace {plan.workspace}, not {manifests.workspace.name}", advice=advice)
    if plan.manifest_digest != manifests.digest:
        raise Refused("the plan is stale: the manifests have changed since it was made", advice=advice)


def _ask(plan: Plan) -> None:
    count = len(plan.actions)
    typer.echo(
        f"\nDo you want to do {'these' if count > 1 else 'this'} {count}? Only 'yes' is a yes: ", nl=False, err=True
    )
    answer = sys.stdin.readline().strip()
    if answer != "yes":
        raise Refused("not approved; nothing was written", advice="Where nobody can answer: --auto-approve")


async def _carried_out(session: Session, plan: Plan, approved: tuple[str, ...], *, recheck: bool) -> Outcome:
    stop = asyncio.Event()
    with _interruptible(stop), progress(len(plan.actions)) as on_result:
        conduct = Conduct(
            clock=_clock(session.context.now),
            secret=session.secret,
            recheck=recheck,
            approved=approved,
            stop=stop,
            on_result=on_result,
        )
        return await carry_out_plan(session.client, session.ledger, plan, conduct)


def _clock(start: datetime) -> Callable[[], datetime]:
    """Time that goes on from the run's own beginning, which `--now` may have set."""
    began = monotonic()
    return lambda: start + timedelta(seconds=monotonic() - began)


@contextmanager
def _interruptible(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C ends in good order: what is under way is finished and noted. The second ends at once."""
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        typer.echo("\nfinishing what is under way, beginning nothing new; Ctrl-C again ends at once", err=True)

    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _ended(context: Context, plan: Plan, outcome: Outcome | None) -> int:
    if context.json:
        typer.echo((outcome or Outcome(plan_digest=plan.digest, results=())).model_dump_json(indent=2))
    elif outcome is not None:
        print_lines(outcome_text(outcome, paint_of(context)))
    if outcome is not None and not outcome.complete:
        return IN_PART
    return 0 if plan.accounted else UNACCOUNTED
