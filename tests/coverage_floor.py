"""Holds the branch coverage that CONTRIBUTING.md promises, room by room. Run after the tests, by `make test`."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from coverage import Coverage
from coverage.results import Numbers

COMPLETE = {"planning", "usage", "kinds", "applying"}
FLOOR = 95.0


def rooms(coverage: Coverage, package: Path) -> dict[str, tuple[int, int, list[str]]]:
    """By room: what could be covered (statements and branches), what was, and the files that lack something."""
    found: dict[str, tuple[int, int, list[str]]] = defaultdict(lambda: (0, 0, []))
    for file in sorted(package.rglob("*.py")):
        relative = file.relative_to(package)
        room = relative.parts[0] if len(relative.parts) > 1 else "(top)"
        numbers: Numbers = coverage._analyze(str(file)).numbers
        covered, possible = numbers.ratio_covered
        total, done, lacking = found[room]
        if covered < possible:
            lacking = [*lacking, f"{relative}: {possible - covered} of {possible} missing"]
        found[room] = (total + possible, done + covered, lacking)
    return found


def main() -> int:
    coverage = Coverage()
    coverage.load()
    failed = False
    for room, (possible, covered, lacking) in sorted(rooms(coverage, Path("reconciler")).items()):
        share = 100.0 if not possible else 100 * covered / possible
        floor = 100.0 if room in COMPLETE else FLOOR
        low = share < floor
        failed |= low
        print(f"  {room:12} {share:6.2f} % of branches and lines, at least {floor:.0f} %{'  TOO LOW' if low else ''}")
        for line in lacking if low else ():
            print(f"      {line}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
