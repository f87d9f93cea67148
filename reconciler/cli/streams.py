"""Make standard input, output and error safe to use, even if they are closed or not UTF-8."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any

_STANDARD = (0, 1, 2)
_IN_ASCII = "reconciler.in_ascii"
_ASCII = {"─": "-", "→": "->", "…": "...", "·": "-", "—": "-"}
"""ASCII for the characters that we print. The line of a table keeps its width, so that tables fit."""


class _ClosedOutput(io.TextIOBase):
    """A standard output that was closed (`>&-`). Writing to it raises an error, as it would for `cat`."""

    encoding = "utf-8"

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, "it is closed")

    def flush(self) -> None:
        """Do nothing: there is nothing to flush."""


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that the encoding lacks by ASCII, or by their number. This is a codec error handler."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_ASCII.get(each, each.encode("ascii", "backslashreplace").decode()) for each in lacking), error.end


codecs.register_error(_IN_ASCII, _in_ascii)


def prepare_streams() -> None:
    """Make the three streams safe to use.

    The next file that is opened takes the number of a closed stream, so a ledger could become standard error.
    Therefore each closed number is given to the null device first.
    """
    _open_closed_numbers()
    if sys.stdin is None:
        sys.stdin = io.StringIO("")
    if sys.stdout is None:
        sys.stdout = _ClosedOutput()
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_IN_ASCII)


def _open_closed_numbers() -> None:
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
    """Send the rest of a stream to the null device, so that flushing its buffer at exit cannot fail again."""
    with suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()
        null_device = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null_device, number)
        os.close(null_device)


def finish_streams() -> None:
    """Flush the buffers. A failure does not change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            silence(stream)
