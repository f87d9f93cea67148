"""`reconciler`: its own options, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler import __version__
from reconciler.cli import completion, output
from reconciler.cli.commands import COMMANDS, GROUPS, as_json, command_line
from reconciler.cli.context import Context, folder, moment
from reconciler.cli.failures import failure_of, tell
from reconciler.cli.startup import prepare, quiet
from reconciler.cli.streams import finish_streams, prepare_streams, silence
from reconciler.exit_codes import DONE, ERROR, INTERRUPTED

PROGRAM = "reconciler"


def main(arguments: Sequence[str] | None = None) -> int:
    """A process's whole run: its exit code. Nothing that ends a command ends in a traceback."""
    prepare()
    quiet()
    prepare_streams()
    code = run(sys.argv[1:] if arguments is None else arguments)
    finish_streams()
    return code


def run(argv: Sequence[str]) -> int:
    """One command. Each error ends in sentences on standard error and in its exit code."""
    output.begin()
    try:
        if completion.wanted(argv):
            return completion.complete(argv, PROGRAM, as_json=output.wants_json(argv))
        result = command_line(_options, argv).main(args=list(argv), prog_name=PROGRAM, standalone_mode=False)
    except BrokenPipeError:  # whoever read it has had enough
        silence(sys.stdout)
        return ERROR
    except SystemExit as ended:  # how typer ends a completion
        return ended.code if isinstance(ended.code, int) else DONE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the last resort: no traceback reaches a user)
        return _failed(error, argv)
    if result == INTERRUPTED:  # what typer makes of Ctrl-C
        return _failed(KeyboardInterrupt(), argv)
    return result if isinstance(result, int) else DONE


def _failed(error: BaseException, argv: Sequence[str]) -> int:
    given = argv[: argv.index("--")] if "--" in argv else argv
    verbose = "-v" in given or "--verbose" in given
    return tell(failure_of(error, command=_called(argv), verbose=verbose), as_json=output.wants_json(argv))


def _called(argv: Sequence[str]) -> str:
    return next((f"{name} " for name in argv if name in COMMANDS or name in GROUPS), "")


def _print_version(ctx: typer.Context, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        output.deliver_one(f"reconciler {__version__}", {"version": __version__}, as_json=as_json(ctx))
        raise typer.Exit(DONE)


def _options(  # noqa: PLR0917 (typer makes an option of each)
    ctx: typer.Context,
    directory: Annotated[
        Path,
        typer.Option("-C", "--directory", metavar="<path>", parser=folder, help="The folder of the manifests."),
    ] = Path("manifests"),
    workspace: Annotated[str | None, typer.Option("--workspace", help="Which one, where there are several.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print no colours.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more, on standard error.")] = False,
    now: Annotated[
        str | None,
        typer.Option(
            "--now",
            envvar="RECONCILER_NOW",
            help="The time to work at, with its zone: for demos, tests and replays.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 (its callback prints it and ends)
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Terraform for ConnectWise backup billing. Options stand before or after the command's name."""
    ctx.obj = Context(
        root=directory,
        workspace=workspace,
        json=json,
        color=not no_color and not os.environ.get("NO_COLOR") and _terminal(sys.stdout),
        verbose=verbose,
        now=datetime.now(UTC) if now is None else moment(now),
        environ=dict(os.environ),
    )


def _terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (ValueError, AttributeError):
        return False


if __name__ == "__main__":
    sys.exit(main())
