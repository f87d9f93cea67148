"""Where the process begins: small, so that Ctrl-C ends in a sentence while the rest is still being imported."""

from __future__ import annotations

import signal
import sys

from reconciler.exit_codes import ERROR, INTERRUPTED, NOTHING_WRITTEN


def main() -> None:
    """The console script, and `python -m reconciler`."""
    try:
        from reconciler.cli.main import main as command_line  # noqa: PLC0415 (what takes long is imported in here)

        code = command_line()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (no traceback reaches a user)
        code, said = _ended_by(error)
        if sys.stderr is not None:
            sys.stderr.write(f"{said}\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the exit code stands: Ctrl-C changes it no more
    sys.exit(code)


def _ended_by(error: BaseException) -> tuple[int, str]:
    """Ctrl-C while a class is made reaches us inside of another error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return INTERRUPTED, NOTHING_WRITTEN
        cause = cause.__cause__ or cause.__context__
    return ERROR, f"error: the program cannot be loaded ({type(error).__name__})\n  Install it again: see its README."
