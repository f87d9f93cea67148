"""Standard input, output and error as the process finds them: closed, of another encoding, or in order."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any

_STANDARD = (0, 1, 2)
_SPELL = "reconciler.spell"
_ASCII = {"─": "-", "→": "->", "…": "...", "·": "-", "—": "-"}
"""What we print beyond ASCII, for a terminal that lacks it. A rule keeps its width: tables fit."""


class _Closed(io.TextIOBase):
    """Stands for a standard output that was closed (`>&-`): to write to it is an error, as it would be for `cat`."""

    encoding = "utf-8"

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, "it is closed")

    def flush(self) -> None:
        """There is nothing to flush."""


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """A codec error handler. It writes the characters that we print in ASCII, and any other one as its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_ASCII.get(each, each.encode("ascii", "backslashreplace").decode()) for each in lacking), error.end


codecs.register_error(_SPELL, _spelled)


def prepare_streams() -> None:
    """Make the three streams safe to use.

    A number that is closed is taken by the next file that opens: a ledger could become standard error. So each closed
    number is given to the null device first.
    """
    _fill_numbers()
    if sys.stdin is None:
        sys.stdin = io.StringIO("")
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # an arrow that an old terminal lacks is no reason to end
            stream.reconfigure(errors=_SPELL)


def _fill_numbers() -> None:
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)
                if opened != number:
                    os.dup2(opened, number)
                    os.close(opened)


def silence(stream: Any) -> None:
    """Send the rest of a stream nowhere: what its buffer holds may not fail once more when the process ends."""
    with suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def finish_streams() -> None:
    """Write what the buffers hold. What cannot be written any more changes no exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            silence(stream)
