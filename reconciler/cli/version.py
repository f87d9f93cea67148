"""`reconciler version`: print the version of the program."""

from __future__ import annotations

import typer

from reconciler import __version__
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_one


def version(ctx: typer.Context) -> None:
    """Print the version."""
    context: Context = ctx.obj
    deliver_one(f"reconciler {__version__}", {"version": __version__}, as_json=context.json)
