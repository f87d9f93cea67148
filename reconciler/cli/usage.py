"""`reconciler usage`: pull the usage, account for every customer, and report the additions.

Changes nothing in ConnectWise; the usage it reads is saved in the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any

import typer

from reconciler.cli.clock import check_clock
from reconciler.cli.close import close
from reconciler.cli.commands import GROUPS
from reconciler.cli.context import Context
from reconciler.cli.explain import explain
from reconciler.cli.output import deliver_json, paint_of, print_lines, print_note, width
from reconciler.cli.planning import PlanOptions, make_plan
from reconciler.cli.preview import preview
from reconciler.cli.pulling import pull_usage
from reconciler.cli.reconcile import reconcile
from reconciler.cli.replay import replay
from reconciler.cli.session import open_session
from reconciler.cli.usage_export import export
from reconciler.cli.usage_report import report
from reconciler.cli.watch import SendAlerts, Watch
from reconciler.cli.watched import watched
from reconciler.exit_codes import DONE, ERROR, UNACCOUNTED
from reconciler.live.read import Scope
from reconciler.metering.collect import GUARDRAIL, Collected
from reconciler.planning.plan import Plan
from reconciler.planning.plan_file import plan_json
from reconciler.rendering.tables import coverage_table, pulls_table

app = typer.Typer(no_args_is_help=True, add_completion=False, help=GROUPS["usage"][1])
app.command()(explain)
app.command()(preview)
app.command()(replay)


@app.command()
def pull(
    ctx: typer.Context,
    approve: Annotated[
        list[str] | None,
        typer.Option(
            metavar="shrink[=SOURCE]", help="Accept a pull that lost many customers or devices. May be repeated."
        ),
    ] = None,
    alert: SendAlerts = False,
) -> int:
    """Read all sources and save their usage.

    The usage is saved in the ledger. Exit 1 if a pull failed, 5 if one is not believed.
    """
    context: Context = ctx.obj
    watch = Watch("pull", on=alert)

    async def pull_all() -> list[dict[str, Any]]:
        async with open_session(context, writable=True) as session:
            watch.opened(session)
            await check_clock(session, on_notice=print_note)
            found = await pull_usage(session, _check_approvals(approve or ()))
            watch.pulled(session)
            return [
                {
                    "source": collected.pull.source,
                    "state": collected.pull.state,
                    "customers": len(collected.pull.customers),
                    "samples": len(collected.pull.samples),
                    "error": collected.pull.error,
                    "notes": [*collected.pull.notes, *_approval_note(collected)],
                }
                for collected in found
            ]

    def pull_and_show() -> int:
        rows = asyncio.run(pull_all())
        _print(context, rows, lambda: pulls_table(rows, paint_of(context), width()))
        states = {row["state"] for row in rows}
        return ERROR if "failed" in states else UNACCOUNTED if "disbelieved" in states else DONE

    return watched(context, watch, pull_and_show)


def _check_approvals(approve: Sequence[str]) -> Sequence[str]:
    """Return the values of `--approve`. Raises `TyperException` for a guardrail other than `shrink`."""
    for each in approve:
        if each.partition("=")[0] != GUARDRAIL:
            raise typer.TyperException(
                f"--approve {each}: `usage pull` has one guardrail; write --approve {GUARDRAIL} or {GUARDRAIL}=SOURCE"
            )
    return approve


def _approval_note(collected: Collected) -> Iterator[str]:
    if collected.approved is not None:
        which = "this pull" if collected.approved == collected.pull_id else f"the earlier pull {collected.approved}"
        yield f"{which} is accepted by --approve"


@app.command()
def coverage(ctx: typer.Context, alert: SendAlerts = False) -> int:
    """List all customers, billed or not.

    Mappings without a customer are listed too. Exit 5 if a customer or a mapping is not accounted for.
    """
    context: Context = ctx.obj

    watch = Watch("coverage", on=alert)

    async def plan_usage() -> Plan:
        async with open_session(context) as session:
            watch.opened(session)
            made = await make_plan(session, PlanOptions(Scope(setup=False)))
            watch.planned(session, made)
            return made.plan

    def plan_and_show() -> int:
        plan = asyncio.run(plan_usage())
        rows = [row.model_dump(mode="json") for row in plan.coverage]
        _print(context, rows, lambda: coverage_table(plan_json(plan), paint_of(context), width()))
        return DONE if plan.accounted else UNACCOUNTED

    return watched(context, watch, plan_and_show)


app.command()(report)
app.command()(export)
app.command()(close)
app.command()(reconcile)


def _print(context: Context, content: Any, lines: Callable[[], Iterable[str]]) -> None:
    """Print JSON, or the lines of a table, which are made only when they are printed."""
    if context.json:
        deliver_json(content)
    else:
        print_lines(lines())
