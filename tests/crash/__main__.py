"""`make crash`: every scenario, in every mode, at every point, and random estates. Ends with 1 if it found a fault.

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
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from random import Random
from time import monotonic

from reconciler.sandbox.server.running import RunningSandbox
from tests.crash import random_estates
from tests.crash.launcher import Launcher
from tests.crash.matrix import KILLED, MODES, Found, Mode, Undisturbed, cases, undisturbed
from tests.crash.place import Place
from tests.crash.scenarios import SCENARIOS, Scenario

LANES = 2
ROWS = 20
"""How often each random estate is disturbed."""
SHOWN = 5
"""Faulty cases that are shown of each scenario and mode."""


@dataclass
class Figures:
    """The results of the cases of one scenario in one mode."""

    scenario: str
    mode: str
    seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    """How the disturbed process ended, and how often."""
    states: int = 0
    """How many different states they left, which no mode before had left."""
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
        counted = f"{self.cases:5} cases {self.states:4} states {self.seconds:7.1f} s"
        return f"{self.scenario:14} {self.mode:34} {counted}  {ends}{faults}"


@contextmanager
def lane() -> Iterator[Place]:
    """Yield a place with a server of its own."""
    with RunningSandbox() as running, Launcher() as launcher, tempfile.TemporaryDirectory() as folder:
        yield Place(running, launcher, Path(folder))


def measure(place: Place, whole: Undisturbed, mode: Mode) -> Figures:
    """Run every case of a scenario in one mode."""
    began, before, figures = monotonic(), len(whole.followed), Figures(whole.scenario.name, mode.name)
    for found in cases(place, whole, mode):
        figures.add(found)
    figures.states, figures.seconds = len(whole.followed) - before, monotonic() - began
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


def run_random(free: SimpleQueue[Place], seed: int, customers: int) -> list[Figures]:
    """Disturb the apply of a random estate `ROWS` times, several times in a row each, and print a line."""
    place = free.get()
    try:
        began, chance = monotonic(), Random(seed)
        whole = undisturbed(place, random_estates.scenario(seed, customers))
        figures = Figures(whole.scenario.name, f"{customers} customers, several in a row")
        for _ in range(ROWS):
            figures.add(random_estates.disturbed_in_a_row(place, whole, chance))
        figures.states, figures.seconds = ROWS, monotonic() - began
        print(figures, *figures.faulty[:SHOWN], sep="\n", flush=True)
        return [figures]
    finally:
        free.put(place)


def main() -> int:
    """Run all, print the figures, and return 1 if a fault was found."""
    first_seed, seeds, customers = map(int, sys.argv[1:] or ("1", "10", "8"))
    began, free = monotonic(), SimpleQueue[Place]()
    with lane() as first, lane() as second, ThreadPoolExecutor(LANES) as lanes:
        for place in (first, second):
            free.put(place)
        tasks = [partial(run, free, scenario) for scenario in SCENARIOS]
        tasks += [partial(run_random, free, seed, customers) for seed in range(first_seed, first_seed + seeds)]
        rows = [row for rows in lanes.map(lambda task: task(), tasks) for row in rows]
    kills = sum(count for row in rows for end, count in row.ends.items() if end.startswith("killed"))
    faulty = sum(len(row.faulty) for row in rows)
    print(
        f"{sum(row.cases for row in rows)} cases of {len(SCENARIOS)} scenarios and {seeds} random estates, "
        f"{sum(row.states for row in rows)} states, {kills} kills, {monotonic() - began:.0f} s: {faulty or 'no'} faults"
    )
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main())
