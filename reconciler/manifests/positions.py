"""Find the line and column of a value or key by its path in a document.

Only files with errors are searched. The scanner is the one that `parsing` uses, so paths mean the same in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.manifests.events import (
    SCANNER_ERROR,
    AliasEvent,
    DocumentEnd,
    DocumentStart,
    Event,
    MappingEnd,
    MappingStart,
    ScalarEvent,
    SequenceEnd,
    SequenceStart,
    events,
)

Path = tuple[str | int, ...]
Place = tuple[int, int]
"""(line, column), both from 1."""


DEEPEST: Final = 100
"""The most levels of a document. Deeper nesting is an error."""


@dataclass(slots=True)
class Places:
    """The places of all values and keys of one document, by path."""

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def value(self, path: Path) -> Place:
        """Return where a value begins. Inside an alias, return the place of the nearest value around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def key(self, path: Path) -> Place:
        """Return the place of a value's key. An item of a list has no key, so its own place is returned."""
        return self.keys.get(path) or self.value(path)


def places_of(text: str) -> Mapping[int, Places]:
    """Return the places in each document, by its index in the file from 0, up to the first syntax error."""
    found: dict[int, Places] = {}
    try:
        stream = events(text)
        for event in stream:
            if event.__class__ is DocumentStart:
                places = Places()
                found[len(found)] = places
                _walk(stream, places)
    except SCANNER_ERROR:
        pass  # the parser has reported it
    return found


@dataclass(slots=True)
class _Frame:
    """A mapping or list around the current event."""

    path: Path
    count: int | None
    """The number of items so far in a list. None in a mapping."""
    key: str | None = None


def _walk(stream: Iterator[Event], places: Places) -> None:
    stack: list[_Frame] = []
    for event in stream:
        what = event.__class__
        if what is DocumentEnd:
            return
        if what is MappingEnd or what is SequenceEnd:
            stack.pop()
            continue
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        frame = stack[-1] if stack else None
        if frame is not None and frame.count is None and frame.key is None:
            frame.key = event.value if what is ScalarEvent else ""
            places.keys[*frame.path, frame.key] = place
            if what is ScalarEvent or what is AliasEvent:
                continue
        if len(stack) > DEEPEST:
            return
        path = _next_path(frame)
        places.values[path] = place
        if what is MappingStart:
            stack.append(_Frame(path, None))
        elif what is SequenceStart:
            stack.append(_Frame(path, 0))


def _next_path(frame: _Frame | None) -> Path:
    if frame is None:
        return ()
    if frame.count is None:
        path = (*frame.path, str(frame.key))
        frame.key = None
        return path
    frame.count += 1
    return (*frame.path, frame.count - 1)
