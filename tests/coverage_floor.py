"""Check the test coverage of each room against CONTRIBUTING.md. `make test` runs this after the tests."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.measuring import FOLDER, ROOT

COMPLETE = {"additions", "applying", "closing", "kinds", "metering", "planning", "rating", "rendering"}
"""Rooms in which every statement and every branch is covered."""

FLOOR = 95.0
"""Percent of statements and branches that are covered in every other room."""


@dataclass(slots=True)
class Room:
    """The coverage of one room: its number of statements and branches, and how many of them the tests ran."""

    possible: int = 0
    covered: int = 0
    lacking: list[str] = field(default_factory=list)
    """A line for each module that is not covered completely."""

    @property
    def share(self) -> float:
        """Return the covered share in percent."""
        return 100 * self.covered / self.possible if self.possible else 100.0


def modules() -> dict[str, tuple[set[Any], set[Any]]]:
    """Return the lines and branches of each module: those that there are, and those that a worker ran.

    A line is its number, and a branch is the numbers of the two lines that it leads from and to.

    Raises:
        SystemExit: no worker wrote a file.
    """
    found: dict[str, tuple[set[Any], set[Any]]] = defaultdict(lambda: (set(), set()))
    files = sorted(FOLDER.glob("*.json"))
    if not files:
        sys.exit(f"There is no measure in {FOLDER.relative_to(ROOT)}: run the tests with `make test`.")
    for file in files:
        for name, seen in json.loads(file.read_text(encoding="utf-8"))["files"].items():
            possible, covered = found[str((ROOT / name).relative_to(ROOT))]
            ran = {*seen["executed_lines"], *map(tuple, seen["executed_branches"])}
            covered |= ran
            possible |= ran | {*seen["missing_lines"], *map(tuple, seen["missing_branches"])}
    return found


def rooms() -> dict[str, Room]:
    """Return the coverage of each room, by its folder in the package. Modules at the top count as `(top)`."""
    found: dict[str, Room] = defaultdict(Room)
    for name, (possible, covered) in sorted(modules().items()):
        parts = Path(name).parts[1:]
        room = found[parts[0] if len(parts) > 1 else "(top)"]
        room.possible += len(possible)
        room.covered += len(covered)
        if missing := possible - covered:
            lines = sorted(each for each in missing if isinstance(each, int))
            branches = sorted(each for each in missing if isinstance(each, tuple))
            room.lacking.append(f"{name}: lines {lines}, branches {branches}")
    return found


def main() -> int:
    """Print a line for each room and the modules that lack coverage; return 1 if a room is too low."""
    failed = False
    for name, room in sorted(rooms().items()):
        floor = 100.0 if name in COMPLETE else FLOOR
        low = room.share < floor
        failed |= low
        verdict = "  TOO LOW" if low else ""
        print(f"  {name:12} {room.share:6.2f} % of lines and branches, at least {floor:.0f} %{verdict}")
        for line in room.lacking if low else ():
            print(f"      {line}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
