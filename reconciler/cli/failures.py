"""Report the error that ended a command: a message on standard error, and with `--json` a document as well."""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from reconciler.cli import ctrl_c
from reconciler.cli.annotating import github_commands
from reconciler.cli.output import Undelivered, annotate, deliver_json, delivered, say
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import ERROR, INTERRUPTED, NOTHING_WRITTEN
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.suggestions import near

_PACKAGE = Path(__file__).parent.parent
_FRAMES = 12


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended a command: the exit code, what happened, where, and what to do next."""

    code: int
    message: str
    where: str = ""
    advice: str = ""
    text: str = ""
    """The text for standard error. If empty, it is made of place, message and advice."""
    more: tuple[tuple[str, Any], ...] = ()
    """More keys of the JSON document, such as `diagnostics`."""
    found: tuple[Diagnostic, ...] = ()
    """The errors in manifests, with the paths of their files."""

    def to_json(self) -> dict[str, Any]:
        """Return the document that `--json` prints."""
        error = {"code": self.code, "message": self.message, "where": self.where, "advice": self.advice}
        return {"error": {**error, **dict(self.more)}}


def failure_of(error: BaseException, *, command: str = "", verbose: bool = False) -> Failure:
    """Return the failure for an error. `command` is the called command, for the advice to read its help."""
    match error:
        case ManifestError():
            return _of_manifests(error)
        case ReconcilerError():
            return Failure(error.exit_code, error.what, error.where, error.advice, more=tuple(error.more.items()))
        case typer.TyperException():
            return _of_usage(error, command)
        case OSError() if error.strerror:
            return Failure(ERROR, error.strerror, str(error.filename or ""), "Check permissions and free space.")
        case _ if ctrl_c.caused(error):
            return Failure(INTERRUPTED, NOTHING_WRITTEN, text=NOTHING_WRITTEN)
        case _:
            return _of_bug(error, verbose=verbose)


def report_failure(failure: Failure, *, as_json: bool, on_github: bool = False) -> int:
    """Print a failure and return its exit code. On GitHub, errors in manifests are annotations as well."""
    place = f"{failure.where}: " if failure.where else ""
    advice = f"\n  {failure.advice}" if failure.advice else ""
    say(failure.text or f"error: {place}{failure.message}{advice}")
    if on_github:
        annotate(github_commands(each.to_json() for each in failure.found))
    if as_json and not delivered():
        with suppress(Undelivered):  # standard error has the message
            deliver_json(failure.to_json())
    return failure.code


def _of_manifests(error: ManifestError) -> Failure:
    """Return the failure of one error, or of several with their number. `diagnostics` in the JSON has all of them."""
    more = (("diagnostics", [item.to_json() for item in error.located]),)
    text = str(error)
    if len(error.located) == 1:
        only = error.located[0]
        where = f"{only.file}:{only.line}:{only.column}" if only.line else only.file
        return Failure(error.exit_code, only.message, where, only.suggestion, text, more, error.located)
    advice = "Correct the errors in `diagnostics`."
    return Failure(error.exit_code, error.summary, error.folder, advice, text, more, error.located)


def _of_usage(error: typer.TyperException, command: str) -> Failure:
    """Return the failure of a wrong option or argument."""
    text = error.format_message()
    help_command = f"reconciler {command}--help"
    if text.startswith("Usage:"):  # typer's message for a group without a command is the help of the group
        return Failure(ERROR, "a command is missing", "", f"For help: {help_command}", text)
    message, suggestion = _without_library_names(error, text)
    return Failure(ERROR, message, "", f"{suggestion}For help: {help_command}")


def _without_library_names(error: typer.TyperException, text: str) -> tuple[str, str]:
    """Return typer's message without the names of its libraries, and a suggestion for a misspelt option."""
    meant = near(str(getattr(error, "option_name", "")), getattr(error, "possibilities", None) or (), limit=1)
    if not meant:
        return text.replace(": Value error, ", ": ").rstrip("."), ""
    return str(error), f"Did you mean {meant[0]}? "


def _of_bug(error: BaseException, *, verbose: bool) -> Failure:
    """Return the failure of an unexpected error. It names the class only, because the message may hold a secret."""
    name = type(error).__name__
    message = f"unexpected {name}; this is a bug in reconciler"
    if not verbose:
        return Failure(ERROR, message, advice="Run again with -v to see the places in the program, and report them.")
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]
    return Failure(ERROR, message, advice="\n  ".join(["Report these places in the program:", *places]))


def _short(filename: str) -> str:
    """Return the path of a file inside the package, or the name and folder of a file in a library."""
    path = Path(filename)
    if path.is_relative_to(_PACKAGE):
        return f"reconciler/{path.relative_to(_PACKAGE).as_posix()}"
    return "/".join(path.parts[-2:])
