"""`reconciler fmt`: one layout for all manifests."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import write_file
from reconciler.errors import ReconcilerError
from reconciler.manifests import files
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.files import SourceFile
from reconciler.manifests.formatting import FormatError, formatted


def fmt(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what changes.")] = False,
) -> int:
    """Write every manifest in the one layout; comments stay, and no value changes."""
    context: Context = ctx.obj
    if not context.root.is_dir():
        raise ReconcilerError("is not a folder", where=str(context.root), advice="name the manifest folder with -C")
    changed = failed = count = 0
    for path in files.find(context.root):
        count += 1
        found = files.read(context.root, path)
        try:
            if not isinstance(found, SourceFile):
                raise ManifestError([found.diagnostic])
            after = formatted(found.text, where=found.name)
        except (FormatError, ManifestError) as error:
            typer.echo(f"error: {error}", err=True)
            failed += 1
            continue
        if after == found.text:
            continue
        changed += 1
        typer.echo(found.name)
        if diff:
            lines = difflib.unified_diff(
                found.text.splitlines(), after.splitlines(), f"a/{found.name}", f"b/{found.name}", lineterm=""
            )
            typer.echo("\n".join(lines))
        if not check:
            write_file(path, after)
    verb = "would change" if check else "changed"
    typer.echo(f"{changed} of {count} files {verb}", err=True)
    return 1 if failed or (check and changed) else 0
