"""`reconciler usage close`: freeze a month that has ended. It writes the ledger only."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from reconciler.cli.closing import ClosedMonth, close_month
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines
from reconciler.cli.periods import period_named
from reconciler.cli.session import open_session
from reconciler.closing.closed_month import closed_json
from reconciler.errors import ReconcilerError, Refused
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
) -> int:
    """Close a month: freeze its additions, its rules and its prices.

    Nothing in ConnectWise changes. Exit 3 if something of the month is unknown, with a list. Exit 5 if a customer is
    left open.
    """
    context: Context = ctx.obj
    accepted = _accepted(accept or [])

    async def closed() -> tuple[ClosedMonth, str, str | None]:
        async with open_session(context, writable=True) as session:
            month = period_named(period, context.now, session.workspace.billing.timezone)
            found = await close_month(session, month, accepted)
            return found, session.manifests.workspace.name, session.workspace.billing.currency

    try:
        found, workspace, currency = asyncio.run(closed())
    except Refused as refusal:
        if not context.json:
            print_lines(unknown_text(refusal.more.get("unknown", ()), paint_of(context)))
        raise
    content: dict[str, Any] = closed_json(found.closes, workspace, currency, is_new=found.is_new)
    if context.json:
        deliver_json(content)
    else:
        print_lines(close_text(content, paint_of(context)))
    return UNACCOUNTED if content["left_open"] else DONE


def _accepted(values: list[str]) -> dict[str, str]:
    found = {}
    for each in values:
        address, _, reason = each.partition("=")
        if not address.strip() or not reason.strip():
            raise ReconcilerError(
                f"--accept {each}: a reason is missing", advice='Write --accept cove/1001006="no pull in the outage".'
            )
        found[address.strip()] = reason.strip()
    return found
