"""Where the process begins: small, so that Ctrl-C ends in a sentence while the rest is still being imported."""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130
"""As shells say it. Only where nothing was written: an apply that has begun ends with 4."""
NOTHING_WRITTEN = "interrupted; nothing was written in ConnectWise"


def main() -> None:
    """The console script, and `python -m reconciler`."""
    try:
        from reconciler.cli.main import main as command_line  # noqa: PLC0415 (what takes long is imported in here)

        code = command_line()
    except KeyboardInterrupt:
        code = INTERRUPTED
        if sys.stderr is not None:
            sys.stderr.write(f"{NOTHING_WRITTEN}\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the exit code stands: Ctrl-C changes it no more
    sys.exit(code)
