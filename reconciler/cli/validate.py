"""`reconciler validate`: check the manifests without a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json
from reconciler.cli.policies import check_documents
from reconciler.exit_codes import DONE, ERROR
from reconciler.manifests.diagnostics import Diagnostic, ManifestError, located
from reconciler.manifests.loading import load
from reconciler.rendering.annotations import github_annotations, sarif
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import safe_lines


class Format(StrEnum):
    """The formats of `--format`."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"


_SHOWN = 10
"""How many proposed documents the text lists."""


def validate(
    ctx: typer.Context,
    policy: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A JSON Schema that every document must satisfy. May be repeated."),
    ] = None,
    to: Annotated[
        Format,
        typer.Option("--format", help="The format to print: text, annotations of GitHub, or SARIF for code scanners."),
    ] = Format.TEXT,
) -> int:
    """Check the manifests offline and list all errors. Exit 1 if there are errors."""
    context: Context = ctx.obj
    if context.json and to is not Format.TEXT:
        raise typer.TyperException(f"--json and --format {to} cannot be used together")
    try:
        manifests = load(context.root, workspace=context.workspace)
        check_documents(manifests, policy or ())
    except ManifestError as error:
        if context.json:
            raise
        _deliver(error.located, to, safe_lines(str(error)))  # the errors are the result of this command
        return ERROR
    documents = len(manifests.documents) + 1
    proposed = [each.address for each in manifests.documents if each.metadata.proposed]
    if context.json:
        warnings = [item.to_json() for item in manifests.warnings]
        deliver_json({"documents": documents, "files": manifests.files, "proposed": proposed, "diagnostics": warnings})
        return DONE
    ok = f"ok: {numbered(documents, 'document')} in {numbered(manifests.files, 'file')}"
    text = safe_lines("\n\n".join([*map(str, manifests.warnings), "\n".join([ok, *_waiting(proposed)])]))
    _deliver([located(each, manifests.root) for each in manifests.warnings], to, text)
    return DONE


def _deliver(found: Iterable[Diagnostic], to: Format, text: str) -> None:
    """Print errors and warnings in a format. `text` is what `text` prints."""
    content = [each.to_json() for each in found]
    match to:
        case Format.TEXT:
            deliver(text)
        case Format.GITHUB:
            deliver("".join(f"{line}\n" for line in github_annotations(content)), end="")
        case Format.SARIF:
            deliver_json(sarif(content, __version__))


def _waiting(proposed: Sequence[str]) -> Iterator[str]:
    """Yield the addresses of the proposed documents, at most the first ten of them."""
    if not proposed:
        return
    yield f"{len(proposed)} of them are proposed, and nothing is done for these:"
    yield from (f"  {address}" for address in proposed[:_SHOWN])
    if len(proposed) > _SHOWN:
        yield f"  … and {len(proposed) - _SHOWN} more; to list all, run: reconciler --json validate"
    yield "If a proposal is right, run: reconciler import --confirm ADDRESS"
