"""Check the test coverage of each room against CONTRIBUTING.md. `make test` runs this after the tests."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from coverage import Coverage

COMPLETE = {"additions", "applying", "kinds", "metering", "planning", "rating", "rendering"}
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


def rooms() -> dict[str, Room]:
    """Return the coverage of each room, by its folder in the package. Modules at the top count as `(top)`."""
    coverage = Coverage()
    coverage.load()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        coverage.json_report(outfile=file.name)
        files = json.loads(Path(file.name).read_text(encoding="utf-8"))["files"]
    found: dict[str, Room] = defaultdict(Room)
    for name, content in sorted(files.items()):
        parts = Path(name).parts[1:]
        room = found[parts[0] if len(parts) > 1 else "(top)"]
        counts = content["summary"]
        possible = counts["num_statements"] + counts["num_branches"]
        covered = counts["covered_lines"] + counts["covered_branches"]
        room.possible += possible
        room.covered += covered
        if covered < possible:
            room.lacking.append(f"{name}: {possible - covered} of {possible} missing")
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
