"""The entry point of the process. It imports little, so that Ctrl-C during the other imports ends in a message."""

from __future__ import annotations

import os
import signal
import sys

from reconciler.cli import ctrl_c
from reconciler.exit_codes import ERROR, INTERRUPTED, NOTHING_WRITTEN


def main() -> None:
    """Run the command line and exit with its code, for the console script and `python -m reconciler`."""
    if os.environ.get("_RECONCILER_COMPLETE") in {"bash", "zsh", "fish"}:
        from reconciler.cli.completing.shells import main as complete  # noqa: PLC0415 - only a shell needs it

        complete(os.environ, sys.argv[1:])
        return
    ctrl_c.watch()
    try:
        from reconciler.cli.main import main as command_line  # noqa: PLC0415 - slow to import

        code = command_line()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the user gets no traceback
        code, message = _exit_code_and_message(error)
        if sys.stderr is not None:
            sys.stderr.write(f"{message}\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C must not change the exit code any more
    # Ctrl-C inside a text that a library evaluates makes Python end itself by the signal, whatever code it is given.
    # Another text takes this mark away.
    eval("0")  # noqa: S307 - a constant
    sys.exit(code)


def _exit_code_and_message(error: BaseException) -> tuple[int, str]:
    if ctrl_c.caused(error):
        return INTERRUPTED, NOTHING_WRITTEN
    return ERROR, f"error: cannot load reconciler ({type(error).__name__})\n  Install it again; see its README."
