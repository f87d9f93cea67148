"""What is going on, on a terminal only, and on standard error: reading, and then applying.

Nothing here may end what it tells of: a terminal that is gone takes no more, and that is all.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from reconciler.planning.outcome import Result

PAUSE = 0.1
"""Seconds between two looks at what was read."""
_GONE = (OSError, ValueError)


@contextmanager
def progress(total: int) -> Iterator[Callable[[Result], None]]:
    """Called with each result as it comes."""
    if not _on_terminal():
        yield lambda _result: None
        return
    from rich.console import Console  # noqa: PLC0415 (a terminal only: rich takes longer to import than a small plan)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("applying"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[failed]}"),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    task = bar.add_task("apply", total=total, failed="")
    failures = 0

    def on_result(result: Result) -> None:
        nonlocal failures
        failures += result.status in ("failed", "unknown")
        with suppress(*_GONE):
            bar.update(task, advance=1, failed=f"{failures} failed" if failures else "", refresh=True)

    with suppress(*_GONE):
        bar.start()
    try:
        yield on_result
    finally:
        with suppress(*_GONE):
            bar.stop()


class Reading:
    """How far the reading is: requests to ConnectWise, and each usage source."""

    def __init__(self, requests: Callable[[], int]) -> None:
        self._requests = requests
        self._sources: dict[str, str] = {}

    def source(self, name: str, state: str) -> None:
        self._sources[name] = state

    def __str__(self) -> str:
        sent = self._requests()
        parts = [f"ConnectWise: {sent} request{'s' * (sent != 1)}"]
        parts += [f"{name}: {state}" for name, state in self._sources.items()]
        return "reading " + " · ".join(parts)


@asynccontextmanager
async def reading(requests: Callable[[], int]) -> AsyncIterator[Reading]:
    """One line that says how far the reading is; it is gone when all is read."""
    found = Reading(requests)
    if not _on_terminal():
        yield found
        return
    showing = asyncio.ensure_future(_show(found))
    try:
        yield found
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _show(found: Reading) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    live = Live(console=Console(stderr=True), transient=True, auto_refresh=False)
    try:
        live.start()
        while True:
            live.update(Text(str(found), overflow="ellipsis", no_wrap=True), refresh=True)
            await asyncio.sleep(PAUSE)
    finally:
        with suppress(*_GONE):
            live.stop()


def _on_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (ValueError, AttributeError):
        return False
