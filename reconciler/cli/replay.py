"""`reconciler usage replay`: compute a month again from the ledger. Nothing is sent to ConnectWise."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, width
from reconciler.cli.periods import period_named
from reconciler.cli.replaying import replay_month
from reconciler.cli.session import open_session
from reconciler.exit_codes import DONE, ERROR
from reconciler.rendering.replay_text import replay_text


def replay(
    ctx: typer.Context,
    period: Annotated[str, typer.Option("--period", metavar="MONTH", help="The month, such as 2026-10.")],
    rules: Annotated[
        str | None,
        typer.Option(
            "--rules",
            metavar="REV",
            help="A what-if by the rules of this Git revision, or of the manifests as they are: today.",
        ),
    ] = None,
) -> int:
    """Compute a month again from the ledger, by its own rules or as a what-if.

    By its own rules, the lines must be the same byte for byte: exit 1 if one differs. With --rules, the difference in
    money is shown for each customer and in all. Reads the ledger and Git only.
    """
    context: Context = ctx.obj

    async def replayed() -> dict[str, Any]:
        async with open_session(context, usage=False) as session:
            month = period_named(period, context.now, session.workspace.billing.timezone)
            return replay_month(session, month, rules)

    found = asyncio.run(replayed())
    if context.json:
        deliver_json(found)
    else:
        print_lines(replay_text(found, paint_of(context), width()))
    return ERROR if rules is None and found["different"] else DONE
