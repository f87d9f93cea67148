"""`reconciler show`: print a plan file, or one document, addition or customer with its live state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines
from reconciler.cli.plan import Full
from reconciler.cli.session import Session, open_session
from reconciler.cli.show_file import FILE_ONLY, Form, Format, show_file
from reconciler.cli.show_usage import show_addition, show_customer, show_undeclared
from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import all_kinds
from reconciler.live.read import Scope, read_live_state
from reconciler.manifests.closure import closure
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load
from reconciler.manifests.suggestions import listed, near
from reconciler.planning.diff import manifest_values
from reconciler.rendering.document_text import document_text
from reconciler.rendering.fields_text import fields_text
from reconciler.rendering.markdown.plan import MAX_BYTES, SMALLEST


class As(StrEnum):
    """What `--as` makes of a plan file."""

    PLAN = "plan"
    DRIFT = "drift"


def show(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|ADDRESS",
            help="A plan file, an outcome, or an address such as Company/acme, Addition/acme:gb or cove/1001.",
        ),
    ],
    *,
    to: Annotated[Format, typer.Option("--format", help="The format to print.")] = Format.TEXT,
    max_bytes: Annotated[
        int | None,
        typer.Option(
            "--max-bytes", min=SMALLEST, metavar="N", help=f"The largest size of the Markdown. Default: {MAX_BYTES}."
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="The heading of the Markdown or HTML, such as Drift.")
    ] = None,
    what_if: Annotated[
        Path | None,
        typer.Option(
            "--what-if", metavar="FILE", help="A plan file with usage, to show the change of usage lines beside FILE."
        ),
    ] = None,
    shown_as: Annotated[
        As, typer.Option("--as", help="Show a plan file as a plan, or as the drift of ConnectWise from the manifests.")
    ] = As.PLAN,
    full: Full = False,
    offline: Annotated[bool, typer.Option("--offline", help="Show a document without its live state.")] = False,
) -> None:
    """Show a plan file, an outcome, an error of a command with --json, or one document, addition or customer.

    A document is shown with the defaults that filled it in and its values in ConnectWise. An addition or a customer
    is shown with its usage and what the next plan would do.
    """
    context: Context = ctx.obj
    as_json = to is Format.JSON or context.json
    on_disk = _type_on_disk(what)
    if on_disk != "file" and (to in FILE_ONLY or what_if is not None):
        option = f"--format {to}" if what_if is None else "--what-if"
        raise typer.TyperException(f"{option} shows a plan file or an outcome, and {what!r} is no file")
    if on_disk != "file" and (found := _look_up_address(context, what, offline=offline)) is not None:
        if as_json:
            deliver_json(found)
        elif "spec" in found:
            print_lines(document_text(found, paint_of(context)))
        else:
            print_lines(fields_text(found, paint_of(context)))
        return
    if on_disk != "file":
        problem = "a folder, not a plan file" if on_disk == "folder" else "neither a file nor an address"
        shown = what if len(what) <= _LONGEST_SHOWN else f"{what[:_LONGEST_SHOWN]}…"
        raise ReconcilerError(f"{shown or 'an empty text'} is {problem}", advice=_FILE_OR_ADDRESS)
    form = Form(Format.JSON if as_json else to, title, max_bytes or MAX_BYTES, full, shown_as is As.DRIFT)
    show_file(context, Path(what), form, what_if)


_FILE_OR_ADDRESS = (
    "Make a plan file with: reconciler plan --out FILE\n"
    "  An address is KIND/NAME, such as Company/acme, or SOURCE/CUSTOMER, such as cove/1001006."
)

_LONGEST_SHOWN = 200
"""Number of characters of an argument that a message repeats at most."""


def _type_on_disk(what: str) -> Literal["file", "folder", "nothing"]:
    """Return whether a text is the path of a file or a folder. A pipe or a device counts as a file."""
    try:
        if not what or not Path(what).exists():
            return "nothing"
        return "folder" if Path(what).is_dir() else "file"
    except (OSError, ValueError):
        return "nothing"


def _look_up_address(context: Context, what: str, *, offline: bool) -> dict[str, Any] | None:
    """Return the JSON of what has the address. None if the text does not begin with a kind or a usage source."""
    first = what.partition("/")[0]
    if first == "Addition":
        return asyncio.run(_usage(context, what, show_addition))
    if first in all_kinds():
        return asyncio.run(_document(context, what, offline=offline))
    if "/" in what and context.root.is_dir() and first in _sources(load(context.root, workspace=context.workspace)):
        return asyncio.run(_usage(context, what, show_customer))
    return None


def _sources(manifests: Manifests) -> set[str]:
    spec = manifests.workspace.spec
    return {source.name for source in spec.usage}


async def _usage(
    context: Context, address: str, look_up: Callable[[Session, str], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    async with open_session(context, usage=False) as session:
        return await look_up(session, address)


async def _document(context: Context, address: str, *, offline: bool) -> dict[str, Any]:
    """Return a document with its live state, or an undeclared object that the ledger has."""
    if offline:
        return _declared(load(context.root, workspace=context.workspace), address)
    async with open_session(context, usage=False) as session:
        document = session.manifests.by_address.get(address)
        undeclared = None if document is not None else await show_undeclared(session, address)
        if undeclared is not None:
            return undeclared
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
    """Return a document's fields and the file of each default. Raises `ReconcilerError` if it does not exist."""
    known = {**manifests.by_address, manifests.workspace.address: manifests.workspace}
    document = known.get(address)
    if document is None:
        guesses = near(address, known)
        advice = f"Did you mean {listed(guesses)}?" if guesses else "NAME in KIND/NAME is metadata.name of a document."
        raise ReconcilerError(f"there is no {address} in {_with_slash(manifests.root)}", advice=advice)
    spec = document.spec.model_dump(mode="json", exclude_unset=True)
    return {
        "address": document.address,
        "file": document.origin.file,
        **({"proposed": True} if document.metadata.proposed else {}),
        "spec": spec,
        "defaulted": dict(document.defaulted),
    }


def _with_slash(folder: Path) -> str:
    return f"{str(folder).rstrip('/')}/"
