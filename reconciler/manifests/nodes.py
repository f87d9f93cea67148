"""The values of a YAML text as nodes with their places, and values written in one line of YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from reconciler.manifests.events import (
    SCANNER_ERROR,
    AliasEvent,
    DocumentStart,
    Event,
    MappingEnd,
    MappingStart,
    ScalarEvent,
    SequenceEnd,
    events,
)
from reconciler.manifests.parsing import parse
from reconciler.manifests.positions import Path

_INDICATORS: Final = frozenset(",[]{}#&*!|>'\"%@`:?-")
"""Characters at the beginning of a text, or inside it, for which it is put in quotes."""


@dataclass(slots=True)
class Node:
    """A value with its place in the text."""

    what: Literal["scalar", "map", "list", "alias"]
    start: int
    end: int
    """The end of its last character that is no blank or comment."""
    flow: bool = False
    style: str | None = None
    anchored: bool = False
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    """The keys and values of a mapping. The keys of a list are its items again."""


Steps = list[tuple[Node | None, Node]]
"""The key and the value of each step of a path, from the document itself. A document and an item have no key."""


def steps_of(text: str, document: Node | None, path: Path) -> Steps | None:
    """Return the steps of a path in a document of the text. None if the path cannot be edited."""
    found: Steps = [(None, document)] if document is not None else []
    if not found:
        return None
    for part in path:
        node = found[-1][1]
        if node.what == "list" and isinstance(part, int) and part < len(node.entries):
            found.append((None, node.entries[part][1]))
            continue
        named = [each for each in node.entries if node.what == "map" and _text(text, each[0]) == part]
        if len(named) != 1:
            return None
        found.append(named[0])
    return None if any(value.anchored or value.what == "alias" for _, value in found) else found


def _text(text: str, key: Node) -> str:
    (document,) = parse(text[key.start : key.end]).documents or ((0, ""),)
    return str(document[1])


def line_start(text: str, index: int) -> int:
    """Return where the line begins that has the character at an index."""
    return text.rfind("\n", 0, index) + 1


def events_of(text: str) -> list[Event]:
    """Return the events of a text. None of a text that is not YAML."""
    try:
        return [*events(text)]
    except SCANNER_ERROR:
        return []


def documents_of(text: str) -> Iterator[Node | None]:
    """Yield the node of each document of a text. None for an empty document."""
    stream = iter(events_of(text))
    for event in stream:
        if event.__class__ is DocumentStart:
            yield _node(next(stream), stream)


def _node(event: Event, stream: Iterator[Event]) -> Node:
    what, start, end = event.__class__, event.start_mark.index, event.end_mark.index
    anchored = getattr(event, "anchor", None) is not None or bool(getattr(event, "tag", None))
    if what is ScalarEvent:
        return Node("scalar", start, end, style=event.style, anchored=anchored)
    if what is AliasEvent:
        return Node("alias", start, end)
    node = Node("map" if what is MappingStart else "list", start, end, bool(event.flow_style), anchored=anchored)
    for inner in stream:
        if inner.__class__ is MappingEnd or inner.__class__ is SequenceEnd:
            node.end = inner.end_mark.index if node.flow or not node.entries else node.entries[-1][1].end
            return node
        key = _node(inner, stream)
        node.entries.append((key, _node(next(stream), stream)) if what is MappingStart else (key, key))
    return node


def written(value: Any, *, quoted: bool = False) -> str:
    """Return a value in one line of YAML."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case str():
            return value if not quoted and _is_plain(value) else json.dumps(value, ensure_ascii=False)
        case dict():
            return "{" + ", ".join(f"{written(key)}: {written(entry)}" for key, entry in value.items()) + "}"
        case _:
            entries: Sequence[Any] = value
            return "[" + ", ".join(map(written, entries)) + "]"


def _is_plain(value: str) -> bool:
    """Return whether a text needs no quotes in any place: YAML reads it as this text."""
    if not value.isprintable() or value != value.strip() or not value or value[0] in _INDICATORS:
        return False
    if any(each in value for each in (": ", " #", ",", "[", "]", "{", "}")) or value.endswith(":"):
        return False
    return parse(value).documents == ((0, value),)
