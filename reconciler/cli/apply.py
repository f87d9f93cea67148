"""`reconciler apply`: does exactly what a plan says."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from reconciler.applying.apply import ApplyOptions, check_guardrails, workspace_lock
from reconciler.applying.apply import apply as carry_out_plan
from reconciler.cli import plan as planning
from reconciler.cli.clock import check_clock
from reconciler.cli.context import Context
from reconciler.cli.failures import failure_of, tell
from reconciler.cli.output import Undelivered, deliver_json, paint_of, print_lines, read_file, say
from reconciler.cli.plan_file import check_month, check_plan
from reconciler.cli.planning import Planned, make_plan, report_unused
from reconciler.cli.progress import progress
from reconciler.cli.recording import notes_of, record_applied
from reconciler.cli.session import Session, opened
from reconciler.errors import ReconcilerError, Refused
from reconciler.exit_codes import DONE, PARTIAL, UNACCOUNTED
from reconciler.ledger.lease import Lease
from reconciler.live.read import Scope
from reconciler.planning.approvals import Approved, parse_approvals, release_approved
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan, read_plan
from reconciler.rendering.outcome_text import outcome_text
from reconciler.rendering.paint import plain


def apply(
    ctx: typer.Context,
    planfile: Annotated[
        Path | None, typer.Argument(help="A file that `plan --out` wrote; left out: plan, ask, do.")
    ] = None,
    only: Annotated[planning.Only | None, typer.Option(help="Only the setup, or only the hourly usage.")] = None,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")] = False,
    approve: Annotated[
        list[str] | None, typer.Option(help="Let this guardrail pass, as NAME or NAME=ADDRESS; may be repeated.")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Retire additions of ours that no mapping stands behind.")] = (
        False
    ),
) -> int:
    """Do exactly what a plan says: of a plan file, or of a fresh plan after a yes."""
    context: Context = ctx.obj
    if planfile is not None and only is not None:
        raise typer.TyperException("--only goes with a fresh plan: a plan file says itself what it holds")
    if planfile is not None and prune:
        raise typer.TyperException("--prune goes with a fresh plan, or with the plan that makes the file")
    found = None if planfile is None else read_plan(read_file(planfile), where=str(planfile))
    run = _Run(context, planning.scope_of(only), parse_approvals(approve or ()), prune=prune)
    try:
        return asyncio.run(run.of_file(found) if found else run.unasked() if auto_approve else run.asked())
    except KeyboardInterrupt:
        if not run.begun:
            raise
        if run.code is None:
            say("ended at once: what was under way may have been done. Run again: that is looked up first")
        return PARTIAL if run.code is None else run.code
    except Exception as error:
        if run.code is None and (isinstance(error, ReconcilerError) or not run.begun):
            raise  # nothing was written: of the errors that are foreseen, none is raised after the first write
        return run.broken_off(error)


class _Run:
    """One apply, in one of three ways; `begun` once something may have been written."""

    def __init__(self, context: Context, scope: Scope, approved: tuple[Approved, ...], *, prune: bool) -> None:
        self.context = context
        self.scope = scope
        self.approved = approved
        self.prune = prune
        self.begun = False
        self.code: int | None = None
        """The exit code, once everything is done that will be: nothing after it changes what it says."""
        self._clock = _clock(context.now)

    async def of_file(self, plan: Plan) -> int:
        """A plan of another moment: what it was based on is read again."""
        async with self._opened(usage=False) as session:
            check_plan(plan, session, self.context.now)
            report_unused(plan, self.approved)
            plan = release_approved(plan, self.approved)
            check_guardrails(plan, self.approved)
            async with self._workspace_lock(session) as lease:
                return await self._done(session, Planned(plan, notes_of(plan)), lease, recheck=True)

    async def unasked(self) -> int:
        """Planned and done in one turn, so that nothing can have changed by our own hand in between."""
        async with self._opened(usage=self.scope.usage) as session, self._workspace_lock(session) as lease:
            made = await self._made(session)
            if not self.context.json:
                self._show(made.plan)
            return await self._done(session, made, lease, recheck=False)

    async def asked(self) -> int:
        """Nobody else has to wait for a person's answer: the turn is taken again after it, and the plan looked over."""
        async with self._opened(usage=self.scope.usage) as session:
            async with self._workspace_lock(session):
                made = await self._made(session)
            planning.show(self.context, made.plan, err=self.context.json)  # who cannot see it can say no yes to it
            if made.plan.actions:
                check_guardrails(made.plan, self.approved)
                _ask(made.plan)
                check_month(made.plan, session, self._clock())
            async with self._workspace_lock(session) as lease:
                return await self._done(session, made, lease, recheck=True)

    async def _made(self, session: Session) -> Planned:
        return await make_plan(session, self.scope, approvals=self.approved, prune=self.prune)

    @asynccontextmanager
    async def _opened(self, *, usage: bool) -> AsyncIterator[Session]:
        """With a ledger that can be written and a clock that is right: an apply notes what it does, and when."""
        async with opened(self.context, usage=usage, keeps=True) as session:
            await check_clock(session)
            yield session

    def _workspace_lock(self, session: Session) -> AbstractAsyncContextManager[Lease]:
        workspace = session.manifests.workspace.name
        return workspace_lock(session.client, session.ledger, workspace, self._clock, _note)

    async def _done(self, session: Session, made: Planned, lease: Lease, *, recheck: bool) -> int:
        plan = made.plan
        if not plan.actions:
            record_applied(session, plan, made.notes, None, self.approved)
            return self._ended(plan, None)
        check_guardrails(plan, self.approved)
        stop = asyncio.Event()
        with _interruptible(stop), progress(len(plan.actions)) as on_result:
            options = ApplyOptions(
                clock=self._clock,
                secret=session.secret,
                recheck=recheck,
                approved=self.approved,
                stop=stop,
                on_result=on_result,
                on_notice=_note,
            )
            self.begun = True
            outcome = await carry_out_plan(session.client, session.ledger, plan, options, lease)
        record_applied(session, plan, made.notes, outcome, self.approved)
        return self._ended(plan, outcome)

    def _ended(self, plan: Plan, outcome: Outcome | None) -> int:
        found = outcome or Outcome(plan_digest=plan.digest, results=())
        self.code = PARTIAL if not found.complete else DONE if plan.accounted else UNACCOUNTED
        try:
            if self.context.json:
                deliver_json(found.model_dump_json(indent=2))
            else:
                print_lines(outcome_text(found.model_dump(mode="json"), paint_of(self.context)))
        except Undelivered as error:
            say(f"note: {error.where}: {error.what}")
            print_lines(outcome_text(found.model_dump(mode="json"), plain), err=True)
        return self.code

    def _show(self, plan: Plan) -> None:
        """Nobody is asked, so nobody has to see the plan: where it cannot be shown it is done all the same."""
        try:
            planning.show(self.context, plan)
        except Undelivered as error:
            say(f"note: {error.where}: {error.what}; the apply goes on")

    def broken_off(self, error: Exception) -> int:
        """An error after the first write may have been sent: no exit code may say that nothing was written."""
        code = PARTIAL if self.code is None else self.code
        failure = failure_of(error, verbose=self.context.verbose)
        advice = f"{failure.advice} Run `reconciler apply` again: what is done is not done twice."
        return tell(replace(failure, code=code, advice=advice.strip(), text=""), as_json=self.context.json)


