"""`reconciler plan`: reads, compares, shows. Writes nothing anywhere but the ledger's samples."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import Undelivered, deliver_json, paint_of, print_lines, say, write_file
from reconciler.cli.planning import make_plan
from reconciler.cli.session import opened
from reconciler.exit_codes import CHANGES, DONE, UNACCOUNTED
from reconciler.live.read import Scope
from reconciler.planning.approvals import Approved, parse_approvals
from reconciler.planning.plan import Plan, plan_json, write_plan
from reconciler.rendering.plan_text import plan_text


class Only(StrEnum):
    SETUP = "setup"
    USAGE = "usage"


def scope_of(only: Only | None) -> Scope:
    return Scope(setup=only is not Only.USAGE, usage=only is not Only.SETUP)


def plan(
    ctx: typer.Context,
    only: Annotated[Only | None, typer.Option(help="Only the setup, or only the hourly usage.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the plan here, for apply.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
    approve: Annotated[
        list[str] | None, typer.Option(help="Let this guardrail pass, as NAME or NAME=ADDRESS; may be repeated.")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Retire additions of ours that no mapping stands behind.")] = (
        False
    ),
) -> int:
    """Show what would change, and what it does to the money."""
    context: Context = ctx.obj
    found = asyncio.run(_planned(context, scope_of(only), parse_approvals(approve or ()), prune=prune))
    if out is not None:
        write_file(out, write_plan(found), mode=0o600)
    code = UNACCOUNTED if not found.accounted else CHANGES if detailed_exitcode and found.actions else DONE
    try:
        show(context, found)
    except Undelivered as error:
        if out is None:
            raise
        say(f"note: {error.where}: {error.what}; the plan stands in {out}")
    return code


async def _planned(context: Context, scope: Scope, approvals: Sequence[Approved], *, prune: bool) -> Plan:
    async with opened(context, usage=scope.usage) as session:
        return (await make_plan(session, scope, approvals=approvals, prune=prune)).plan


def show(context: Context, found: Plan, *, err: bool = False) -> None:
    """The plan on standard output; with `err` its text on standard error, for a person to look at."""
    if context.json and not err:
        deliver_json(write_plan(found))
    else:
        print_lines(plan_text(plan_json(found), paint_of(context)), err=err)
