"""Edit single values of a manifest's text. All other text, such as comments and layout, stays the same.

An edit that cannot be made in this way returns None: a value in an alias or with an anchor, for example, has a meaning
in other places of the file too.
"""

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
class _Node:
    """A value with its place in the text."""

    what: Literal["scalar", "map", "list", "alias"]
    start: int
    end: int
    """The end of its last character that is no blank or comment."""
    flow: bool = False
    style: str | None = None
    anchored: bool = False
    entries: list[tuple[_Node, _Node]] = field(default_factory=list)
    """The keys and values of a mapping. The keys of a list are its items again."""


def with_value(text: str, index: int, path: Path, value: Any) -> str | None:
    """Return the text with another value at a path in the document with this index in the file, counted from 0.

    `value` is text, a number, true or false, None, or a list or mapping of these.
    """
    steps = _steps(text, index, path)
    if steps is None:
        return None
    node = steps[-1][1]
    old = text[node.start : node.end]
    new = _written(value, quoted=node.what == "scalar" and node.style in {"'", '"'})
    before = " " if node.start == node.end and text[: node.start].endswith(":") else ""
    if node.what in {"map", "list"} and not node.flow:  # a block begins on its own line, or after a dash
        key = steps[-1][0]
        return None if key is None else f"{text[: key.end]}: {new}{text[node.end :]}"
    after = "\n" if old.endswith("\n") else ""
    return f"{text[: node.start]}{before}{new}{after}{text[node.end :]}"


def without_key(text: str, index: int, path: Path) -> str | None:
    """Return the text without the key at a path. A mapping that would be empty is left out too."""
    steps = _steps(text, index, path)
    while steps is not None and len(steps) > 1:
        mapping, (key, node) = steps[-2][1], steps[-1]
        if key is None or mapping.what != "map":
            return None
        if len(mapping.entries) > 1:
            place = next(number for number, each in enumerate(mapping.entries) if each[1] is node)
            return _cut(text, mapping, place)
        steps = steps[:-1]
    return None


def with_key(text: str, index: int, path: Path, value: Any) -> str | None:
    """Return the text with one more key: the last part of the path, at the end of a mapping that does not have it."""
    *around, name = path
    steps = _steps(text, index, tuple(around))
    mapping = None if steps is None else steps[-1][1]
    if mapping is None or mapping.what != "map" or not mapping.entries:
        return None
    entry = f"{_written(name)}: {_written(value)}"
    first, last = mapping.entries[0][0], mapping.entries[-1][1]
    if mapping.flow:
        return f"{text[: last.end]}, {entry}{text[last.end :]}"
    indent = text[_line_start(text, first.start) : first.start]
    if indent.strip():
        return None  # the first key is behind a dash
    end = text.find("\n", max(last.end - 1, mapping.entries[-1][0].end))
    line_end = "\r\n" if text[:end].endswith("\r") else "\n"
    if end < 0:
        return f"{text}{line_end}{indent}{entry}"
    return f"{text[: end + 1]}{indent}{entry}{line_end}{text[end + 1 :]}"


def without_document(text: str, index: int) -> str | None:
    """Return the text without one document. None if there is no such document."""
    starts = [_line_start(text, event.start_mark.index) for event in _events(text) if event.__class__ is DocumentStart]
    if not 0 <= index < len(starts):
        return None
    if index == 0:
        return text[starts[1] :] if len(starts) > 1 else ""
    end = starts[index + 1] if index + 1 < len(starts) else len(text)
    return text[: starts[index]] + text[end:]


def _steps(text: str, index: int, path: Path) -> list[tuple[_Node | None, _Node]] | None:
    """Return (key, value) for each step of a path, from the document itself. None if the path cannot be edited."""
    documents = [*_documents(text)]
    if index >= len(documents) or documents[index] is None:
        return None
    node = documents[index]
    found: list[tuple[_Node | None, _Node]] = [(None, node)] if node is not None else []
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


def _text(text: str, key: _Node) -> str:
    (document,) = parse(text[key.start : key.end]).documents or ((0, ""),)
    return str(document[1])


def _cut(text: str, mapping: _Node, place: int) -> str | None:
    """Return the text without one entry of a mapping with several entries."""
    key, value = mapping.entries[place]
    if mapping.flow:
        if place + 1 < len(mapping.entries):
            return text[: key.start] + text[mapping.entries[place + 1][0].start :]
        return text[: mapping.entries[place - 1][1].end] + text[value.end :]
    start = _line_start(text, key.start)
    if text[start : key.start].strip():
        return None  # the key is behind a dash
    end = text.find("\n", max(value.end - 1, key.end))
    return text[:start] + ("" if end < 0 else text[end + 1 :])


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


# ── nodes ────────────────────────────────────────────────────────────────────────────────────────────────


def _events(text: str) -> list[Event]:
    try:
        return [*events(text)]
    except SCANNER_ERROR:
        return []


def _documents(text: str) -> Iterator[_Node | None]:
    stream = iter(_events(text))
    for event in stream:
        if event.__class__ is DocumentStart:
            yield _node(next(stream), stream)


def _node(event: Event, stream: Iterator[Event]) -> _Node:
    what, start, end = event.__class__, event.start_mark.index, event.end_mark.index
    anchored = getattr(event, "anchor", None) is not None or bool(getattr(event, "tag", None))
    if what is ScalarEvent:
        return _Node("scalar", start, end, style=event.style, anchored=anchored)
    if what is AliasEvent:
        return _Node("alias", start, end)
    node = _Node("map" if what is MappingStart else "list", start, end, bool(event.flow_style), anchored=anchored)
    for inner in stream:
        if inner.__class__ is MappingEnd or inner.__class__ is SequenceEnd:
            node.end = inner.end_mark.index if node.flow or not node.entries else node.entries[-1][1].end
            return node
        key = _node(inner, stream)
        node.entries.append((key, _node(next(stream), stream)) if what is MappingStart else (key, key))
    return node


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────


def _written(value: Any, *, quoted: bool = False) -> str:
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
            return "{" + ", ".join(f"{_written(key)}: {_written(entry)}" for key, entry in value.items()) + "}"
        case _:
            entries: Sequence[Any] = value
            return "[" + ", ".join(map(_written, entries)) + "]"


def _is_plain(value: str) -> bool:
    """Return whether a text needs no quotes in any place: YAML reads it as this text."""
    if not value.isprintable() or value != value.strip() or not value or value[0] in _INDICATORS:
        return False
    if any(each in value for each in (": ", " #", ",", "[", "]", "{", "}")) or value.endswith(":"):
        return False
    return parse(value).documents == ((0, value),)
