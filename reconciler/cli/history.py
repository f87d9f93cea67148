"""`reconciler history`: print what was written when, by which run, with the values before and after.

It reads the ledger only: no request goes to ConnectWise, and no secret is needed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.history_events import events_of, events_since
from reconciler.cli.history_json import run_json, writes_json
from reconciler.cli.output import deliver_json, paint_of, print_lines, print_note, width
from reconciler.cli.session import open_ledger
from reconciler.cli.since import since_moment
from reconciler.errors import ReconcilerError
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.ledger.history import (
    count_runs,
    read_runs,
    read_runs_by_id,
    same_object,
    writes_of_addresses,
    writes_of_run,
    written_addresses,
)
from reconciler.ledger.lock import read_lock
from reconciler.ledger.runs import RunRecord
from reconciler.ledger.store import Ledger
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load, load_valid
from reconciler.manifests.suggestions import listed, near
from reconciler.rendering.history_text import events_table, run_text, runs_table, writes_table

NEWEST = 50
"""How many runs are listed without `--since`."""


def history(
    ctx: typer.Context,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="ADDRESS", help="Show the writes of this address, such as Company/acme. Without it, list the runs."
        ),
    ] = None,
    run: Annotated[int | None, typer.Option("--run", metavar="RUN", help="Show the writes of this run.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only from then on: 24h or 7d ago, a date, or a time."),
    ] = None,
) -> None:
    """Show what was written when: by which run and whom, with the values before and after.

    Reads the ledger only. Nothing is sent to ConnectWise.
    """
    context: Context = ctx.obj
    manifests = _manifests(context)
    zone = manifests.workspace.spec.billing.timezone
    start = None if since is None else since_moment(since, context.now, zone)
    with open_ledger(context, manifests, writable=False) as ledger:
        if address is not None:
            found = _of_address(ledger, manifests, address, run, start)
        elif run is not None:
            found = _of_run(ledger, manifests.workspace.name, run, start)
        else:
            found = _runs(ledger, manifests, start)
    if context.json:
        deliver_json(found)
        return
    paint, columns = paint_of(context), width()
    if "runs" in found:
        print_lines(runs_table(found, paint, columns))
    else:
        if "run" in found:
            print_lines(run_text(found["run"], zone, paint))
        print_lines(writes_table(found, paint, columns))
    if found.get("events"):
        print_lines(events_table(found["events"], paint, columns))


def _manifests(context: Context) -> Manifests:
    """Return the manifests. Those with errors are left out, because the past does not depend on them."""
    try:
        return load(context.root, workspace=context.workspace)
    except ManifestError as error:
        manifests = load_valid(context.root, workspace=context.workspace)
        print_note(f"the history leaves out documents with errors ({error.summary}). See: reconciler validate")
        return manifests


def _runs(ledger: Ledger, manifests: Manifests, since: datetime | None) -> dict[str, Any]:
    workspace = manifests.workspace.name
    runs = read_runs(ledger, workspace, since=since, newest=NEWEST if since is None else None)
    is_locked = read_lock(ledger, workspace) is not None
    newest = runs[-1].id if runs else None
    shown = [run_json(each, running=is_locked and each.id == newest) for each in runs]
    earlier = count_runs(ledger, workspace) - len(shown) if since is None else None
    first = since if since is not None or not earlier else runs[0].started_at
    return {
        "workspace": workspace,
        "runs": shown,
        "earlier": earlier,
        "events": events_since(ledger, manifests, first),
    }


def _of_run(ledger: Ledger, workspace: str, number: int, since: datetime | None) -> dict[str, Any]:
    run = run_record(ledger, workspace, number)
    writes = [each for each in writes_of_run(ledger, number) if since is None or each.sent_at >= since]
    return {"workspace": workspace, "run": run_json(run), "writes": [*writes_json(writes, {run.id: run})]}


def run_record(ledger: Ledger, workspace: str, number: int) -> RunRecord:
    """Return one run of a workspace. Raises `ReconcilerError` if it has no such run."""
    run = read_runs_by_id(ledger, workspace, [number]).get(number)
    if run is not None:
        return run
    newest = read_runs(ledger, workspace, newest=1)
    advice = f"The newest is run {newest[0].id}. List them with: reconciler history" if newest else "It has no runs."
    raise ReconcilerError(f"workspace {workspace} has no run {number}", where="history", advice=advice)


def _of_address(
    ledger: Ledger, manifests: Manifests, address: str, run: int | None, since: datetime | None
) -> dict[str, Any]:
    workspace = manifests.workspace.name
    if run is not None:
        run_record(ledger, workspace, run)
    addresses = addresses_of(ledger, manifests, address)
    writes = writes_of_addresses(ledger, workspace, addresses)
    if not writes:
        raise _no_writes(ledger, manifests, address)
    chosen = [
        each for each in writes if (since is None or each.sent_at >= since) and (run is None or each.run_id == run)
    ]
    runs = read_runs_by_id(ledger, workspace, {each.run_id for each in chosen})
    events = [] if run is not None else events_of(ledger, manifests, addresses, writes, since)
    return {
        "workspace": workspace,
        "address": address,
        "addresses": [each for each in addresses if any(write.address == each for write in writes)],
        "writes": [*writes_json(chosen, runs)],
        "events": events,
    }


def addresses_of(ledger: Ledger, manifests: Manifests, address: str) -> list[str]:
    """Return the addresses in the ledger for an address of the command line.

    They include earlier addresses of the object. A mapping, and a customer such as `cove/1001006`, stand for the
    additions of the mapping. An addition has a short address too.
    """
    workspace = manifests.workspace.name
    kind, _, name = address.partition("/")
    mappings = [
        each.name
        for each in manifests.of(CustomerMappingSpec)
        if address in {each.address, f"{each.spec.customer.source}/{each.spec.customer.id}"}
    ]
    if kind == "CustomerMapping" and not mappings:
        mappings = [name]
    mapping, _, product = name.partition(":")
    short = kind == "Addition" and product
    if not mappings and not short:
        return same_object(ledger, workspace, address)
    found = [address]
    for each in written_addresses(ledger, workspace):
        if short and each.startswith(f"Addition/{mapping}.") and each.endswith(f":{product}"):
            found.append(each)
        found += (each for mapping in mappings if each.startswith(f"Addition/{mapping}."))
    return [*dict.fromkeys(other for each in found for other in same_object(ledger, workspace, each))]


def _no_writes(ledger: Ledger, manifests: Manifests, address: str) -> ReconcilerError:
    workspace = manifests.workspace.name
    if address in manifests.by_address:
        advice = f"See what it is with: reconciler show {address}"
        return ReconcilerError(f"nothing was written to {address} so far", where="history", advice=advice)
    guesses = near(address, dict.fromkeys([*written_addresses(ledger, workspace), *manifests.by_address]))
    advice = f"Did you mean {listed(guesses)}?" if guesses else "List the runs with: reconciler history"
    what = f"an address {address}" if address.strip() else "an address without a name"
    return ReconcilerError(f"nothing was written to {what}", where="history", advice=advice)
