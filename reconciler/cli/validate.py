"""`reconciler validate`: everything that can be known about the manifests without a network."""

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
        list[Path] | None, typer.Option(help="A JSON Schema that every document must satisfy; may be repeated.")
    ] = None,
) -> int:
    """Check everything that can be known offline, and say everything that is wrong at once."""
    context: Context = ctx.obj
    try:
        manifests = load(context.root, workspace=context.workspace)
        if policy:
            _satisfy(manifests, policy)
    except ManifestError as error:
        if context.json:
            raise
        deliver(safe_lines(str(error)))  # what is wrong is this command's result
        return ERROR
    documents = len(manifests.documents) + 1
    if context.json:
        warnings = [item.to_json() for item in manifests.warnings]
        deliver_json({"documents": documents, "files": manifests.files, "diagnostics": warnings})
        return DONE
    ok = f"ok: {documents} documents in {manifests.files} file{'s' * (manifests.files != 1)}"
    deliver(safe_lines("\n\n".join([*map(str, manifests.warnings), ok])))
    return DONE


def _satisfy(manifests: Manifests, files: list[Path]) -> None:
    """jsonschema is imported only when there is a policy: most runs have none."""
    from reconciler.manifests.policies import check_policies, read_policy  # noqa: PLC0415

    violations = check_policies(manifests, [read_policy(file) for file in files])
    if violations:
        raise ManifestError(violations, manifests.root)
