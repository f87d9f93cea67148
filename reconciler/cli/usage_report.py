"""`reconciler usage report`: our additions next to their usage, now or for a month, as a table, CSV, JSON or HTML."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.additions.charges import charge_usage
from reconciler.additions.ownership import ownership_of
from reconciler.additions.report import ReportRow, report_rows
from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json, paint_of, print_lines, width, write_file
from reconciler.cli.reading import read_usage
from reconciler.cli.report_reading import Wanted, read_report
from reconciler.cli.session import Session, open_session
from reconciler.errors import ReconcilerError
from reconciler.live.read import Scope, read_live_state
from reconciler.rendering.report.csv_form import report_csv
from reconciler.rendering.report.text import report_text
from reconciler.rendering.tables import report_table

USUAL_PLOTS = 100
"""How many charges get a plot without `--plots`: a page of 100 plots has about 1.5 MB."""


class Format(StrEnum):
    """The formats of `--format`."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


def report(
    ctx: typer.Context,
    period: Annotated[
        str | None, typer.Option(metavar="MONTH", help="Report this month, such as 2026-10. Without it, this one.")
    ] = None,
    to: Annotated[Format | None, typer.Option("--format", help="The form of the report.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report into this file.")] = None,
    customer: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Report one customer, for that customer: a mapping, a company such as Company/acme, or cove/1001006.",
        ),
    ] = None,
    plots: Annotated[
        bool | None,
        typer.Option(
            "--plots/--no-plots",
            help=f"Draw the hours of every charge, or of none. Without it, of {USUAL_PLOTS} charges at most.",
        ),
    ] = None,
) -> None:
    """Show our additions next to their usage.

    Without an option, shows them as they stand now. With one, reports a month: totals, the month before, exceptions,
    and the steps from the usage to each amount.
    """
    context: Context = ctx.obj
    if period is None and to is None and out is None and customer is None and plots is None:
        _show_additions(context)
        return
    form = to or (Format.JSON if context.json and out is None else _form_of(out))
    if context.json and form is not Format.JSON and out is None:
        raise ReconcilerError(f"--json prints JSON, not {form}", advice=f"Leave out --json or --format {form}.")
    drawn = form in (Format.HTML, Format.JSON) and plots is not False
    if drawn and form is Format.HTML:
        _check_can_draw()
    wanted = Wanted(period, customer, (None if plots else USUAL_PLOTS) if drawn else 0)

    async def read() -> dict[str, Any]:
        async with open_session(context) as session:
            return (await read_report(session, wanted)).model_dump(mode="json")

    _print(context, asyncio.run(read()), form, out)


def _form_of(out: Path | None) -> Format:
    """Return the format that the name of a file asks for. A table if it asks for none."""
    suffix = "" if out is None else out.suffix.lower().lstrip(".")
    return {"html": Format.HTML, "htm": Format.HTML, "csv": Format.CSV, "json": Format.JSON}.get(suffix, Format.TABLE)


def _check_can_draw() -> None:
    """Raise `ReconcilerError` if the libraries that draw plots are not installed."""
    missing = [name for name in ("altair", "vl_convert") if find_spec(name) is None]
    if missing:
        raise ReconcilerError(
            f"plots need the extra [report], and {' and '.join(missing)} is not installed",
            advice="Install dist/requirements-report.txt of `make dist`, or leave the plots out with --no-plots.",
        )


def _print(context: Context, content: dict[str, Any], form: Format, out: Path | None) -> None:
    if out is None:
        _FORMS[form](context, content)
        return
    text = _text(content, form)
    write_file(out, text, mode=0o600)
    size = len(text.encode())
    if context.json:
        deliver_json({"file": str(out), "format": form.value, "bytes": size})
    else:
        deliver(f"{out}: {size:,} bytes")


def _text(content: dict[str, Any], form: Format) -> str:
    match form:
        case Format.HTML:
            return _html(content)
        case Format.CSV:
            return report_csv(content)
        case Format.JSON:
            import json  # noqa: PLC0415 - only this form needs it

            return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        case Format.TABLE:
            return "\n".join(report_text(content, lambda text, _: text)) + "\n"


def _html(content: dict[str, Any]) -> str:
    from reconciler.rendering.html.report import report_html  # noqa: PLC0415 - jinja2 is slow to import
    from reconciler.rendering.report.plot import plot_svg  # noqa: PLC0415 - only pages have plots

    return report_html(content, plot_svg)


_FORMS: dict[Format, Callable[[Context, dict[str, Any]], None]] = {
    Format.TABLE: lambda context, content: print_lines(report_text(content, paint_of(context), width())),
    Format.CSV: lambda _, content: deliver(report_csv(content), end=""),
    Format.JSON: lambda _, content: deliver_json(content),
    Format.HTML: lambda _, content: deliver(_html(content), end=""),
}


def _show_additions(context: Context) -> None:
    """Print our additions as they stand in ConnectWise, next to their usage."""

    async def read_rows() -> tuple[list[ReportRow], str | None]:
        async with open_session(context) as session:
            return await _report_rows(session), session.workspace.billing.currency

    found, currency = asyncio.run(read_rows())
    rows = [row.to_json() for row in found]
    if context.json:
        deliver_json(rows)
    else:
        print_lines(report_table(rows, paint_of(context), width(), currency=currency))


async def _report_rows(session: Session) -> list[ReportRow]:
    """Return the rows of the report that the vendor's guide checks in step 10. No source is pulled."""
    live_state = await read_live_state(session.client, session.manifests, Scope(setup=False, usage=True))
    read = await read_usage(session, live_state)
    usage, workspace = charge_usage(read.to_charge), session.workspace
    ownership = ownership_of(read.live_state, read.to_charge.rules, workspace, read.snapshot, usage.period)
    units = {source.name: source.unit for source in workspace.usage}
    return report_rows(ownership, read.live_state, usage.charges, units, workspace.billing.currency)
