"""Let an apply end what it has begun when the user presses Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.cli.output import say


@contextmanager
def stop_on_ctrl_c(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C or SIGTERM, so that requests in flight finish. The second one stops at once."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def restore() -> None:
        for each in signals:
            loop.remove_signal_handler(each)

    def interrupted() -> None:
        stop.set()
        restore()
        say("\nfinishing the requests in flight, then stopping; press Ctrl-C again to stop at once")

    for each in signals:
        loop.add_signal_handler(each, interrupted)
    try:
        yield
    finally:
        restore()
