"""Everything that is wrong, gathered first and placed at the end: positions cost time, and most runs need none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.manifests import masking
from reconciler.manifests.diagnostics import Diagnostic, in_order, shortened
from reconciler.manifests.documents import Origin
from reconciler.manifests.files import SourceFile
from reconciler.manifests.lines import lines_of
from reconciler.manifests.parsing import Flaw
from reconciler.manifests.positions import Path, Place, Places, places_of
from reconciler.manifests.wording import Problem

MOST = 500
"""Errors of one file that are shown."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place within a document, as a path."""

    origin: Origin
    path: Path
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    spot: Spot
    message: str
    suggestion: str
    other: Spot | None
    warning: bool


@dataclass(slots=True)
class Report:
    sources: Mapping[str, SourceFile]
    ready: list[Diagnostic] = field(default_factory=list)
    _entries: list[_Entry] = field(default_factory=list)
    _errors: Counter[str] = field(default_factory=Counter)
    """How many errors each file has; the first of them are kept."""
    _places: dict[str, Mapping[int, Places]] = field(default_factory=dict)
    _lines: dict[str, masking.Lines] = field(default_factory=dict)

    def flaw(self, file: str, flaw: Flaw) -> None:
        """Something wrong with the YAML itself, whose place is known."""
        if self._kept(file):
            self.ready.append(self._diagnostic(file, (flaw.line, flaw.column), flaw.message, flaw.suggestion))

    def problem(self, origin: Origin, problem: Problem, *, below: Path = ()) -> None:
        """Something wrong within a document; `below` is the path of the part that the problem's path counts from."""
        spot = Spot(origin, (*below, *problem.path), problem.at_key)
        self.add(spot, problem.message, problem.suggestion)

    def add(
        self, spot: Spot, message: str, suggestion: str = "", *, other: Spot | None = None, warning: bool = False
    ) -> None:
        """`{other}` in the message becomes the place of `other`, as file:line:col."""
        if warning or self._kept(spot.origin.file):
            self._entries.append(_Entry(spot, message, suggestion, other, warning))

    def _kept(self, file: str) -> bool:
        """A file that is broken from end to end says so once, not a hundred thousand times."""
        self._errors[file] += 1
        return self._errors[file] <= MOST

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        more = [
            Diagnostic(f"and {count - MOST:,} more errors in this file", "correct the first ones, and run again", file)
            for file, count in self._errors.items()
            if count > MOST
        ]
        return in_order([*self.ready, *map(self._placed, self._entries), *more])

    def _placed(self, entry: _Entry) -> Diagnostic:
        message = entry.message
        if entry.other is not None:
            line, column = self._place(entry.other)
            message = message.replace("{other}", f"{entry.other.origin.file}:{line}:{column}")
        found = self._place(entry.spot)
        return self._diagnostic(entry.spot.origin.file, found, message, entry.suggestion, warning=entry.warning)

    def _place(self, spot: Spot) -> Place:
        file = spot.origin.file
        if file not in self._places:
            self._places[file] = places_of(self.sources[file].text)
        places = self._places[file].get(spot.origin.index, Places())
        return places.key(spot.path) if spot.at_key else places.value(spot.path)

    def _diagnostic(
        self, file: str, place: Place, message: str, suggestion: str, *, warning: bool = False
    ) -> Diagnostic:
        if file not in self._lines:
            self._lines[file] = masking.Lines(lines_of(self.sources[file].text))
        text = self._lines[file].shown(place[0])
        return Diagnostic(shortened(message), suggestion, file, *place, text, "warning" if warning else "error")
