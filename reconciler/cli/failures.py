"""How a command that did not end well says so: sentences on standard error, with `--json` one document as well."""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from reconciler.cli.output import Undelivered, deliver_json, delivered, say
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import ERROR, INTERRUPTED, NOTHING_WRITTEN
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.suggestions import near

_PACKAGE = Path(__file__).parent.parent
_FRAMES = 12


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, and the exit code that says it."""

    code: int
    message: str
    where: str = ""
    advice: str = ""
    text: str = ""
    """As standard error has it; left out: message, place and advice."""
    more: tuple[tuple[str, Any], ...] = ()
    """What a program can use besides."""

    def document(self) -> dict[str, Any]:
        error = {"code": self.code, "message": self.message, "where": self.where, "advice": self.advice}
        return {"error": {**error, **dict(self.more)}}


def failure_of(error: BaseException, *, command: str = "", verbose: bool = False) -> Failure:
    """The sentences for whatever ended a command. `command` is the command's name for the advice of misuse."""
    match error:
        case ManifestError():
            return _of_manifests(error)
        case ReconcilerError():
            return Failure(error.exit_code, error.what, error.where, error.advice)
        case KeyboardInterrupt():
            return Failure(INTERRUPTED, NOTHING_WRITTEN, text=NOTHING_WRITTEN)
        case typer.TyperException():
            return _misuse(error, command)
        case OSError() if error.strerror:
            return Failure(ERROR, error.strerror, str(error.filename or ""), "Check its permissions and its space.")
        case _:
            return _unforeseen(error, verbose=verbose)


def tell(failure: Failure, *, as_json: bool) -> int:
    """Say it, and return the exit code."""
    place = f"{failure.where}: " if failure.where else ""
    advice = f"\n  {failure.advice}" if failure.advice else ""
    say(failure.text or f"error: {place}{failure.message}{advice}")
    if as_json and not delivered():
        with suppress(Undelivered):  # it stands on standard error
            deliver_json(failure.document())
    return failure.code


def _of_manifests(error: ManifestError) -> Failure:
    """One error by itself; of several their number, and all of them beside it."""
    more = (("diagnostics", [item.to_json() for item in error.located]),)
    text = str(error)
    if len(error.located) == 1:
        only = error.located[0]
        where = f"{only.file}:{only.line}:{only.column}" if only.line else only.file
        return Failure(error.exit_code, only.message, where, only.suggestion, text, more)
    advice = "Correct what the diagnostics name."
    return Failure(error.exit_code, error.summary, error.folder, advice, text, more)


def _misuse(error: typer.TyperException, command: str) -> Failure:
    said = error.format_message()
    help_ = f"reconciler {command}--help"
    if said.startswith("Usage:"):  # a group of commands that is called without one answers with its help
        return Failure(ERROR, "a command is missing", "", f"What there is: {help_}", said)
    message, guess = _in_words(error, said)
    return Failure(ERROR, message, "", f"{guess}What there is: {help_}")


def _in_words(error: typer.TyperException, said: str) -> tuple[str, str]:
    """Typer's message without the names of its libraries, and a guess at the option that the user meant."""
    meant = near(str(getattr(error, "option_name", "")), getattr(error, "possibilities", None) or (), limit=1)
    if not meant:
        return said.replace(": Value error, ", ": ").rstrip("."), ""
    return str(error), f"Did you mean {meant[0]}? "


def _unforeseen(error: BaseException, *, verbose: bool) -> Failure:
    """The class alone is told: the text of an error that nobody foresaw may hold a secret."""
    name = type(error).__name__
    message = f"reconciler itself failed, with {name}; this is a fault of the program"
    if not verbose:
        return Failure(ERROR, message, advice="Run it again with -v for the places in the program, and report them.")
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]
    return Failure(ERROR, message, advice="\n  ".join(["Report these places in the program:", *places]))


def _short(filename: str) -> str:
    """Inside the package by its path there; of a library the file's name and folder are enough."""
    path = Path(filename)
    if path.is_relative_to(_PACKAGE):
        return f"reconciler/{path.relative_to(_PACKAGE).as_posix()}"
    return "/".join(path.parts[-2:])
