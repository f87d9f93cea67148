"""`reconciler fmt`: write all manifests in the same layout."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
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
class _Results:
    """The files that were formatted, changed, or could not be read."""

    count: int = 0
    changed: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    failed: list[ReconcilerError] = field(default_factory=list)


def fmt(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
) -> int:
    """Write every manifest in the same layout. Comments are kept, and no value changes."""
    context: Context = ctx.obj
    if not context.root.is_dir():
        raise ReconcilerError("is not a folder", where=str(context.root), advice="Name the manifest folder with -C.")
    results = _Results()
    dry_run = check or diff
    for found in files.find(context.root):
        if found.first_name is not None:  # a symbolic link to a file that is formatted under its own name
            continue
        results.count += 1
        try:
            _format(found, results, write=not dry_run)
        except ReconcilerError as error:
            say(f"error: {error}" if not isinstance(error, ManifestError) else str(error))
            results.failed.append(error)
    _print(context, results, diff=diff)
    say(f"{len(results.changed)} of {results.count} files {'would change' if dry_run else 'changed'}")
    return ERROR if results.failed or (dry_run and results.changed) else DONE


def _format(found: FoundFile, results: _Results, *, write: bool) -> None:
    """Format one file and add it to the results. Raises `ManifestError` if it cannot be read."""
    read = files.read(found)
    if not isinstance(read, SourceFile):
        raise ManifestError([read.diagnostic])
    after = formatted(read.text, where=read.name)
    if after == read.text:
        return
    if write:
        write_file(Path(found.path), read.bom + after.encode())
    results.changed.append(read.name)
    before = read.text.splitlines()
    name = safe(read.name)
    results.diffs += difflib.unified_diff(before, after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")


def _print(context: Context, results: _Results, *, diff: bool) -> None:
    if context.json:
        document: dict[str, Any] = {"files": results.count, "changed": results.changed}
        document["failed"] = [failure_of(error).to_json()["error"] for error in results.failed]
        deliver_json({**document, "diff": results.diffs} if diff else document)
    elif results.changed:
        deliver("\n".join(results.diffs if diff else map(safe, results.changed)))
