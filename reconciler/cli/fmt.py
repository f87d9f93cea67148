"""`reconciler fmt`: write all manifests in the same layout."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.annotating import Format, FormatOption, check_format, deliver_found
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, print_lines, say, write_file
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE, ERROR
from reconciler.manifests import files, masking
from reconciler.manifests.diagnostics import Diagnostic, ManifestError, located
from reconciler.manifests.files import FoundFile, SourceFile
from reconciler.manifests.formatting import formatted
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import safe


@dataclass(slots=True)
class _Results:
    """The files that were formatted, changed, or could not be formatted."""

    count: int = 0
    changed: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    places: list[Diagnostic] = field(default_factory=list)
    """The first line of each file that would change."""
    failed: list[Diagnostic] = field(default_factory=list)
    left: list[Diagnostic] = field(default_factory=list)
    """A warning for each valid file that cannot be formatted without a loss."""


def fmt(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
    to: FormatOption = Format.TEXT,
) -> int:
    """Write every manifest in the same layout. Comments are kept, and no value changes."""
    context: Context = ctx.obj
    check_format(context, to)
    if diff and to is not Format.TEXT:
        raise typer.TyperException(f"--diff and --format {to} cannot be used together")
    if not context.root.is_dir():
        raise ReconcilerError("is not a folder", where=str(context.root), advice="Name the manifest folder with -C.")
    results = _Results()
    dry_run = check or diff
    for found in files.find(context.root):
        if found.first_name is not None:  # a symbolic link to a file that is formatted under its own name
            continue
        results.count += 1
        try:
            _format(found, results, write=not dry_run, diff=diff)
        except ManifestError as error:
            told = [located(each, context.root) for each in error.diagnostics]
            if to is Format.TEXT:
                say("\n\n".join(map(str, told)))
            for each in told:
                (results.failed if each.severity == "error" else results.left).append(each)
    if to is Format.TEXT:
        _print(context, results, diff=diff)
    else:
        places = [located(each, context.root) for each in results.places] if dry_run else []
        deliver_found([*results.failed, *results.left, *places], to, "")
    what = f"{len(results.changed)} of {numbered(results.count, 'file')} {'would change' if dry_run else 'changed'}"
    counts = [
        numbered(len(some), name) for some, name in ((results.failed, "error"), (results.left, "warning")) if some
    ]
    say("; ".join([what, *counts]))
    return ERROR if results.failed or (dry_run and results.changed) else DONE


def _format(found: FoundFile, results: _Results, *, write: bool, diff: bool) -> None:
    """Format one file and add it to the results. Raises `ManifestError` if it cannot be read, formatted or written."""
    read = files.read(found)
    if not isinstance(read, SourceFile):
        raise ManifestError([read.diagnostic])
    after = formatted(read.text, where=read.name)
    if after == read.text:
        return
    if write:
        _write(found, read, after)
    results.changed.append(read.name)
    results.places.append(_first_change(read, after))
    if diff:
        name = safe(read.name)
        before, now = _masked(read.text), _masked(after)
        results.diffs += difflib.unified_diff(before, now, f"a/{name}", f"b/{name}", lineterm="")


def _write(found: FoundFile, read: SourceFile, after: str) -> None:
    """Write the formatted text, unless someone has changed the file since it was read."""
    if files.read(found) != read:
        raise ManifestError([Diagnostic("was changed while it was formatted", "run fmt again", read.name)])
    try:
        write_file(Path(found.path), read.bom + after.encode())
    except ReconcilerError as error:
        raise ManifestError([Diagnostic(f"cannot be written: {error.what}", error.advice, read.name)]) from None


def _first_change(read: SourceFile, after: str) -> Diagnostic:
    """Return an error at the first line of a file that would change."""
    lines, new = read.text.splitlines(), after.splitlines()
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(lines, new, strict=False)))
    line = min(same + 1, len(lines))
    return Diagnostic("the layout is not that of `reconciler fmt`", "run: reconciler fmt", read.name, line, 1)


def _masked(text: str) -> list[str]:
    """Return the lines of a text. A secret that someone wrote into it is masked."""
    lines = text.splitlines()
    masked = masking.Lines(lines)
    return [masked.shown(number) for number in range(1, len(lines) + 1)]


def _print(context: Context, results: _Results, *, diff: bool) -> None:
    if context.json:
        document: dict[str, Any] = {"files": results.count, "changed": results.changed}
        document["diagnostics"] = [each.to_json() for each in (*results.failed, *results.left)]
        deliver_json({**document, "diff": results.diffs} if diff else document)
    elif results.changed:
        print_lines(results.diffs if diff else map(safe, results.changed))
