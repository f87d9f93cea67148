"""`reconciler usage export`: the billed lines of a month in the FOCUS format, as CSV or Parquet."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json, write_file
from reconciler.cli.report_reading import Wanted, read_report
from reconciler.cli.session import open_session
from reconciler.errors import ReconcilerError
from reconciler.rendering.counts import numbered
from reconciler.rendering.report.focus import VERSION, focus_csv, focus_rows


class Format(StrEnum):
    """The formats of `--format`."""

    FOCUS = "focus"


def export(
    ctx: typer.Context,
    period: Annotated[
        str | None, typer.Option(metavar="MONTH", help="Export this month, such as 2026-10. Without it, this one.")
    ] = None,
    to: Annotated[
        Format, typer.Option("--format", help=f"focus: FinOps Open Cost and Usage Specification {VERSION}.")
    ] = Format.FOCUS,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write into this file. A name with .parquet asks for Parquet.")
    ] = None,
    parquet: Annotated[
        bool | None, typer.Option("--parquet/--csv", help="Write Parquet or CSV. CSV without both.")
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The company that issues the invoices. Without it, the workspace's name."),
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Export one customer, as in `usage report`.")
    ] = None,
) -> None:
    """Export what was billed in a month, a row for each addition.

    Reads the ledger and ConnectWise, and changes nothing.
    """
    context: Context = ctx.obj
    as_parquet = parquet if parquet is not None else out is not None and out.suffix.lower() == ".parquet"
    if out is None and (as_parquet or context.json):
        what = "Parquet is not text" if as_parquet else "--json prints JSON, and the export is CSV"
        raise ReconcilerError(f"{what}, so it needs a file", advice="Name one with --out FILE.")
    if as_parquet and find_spec("pyarrow") is None:
        raise ReconcilerError(
            "Parquet needs the extra [parquet], and pyarrow is not installed",
            advice="Install dist/requirements-report.txt of `make dist`, or write CSV with --csv.",
        )

    async def read() -> dict[str, Any]:
        async with open_session(context) as session:
            _check_currency(session.workspace.billing.currency)
            return (await read_report(session, Wanted(period, customer))).model_dump(mode="json")

    report = asyncio.run(read())
    rows = focus_rows(report, issuer or report["workspace"])
    if out is None:
        deliver(focus_csv(rows), end="")
        return
    if as_parquet:
        from reconciler.rendering.report.focus_parquet import focus_parquet  # noqa: PLC0415 - needs an extra

        write_file(out, focus_parquet(rows), mode=0o600)
    else:
        write_file(out, focus_csv(rows), mode=0o600)
    if context.json:
        form = "parquet" if as_parquet else "csv"
        deliver_json({"file": str(out), "format": to.value, "type": form, "rows": len(rows)})
    else:
        deliver(f"{out}: {numbered(len(rows), 'row')}")


def _check_currency(currency: str | None) -> None:
    """Raise `ReconcilerError` if the workspace has no currency, which every row of the format must name."""
    if currency is None:
        raise ReconcilerError(
            "the workspace names no currency, and the FOCUS format needs one",
            where="Workspace billing.currency",
            advice="Write the currency of your agreements, such as USD.",
        )
