"""Print results to standard output and messages to standard error; read plan files and write files.

A result that cannot be written is an `Undelivered` error. A message that cannot be written is dropped.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from reconciler.cli.context import Context
from reconciler.cli.streams import silence
from reconciler.errors import ReconcilerError
from reconciler.rendering.annotations import without_commands, without_commands_in_json
from reconciler.rendering.paint import Paint, coloured, plain, safe_lines

IN_A_PIPE = 100
"""Width of a table in characters, if standard output is not a terminal."""
_NARROWEST, _WIDEST = 20, 1000
_WRITE_ADVICE: Final = {
    errno.EACCES: "Let this user write there, or choose another place.",
    errno.EROFS: "Let this user write there, or choose another place.",
    errno.ENOSPC: "Free some space, and run again.",
    errno.EDQUOT: "Free some space, and run again.",
}
LARGEST_PLAN = 2**30
"""Largest size of a plan file in bytes. A plan of ten thousand new customers has about a fifth of it."""


class Undelivered(ReconcilerError):  # noqa: N818 (a name says what happened)
    """The result could not be written to standard output, because a disk is full or the stream is closed."""


class _StandardOutput:
    """The state of standard output in this run."""

    used = False
    """True once a result was written. With `--json` there must be one document only."""
    failure = ""
    """The reason why nothing more can be written."""


def begin() -> None:
    """Start a new run, in which nothing is written yet."""
    _StandardOutput.used = False
    _StandardOutput.failure = ""


def delivered() -> bool:
    """Return true if this run has written a result."""
    return _StandardOutput.used


def deliver(text: str, *, end: str = "\n") -> None:
    """Write a result to standard output in one write: a plan of ten thousand actions has a hundred thousand lines.

    A reader that closes the pipe early, such as `head`, is no error. Raises `Undelivered` for every other failure.
    """
    _StandardOutput.used = True
    try:
        if not _StandardOutput.failure:
            sys.stdout.write(text + end)
            sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except (OSError, ValueError) as error:
        silence(sys.stdout)
        _StandardOutput.failure = (error.strerror if isinstance(error, OSError) else None) or "it is closed"
    if _StandardOutput.failure:
        advice = "Free some space or redirect the output, and run again."
        what = f"the result could not be written: {_StandardOutput.failure}"
        raise Undelivered(what, where="standard output", advice=advice)


def wants_json(argv: Sequence[str]) -> bool:
    """Return true if a command line has `--json`. Help and errors of the command line need it before parsing."""
    return "--json" in (argv[: argv.index("--")] if "--" in argv else argv)


def deliver_one(text: str, document: Any, *, as_json: bool) -> None:
    """Write a result as text, or as one JSON document."""
    if as_json:
        deliver_json(document)
    else:
        deliver(text)


def deliver_json(document: Any) -> None:
    """Write one JSON document. A text is written as it is, because it is JSON already."""
    text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False)
    deliver(without_commands_in_json(_in_encoding(text.removesuffix("\n"))))


def _in_encoding(text: str) -> str:
    """Return JSON with `\\u` escapes for an output that is not UTF-8. Characters beyond ASCII occur in strings only."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("_", "-")
    if text.isascii() or encoding in {"utf-8", "utf8"}:
        return text
    return "".join(each if each.isascii() else json.dumps(each)[1:-1] for each in text)


def say(text: str, *, end: str = "\n") -> None:
    """Print a message on standard error, made safe. Errors of standard error are ignored."""
    _print_error(safe_lines(text) + end)


def print_note(text: str) -> None:
    """Print a message on standard error after the word `note:`."""
    say(f"note: {text}")


def annotate(commands: Iterable[str]) -> None:
    """Print commands of GitHub on standard error, which GitHub reads too."""
    _write_error("".join(f"{command}\n" for command in commands))


def _print_error(text: str) -> None:
    """Print text on standard error: it is safe for a terminal already, and may have colours."""
    _write_error(_for_log(text))


