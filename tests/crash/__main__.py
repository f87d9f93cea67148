"""`make crash`: every scenario, in every mode, at every point. Prints its figures, and ends with 1 if it found a fault.

Each of two lanes has a sandbox, a launcher and a folder of its own, so that both cores of a small machine are used.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from reconciler.sandbox.server.running import RunningSandbox
from tests.crash.launcher import Launcher
from tests.crash.matrix import KILLED, MODES, Found, Mode, Undisturbed, cases, undisturbed
from tests.crash.place import Place
from tests.crash.scenarios import SCENARIOS, Scenario

LANES = 2
SHOWN = 5
"""Faulty cases that are shown of each scenario and mode."""


@dataclass
class Figures:
    """What the cases of one scenario in one mode came to."""

    scenario: str
    mode: str
    seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    """How the disturbed process ended, and how often."""
    faulty: list[Found] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return self.ends.total()

    def add(self, found: Found) -> None:
        end = "killed" if found.code == KILLED else f"exit {found.code}"
        self.ends[end if found.second is None else f"{end} + exit {found.second}"] += 1
        if found.faults:
            self.faulty.append(found)

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        faults = f"  {len(self.faulty)} FAULTY" if self.faulty else ""
        return f"{self.scenario:12} {self.mode:34} {self.cases:5} cases {self.seconds:7.1f} s  {ends}{faults}"


@contextmanager
def lane() -> Iterator[Place]:
    """Yield a place with a server of its own."""
    with RunningSandbox() as running, Launcher() as launcher, tempfile.TemporaryDirectory() as folder:
        yield Place(running, launcher, Path(folder))


def measure(place: Place, whole: Undisturbed, mode: Mode) -> Figures:
    began, figures = monotonic(), Figures(whole.scenario.name, mode.name)
    for found in cases(place, whole, mode):
        figures.add(found)
    figures.seconds = monotonic() - began
    return figures


def run(free: SimpleQueue[Place], scenario: Scenario) -> list[Figures]:
    """Run a scenario in every mode, in a place that is free, and print a line for each mode."""
    place = free.get()
    try:
        whole = undisturbed(place, scenario)
        found = []
        for mode in MODES:
            figures = measure(place, whole, mode)
            if figures.cases:
                print(figures, *figures.faulty[:SHOWN], sep="\n", flush=True)
                found.append(figures)
        return found
    finally:
        free.put(place)


def main() -> int:
    began, free = monotonic(), SimpleQueue[Place]()
    with lane() as first, lane() as second, ThreadPoolExecutor(LANES) as lanes:
        for place in (first, second):
            free.put(place)
        rows = [row for rows in lanes.map(lambda scenario: run(free, scenario), SCENARIOS) for row in rows]
    kills = sum(count for row in rows for end, count in row.ends.items() if end.startswith("killed"))
    faulty = sum(len(row.faulty) for row in rows)
    print(
        f"{sum(row.cases for row in rows)} cases of {len(SCENARIOS)} scenarios, {kills} kills, "
        f"{monotonic() - began:.0f} s: {faulty or 'no'} faults"
    )
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main())
