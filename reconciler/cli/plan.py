"""`reconciler plan`: read, compare and show. Changes nothing in ConnectWise; the ledger keeps the usage it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import (
    Undelivered,
    deliver_json,
    paint_of,
    print_lines,
    print_note,
    terminal_width,
    write_file,
)
from reconciler.cli.planning import PlanOptions, make_plan
from reconciler.cli.session import open_session
from reconciler.cli.undoing import make_undo_plan
from reconciler.cli.watch import SendAlerts, Watch
from reconciler.cli.watched import watched
from reconciler.exit_codes import CHANGES, DONE, UNACCOUNTED
from reconciler.live.read import Scope
from reconciler.planning.approvals import parse_approvals
from reconciler.planning.plan import Plan
from reconciler.planning.plan_file import plan_json, write_plan
from reconciler.rendering.fitting import fitted
from reconciler.rendering.plan_text import plan_text

if TYPE_CHECKING:
    from reconciler.manifests.touched import LoadedPart


class Only(StrEnum):
    """The part that `--only` asks for."""

    SETUP = "setup"
    USAGE = "usage"


Approvals = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME[=ADDRESS]", help="Approve this guardrail, if it trips. May be repeated."),
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune",
        help="Retire what we made and no document declares: additions without a mapping, objects of the setup.",
    ),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDRESS",
        help="Plan only this address, such as Company/acme, and what it needs. May be repeated.",
    ),
]


Full = Annotated[
    bool, typer.Option("--full", help="Show all actions of a large plan, and not only those of the first customers.")
]


ChangedSince = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="REV",
        help="Plan only what Git changed since this revision, with the stored usage.",
    ),
]


def check_part(options: PlanOptions) -> None:
    """Raise `TyperException` if two options each choose a part of the documents."""
    if options.targets and options.changed_since is not None:
        raise typer.TyperException("--target and --changed-since cannot be used together")


def part_loader(options: PlanOptions) -> Callable[[Context], LoadedPart] | None:
    """Return the function that loads the changed documents. None without `--changed-since`."""
    revision = options.changed_since
    if revision is None:
        return None
    from reconciler.manifests.touched import load_changed  # noqa: PLC0415 - only this option needs it

    return lambda context: load_changed(context.root, revision, workspace=context.workspace)


def scope_of(only: Only | None) -> Scope:
    """Return the scope of a plan. Without `--only`, it is both setup and usage."""
    return Scope(setup=only is not Only.USAGE, usage=only is not Only.SETUP)


def plan(  # noqa: PLR0917 - typer makes an option of each
    ctx: typer.Context,
    only: Annotated[Only | None, typer.Option(help="Plan only the setup, or only the hourly usage.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the plan to this file, for `apply`.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if there are changes.")
    ] = False,
    approve: Approvals = None,
    prune: Prune = False,
    target: Targets = None,
    changed_since: ChangedSince = None,
    undo: Annotated[int | None, typer.Option(metavar="RUN", help="Plan to put back the changes of this run.")] = None,
    full: Full = False,
    alert: SendAlerts = False,
) -> int:
    """Show what would change, and how the monthly amounts would change.

    Changes nothing in ConnectWise; the usage it reads is saved in the ledger.
    """
    context: Context = ctx.obj
    options = PlanOptions(
        scope_of(only),
        parse_approvals(approve or ()),
        prune,
        tuple(target or ()),
        changed_since,
        price_effects=True,
    )
    check_part(options)
    given = {"--only": only, "--prune": prune, "--target": target, "--changed-since": changed_since}
    for option in [name for name, value in given.items() if value]:
        if undo is not None:
            raise typer.TyperException(f"{option} cannot be used with --undo, which plans what the run changed")
    for option in [name for name, value in {**given, "--only": None, "--undo": undo}.items() if value]:
        if alert:
            raise typer.TyperException(f"{option} cannot be used with --alert, which needs a plan of everything")
    watch = Watch("drift", on=alert)

    def plan_one() -> int:
        making = _make_plan(context, options, watch) if undo is None else _make_undo_plan(context, options, undo)
        made = asyncio.run(making)
        if out is not None:
            write_file(out, write_plan(made), mode=0o600)
        _show(context, made, out, full=full)
        return UNACCOUNTED if not made.accounted else CHANGES if detailed_exitcode and made.actions else DONE

    return watched(context, watch, plan_one)


def _show(context: Context, made: Plan, out: Path | None, *, full: bool) -> None:
    """Print the plan. If it was written to a file, a failure is only a note."""
    try:
        show_plan(context, made, full=full)
    except Undelivered as error:
        if out is None:
            raise
        print_note(f"{error.where}: {error.what}; the plan was written to {out}")


async def _make_plan(context: Context, options: PlanOptions, watch: Watch) -> Plan:
    async with open_session(context, usage=options.scope.usage, load_part=part_loader(options)) as session:
        watch.opened(session)
        made = await make_plan(session, options)
        watch.planned(session, made, options.approvals)
        return made.plan


async def _make_undo_plan(context: Context, options: PlanOptions, run: int) -> Plan:
    async with open_session(context, usage=False) as session:
        return await make_undo_plan(session, run, options.approvals)


def show_plan(context: Context, made: Plan, *, full: bool = False, err: bool = False) -> None:
    """Print a plan on standard output, as text or JSON. With `err`, print its text on standard error."""
    if context.json and not err:
        deliver_json(write_plan(made))
    else:
        lines = plan_text(plan_json(made), paint_of(context), full=full)
        print_lines(fitted(lines, None if err else terminal_width()), err=err)
