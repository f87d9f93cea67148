"""`reconciler`: the commands, and the one place where errors become sentences and exit codes.

Commands are imported only when they are called: `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler import __version__
from reconciler.cli.context import Context
from reconciler.cli.startup import prepare
from reconciler.errors import ReconcilerError

COMMANDS = {
    "validate": ("reconciler.cli.validate:validate", "Check everything that can be known offline."),
    "plan": ("reconciler.cli.plan:plan", "Show what would change, and what it does to the money."),
    "apply": ("reconciler.cli.apply:apply", "Do exactly what a plan says."),
    "show": ("reconciler.cli.show:show", "Render a plan file."),
    "fmt": ("reconciler.cli.fmt:fmt", "Write every manifest in one layout."),
    "schema": ("reconciler.cli.schema:schema", "Print the JSON Schemas of manifests."),
    "unlock": ("reconciler.cli.unlock:unlock", "Show who holds the workspace's lock, and free a dead one."),
    "sandbox": ("reconciler.cli.sandbox:sandbox", "Run stand-ins of ConnectWise and of the backup console."),
}
GROUPS = {"usage": ("reconciler.cli.usage:app", "The metering side: pull, coverage, report.")}

INTERRUPTED = 130
"""As shells say it. Only where nothing was written: an apply that has begun ends with 4."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Every foreseen error ends in sentences on standard error and in its exit code."""
    prepare()
    argv = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an arrow that an old terminal lacks is no reason to end
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(argv))


def run(argv: Sequence[str]) -> int:
    try:
        result = _app(argv)(args=list(argv), prog_name="reconciler", standalone_mode=False)
    except ReconcilerError as error:
        typer.echo(f"error: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has closed it: nothing is left to say
        _hush()
        return 1
    except OSError as error:  # a full disk behind `> file`, a terminal that is gone
        typer.echo(f"error: {error.filename or 'standard output'}: {error.strerror or error}", err=True)
        _hush()
        return 1
    except typer.TyperException as misuse:
        said = misuse.format_message()
        # A command group that is called without a command answers with its help, which is no error's text.
        help_ = said.startswith("Usage:")
        typer.echo(said if help_ else f"error: {said}\n  What there is: reconciler {_called(argv)}--help", err=True)
        return 1
    if result == INTERRUPTED:  # what typer makes of Ctrl-C
        typer.echo("interrupted; nothing was written in ConnectWise", err=True)
    return result if isinstance(result, int) else 0


def _called(argv: Sequence[str]) -> str:
    return next((f"{name} " for name in argv if name in COMMANDS or name in GROUPS), "")


def _hush() -> None:
    """What is left in the buffer of an output that is no more may not fail once more at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _app(argv: Sequence[str]) -> typer.Typer:
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,  # rich's help costs more to import than everything else here together
    )
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
