"""`reconciler schema`: JSON Schemas for editors and CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json
from reconciler.errors import ReconcilerError
from reconciler.manifests import schemas
from reconciler.manifests.suggestions import listed, nearest
from reconciler.planning.published import published


def schema(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="A kind, Defaults, manifest for any; plan, outcome.")] = schemas.ANY,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write all schemas into this folder instead.")
    ] = None,
) -> None:
    """Print a JSON Schema of the manifests, of a plan file or of an outcome, or write all of them."""
    context: Context = ctx.obj
    made = {**schemas.schemas(), **published()}
    if write is not None:
        _write(made, write, as_json=context.json)
        return
    if kind not in made:
        guess = nearest(kind, made)
        advice = f"did you mean {guess}?" if guess else f"there is {listed(made, 'and')}"
        raise ReconcilerError(f"there is no schema for {kind}", advice=advice)
    deliver(schemas.written(made[kind]), end="")


def _write(made: schemas.Schemas, folder: Path, *, as_json: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (folder / schemas.file_name(name)).write_text(schemas.written(content), encoding="utf-8")
    except OSError as error:
        raise ReconcilerError(
            f"cannot be written: {error.strerror}", where=str(folder), advice="Name another folder with --write."
        ) from None
    if as_json:
        deliver_json({"folder": str(folder), "schemas": sorted(made)})
    else:
        deliver(f"{len(made)} schemas in {folder}")
