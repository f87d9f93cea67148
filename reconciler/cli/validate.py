"""`reconciler validate`: everything that can be known about the manifests without a network."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.context import Context
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load


def validate(
    ctx: typer.Context,
    policy: Annotated[
        list[Path] | None, typer.Option(help="A JSON Schema that every document must satisfy; may be repeated.")
    ] = None,
) -> None:
    """Check everything that can be known offline, and say everything that is wrong at once."""
    context: Context = ctx.obj
    try:
        manifests = load(context.root, workspace=context.workspace)
        if policy:
            _satisfy(manifests, policy)
    except ManifestError as error:
        typer.echo(_json(error.located) if context.json else str(error))
        raise typer.Exit(1) from None
    if context.json:
        typer.echo(_json(manifests.warnings))
        return
    for warning in manifests.warnings:
        typer.echo(f"{warning}\n")
    documents = len(manifests.documents) + 1
    typer.echo(f"ok: {documents} documents in {manifests.files} file{'s' * (manifests.files != 1)}")


def _satisfy(manifests: Manifests, files: list[Path]) -> None:
    """jsonschema is imported only when there is a policy: most runs have none."""
    from reconciler.manifests.policies import check_policies, read_policy  # noqa: PLC0415

    violations = check_policies(manifests, [read_policy(file) for file in files])
    if violations:
        raise ManifestError(violations, manifests.root)


def _json(diagnostics: Iterable[Diagnostic]) -> str:
    return json.dumps([item.to_json() for item in diagnostics], indent=2, ensure_ascii=False)
