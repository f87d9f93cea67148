"""What makes a short run short: set before anything large is imported.

Measured on a no-op plan of 5,000 documents (docs/performance.md), with everything else alike.
"""

from __future__ import annotations

import gc
import sys

FEW_COLLECTIONS = (100_000, 20, 50)
"""Nearly all that a run allocates (modules, documents, live objects) lives to its end, so that looking for cycles in
it again and again finds nothing: with Python's own thresholds that is a fifth of the time. Never looking would keep
what does pile up, the requests of a long apply."""


def prepare() -> None:
    """Collect garbage rarely, and leave out what no run needs."""
    gc.set_threshold(*FEW_COLLECTIONS)
    # httpx imports its own command line with rich and pygments where they are installed, and goes without where not.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how an import is made to fail
