"""Collect errors and warnings by path, and look up their lines and columns only at the end, because that takes time."""

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
"""The most errors that are shown for one file."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a document, given by its path."""

    origin: Origin
    path: Path
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or a warning at a path in a document, whose line is not looked up yet."""

    location: Location
    message: str
    suggestion: str = ""
    other: Location | None = None
    warning: bool = False


@dataclass(slots=True)
class Report:
    """The errors and warnings found so far."""

    sources: Mapping[str, SourceFile]
    """The files by name."""
    ready: list[Diagnostic] = field(default_factory=list)
    """Diagnostics with a known place."""
    _entries: list[Finding] = field(default_factory=list)
    _errors: Counter[str] = field(default_factory=Counter)
    """The number of errors by file, including those that are not kept."""
    _places: dict[str, Mapping[int, Places]] = field(default_factory=dict)
    _lines: dict[str, masking.Lines] = field(default_factory=dict)

    def flaw(self, file: str, flaw: Flaw) -> None:
        """Add an error in the YAML itself."""
        if self._kept(file):
            self.ready.append(self._diagnostic(file, (flaw.line, flaw.column), flaw.message, flaw.suggestion))

    def problem(self, origin: Origin, problem: Problem, *, below: Path = ()) -> None:
        """Add a problem in a document. The problem's path starts at the path `below`."""
        location = Location(origin, (*below, *problem.path), problem.at_key)
        self.add(location, problem.message, problem.suggestion)

    def add(
        self,
        location: Location,
        message: str,
        suggestion: str = "",
        *,
        other: Location | None = None,
        warning: bool = False,
    ) -> None:
        """Add an error or a warning. `{other}` in the message becomes the place of `other`, as file:line:column."""
        if warning or self._kept(location.origin.file):
            self._entries.append(Finding(location, message, suggestion, other, warning))

    def _kept(self, file: str) -> bool:
        """Count an error, and return whether to keep it. Only the first `MOST` of a file are kept."""
        self._errors[file] += 1
        return self._errors[file] <= MOST

    def errors(self) -> tuple[Finding, ...]:
        """Return the errors in documents, in the order in which they were found. `ready` has all others."""
        return tuple(entry for entry in self._entries if not entry.warning)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return all diagnostics with their places, ordered by place."""
        more = [
            Diagnostic(f"and {count - MOST:,} more errors in this file", "correct the first ones and run again", file)
            for file, count in self._errors.items()
            if count > MOST
        ]
        return in_order([*self.ready, *map(self._placed, self._entries), *more])

    def _placed(self, entry: Finding) -> Diagnostic:
        message = entry.message
        if entry.other is not None:
            line, column = self.place(entry.other)
            message = message.replace("{other}", f"{entry.other.origin.file}:{line}:{column}")
        found = self.place(entry.location)
        return self._diagnostic(entry.location.origin.file, found, message, entry.suggestion, warning=entry.warning)

    def place(self, location: Location) -> Place:
        """Return the line and the column of a location, both from 1."""
        file = location.origin.file
        if file not in self._places:
            self._places[file] = places_of(self.sources[file].text)
        places = self._places[file].get(location.origin.index, Places())
        return places.key(location.path) if location.at_key else places.value(location.path)

    def _diagnostic(
        self, file: str, place: Place, message: str, suggestion: str, *, warning: bool = False
    ) -> Diagnostic:
        if file not in self._lines:
            self._lines[file] = masking.Lines(lines_of(self.sources[file].text))
        text = self._lines[file].shown(place[0])
        return Diagnostic(shortened(message), suggestion, file, *place, text, "warning" if warning else "error")
