"""`reconciler apply`: carry out a plan file, or make a plan, ask, and carry it out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.applying.apply import ApplyOptions, check_guardrails, workspace_lock
from reconciler.applying.apply import apply as carry_out_plan
from reconciler.cli.asking import ask
from reconciler.cli.clock import check_clock
from reconciler.cli.context import Context
from reconciler.cli.durations import longest_wait
from reconciler.cli.failures import failure_of, report_failure
from reconciler.cli.interrupts import stop_on_ctrl_c
from reconciler.cli.origin import origin_of
from reconciler.cli.output import Undelivered, deliver_json, paint_of, print_lines, print_note, read_file, say
from reconciler.cli.plan import (
    Approvals,
    ChangedSince,
    Only,
    Prune,
    Targets,
    check_part,
    part_loader,
    scope_of,
    show_plan,
)
from reconciler.cli.plan_file import check_month, check_plan, documents_loader
from reconciler.cli.planning import Planned, PlanOptions, make_plan, report_unused
from reconciler.cli.policies import check_actions
from reconciler.cli.progress import progress_bar
from reconciler.cli.recording import record_applied, record_billed, records_of_plan
from reconciler.cli.refusal import another_file, digest_from, expected_another, options_of, showing_what_moved
from reconciler.cli.retention import seal_old_months
from reconciler.cli.session import Session, open_session, running_clock
from reconciler.cli.setup_ledger import record_setup
from reconciler.cli.undoing import make_undo_plan
from reconciler.cli.verifying import Verify, verifier
from reconciler.cli.watch import Watch, job_of
from reconciler.cli.watched import watched
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE, PARTIAL, UNACCOUNTED
from reconciler.ledger.lease import Lease
from reconciler.planning.approvals import parse_approvals, release_approved
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan
from reconciler.planning.plan_file import read_plan
from reconciler.rendering.counts import numbered
from reconciler.rendering.coverage_json import customers_in
from reconciler.rendering.outcome_text import outcome_text
from reconciler.rendering.paint import plain

if TYPE_CHECKING:
    from reconciler.manifests.touched import LoadedPart


def apply(
    ctx: typer.Context,
    planfile: Annotated[
        Path | None,
        typer.Argument(
            metavar="PLANFILE", help="A plan file that `plan --out` wrote. Without it, apply makes a plan and asks."
        ),
    ] = None,
    *,
    only: Annotated[Only | None, typer.Option(help="Apply only the setup, or only the hourly usage.")] = None,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Apply without asking.")] = False,
    approve: Approvals = None,
    prune: Prune = False,
    target: Targets = None,
    changed_since: ChangedSince = None,
    expect_digest: Annotated[
        str | None,
        typer.Option(
            metavar="DIGEST",
            help="Apply without asking, but only if the plan has this `digest`, as in `plan --json`.",
        ),
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS", help="Stop listing this address, which is no longer declared. May be repeated."
        ),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Plan again, and refuse a plan file with changes that the manifests do not ask for."
        ),
    ] = False,
    wait: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="If another apply is running, wait for it this long, such as 20m."),
    ] = None,
    no_alert: Annotated[
        bool, typer.Option("--no-alert", help="Send no alerts. Only an apply that does not ask sends them.")
    ] = False,
) -> int:
    """Make exactly the changes of a plan in ConnectWise.

    Ctrl-C lets requests in flight finish and records them; run again to continue. If a guardrail trips, confirm it
    with --approve NAME.
    """
    context: Context = ctx.obj
    given = {
        "--only": only,
        "--prune": prune,
        "--target": target,
        "--changed-since": changed_since,
        "--forget": forget,
    }
    for option in [name for name, value in given.items() if value]:
        if planfile is not None:
            raise typer.TyperException(f"{option} cannot be used with a plan file; use it with `plan --out`")
    if verify and planfile is None:
        raise typer.TyperException("--verify checks a plan file; without one, apply makes the plan itself")
    expected = None if expect_digest is None else digest_from(expect_digest)
    plan = None if planfile is None else read_plan(read_file(planfile), where=str(planfile))
    if forget and (only is Only.USAGE or target):
        option = "--target" if target else "--only usage"
        raise typer.TyperException(f"--forget cannot be used with {option}: it needs a plan of the whole setup")
    if plan and expected and plan.digest != expected:
        raise another_file(str(planfile), plan, expected)
    approvals = parse_approvals(approve or ())
    options = PlanOptions(scope_of(only), approvals, prune, tuple(target or ()), changed_since, tuple(forget or ()))
    check_part(options)
    asks = plan is None and not auto_approve and expected is None
    watch = Watch(job_of(plan, options), on=not asks and not no_alert)
    run = _Run(context, options, expected, watch, longest_wait(wait))

    def apply_one() -> int:
        if plan and planfile:
            return _carried_out(run, run.apply_file(plan, planfile, verify=verify))
        return _carried_out(run, run.ask_and_apply() if asks else run.apply_unasked())

    return watched(context, watch, apply_one)


def _carried_out(run: _Run, work: Coroutine[Any, Any, int]) -> int:
    """Run an apply and return its exit code. Once it has written, no error makes it 1."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        if not run.writing_began:
            raise
        if run.exit_code is None:
            say(
                "stopped at once; requests in flight may have been carried out\n"
                "  Run again: the next run looks them up before it writes anything new."
            )
        return PARTIAL if run.exit_code is None else run.exit_code
    except Exception as error:
        if run.exit_code is None and (isinstance(error, ReconcilerError) or not run.writing_began):
            raise  # nothing was written: no `ReconcilerError` is raised after the first write
        return run.report_error_after_writing(error)


