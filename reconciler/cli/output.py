"""How commands print: results to standard output, everything else to standard error.

A result that cannot be delivered is an `Undelivered` error; what is said beside it is said as well as can be.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reconciler.cli.context import Context
from reconciler.cli.streams import silence
from reconciler.errors import ReconcilerError
from reconciler.rendering.paint import Paint, coloured, plain, safe_lines

IN_A_PIPE = 100
"""Columns of a table where no terminal says how many there are."""
_NARROWEST, _WIDEST = 20, 1000
LARGEST_PLAN = 2**30
"""Bytes of a plan file: a plan of ten thousand new customers has about a fifth of it."""


class Undelivered(ReconcilerError):  # noqa: N818 (a name says what happened)
    """Standard output takes no more: a full disk behind it, or it is closed."""


class _Delivered:
    """Whether this run has written to standard output: with `--json` there is one document, and no second."""

    any = False
    lost = ""
    """Why standard output takes no more."""


def begin() -> None:
    """A new run begins: nothing is delivered yet."""
    _Delivered.any = False
    _Delivered.lost = ""


def delivered() -> bool:
    return _Delivered.any


def deliver(text: str, *, end: str = "\n") -> None:
    """The result, in one write: a plan of ten thousand actions is a hundred thousand lines.

    A reader that has left (`| head`) has had enough, and is no error. Raises `Undelivered` for everything else.
    """
    _Delivered.any = True
    try:
        if not _Delivered.lost:
            sys.stdout.write(text + end)
            sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except (OSError, ValueError) as error:
        silence(sys.stdout)
        _Delivered.lost = (error.strerror if isinstance(error, OSError) else None) or "it is closed"
    if _Delivered.lost:
        advice = "Make room, or send the output elsewhere, and run again."
        what = f"the result could not be written: {_Delivered.lost}"
        raise Undelivered(what, where="standard output", advice=advice)


def wants_json(argv: Sequence[str]) -> bool:
    """Whether a command line asks for JSON; for what ends before its options are read, such as its help."""
    return "--json" in (argv[: argv.index("--")] if "--" in argv else argv)


def deliver_one(text: str, document: Any, *, as_json: bool) -> None:
    """The result as text, or as one JSON document."""
    if as_json:
        deliver_json(document)
    else:
        deliver(text)


def deliver_json(document: Any) -> None:
    """One JSON document; text is taken for JSON already."""
    text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False)
    deliver(_in_encoding(text.removesuffix("\n")))


def _in_encoding(text: str) -> str:
    """JSON for an output that knows fewer characters: outside of strings JSON has ASCII alone."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("_", "-")
    if text.isascii() or encoding in {"utf-8", "utf8"}:
        return text
    return "".join(each if each.isascii() else json.dumps(each)[1:-1] for each in text)


def say(text: str, *, end: str = "\n") -> None:
    """A message on standard error, made safe. Nothing that is wrong with standard error ends what is under way."""
    _say_as_it_is(safe_lines(text) + end)


def _say_as_it_is(text: str) -> None:
    """Text that a renderer made safe, and that has its colours."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        silence(sys.stderr)


def paint_of(context: Context) -> Paint:
    return coloured if context.color else plain


def width() -> int:
    """Columns that a table may take: those of the terminal (`COLUMNS` overrides it), or 100 in a pipe.

    `RECONCILER_COLUMNS` overrides both: the README's samples are made with it.
    """
    if ours := _columns("RECONCILER_COLUMNS"):
        return ours
    try:
        found = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return IN_A_PIPE
    return _columns("COLUMNS") or (max(found, _NARROWEST) if found else IN_A_PIPE)


def _columns(variable: str) -> int:
    """What a variable asks for; 0 where it is not set, or is no width of a table."""
    given = os.environ.get(variable, "")
    usable = given.isascii() and given.isdigit() and _NARROWEST <= int(given[:6]) <= _WIDEST
    return int(given) if usable else 0


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Lines as a result; with `err` for a person to look at, on standard error."""
    text = "\n".join(lines)
    if err:
        _say_as_it_is(text + "\n")
    else:
        deliver(text)


def write_file(path: Path, text: str | bytes, *, mode: int | None = None) -> None:
    """All of it or nothing: beside the file first, then in its place. A device or a pipe is written as it is.

    The file gets `mode`; without one it keeps the mode that it has, or gets what the system gives. A link stays one.
    """
    data = text.encode("utf-8") if isinstance(text, str) else text
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        place = path.resolve()  # a link stays one: what it points at is replaced
        beside = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            kept = stat.S_IMODE(place.stat().st_mode) if place.exists() else None
            _write_beside(beside, data, kept if mode is None else mode)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be written"
        raise ReconcilerError(reason, where=str(path), advice="Choose another place, or free some space.") from None


def _write_beside(beside: Path, data: bytes, mode: int | None) -> None:
    """Nobody else can read the file for a moment that it was not meant for."""
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666 if mode is None else mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def read_file(path: Path) -> str:
    """The text of a plan file. A pipe or a device is refused: reading one can take for ever."""
    advice = "Make it with: reconciler plan --out FILE"
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ReconcilerError("Is a directory", where=str(path), advice=advice)
        if not stat.S_ISREG(found.st_mode):
            raise ReconcilerError("is no regular file", where=str(path), advice=advice)
        if found.st_size > LARGEST_PLAN:
            what = f"holds {found.st_size} bytes, and a plan file holds {LARGEST_PLAN} at most"
            raise ReconcilerError(what, where=str(path), advice="Is this the plan file?")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ReconcilerError("is not UTF-8 text", where=str(path), advice="Is this the plan file?") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise ReconcilerError(reason, where=str(path), advice=advice) from None
