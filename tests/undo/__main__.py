"""`make undo`: try many histories of runs and their undos, and print what they had. Ends with 1 if it found a fault.

The histories run in batches, as many at once as the machine has cores. Each is in a process that is forked from this
one. A batch that finds a fault ends there, and the others go on. `--only BATCH` runs one batch again: the same seed
gives the same histories.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

import pytest

from reconciler.kinds.registry import all_kinds

BATCH = 25
"""Histories in a batch."""
PROPERTIES = {
    "setup": "test_a_run_and_its_undo_leave_nothing_to_do_for_the_manifests_of_before",
    "billing": "test_an_undo_bills_nothing_twice_and_touches_nothing_that_is_not_ours",
}
IMPORTED_ONCE = (
    *("reconciler.cli.plan", "reconciler.cli.apply", "reconciler.cli.history", "reconciler.connectwise.transport"),
    *("reconciler.sandbox.server.running", "reconciler.ledger.migrations", "alembic.context", "deepdiff", "hypothesis"),
)
"""What takes long to import. The tests are left out, because pytest rewrites their `assert`s when it imports them."""


@dataclass(frozen=True)
class Batch:
    """Some histories of one property, and the seed that they come from."""

    of: str
    number: int
    size: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.of}:{self.number}"


@dataclass(frozen=True)
class Ended:
    """How a batch ended: what its histories had, and what pytest printed if one of them has a fault."""

    batch: Batch
    figures: Counter[str]
    fault: str


def batches(histories: int, seed: int) -> list[Batch]:
    """Return the batches of both properties."""
    sizes = [min(BATCH, histories - start) for start in range(0, histories, BATCH)]
    return [
        Batch(of, number, size, seed * 1_000_000 + number) for number, size in enumerate(sizes, 1) for of in PROPERTIES
    ]


def run(batch: Batch) -> Ended:
    """Run the histories of a batch in this process, which must be a new one."""
    test = f"{Path(__file__).with_name(f'test_{batch.of}.py')}::{PROPERTIES[batch.of]}"
    os.environ["UNDO_HISTORIES"] = str(batch.size)
    out = StringIO()
    with tempfile.TemporaryDirectory(dir=_memory()) as folder, redirect_stdout(out), redirect_stderr(out):
        options = (
            "-q",
            "-x",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
            "-p",
            "no:cacheprovider",
            "--basetemp",
            f"{folder}/pytest",
        )
        code = pytest.main([*options, f"--hypothesis-seed={batch.seed}", test])
    figures = sys.modules[f"tests.undo.test_{batch.of}"].FIGURES
    return Ended(batch, figures, "" if code == 0 else out.getvalue())


def _memory() -> str | None:
    """Return a folder that is kept in memory, because every commit of a ledger is flushed to its disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run all batches, print the faults and the figures, and return 1 if a fault was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.undo")
    parser.add_argument("histories", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--only", metavar="BATCH", default="", help="for example setup:3, or setup")
    given = parser.parse_args()
    began, figures, faulty = monotonic(), {name: Counter[str]() for name in PROPERTIES}, []
    chosen = [each for each in batches(given.histories, given.seed) if given.only in ("", each.of, each.name)]
    for module in IMPORTED_ONCE:
        import_module(module)
    all_kinds()
    with get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for done, ended in enumerate(pool.imap_unordered(run, chosen), 1):
            figures[ended.batch.of] += ended.figures
            if ended.fault:
                faulty.append(ended.batch.name)
                print(f"FAULT in batch {ended.batch.name}\n{ended.fault}", flush=True)
            print(f"{done} of {len(chosen)} batches, {monotonic() - began:.0f} s", flush=True)
    for name, counted in figures.items():
        print(f"{name}:")
        for what, count in sorted(counted.items()):
            print(f"  {count:7,} {what}")
    print(f"{monotonic() - began:.0f} s: {', '.join(faulty) or 'no faults'}")
    return int(bool(faulty))


if __name__ == "__main__":
    sys.exit(main())
