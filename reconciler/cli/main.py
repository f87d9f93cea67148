"""Run `reconciler`: parse the global options, call the command, and turn errors into messages and exit codes."""

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
from reconciler.cli.failures import failure_of, report_failure
from reconciler.cli.startup import prepare, quiet
from reconciler.cli.streams import finish_streams, prepare_streams, silence
from reconciler.exit_codes import DONE, ERROR, INTERRUPTED

PROGRAM = "reconciler"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code. No error ends in a traceback."""
    prepare()
    quiet()
    prepare_streams()
    code = run(sys.argv[1:] if arguments is None else arguments)
    finish_streams()
    return code


def run(argv: Sequence[str]) -> int:
    """Run one command and return its exit code. Errors are reported on standard error."""
    output.begin()
    try:
        if completion.wanted(argv):
            return completion.complete(argv, PROGRAM, as_json=output.wants_json(argv))
        result = command_line(global_options, argv).main(args=list(argv), prog_name=PROGRAM, standalone_mode=False)
    except BrokenPipeError:  # the reader closed the pipe
        silence(sys.stdout)
        return ERROR
    except SystemExit as ended:  # typer ends a completion so
        return ended.code if isinstance(ended.code, int) else DONE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the user gets no traceback
        return _report_error(error, argv)
    if result == INTERRUPTED:  # typer returns this code for Ctrl-C
        return _report_error(KeyboardInterrupt(), argv)
    return result if isinstance(result, int) else DONE


def _report_error(error: BaseException, argv: Sequence[str]) -> int:
    options = argv[: argv.index("--")] if "--" in argv else argv
    verbose = "-v" in options or "--verbose" in options
    failure = failure_of(error, command=_called_command(argv), verbose=verbose)
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    return report_failure(failure, as_json=output.wants_json(argv), on_github=on_github)


def _called_command(argv: Sequence[str]) -> str:
    """Return the name of the called command and a space, or an empty text."""
    return next((f"{name} " for name in argv if name in COMMANDS or name in GROUPS), "")


def _print_version(ctx: typer.Context, given: bool) -> None:
    if given and not ctx.resilient_parsing:
        output.deliver_one(f"reconciler {__version__}", {"version": __version__}, as_json=as_json(ctx))
        raise typer.Exit(DONE)


def global_options(  # noqa: PLR0917 - typer makes an option of each
    ctx: typer.Context,
    directory: Annotated[
        Path,
        typer.Option(
            "-C",
            "--directory",
            metavar="DIR",
            envvar="RECONCILER_DIRECTORY",
            parser=folder,
            help="The folder of the manifests.",
        ),
    ] = Path("manifests"),
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            metavar="NAME",
            envvar="RECONCILER_WORKSPACE",
            help="The workspace to use, if the manifests have several.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colours.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Print the requests to ConnectWise and more about errors.")
    ] = False,
    now: Annotated[
        str | None,
        typer.Option(
            "--now",
            metavar="TIME",
            envvar="RECONCILER_NOW",
            help="Use this time instead of the clock, such as 2026-11-01T00:00:00Z. For demos and tests.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback prints the version and exits
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Terraform for ConnectWise backup billing.

    These options may come before or after the command's name. For help on a command: reconciler COMMAND --help
    """
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
