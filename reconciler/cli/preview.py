"""`reconciler usage preview`: what the next invoice of each agreement will hold. Nothing is pulled or written."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, width
from reconciler.cli.previewing import preview_invoices
from reconciler.cli.session import open_session
from reconciler.rendering.preview_text import preview_text


def preview(
    ctx: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="ADDRESS",
            help="Only this agreement, mapping or customer, with its lines: Agreement/acme, cove/1001. Default: all.",
        ),
    ] = None,
) -> None:
    """Show what the next invoice of each agreement will hold.

    From the additions as they stand, and as the next plan leaves them, with the amount of the agreement itself. What is
    not certain is named.
    """
    context: Context = ctx.obj

    async def previewed() -> dict[str, Any]:
        async with open_session(context, usage=False) as session:
            return await preview_invoices(session, what)

    found = asyncio.run(previewed())
    if context.json:
        deliver_json(found)
    else:
        print_lines(preview_text(found, paint_of(context), width(), lines=what is not None))
