"""`reconciler import`: write manifests for what already exists in ConnectWise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, print_lines, write_file
from reconciler.cli.progress import reading_line
from reconciler.cli.session import Session, open_session
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE
from reconciler.importing.estate import Estate
from reconciler.importing.make import Made, make
from reconciler.importing.reading import read_estate
from reconciler.importing.selection import Selection
from reconciler.rendering.paint import safe


def import_(
    ctx: typer.Context,
    company: Annotated[
        list[str] | None, typer.Option(metavar="IDENT", help="Only this company. May be repeated.")
    ] = None,
    agreement_type: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only companies with a live agreement of this type. May be repeated."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every company, also those without a live agreement.")
    ] = False,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the new files, in the manifest folder.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show what would be written.")] = False,
) -> int:
    """Write manifests for what ConnectWise has already. Changes nothing in ConnectWise.

    Documents that stand are not changed. A plan of the setup right after it is empty.
    """
    context: Context = ctx.obj
    selection = Selection(tuple(company or ()), tuple(agreement_type or ()), everything)
    folder = folder_in(context.root, into)
    made = asyncio.run(_make(context, selection, folder))
    if not dry_run:
        for name, text in made.texts.items():
            _write(context.root / name, text)
    if context.json:
        deliver_json(_to_json(made, dry_run=dry_run))
    else:
        print_lines(_lines(made, dry_run=dry_run))
    return DONE


def folder_in(root: Path, into: Path | None) -> str:
    """Return a folder relative to the manifest folder: empty, or with a slash at its end."""
    if into is None:
        return ""
    try:
        inside = into.resolve().relative_to(root.resolve())
    except ValueError:
        advice = "Documents elsewhere would not be read. Name a folder below it, or another manifest folder with -C."
        raise ReconcilerError(f"is not in the manifest folder {root}", where=f"--into {into}", advice=advice) from None
    return "" if inside == Path() else f"{inside.as_posix()}/"


async def _make(context: Context, selection: Selection, folder: str) -> Made:
    async with open_session(context, usage=False) as session:
        return make(session.manifests, await _read(session), selection, folder)


async def _read(session: Session) -> Estate:
    async with reading_line(lambda: session.client.requests.total):
        return await read_estate(session.client, session.manifests)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReconcilerError(str(error.strerror), where=str(path.parent), advice="Choose another folder.") from None
    write_file(path, text)


def _to_json(made: Made, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "files": sorted(made.texts),
        "documents": dict(made.documents),
        "left_out": [each.to_json() for each in made.left_out],
    }


def _lines(made: Made, *, dry_run: bool) -> Iterator[str]:
    total = sum(made.documents.values())
    verb = "would be written" if dry_run else "written"
    yield f"{total} documents {verb} into {len(made.texts)} files; {made.standing} objects are declared already"
    yield from (f"  {kind}: {count}" for kind, count in made.documents.items())
    if dry_run:
        yield from (f"  {safe(name)}" for name in sorted(made.texts))
    yield from _left_out(made)


def _left_out(made: Made) -> Sequence[str]:
    if not made.left_out:
        return []
    rows = [f"  {each.what}{f' {each.field}' if each.field else ''}: {each.reason}" for each in made.left_out]
    return ["", f"{len(rows)} left out:", *map(safe, rows)]
