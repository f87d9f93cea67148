"""Prepare the process before anything large is imported: a faster start, and no output from libraries.

The effect was measured on a plan of 5,000 documents without changes; see docs/explanation/performance.md.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import warnings

FEW_COLLECTIONS = (100_000, 20, 50)
"""Thresholds of the garbage collector. Most objects of a run are needed until its end, so frequent collections find
nothing. With Python's default thresholds they take a fifth of the time. A collector that is switched off would keep
the requests of a long apply in memory."""


def prepare() -> None:
    """Make the garbage collector run rarely, and prevent an import that no run needs."""
    gc.set_threshold(*FEW_COLLECTIONS)
    # httpx imports its own command line, with rich and pygments, if it can. It works without.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None makes the import fail


def quiet() -> None:
    """Prevent libraries from writing to standard error, because a traceback may contain a secret.

    SQLAlchemy logs one if Ctrl-C interrupts the closing of a connection, asyncio for an abandoned task, and Python for
    an error in a destructor. Errors that end a command are reported in any case.
    """
    logging.getLogger().addHandler(logging.NullHandler())
    sys.unraisablehook = lambda _about: None
    threading.excepthook = lambda _about: None
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
