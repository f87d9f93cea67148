"""`reconciler validate`: check the manifests without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json
from reconciler.exit_codes import DONE, ERROR
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load
from reconciler.rendering.paint import safe_lines


def validate(
    ctx: typer.Context,
    policy: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A JSON Schema that every document must satisfy. May be repeated."),
    ] = None,
) -> int:
    """Check the manifests offline and list all errors. Exit 1 if there are errors."""
    context: Context = ctx.obj
    try:
        manifests = load(context.root, workspace=context.workspace)
        if policy:
            _check_policies(manifests, policy)
    except ManifestError as error:
        if context.json:
            raise
        deliver(safe_lines(str(error)))  # the errors are the result of this command
        return ERROR
    documents = len(manifests.documents) + 1
    if context.json:
        warnings = [item.to_json() for item in manifests.warnings]
        deliver_json({"documents": documents, "files": manifests.files, "diagnostics": warnings})
        return DONE
    ok = f"ok: {documents} documents in {manifests.files} file{'s' * (manifests.files != 1)}"
    deliver(safe_lines("\n\n".join([*map(str, manifests.warnings), ok])))
    return DONE


def _check_policies(manifests: Manifests, files: list[Path]) -> None:
    """Raise `ManifestError` if a document does not satisfy a policy."""
    from reconciler.manifests.policies import check_policies, read_policy  # noqa: PLC0415 - slow: imports jsonschema

    violations = check_policies(manifests, [read_policy(file) for file in files])
    if violations:
        raise ManifestError(violations, manifests.root)
