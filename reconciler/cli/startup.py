"""What makes a short run short: set before anything large is imported.

Measured on a no-op plan of 5,000 documents (docs/performance.md), with everything else alike.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import warnings

FEW_COLLECTIONS = (100_000, 20, 50)
"""Nearly all that a run allocates (modules, documents, live objects) lives to its end, so that looking for cycles in
it again and again finds nothing: with Python's own thresholds that is a fifth of the time. Never looking would keep
what does pile up, the requests of a long apply."""


def prepare() -> None:
    """Collect garbage rarely, and leave out what no run needs."""
    gc.set_threshold(*FEW_COLLECTIONS)
    # httpx imports its own command line with rich and pygments where they are installed, and goes without where not.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how an import is made to fail


def quiet() -> None:
    """Let no library write to standard error by itself: a traceback is no sentence, and it may hold a value.

    SQLAlchemy logs one when Ctrl-C strikes while it closes a connection, asyncio for a task that nobody waits for any
    more, Python for an error while an object is cleared away. What ends a command is told in any case.
    """
    logging.getLogger().addHandler(logging.NullHandler())
    sys.unraisablehook = lambda _about: None
    threading.excepthook = lambda _about: None
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
