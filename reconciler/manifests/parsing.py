"""Parse YAML 1.2 text into Python values.

The values are built in one pass over the scanner's events. Positions are not kept, to save time. `positions` finds them
again for the files with errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Final

from reconciler.manifests import scalars
from reconciler.manifests.events import (
    SCANNER_ERROR,
    AliasEvent,
    BadYaml,
    DocumentEnd,
    DocumentStart,
    Event,
    MappingEnd,
    MappingStart,
    ScalarEvent,
    SequenceEnd,
    SequenceStart,
    events,
    explained,
)
from reconciler.manifests.lines import lines_of
from reconciler.manifests.positions import DEEPEST

MOST_FROM_ALIASES: Final = 10_000
"""The most nodes that the aliases of one file may expand to."""
_TAGS: Final = "tag:yaml.org,2002:"
_NOTHING: Final = object()
"""Marks that no key has been read without its value, and that a document is empty."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """An error in the YAML itself. Line and column count from 1."""

    message: str
    suggestion: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """The documents of one file."""

    documents: tuple[tuple[int, Any], ...]
    """(index in the file from 0, value) of every document. Empty documents are left out."""
    flaws: tuple[Flaw, ...]
    whole: bool
    """False if the file could not be parsed to its end."""


class _StopError(Exception):
    """Ends the parsing of a file. The flaw is already recorded."""


@dataclass(slots=True)
class _Composer:
    """Builds the values of one file from its events."""

    flaws: list[Flaw] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    """Anchor → (value, number of nodes in it). The number is 0 until the value is complete."""
    seen: dict[str, str] = field(default_factory=dict)
    """Plain keys that were checked and are valid."""
    nodes: int = 0
    from_aliases: int = 0

    def flaw(self, event: Event, message: str, suggestion: str) -> None:
        """Record an error at the place of an event."""
        mark = event.start_mark
        self.flaws.append(Flaw(message, suggestion, mark.line + 1, mark.column + 1))

    def scalar(self, event: Event) -> Any:
        """Return the value of a scalar that is quoted or tagged, or that may be a number, a flag or null."""
        try:
            if event.tag is None:
                return scalars.plain(event.value) if event.implicit[0] else event.value
            if event.tag == "!":
                return event.value
            prefix, _, kind = event.tag.partition(_TAGS)
            if prefix or kind not in {"str", "int", "float", "bool", "null"}:
                self.flaw(event, f"the tag {_tag(event.tag)} is not allowed in manifests", "leave the tag out")
                return event.value
            return scalars.tagged(kind, event.value)
        except scalars.NotANumberError as error:
            self.flaw(event, str(error), "write a finite number; put it in quotes if it is text")
        except ValueError as error:
            self.flaw(event, str(error), "leave the tag out")
        return event.value

    def alias(self, event: Event) -> Any:
        """Return the value that an alias refers to. Raises `_StopError` if the aliases expand to too many values."""
        value, size = self.anchors.get(event.anchor, (None, -1))
        if size < 0:
            self.flaw(event, f"there is no anchor &{event.anchor}", "write the value out")
            return None
        if size == 0:
            self.flaw(event, f"*{event.anchor} is inside the value that it refers to", "write the value out")
            raise _StopError
        self.nodes += size
        self.from_aliases += size
        if self.from_aliases > MOST_FROM_ALIASES:
            self.flaw(
                event,
                f"the aliases of this file expand to more than {MOST_FROM_ALIASES:,} values",
                "write the values out, or use kind: Defaults",
            )
            raise _StopError
        return value

    def key(self, event: Event, mapping: dict[str, Any]) -> str:
        """Return the text of a key, and record its flaws. Raises `_StopError` for a mapping or list as a key."""
        if event.__class__ is not ScalarEvent:
            self.flaw(event, "a key must be text", "use plain text before the colon")
            raise _StopError
        key: str = event.value
        flaws = len(self.flaws)
        if event.implicit[0] and event.tag is None:
            if key == "<<":
                self.flaw(event, "merge keys (<<) are not part of YAML 1.2", "use kind: Defaults for shared fields")
            elif not isinstance(self.scalar(event), str):
                self.flaw(event, f"the key {key or 'null'} is not text", f'put it in quotes: "{key}"')
        elif event.tag is not None and not isinstance(self.scalar(event), str):
            self.flaw(event, f"the key {key} is not text", "leave the tag out")
        if key in mapping:
            self.flaw(event, f"{key} is in this mapping twice", "remove one of the two")
        elif event.implicit[0] and event.tag is None and len(self.flaws) == flaws:
            self.seen[key] = key
        return intern(key)

    def check_tag(self, event: Event, kind: str) -> None:
        """Record a flaw if a mapping or list has a tag other than its own (`map` or `seq`)."""
        if event.tag is not None and event.tag not in {"!", _TAGS + kind}:
            self.flaw(event, f"the tag {_tag(event.tag)} is not allowed in manifests", "leave the tag out")

    def document(self, stream: Iterator[Event]) -> Any:  # noqa: PLR0912, PLR0915 - a call per event would double the time
        """Return the value of the document that has just begun. `_NOTHING` if it is empty."""
        self.anchors.clear()
        seen = self.seen
        root: list[Any] = []
        container: Any = root
        key: Any = _NOTHING
        stack: list[tuple[Any, Any, str | None, int]] = []
        for event in stream:
            what = event.__class__
            if what is ScalarEvent:
                self.nodes += 1
                if key is _NOTHING and container.__class__ is dict:
                    key = seen.get(event.value)
                    if key is None or key in container or event.tag is not None:
                        key = self.key(event, container)
                    if event.anchor is not None:
                        self.anchors[event.anchor] = (key, 1)
                    continue
                value = event.value
                if event.tag is not None or (event.implicit[0] and (not value or value[0] in scalars.STARTS)):
                    if not value and event.tag is None and not stack and event.anchor is None:
                        value = _NOTHING
                    else:
                        value = self.scalar(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = (value, 1)
            elif what is MappingStart or what is SequenceStart:
                self.nodes += 1
                if container.__class__ is dict and key is _NOTHING:
                    self.key(event, container)
                if len(stack) >= DEEPEST:
                    self.flaw(event, f"nested deeper than {DEEPEST} levels", "use fewer levels")
                    raise _StopError
                self.check_tag(event, "map" if what is MappingStart else "seq")
                stack.append((container, key, event.anchor, self.nodes - 1))
                container, key = ({} if what is MappingStart else []), _NOTHING
                if event.anchor is not None:
                    self.anchors[event.anchor] = (container, 0)
                continue
            elif what is MappingEnd or what is SequenceEnd:
                value = container
                container, key, anchor, before = stack.pop()
                if anchor is not None:
                    self.anchors[anchor] = (value, self.nodes - before)
            elif what is AliasEvent:
                value = self.alias(event)
                if container.__class__ is dict and key is _NOTHING:
                    self.flaw(event, "an alias cannot be a key", "write the key out")
                    raise _StopError
            elif what is DocumentEnd:
                break
            if key is _NOTHING:
                container.append(value)
            else:
                container[key] = value
                key = _NOTHING
        return root[0]


def _tag(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAGS) if tag.startswith(_TAGS) else tag


def parse(text: str, seen: dict[str, str] | None = None) -> Parsed:
    """Return the documents of a text, and the errors in its YAML.

    After a syntax error, the documents before it are still returned. Pass the same `seen` for all files: it holds the
    keys that were already checked, which are mostly the same in every file.
    """
    composer = _Composer(seen={} if seen is None else seen)
    documents: list[tuple[int, Any]] = []
    index = -1
    whole = True
    try:
        stream = events(text)
        for event in stream:
            if event.__class__ is DocumentStart:
                index += 1
                value = composer.document(stream)
                if value is not _NOTHING:
                    documents.append((index, value))
    except _StopError:
        whole = False
    except SCANNER_ERROR as error:
        whole = False
        bad = explained(text, error)
        composer.flaws.append(_syntax_flaw(bad, lines_of(text)))
    return Parsed(tuple(documents), tuple(composer.flaws), whole)


def _syntax_flaw(error: BadYaml, lines: list[str]) -> Flaw:
    line, column = error.line, error.column
    last = next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip()), 1)
    if line > last:  # the text ends too early: point at the end of what is there
        line, column = last, len(lines[last - 1].rstrip()) + 1
    before = lines[line - 1][:column]
    advice = "indent with spaces, never with tabs" if "\t" in before else _advice(error)
    return Flaw(f"this is not YAML: {error.message}", advice, line, column)


def _advice(error: BadYaml) -> str:
    """Return what to do about a syntax error."""
    for part, advice in _ADVICE:
        if part in error.message:
            return advice
    return "check this line and the one above it: the indentation, the quotes and the colons"


_ADVICE: Final = (
    ("mapping values are not allowed", "put text with a colon in quotes, or check the indentation"),
    ("found character that cannot start any token", "put text that begins like this in quotes"),
    ("quoted scalar", "close the quotes"),
    ("expected ',' or", "close the bracket, or put a comma between the items"),
    ("control character", "remove the character"),
    ("anchor", "put text that begins with & or * in quotes"),
)
