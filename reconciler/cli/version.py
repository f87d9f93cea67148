"""`reconciler version`."""

from __future__ import annotations

import typer

from reconciler import __version__
from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json


def version(ctx: typer.Context) -> None:
    """Print the version."""
    context: Context = ctx.obj
    if context.json:
        deliver_json({"version": __version__})
    else:
        deliver(f"reconciler {__version__}")
