"""A progress bar, on a terminal only, and on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.planning.outcome import Result


@contextmanager
def progress(total: int) -> Iterator[Callable[[Result], None]]:
    """Called with each result as it comes."""
    if not sys.stderr.isatty():
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
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("apply", total=total, failed="")
        failures = 0

        def on_result(result: Result) -> None:
            nonlocal failures
            failures += result.status in ("failed", "unknown")
            bar.update(task, advance=1, failed=f"{failures} failed" if failures else "")

        yield on_result
