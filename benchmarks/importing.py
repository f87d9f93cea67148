"""Measure `reconciler import` of a messy estate by its phases: `python -m benchmarks.importing 1000 10000`.

The times are processor seconds of the importing process, so they change little on a busy machine. The sandbox runs in
another process, and the times do not include its work.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks import estates
from benchmarks.running import run
from reconciler.cli import import_, session
from reconciler.cli.context import Context
from reconciler.cli.file_set import write_files
from reconciler.importing import make
from reconciler.importing.selection import Selection
from reconciler.metering.period import period_of

PHASES = {"propose": "match", "settle": "lay out and self-check", "review_text": "review"}
"""The functions of `importing.make` that are measured, with the names of their phases."""


@dataclass(slots=True)
class Imported:
    """The measurements of an import."""

    customers: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    """Processor seconds of each phase."""
    peak_mb: float = 0.0
    documents: int = 0
    requests: int = 0
    """Requests to ConnectWise."""

    @property
    def processor(self) -> float:
        """Return the processor seconds of all phases."""
        return sum(self.phases.values())


def measure(folder: Path, customers: int) -> Imported:
    """Measure an import of a new messy estate, in a new process."""
    folder.mkdir(parents=True)
    shutil.copy(Path(__file__).parent.parent / "manifests" / "workspace.yaml", folder)
    with estates.sandbox(customers, messy=True) as sandbox:
        command = [sys.executable, "-m", "benchmarks.importing", "--in", str(folder)]
        done = run(command, estates.environment(sandbox.variables))
    found = Imported(**json.loads(done.output))
    found.customers, found.peak_mb = customers, done.peak_mb
    return found


class _Watch:
    def __init__(self) -> None:
        self.phases: dict[str, float] = {}

    def timed(self, name: str, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """Call a function, and add its processor time to a phase."""
        began = process_time()
        try:
            return function(*arguments, **more)
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + process_time() - began


async def _read(context: Context) -> tuple[Any, Any, Any, int]:
    async with session.open_session(context) as opened:
        estate, usage = await import_._read(opened)
        return estate, usage, opened, opened.client.requests.total


def _main(root: Path) -> Imported:
    watch = _Watch()
    for name, phase in PHASES.items():
        setattr(make, name, partial(watch.timed, phase, getattr(make, name)))
    now = datetime.fromisoformat(os.environ["RECONCILER_NOW"])
    context = Context(root, None, json=False, color=False, verbose=False, now=now, environ=dict(os.environ))
    estate, usage, opened, requests = watch.timed("read", lambda: asyncio.run(_read(context)))
    began = process_time()
    with import_._without_collector():
        period = period_of(now, opened.workspace.billing.timezone)
        made = make.make(opened.manifests, estate, usage, Selection(), "", period)
    inside = sum(watch.phases[phase] for phase in PHASES.values())
    watch.phases["describe"] = process_time() - began - inside
    contents = {root / name: text.encode() for name, text in made.texts.items()}
    watch.timed("write", write_files, root, contents)
    return Imported(phases=watch.phases, documents=sum(made.documents.values()), requests=requests)


def main(sizes: list[int]) -> None:
    """Measure each size and print its phases."""
    with tempfile.TemporaryDirectory(prefix="reconciler-bench-") as folder:
        for size in sizes:
            found = measure(Path(folder) / str(size), size)
            print(f"{size} customers, {found.documents} documents, {found.requests} requests, {found.peak_mb:.0f} MB")
            for name, seconds in found.phases.items():
                print(f"  {name}: {seconds:.1f} s")
            print(f"  all: {found.processor:.1f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in"]:
        print(json.dumps(asdict(_main(Path(sys.argv[2])))))
    else:
        main([int(each) for each in sys.argv[1:]] or [1000, 10000])
