"""`reconciler show`: renders a plan file, or one document with its defaults and its live state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reconciler.cli import show_usage
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, read_file
from reconciler.cli.session import Session, opened
from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import all_kinds
from reconciler.live.read import Scope, read_live_state
from reconciler.manifests.closure import closure
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load
from reconciler.manifests.suggestions import listed, near
from reconciler.planning.diff import manifest_values
from reconciler.planning.plan import plan_json, read_plan, write_plan
from reconciler.rendering.document_text import document_text
from reconciler.rendering.fields_text import fields_text
from reconciler.rendering.plan_text import plan_text


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def show(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            help="A file that `plan --out` wrote, or an address: Company/acme, Addition/acme:gb, cove/1001."
        ),
    ],
    to: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TEXT,
    offline: Annotated[bool, typer.Option("--offline", help="Of an address: without its live state.")] = False,
) -> None:
    """Render a plan file; or show one document, addition or customer: where it comes from, and how it stands."""
    context: Context = ctx.obj
    as_json = to is Format.JSON or context.json
    there = _found_at(what)
    if there != "file" and (found := _of_address(context, what, offline=offline)) is not None:
        if as_json:
            deliver_json(found)
        elif "spec" in found:
            print_lines(document_text(found, paint_of(context)))
        else:
            print_lines(fields_text(found, paint_of(context)))
        return
    if there != "file":
        kind = "a folder, and no plan file" if there == "folder" else "neither a file nor an address"
        shown = what if len(what) <= _SHOWN else f"{what[:_SHOWN]}…"
        raise ReconcilerError(f"{shown or 'an empty text'} is {kind}", advice=_WHAT_THERE_IS)
    plan = read_plan(read_file(Path(what)), where=what)
    if as_json:
        deliver_json(write_plan(plan))
    else:
        print_lines(plan_text(plan_json(plan), paint_of(context)))


_WHAT_THERE_IS = (
    "Make a plan file with: reconciler plan --out FILE. An address is KIND/NAME, such as Company/acme, or "
    "SOURCE/CUSTOMER, such as cove/1001006."
)


_SHOWN = 200
"""Characters of an address that a message repeats at most."""


def _found_at(what: str) -> Literal["file", "folder", "nothing"]:
    """What a text names on the disk. A pipe or a device counts as a file; a text that can be no path names nothing."""
    try:
        if not what or not Path(what).exists():
            return "nothing"
        return "folder" if Path(what).is_dir() else "file"
    except (OSError, ValueError):
        return "nothing"


def _of_address(context: Context, what: str, *, offline: bool) -> dict[str, Any] | None:
    """What stands at an address; None for what looks like no address, and so is a file."""
    first = what.partition("/")[0]
    if first == "Addition":
        return asyncio.run(_usage(context, what, show_usage.addition))
    if first in all_kinds():
        return asyncio.run(_document(context, what, offline=offline))
    if "/" in what and context.root.is_dir() and first in _sources(load(context.root, workspace=context.workspace)):
        return asyncio.run(_usage(context, what, show_usage.customer))
    return None


def _sources(manifests: Manifests) -> set[str]:
    spec = manifests.workspace.spec
    return {source.name for source in spec.usage}


async def _usage(
    context: Context, address: str, look: Callable[[Session, str], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    async with opened(context, usage=False) as session:
        return await look(session, address)


async def _document(context: Context, address: str, *, offline: bool) -> dict[str, Any]:
    if offline:
        return _declared(load(context.root, workspace=context.workspace), address)
    async with opened(context, usage=False) as session:
        document = session.manifests.by_address.get(address)
        known = None if document is not None else await show_usage.undeclared(session, address)
        if known is not None:
            return known
        found = _declared(session.manifests, address)
        if document is None or document.kind.collection is None:
            return found
        part = closure(session.manifests, document)
        live_state = await read_live_state(session.client, part, Scope(setup=True, usage=False))
        live = live_state.matches.get(address)
        found["live"] = live and {
            "id": live.id,
            "last_updated": live.last_updated,
            "fields": manifest_values(document.kind, document.declared, live),
        }
        return found


def _declared(manifests: Manifests, address: str) -> dict[str, Any]:
    known = {**manifests.by_address, manifests.workspace.address: manifests.workspace}
    document = known.get(address)
    if document is None:
        guesses = near(address, known)
        advice = f"Did you mean {listed(guesses)}?" if guesses else "reconciler validate counts what is declared."
        raise ReconcilerError(f"no manifest declares {address}", where=str(manifests.root), advice=advice)
    spec = document.spec.model_dump(mode="json", include=set(document.spec.model_fields_set))
    return {
        "address": document.address,
        "file": document.origin.file,
        "spec": spec,
        "defaulted": dict(document.defaulted),
    }
