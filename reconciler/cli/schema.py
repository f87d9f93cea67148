"""`reconciler schema`: print or write the JSON Schemas for editors and CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cases import schema as cases
from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json, print_lines, write_file
from reconciler.errors import ReconcilerError
from reconciler.manifests import schemas
from reconciler.manifests.suggestions import listed, nearest
from reconciler.planning.published import published
from reconciler.reporting import published as report


def schema(
    ctx: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="A kind such as Company, or Defaults, price-cases, plan, outcome, report, or manifest for all kinds.",
        ),
    ] = schemas.ANY,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write all schemas into this folder instead.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the schemas instead.")] = False,
) -> None:
    """Print the JSON Schema of a manifest, of price cases, of a plan, an outcome or a report, or write all of them."""
    context: Context = ctx.obj
    all_schemas = every_schema()
    if write is not None:
        _write(all_schemas, write, as_json=context.json)
        return
    if list_all:
        _list(all_schemas, as_json=context.json)
        return
    if kind not in all_schemas:
        guess = nearest(kind, all_schemas)
        advice = f"Did you mean {guess}?" if guess else f"There are {listed(all_schemas, 'and')}."
        raise ReconcilerError(f"there is no schema for {kind}", advice=advice)
    deliver(schemas.written(all_schemas[kind]), end="")


def every_schema() -> schemas.Schemas:
    """Return all schemas by the name of their file, without its ending."""
    return {**schemas.schemas(), cases.NAME: cases.schema(), report.NAME: report.schema(), **published()}


def _list(all_schemas: schemas.Schemas, *, as_json: bool) -> None:
    width = max(map(len, all_schemas))
    rows = [{"name": name, "describes": content["description"]} for name, content in all_schemas.items()]
    if as_json:
        deliver_json({"schemas": rows})
    else:
        print_lines(f"{row['name']:{width}}  {row['describes']}" for row in rows)


def _write(all_schemas: schemas.Schemas, folder: Path, *, as_json: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReconcilerError(
            f"cannot be written: {error.strerror}", where=str(folder), advice="Name another folder with --write."
        ) from None
    for name, content in all_schemas.items():
        write_file(folder / schemas.file_name(name), schemas.written(content))
    if as_json:
        deliver_json({"folder": str(folder), "schemas": sorted(all_schemas)})
    else:
        deliver(f"{len(all_schemas)} schemas in {folder}")
