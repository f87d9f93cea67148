"""`reconciler usage explain`: from a line to the samples behind it. Nothing is pulled, and nothing is written."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.explaining import explain_address
from reconciler.cli.output import deliver, deliver_json, paint_of, print_lines, width
from reconciler.cli.periods import PeriodOption
from reconciler.cli.session import open_session
from reconciler.rendering.explanation_text import explanation_text
from reconciler.rendering.html.explanation import explanation_html


class ReportFormat(StrEnum):
    """The formats of a report."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


def explain(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS|NAME",
            help="An addition, a mapping or a customer: Addition/acme:gb, CustomerMapping/acme or cove/1001. Or words "
            "on an invoice: the name of a customer, company or agreement, or the tag or the id of an addition.",
        ),
    ],
    period: PeriodOption = None,
    to: Annotated[ReportFormat, typer.Option("--format", help="The format to print.")] = ReportFormat.TEXT,
) -> None:
    """Explain what a customer is billed, from the line to the samples.

    Shows the line, the rule and where its values come from, each step of the rating, the hours, the pulls, and each
    write with its answer. Reads ConnectWise and the ledger.
    """
    context: Context = ctx.obj

    async def explained() -> dict[str, Any]:
        async with open_session(context, usage=False) as session:
            return await explain_address(session, what, period)

    found = asyncio.run(explained())
    if context.json or to is ReportFormat.JSON:
        deliver_json(found)
    elif to is ReportFormat.HTML:
        deliver(explanation_html(found), end="")
    else:
        print_lines(explanation_text(found, paint_of(context), width()))
