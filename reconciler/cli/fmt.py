"""`reconciler fmt`: one layout for all manifests."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.failures import failure_of
from reconciler.cli.output import deliver, deliver_json, say, write_file
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE, ERROR
from reconciler.manifests import files
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.files import FoundFile, SourceFile
from reconciler.manifests.formatting import formatted
from reconciler.rendering.paint import safe


@dataclass(slots=True)
class _Tally:
    count: int = 0
    changed: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    failed: list[ReconcilerError] = field(default_factory=list)


def fmt(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
) -> int:
    """Write every manifest in the one layout; comments stay, and no value changes."""
    context: Context = ctx.obj
    if not context.root.is_dir():
        raise ReconcilerError("is not a folder", where=str(context.root), advice="name the manifest folder with -C")
    tally = _Tally()
    for found in files.find(context.root):
        if found.first_name is not None:  # a link to a file that is written under its own name
            continue
        tally.count += 1
        try:
            _one(found, tally, write=not (check or diff))
        except ReconcilerError as error:
            say(f"error: {error}" if not isinstance(error, ManifestError) else str(error))
            tally.failed.append(error)
    unwritten = check or diff
    _print(context, tally, diff=diff)
    say(f"{len(tally.changed)} of {tally.count} files {'would change' if unwritten else 'changed'}")
    return ERROR if tally.failed or (unwritten and tally.changed) else DONE


def _one(found: FoundFile, tally: _Tally, *, write: bool) -> None:
    read = files.read(found)
    if not isinstance(read, SourceFile):
        raise ManifestError([read.diagnostic])
    after = formatted(read.text, where=read.name)
    if after == read.text:
        return
    if write:
        write_file(found.path, read.bom + after.encode())
    tally.changed.append(read.name)
    before = read.text.splitlines()
    name = safe(read.name)
    tally.diffs += difflib.unified_diff(before, after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")


def _print(context: Context, tally: _Tally, *, diff: bool) -> None:
    if context.json:
        document: dict[str, Any] = {"files": tally.count, "changed": tally.changed}
        document["failed"] = [failure_of(error).document()["error"] for error in tally.failed]
        deliver_json({**document, "diff": tally.diffs} if diff else document)
    elif tally.changed:
        deliver("\n".join(tally.diffs if diff else map(safe, tally.changed)))
