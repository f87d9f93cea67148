"""Notice Ctrl-C even where a library turns it into another error, as when it interrupts the making of a class.

The system writes the number of each signal into a pipe, beside calling Python's handler. While an apply has its own
handler, its loop takes the numbers instead.
"""

from __future__ import annotations

import os
import signal

_pipe: list[int] = []
"""The end of the pipe to read, once `watch` was called."""


def watch() -> None:
    """Begin to notice Ctrl-C. Call it once, in the main thread."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    _pipe[:] = [reader]


def caused(error: BaseException) -> bool:
    """Return whether Ctrl-C is the cause of an error that nothing else explains."""
    cause: BaseException | None = error
    seen: list[BaseException] = []  # an error that is raised again can be its own context
    while cause is not None and cause not in seen:
        if isinstance(cause, KeyboardInterrupt):
            return True
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    return _was_pressed()


def _was_pressed() -> bool:
    try:
        return bool(_pipe) and signal.SIGINT in os.read(_pipe[0], 4096)
    except BlockingIOError:  # there was no signal
        return False
