"""Show the progress of reading and applying on standard error, if it is a terminal.

Errors of the terminal are ignored: a terminal that was closed must not end an apply.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from reconciler.planning.outcome import Result

PAUSE = 0.1
"""Seconds between two updates of the line about reading."""
_TERMINAL_CLOSED = (OSError, ValueError)


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[Result], None]]:
    """Show a bar for `total` actions. Yield the function to call with the result of each action."""
    if not _on_terminal():
        yield lambda _result: None
        return
    from rich.console import Console  # noqa: PLC0415 (a terminal only: rich takes longer to import than a small plan)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - slow to import

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
        with suppress(*_TERMINAL_CLOSED):
            bar.update(task, advance=1, failed=f"{failures} failed" if failures else "", refresh=True)

    with suppress(*_TERMINAL_CLOSED):
        bar.start()
    try:
        yield on_result
    finally:
        with suppress(*_TERMINAL_CLOSED):
            bar.stop()


class ReadingLine:
    """The text about reading: the number of requests to ConnectWise, and the state of each usage source."""

    def __init__(self, requests: Callable[[], int]) -> None:
        self._requests = requests
        self._sources: dict[str, str] = {}

    def source(self, name: str, state: str) -> None:
        """Set the state of a source, such as `reading`, `6 customers` or `failed`."""
        self._sources[name] = state

    def __str__(self) -> str:
        sent = self._requests()
        parts = [f"ConnectWise: {sent} request{'s' * (sent != 1)}"]
        parts += [f"{name}: {state}" for name, state in self._sources.items()]
        return "reading " + " · ".join(parts)


@asynccontextmanager
async def reading_line(requests: Callable[[], int]) -> AsyncIterator[ReadingLine]:
    """Show one line about reading until the block ends. `requests` returns the number of requests sent so far."""
    line = ReadingLine(requests)
    if not _on_terminal():
        yield line
        return
    showing = asyncio.ensure_future(_show(line))
    try:
        yield line
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _show(line: ReadingLine) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.live import Live  # noqa: PLC0415 - slow to import
    from rich.text import Text  # noqa: PLC0415 - slow to import

    live = Live(console=Console(stderr=True), transient=True, auto_refresh=False)
    try:
        live.start()
        while True:
            live.update(Text(str(line), overflow="ellipsis", no_wrap=True), refresh=True)
            await asyncio.sleep(PAUSE)
    finally:
        with suppress(*_TERMINAL_CLOSED):
            live.stop()


def _on_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (ValueError, AttributeError):
        return False