def _note(text: str) -> None:
    say(f"note: {text}")


def _ask(plan: Plan) -> None:
    count = len(plan.actions)
    these = f"these {count} changes" if count > 1 else "this change"
    with _ctrl_c_ends():
        say(f"\nDo you want to make {these} in ConnectWise? Only 'yes' is a yes: ", end="")
        answer = _answer()
    if answer != "yes":
        raise Refused("not approved; nothing was written", advice="Where nobody can answer: --auto-approve")


@contextmanager
def _ctrl_c_ends() -> Iterator[None]:
    """Ctrl-C ends the wait for an answer: asyncio's own handler would note it, and go on waiting."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _answer() -> str:
    """One line of standard input; nothing where that is closed, or no text."""
    try:
        return sys.stdin.readline().strip()
    except (AttributeError, ValueError):
        return ""


def _clock(start: datetime) -> Callable[[], datetime]:
    """Time that goes on from the run's own beginning, which `--now` may have set."""
    began = monotonic()
    return lambda: start + timedelta(seconds=monotonic() - began)


@contextmanager
def _interruptible(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C ends in good order: what is under way is finished and noted. The second ends at once."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def let_go() -> None:
        for each in signals:
            loop.remove_signal_handler(each)

    def interrupted() -> None:
        stop.set()
        let_go()
        say("\nfinishing what is under way, beginning nothing new; Ctrl-C again ends at once")

    for each in signals:
        loop.add_signal_handler(each, interrupted)
    try:
        yield
    finally:
        let_go()
