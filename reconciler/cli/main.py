"""`reconciler`: the commands, and the one place where errors become sentences and exit codes.

Commands are imported only when they are called: `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler import __version__
from reconciler.cli.context import Context
from reconciler.errors import ReconcilerError

COMMANDS = {
    "validate": ("reconciler.cli.validate:validate", "Check everything that can be known offline."),
    "plan": ("reconciler.cli.plan:plan", "Show what would change, and what it does to the money."),
    "apply": ("reconciler.cli.apply:apply", "Do exactly what a plan says."),
    "show": ("reconciler.cli.show:show", "Render a plan file."),
    "schema": ("reconciler.cli.schema:schema", "Print the JSON Schemas of manifests."),
    "sandbox": ("reconciler.cli.sandbox:sandbox", "Run stand-ins of ConnectWise and of the backup console."),
}
GROUPS = {"usage": ("reconciler.cli.usage:app", "The metering side: pull, coverage, report.")}

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Every foreseen error ends in sentences on standard error and in its exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(argv))


def run(argv: Sequence[str]) -> int:
    try:
        result = _app(argv)(args=list(argv), prog_name="reconciler", standalone_mode=False)
    except ReconcilerError as error:
        typer.echo(f"error: {error}", err=True)
        return error.exit_code
    except typer.Exit as leave:
        return int(leave.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it; nothing is left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except typer.TyperException as misuse:
        typer.echo(f"error: {misuse.format_message()}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _app(argv: Sequence[str]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(_options)
    app.command("version", help="Print the version.")(_version)
    for name, (target, text) in COMMANDS.items():
        app.command(name, help=text if name not in argv else None)(_imported(target) if name in argv else _not_called)
    for name, (target, text) in GROUPS.items():
        group = _imported(target) if name in argv else typer.Typer()
        app.add_typer(group, name=name, help=text)
    return app


def _imported(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def _not_called() -> None:
    """Stands in the list of commands for one that this call does not name."""


def _version() -> None:
    typer.echo(f"reconciler {__version__}")


def _options(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Option("-C", "--directory", help="The folder of the manifests.")] = Path(
        "manifests"
    ),
    workspace: Annotated[str | None, typer.Option(help="Which workspace, where there are several.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print no colours.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more, on standard error.")] = False,
    now: Annotated[
        str | None,
        typer.Option(envvar="RECONCILER_NOW", help="The time to work at, with its zone: for demos, tests and replays."),
    ] = None,
) -> None:
    """Terraform for ConnectWise backup billing."""
    ctx.obj = Context(
        root=directory,
        workspace=workspace,
        json=json,
        color=not no_color and "NO_COLOR" not in os.environ and sys.stdout.isatty(),
        verbose=verbose,
        now=moment(now) if now else datetime.now(UTC),
        environ=dict(os.environ),
    )


def moment(text: str) -> datetime:
    """An ISO time with its zone, in UTC. Without a zone it is an error: a guess here would bill another month."""
    advice = "Write it with its zone: 2026-11-01T00:00:00Z or 2026-11-01T00:00:00+01:00"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ReconcilerError(f"{text!r} is not a time", where="--now", advice=advice) from None
    if found.tzinfo is None:
        raise ReconcilerError(f"{text!r} has no zone", where="--now", advice=advice)
    return found.astimezone(UTC)


if __name__ == "__main__":
    main()
