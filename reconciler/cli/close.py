"""`reconciler usage close`: freeze a month that has ended. It writes the ledger only."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from reconciler.applying.apply import workspace_lock
from reconciler.cli.clock import check_clock
from reconciler.cli.closing import close_month
from reconciler.cli.context import Context
from reconciler.cli.durations import longest_wait
from reconciler.cli.output import deliver_json, paint_of, print_lines, print_note, width
from reconciler.cli.periods import period_named
from reconciler.cli.session import open_session, running_clock
from reconciler.cli.true_up import read_true_ups
from reconciler.closing.closed_month import closed_json
from reconciler.errors import Refused
from reconciler.exit_codes import DONE, UNACCOUNTED
from reconciler.rendering.close_text import close_text, unknown_text


def close(
    ctx: typer.Context,
    period: Annotated[str, typer.Option("--period", metavar="MONTH", help="The month, such as 2026-10.")],
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS=REASON",
            help="Close the month although something of this customer or source is unknown. May be repeated.",
        ),
    ] = None,
    wait: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="If an apply is running, wait for it this long, such as 20m."),
    ] = None,
) -> int:
    """Close a month: freeze its additions, its rules and its prices.

    Shows how the console's own count of the month compares. Nothing in ConnectWise changes. Exit 3 if something of the
    month is unknown, with a list. Exit 5 if a customer is left open.
    """
    context: Context = ctx.obj
    longest, clock = longest_wait(wait), running_clock(context.now)

    async def closed() -> dict[str, Any]:
        async with open_session(context, writable=True) as opened:
            month = period_named(period, context.now, opened.workspace.billing.timezone)
            await check_clock(opened)
            workspace = opened.manifests.workspace.name
            held = workspace_lock(opened.client, opened.ledger, workspace, clock, print_note, longest)
            async with held as lease:
                found = await close_month(opened.at(clock()) if lease.waited else opened, month, accept or [])
            charges = [charge for each in found.closes for charge in each.charges]
            true_ups = await read_true_ups(opened, month, charges)
            currency = opened.workspace.billing.currency
            return {**closed_json(found.closes, workspace, currency, is_new=found.is_new), "true_up": true_ups}

    try:
        content = asyncio.run(closed())
    except Refused as refusal:
        if not context.json:
            print_lines(unknown_text(refusal.more.get("unknown", ()), paint_of(context)))
        raise
    if context.json:
        deliver_json(content)
    else:
        print_lines(close_text(content, paint_of(context), width()))
    return UNACCOUNTED if content["left_open"] else DONE
