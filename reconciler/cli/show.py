"""`reconciler show`: renders a plan file, or one document with its defaults and its live state."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rapidfuzz import process

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, read_file
from reconciler.cli.session import opened
from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import all_kinds
from reconciler.live.read import Scope, read_estate
from reconciler.manifests.closure import closure
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load
from reconciler.planning.diff import as_it_stands
from reconciler.planning.plan import read_plan, write_plan
from reconciler.rendering.document_text import document_text
from reconciler.rendering.plan_text import plan_text


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def show(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(help="A file that `plan --out` wrote, or an address: Company/acme.")],
    to: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TEXT,
    offline: Annotated[bool, typer.Option("--offline", help="Of an address: without its live state.")] = False,
) -> None:
    """Render a plan file; or show one document with what defaults filled in and how it lives."""
    context: Context = ctx.obj
    as_json = to is Format.JSON or context.json
    if what.partition("/")[0] in all_kinds() and not Path(what).exists():
        found = asyncio.run(_document(context, what, offline=offline))
        if as_json:
            deliver_json(found)
        else:
            print_lines(document_text(found, paint_of(context)))
        return
    plan = read_plan(read_file(Path(what)), where=what)
    if as_json:
        deliver_json(write_plan(plan))
    else:
        print_lines(plan_text(plan, paint_of(context)))


async def _document(context: Context, address: str, *, offline: bool) -> dict[str, Any]:
    if offline:
        return _declared(load(context.root, workspace=context.workspace), address)
    async with opened(context, usage=False) as session:
        found = _declared(session.manifests, address)
        document = session.manifests.by_address.get(address)
        if document is None or document.kind.collection is None:
            return found
        part = closure(session.manifests, document)
        estate = await read_estate(session.client, part, Scope(setup=True, usage=False))
        live = estate.matches.get(address)
        found["live"] = live and {
            "id": live.id,
            "last_updated": live.last_updated,
            "fields": as_it_stands(document.kind, document.declared, live),
        }
        return found


def _declared(manifests: Manifests, address: str) -> dict[str, Any]:
    known = {**manifests.by_address, manifests.workspace.address: manifests.workspace}
    document = known.get(address)
    if document is None:
        near = [match for match, _score, _index in process.extract(address, list(known), limit=3, score_cutoff=70)]
        advice = f"Did you mean {' or '.join(near)}?" if near else "reconciler validate counts what is declared."
        raise ReconcilerError(f"no manifest declares {address}", where=str(manifests.root), advice=advice)
    spec = document.spec.model_dump(mode="json", include=set(document.spec.model_fields_set))
    return {
        "address": document.address,
        "file": document.origin.file,
        "spec": spec,
        "defaulted": dict(document.defaulted),
    }