def _write_error(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        silence(sys.stderr)


def paint_of(context: Context) -> Paint:
    """Return the function that colours text, or the one that leaves it plain."""
    return coloured if context.color else plain


def width() -> int:
    """Return the width of tables in characters: that of the terminal or of `COLUMNS`, or 100 in a pipe.

    `RECONCILER_COLUMNS` overrides both. The README's samples are made with it.
    """
    if requested := _columns("RECONCILER_COLUMNS"):
        return requested
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return IN_A_PIPE
    return _columns("COLUMNS") or (max(columns, _NARROWEST) if columns else IN_A_PIPE)


def terminal_width() -> int | None:
    """Return the width of the terminal in characters. None in a pipe, whose reader needs each line whole."""
    try:
        return width() if sys.stdout.isatty() else None
    except (ValueError, AttributeError):  # standard output is closed
        return None


def _columns(variable: str) -> int:
    """Return the width that an environment variable sets. 0 if it is not set, or not between 20 and 1000."""
    given = os.environ.get(variable, "")
    usable = given.isascii() and given.isdigit() and _NARROWEST <= int(given[:6]) <= _WIDEST
    return int(given) if usable else 0


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines as the result on standard output, or with `err` on standard error for a person to read."""
    text = "\n".join(lines)
    if err:
        _print_error(text + "\n")
    else:
        deliver(_for_log(text))


def in_pipeline() -> bool:
    """Return true if GitHub Actions or Azure Pipelines runs this command, and reads commands from its output."""
    return os.environ.get("GITHUB_ACTIONS") == "true" or os.environ.get("TF_BUILD", "").casefold() == "true"


def _for_log(text: str) -> str:
    """Return a text that the log of a pipeline may contain."""
    return without_commands(text) if in_pipeline() else text


def write_file(path: Path, text: str | bytes, *, mode: int | None = None) -> None:
    """Write a file completely or not at all: write a temporary file beside it, then rename that.

    The file gets `mode`. Without one, it keeps its mode, or gets the default of the system. A symbolic link is kept.
    A device or a pipe is written directly. Raises `ReconcilerError` if the file cannot be written.
    """
    data = text.encode("utf-8") if isinstance(text, str) else text
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        target = path.resolve()  # the target of a symbolic link is replaced, not the link
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            old_mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
            write_temporary(temporary, data, old_mode if mode is None else mode)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise write_error(path, error) from None


def write_error(path: Path, error: Exception) -> ReconcilerError:
    """Return the error for a file that cannot be written, with the advice that fits its cause."""
    reason = getattr(error, "strerror", None) or "it cannot be written"
    advice = _WRITE_ADVICE.get(getattr(error, "errno", None) or 0, "Choose another place, or free some space.")
    return ReconcilerError(reason, where=str(path), advice=advice)


def write_temporary(temporary: Path, data: bytes, mode: int | None, *, sync: bool = True) -> None:
    """Write a new file that has its mode from the start, so that other users can read it at no time."""
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666 if mode is None else mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        if sync:
            os.fsync(file.fileno())


def read_file(path: Path) -> str:
    """Return the text of a plan file. Raises `ReconcilerError` for a pipe or a device, which may never end."""
    advice = "Make a plan file with: reconciler plan --out FILE"
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ReconcilerError("Is a directory", where=str(path), advice=advice)
        if not stat.S_ISREG(status.st_mode):
            raise ReconcilerError("is not a regular file", where=str(path), advice=advice)
        if status.st_size > LARGEST_PLAN:
            what = f"has {status.st_size} bytes; a plan file has at most {LARGEST_PLAN} bytes"
            raise ReconcilerError(what, where=str(path), advice="Check that this is the plan file.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        advice = "Check that this is the plan file."
        raise ReconcilerError("is not UTF-8 text", where=str(path), advice=advice) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise ReconcilerError(reason, where=str(path), advice=advice) from None
