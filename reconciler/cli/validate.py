"""`reconciler validate`: everything that can be known about the manifests without a network."""

from __future__ import annotations

import json
from collections.abc import Iterable

import typer

from reconciler.cli.context import Context
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.loading import load


def validate(ctx: typer.Context) -> None:
    """Check everything that can be known offline, and say everything that is wrong at once."""
    context: Context = ctx.obj
    try:
        manifests = load(context.root, workspace=context.workspace)
    except ManifestError as error:
        typer.echo(_json(error.diagnostics) if context.json else str(error))
        raise typer.Exit(1) from None
    if context.json:
        typer.echo(_json(manifests.warnings))
        return
    for warning in manifests.warnings:
        typer.echo(f"{warning}\n")
    documents = len(manifests.documents) + 1
    typer.echo(f"ok: {documents} documents in {manifests.files} file{'s' * (manifests.files != 1)}")


def _json(diagnostics: Iterable[Diagnostic]) -> str:
    return json.dumps([item.to_json() for item in diagnostics], indent=2, ensure_ascii=False)
