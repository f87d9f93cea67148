"""`reconciler usage`: the metering side. Reads ConnectWise and the sources, writes only the ledger's samples."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from reconciler.additions.live import live_additions
from reconciler.additions.ownership import Owner, Ownership, assign_owners
from reconciler.additions.report import ReportRow, report_rows
from reconciler.cli.clock import check_clock
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, say, width
from reconciler.cli.planning import make_plan
from reconciler.cli.reading import UsageRead, read_usage
from reconciler.cli.session import Session, opened, pull_usage
from reconciler.exit_codes import DONE, ERROR, UNACCOUNTED
from reconciler.live.read import Scope, read_live_state
from reconciler.metering.collect import GUARDRAIL, Collected
from reconciler.planning.plan import Plan, plan_json
from reconciler.rendering.tables import coverage_table, pulls_table, report_table

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The metering side: pull, coverage, report.")


@app.command()
def pull(
    ctx: typer.Context,
    approve: Annotated[
        list[str] | None,
        typer.Option(help="`shrink`, or `shrink=SOURCE`: believe a pull although it lost much at once."),
    ] = None,
) -> int:
    """Read every source now, and keep what it says. Exit 1 when one failed, 5 when one is not believed."""
    context: Context = ctx.obj

    async def pulled() -> list[dict[str, Any]]:
        async with opened(context, keeps=True) as session:
            await check_clock(session, on_notice=lambda text: say(f"note: {text}"))
            return [
                {
                    "source": found.pull.source,
                    "state": found.pull.state,
                    "customers": len(found.pull.customers),
                    "samples": len(found.pull.samples),
                    "error": found.pull.error,
                    "notes": [*found.pull.notes, *_approved(found)],
                }
                for found in await pull_usage(session, _only_shrink(approve or ()))
            ]

    rows = asyncio.run(pulled())
    _print(context, rows, lambda: pulls_table(rows, paint_of(context), width()))
    states = {row["state"] for row in rows}
    return ERROR if "failed" in states else UNACCOUNTED if "disbelieved" in states else DONE


def _only_shrink(approve: Sequence[str]) -> Sequence[str]:
    for each in approve:
        if each.partition("=")[0] != GUARDRAIL:
            raise typer.TyperException(f"a pull trips no guardrail {each}: it knows --approve {GUARDRAIL}[=SOURCE]")
    return approve


def _approved(found: Collected) -> Iterator[str]:
    if found.approved is not None:
        which = "this pull is" if found.approved == found.pull_id else f"pull {found.approved} before it is"
        yield f"{which} believed by approval"


@app.command()
def coverage(ctx: typer.Context) -> int:
    """Account for every customer, in both directions. Exit 5 when something is not accounted for."""
    context: Context = ctx.obj

    async def planned() -> Plan:
        async with opened(context) as session:
            return (await make_plan(session, Scope(setup=False, usage=True))).plan

    plan = asyncio.run(planned())
    rows = [row.model_dump(mode="json") for row in plan.coverage]
    _print(context, rows, lambda: coverage_table(plan_json(plan), paint_of(context), width()))
    return DONE if plan.accounted else UNACCOUNTED


@app.command()
def report(ctx: typer.Context) -> None:
    """Show the additions that we bill, next to the usage they came from (seed guide, step 10)."""
    context: Context = ctx.obj

    async def reported(session: Session) -> list[ReportRow]:
        live_state = await read_live_state(session.client, session.manifests, Scope(setup=False, usage=True))
        read = await read_usage(session, live_state)
        units = {source.name: source.unit for source in session.workspace.usage}
        return report_rows(_ownership(session, read), read.live_state, read.rated.usage.charges, units)

    async def found() -> list[ReportRow]:
        async with opened(context) as session:
            return await reported(session)

    rows = [row.to_json() for row in asyncio.run(found())]
    _print(context, rows, lambda: report_table(rows, paint_of(context), width()))


def _print(context: Context, content: Any, lines: Any) -> None:
    if context.json:
        deliver_json(content)
    else:
        print_lines(lines())


def _ownership(session: Session, read: UsageRead) -> Ownership:
    """Return which charge each of our additions belongs to."""
    first = read.rated.usage.period.first_day.isoformat()
    owners = [Owner(rule.name, rule.source, rule.customer_id) for rule in read.rated.rules]
    sources = frozenset(source.name for source in session.workspace.usage)
    live = live_additions(read.live_state, first, session.workspace.billing.currency)
    return assign_owners(live, owners, sources, read.snapshot)
