"""`reconciler usage reconcile`: usage and additions against each other. Nothing is pulled or written."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, width
from reconciler.cli.periods import PeriodOption, period_named
from reconciler.cli.reconciling import check_period
from reconciler.cli.session import open_session
from reconciler.exit_codes import DONE, UNACCOUNTED
from reconciler.rendering.three_way_text import three_way_text


def reconcile(ctx: typer.Context, period: PeriodOption = None) -> int:
    """Check a month: what was used against what the additions bill. This version reads no invoices.

    Names and prices each difference, per agreement and in all. Reads ConnectWise and the ledger, and changes nothing.
    Exit 5 if there is a difference.
    """
    context: Context = ctx.obj

    async def checked() -> dict[str, Any]:
        async with open_session(context, usage=False) as session:
            month = period_named(period, context.now, session.workspace.billing.timezone)
            return await check_period(session, month)

    found = asyncio.run(checked())
    if context.json:
        deliver_json(found)
    else:
        print_lines(three_way_text(found, paint_of(context), width()))
    return UNACCOUNTED if found["findings"] else DONE
