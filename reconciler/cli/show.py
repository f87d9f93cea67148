"""`reconciler show PLANFILE`: renders a plan."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import paint_of, print_lines, read_file
from reconciler.planning.plan import read_plan, write_plan
from reconciler.rendering.plan_text import plan_text


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def show(
    ctx: typer.Context,
    planfile: Annotated[Path, typer.Argument(help="A file that `plan --out` wrote.")],
    to: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TEXT,
) -> None:
    """Render a plan file."""
    context: Context = ctx.obj
    found = read_plan(read_file(planfile), where=str(planfile))
    if to is Format.JSON or context.json:
        typer.echo(write_plan(found), nl=False)
    else:
        print_lines(plan_text(found, paint_of(context)))
