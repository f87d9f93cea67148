"""Where things stand: path → line and column, for the files in which something is wrong.

The same scanner as in `parsing`, so the two can never disagree on what a path means. Nothing here runs
for a file that is in order.
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
"""Line and column, from 1."""


DEEPEST: Final = 100
"""Levels of a document; what is nested deeper is refused, and no document needs it."""


@dataclass(slots=True)
class Places:
    """The places of one document."""

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def value(self, path: Path) -> Place:
        """Where a value begins; where it has no place of its own (an alias' inside), the nearest around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def key(self, path: Path) -> Place:
        """Where the key of a value stands; the value's place for items of a list."""
        return self.keys.get(path) or self.value(path)


def places_of(text: str) -> Mapping[int, Places]:
    """The places of every document, by its place in the file from 0, up to where the text stops being YAML."""
    found: dict[int, Places] = {}
    try:
        stream = events(text)
        for event in stream:
            if event.__class__ is DocumentStart:
                places = Places()
                found[len(found)] = places
                _walk(stream, places)
    except SCANNER_ERROR:
        pass  # its own diagnostic says so; what stood before it has its places
    return found


@dataclass(slots=True)
class _Frame:
    path: Path
    count: int | None
    """Items so far in a list; `None` in a mapping."""
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
            return  # as deep as any document is looked into
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
