"""`reconciler validate`: check the manifests without a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.annotating import Format, FormatOption, check_format, deliver_found
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json
from reconciler.cli.policies import check_documents
from reconciler.exit_codes import DONE, ERROR
from reconciler.manifests.diagnostics import ManifestError, located
from reconciler.manifests.loading import load
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import safe_lines

_SHOWN = 10
"""How many proposed documents the text lists."""


def validate(
    ctx: typer.Context,
    policy: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A JSON Schema that every document must satisfy. May be repeated."),
    ] = None,
    to: FormatOption = Format.TEXT,
) -> int:
    """Check the manifests offline and list all errors. Exit 1 if there are errors."""
    context: Context = ctx.obj
    check_format(context, to)
    try:
        manifests = load(context.root, workspace=context.workspace, now=context.now)
        check_documents(manifests, policy or ())
    except ManifestError as error:
        if context.json:
            raise
        deliver_found(error.located, to, safe_lines(str(error)))  # the errors are the result of this command
        return ERROR
    documents = len(manifests.documents) + 1
    proposed = [each.address for each in manifests.documents if each.metadata.proposed]
    if context.json:
        warnings = [item.to_json() for item in manifests.warnings]
        deliver_json({"documents": documents, "files": manifests.files, "proposed": proposed, "diagnostics": warnings})
        return DONE
    ok = f"ok: {numbered(documents, 'document')} in {numbered(manifests.files, 'file')}"
    text = safe_lines("\n\n".join([*map(str, manifests.warnings), "\n".join([ok, *_waiting(proposed)])]))
    deliver_found([located(each, manifests.root) for each in manifests.warnings], to, text)
    return DONE


def _waiting(proposed: Sequence[str]) -> Iterator[str]:
    """Yield the addresses of the proposed documents, at most the first ten of them."""
    if not proposed:
        return
    yield f"{len(proposed)} of them are proposed, and nothing is done for these:"
    yield from (f"  {address}" for address in proposed[:_SHOWN])
    if len(proposed) > _SHOWN:
        yield f"  … and {len(proposed) - _SHOWN} more; to list all, run: reconciler --json validate"
    yield "If a proposal is right, run: reconciler import --confirm ADDRESS"