class _Run:
    """One apply, in one of three ways: of a plan file, without asking, or after a yes."""

    def __init__(
        self,
        context: Context,
        options: PlanOptions,
        expected: str | None,
        watch: Watch,
        wait: timedelta = timedelta(),
    ) -> None:
        self.context = context
        self.watch = watch
        self.origin = origin_of(context)
        self.options = options
        self.approvals = options.approvals
        self.expected = expected
        """The digest that the plan must have. None: any."""
        self.wait = wait
        """How long to wait for another apply."""
        self.writing_began = False
        """True once a request that writes may have been sent."""
        self.exit_code: int | None = None
        """The exit code, once the plan is carried out. Later errors do not change it."""
        self._now = running_clock(context.now)

    async def apply_file(self, plan: Plan, planfile: Path, *, verify: bool) -> int:
        """Apply a plan file. What it was based on is read again. With `verify`, it is planned again too."""
        async with self._open_session(usage=False, load_part=documents_loader(plan)) as session:
            check_actions(session.manifests, plan)
            report_unused(plan, self.approvals)
            plan = release_approved(plan, self.approvals)
            async with showing_what_moved(plan, lambda: self._present(session, plan)):
                check_plan(plan, session, self.context.now)
                check_guardrails(plan, self.approvals)
                async with self._lock(session) as (present, lease):
                    check_month(plan, present, present.context.now)  # a wait may have passed the end of the month
                    made = Planned(plan, records_of_plan(plan))
                    check = self._verifier(present, plan) if verify else None
                    code = await self._carry_out(present, made, lease, recheck=True, verify=check)
            if code == UNACCOUNTED:
                number = customers_in(row.model_dump() for row in plan.coverage if not row.accounted)
                which = f"{numbered(number, 'customer')} not accounted for"
                print_note(f"{which}; to see the reasons, run: reconciler show {planfile}")
            return code

    async def apply_unasked(self) -> int:
        """Plan and apply under one lock, so that no other apply can write in between."""
        async with self._open_session(usage=self.options.scope.usage) as opened, self._lock(opened) as (session, lease):
            made = await self._make_plan(session)
            if self.expected is not None and made.plan.digest != self.expected:
                raise expected_another(self.expected, made.plan)
            if not self.context.json:
                self._show_if_possible(made.plan)
            return await self._carry_out(session, made, lease, recheck=False)

    async def ask_and_apply(self) -> int:
        """Plan, ask and apply. The lock is free while the question is open, so the plan is checked again after it."""
        async with self._open_session(usage=self.options.scope.usage) as session:
            async with self._lock(session) as (present, _):
                made = await self._make_plan(present)
            show_plan(self.context, made.plan, err=self.context.json)
            if made.plan.actions:
                check_guardrails(made.plan, self.approvals)
                ask(made.plan)
            moved = showing_what_moved(made.plan, lambda: self._present(session, made.plan))
            async with moved, self._lock(session) as (present, lease):
                check_month(made.plan, session, self._now())
                return await self._carry_out(present, made, lease, recheck=True)

    @asynccontextmanager
    async def _open_session(
        self, *, usage: bool, load_part: Callable[[Context], LoadedPart] | None = None
    ) -> AsyncIterator[Session]:
        """Open a session with a ledger that can be written, and check the clock."""
        load = load_part or part_loader(self.options)
        async with open_session(self.context, usage=usage, writable=True, load_part=load) as session:
            self.watch.opened(session)
            await check_clock(session)
            yield session

    @asynccontextmanager
    async def _lock(self, session: Session) -> AsyncIterator[tuple[Session, Lease]]:
        """Hold the workspace's lock. If this run waited for it, the session is at the time when the wait ended."""
        workspace = session.manifests.workspace.name
        held = workspace_lock(session.client, session.ledger, workspace, self._now, print_note, self.wait)
        async with held as lease:
            yield session.at(self._now()) if lease.waited else session, lease

    async def _make_plan(self, session: Session) -> Planned:
        made = await make_plan(session, self.options)
        self.watch.planned(session, made, self.approvals)
        return made

    async def _present(self, session: Session, approved: Plan) -> Plan:
        """Return the present plan, made with the options of the approved one."""
        session = session.at(self._now())
        if approved.undo is not None:
            return await make_undo_plan(session, approved.undo.run, self.approvals)
        return (await make_plan(session, options_of(approved, self.options))).plan

    def _show_if_possible(self, plan: Plan) -> None:
        """Print the plan. A failure is only a note, because nobody is asked about the plan."""
        try:
            show_plan(self.context, plan)
        except Undelivered as error:
            print_note(f"{error.where}: {error.what}; the apply continues")

    def _verifier(self, session: Session, plan: Plan) -> Verify:
        return verifier(session, plan, lambda: self._present(session, plan), self.approvals)

    async def _carry_out(
        self, session: Session, made: Planned, lease: Lease, *, recheck: bool, verify: Verify | None = None
    ) -> int:
        """Carry out the plan, record and print the outcome, and return the exit code."""
        plan = made.plan
        if not plan.actions:
            self._record(session, made, None)
            self._record_setup(session, plan, None)
            return self._report_and_seal(session, plan, None)
        check_guardrails(plan, self.approvals)
        stop = asyncio.Event()
        with stop_on_ctrl_c(stop), progress_bar(len(plan.actions)) as on_result:
            options = ApplyOptions(
                clock=self._now,
                secret=session.secret,
                origin=self.origin,
                recheck=recheck,
                verify=verify,
                approved=self.approvals,
                stop=stop,
                on_result=on_result,
                on_notice=print_note,
            )
            self.writing_began = True
            outcome = await carry_out_plan(session.client, session.ledger, plan, options, lease)
        self._record(session, made, outcome)
        self._record_setup(session, plan, outcome)
        return self._report_and_seal(session, plan, outcome)

    def _record(self, session: Session, made: Planned, outcome: Outcome | None) -> None:
        record_applied(session, made.plan, made.records, outcome, self.approvals)
        if made.charged is not None:
            record_billed(session, made.records.charges, made.charged, outcome, self.origin.git_commit)

    def _record_setup(self, session: Session, plan: Plan, outcome: Outcome | None) -> None:
        record_setup(session, plan, outcome)
        for address in self.options.forget:
            print_note(f"{address}: the ledger forgets it, and no plan lists it any longer; ConnectWise keeps it")

    def _report_and_seal(self, session: Session, plan: Plan, outcome: Outcome | None) -> int:
        """Print the outcome first: to delete the samples of a long past can take minutes."""
        code = self._report(plan, outcome)
        seal_old_months(session)
        return code

    def _report(self, plan: Plan, outcome: Outcome | None) -> int:
        """Print the outcome and return the exit code. An outcome that cannot be printed goes to standard error."""
        shown = self.watch.outcome = outcome or Outcome(plan_digest=plan.digest, results=())
        self.exit_code = PARTIAL if not shown.complete else DONE if plan.accounted else UNACCOUNTED
        try:
            if self.context.json:
                gaps = tuple(row for row in plan.coverage if not row.accounted)
                more = {"unaccounted": gaps, "currency": plan.summary.money.currency}
                deliver_json(shown.model_copy(update=more).model_dump_json(indent=2))
            else:
                print_lines(outcome_text(shown.model_dump(mode="json"), paint_of(self.context)))
        except Undelivered as error:
            print_note(f"{error.where}: {error.what}")
            print_lines(outcome_text(shown.model_dump(mode="json"), plain), err=True)
        return self.exit_code

    def report_error_after_writing(self, error: Exception) -> int:
        """Print an error and return 4, or the exit code of a plan that is carried out: 1 would mean nothing written."""
        self.watch.error = error
        code = PARTIAL if self.exit_code is None else self.exit_code
        failure = failure_of(error, verbose=self.context.verbose)
        advice = f"{failure.advice} Run `reconciler apply` again; completed changes are not repeated."
        return report_failure(replace(failure, code=code, advice=advice.strip(), text=""), as_json=self.context.json)
