"""Edit single values of a manifest's text. All other text, such as comments and layout, stays the same.

An edit that cannot be made in this way returns None: a value in an alias or with an anchor, for example, has a meaning
in other places of the file too.
"""

from __future__ import annotations

from typing import Any

from reconciler.manifests.events import DocumentStart
from reconciler.manifests.nodes import Node, Steps, documents_of, events_of, line_start, steps_of, written
from reconciler.manifests.positions import Path


def with_value(text: str, index: int, path: Path, value: Any) -> str | None:
    """Return the text with another value at a path in the document with this index in the file, counted from 0.

    `value` is text, a number, true or false, None, or a list or mapping of these.
    """
    steps = _steps(text, index, path)
    splice = None if steps is None else value_splice(text, steps, value)
    return None if splice is None else f"{text[: splice[0]]}{splice[2]}{text[splice[1] :]}"


Splice = tuple[int, int, str]
"""The place of a part of a text, from and to, and what replaces it."""


def value_splice(text: str, steps: Steps, value: Any) -> Splice | None:
    """Return the splice that replaces the value at the end of a path. None if it cannot be replaced."""
    key, node = steps[-1]
    new = written(value, quoted=node.what == "scalar" and node.style in {"'", '"'})
    if node.what in {"map", "list"} and not node.flow:  # a block begins on its own line, or after a dash
        return None if key is None else (key.end, node.end, f": {new}")
    before = " " if node.start == node.end and text[: node.start].endswith(":") else ""
    after = "\n" if text[node.start : node.end].endswith("\n") else ""
    return node.start, node.end, f"{before}{new}{after}"


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
    entry = f"{written(name)}: {written(value)}"
    first, last = mapping.entries[0][0], mapping.entries[-1][1]
    if mapping.flow:
        return f"{text[: last.end]}, {entry}{text[last.end :]}"
    indent = text[line_start(text, first.start) : first.start]
    if indent.strip():
        return None  # the first key is behind a dash
    end = text.find("\n", max(last.end - 1, mapping.entries[-1][0].end))
    line_end = "\r\n" if text[:end].endswith("\r") else "\n"
    if end < 0:
        return f"{text}{line_end}{indent}{entry}"
    return f"{text[: end + 1]}{indent}{entry}{line_end}{text[end + 1 :]}"


def without_document(text: str, index: int) -> str | None:
    """Return the text without one document. None if there is no such document."""
    starts = [line_start(text, event.start_mark.index) for event in events_of(text) if event.__class__ is DocumentStart]
    if not 0 <= index < len(starts):
        return None
    if index == 0:
        return text[starts[1] :] if len(starts) > 1 else ""
    end = starts[index + 1] if index + 1 < len(starts) else len(text)
    return text[: starts[index]] + text[end:]


def _steps(text: str, index: int, path: Path) -> Steps | None:
    documents = [*documents_of(text)]
    return steps_of(text, documents[index], path) if index < len(documents) else None


def _cut(text: str, mapping: Node, place: int) -> str | None:
    """Return the text without one entry of a mapping with several entries."""
    key, value = mapping.entries[place]
    if mapping.flow:
        if place + 1 < len(mapping.entries):
            return text[: key.start] + text[mapping.entries[place + 1][0].start :]
        return text[: mapping.entries[place - 1][1].end] + text[value.end :]
    start = line_start(text, key.start)
    if text[start : key.start].strip():
        return None  # the key is behind a dash
    end = text.find("\n", max(value.end - 1, key.end))
    return text[:start] + ("" if end < 0 else text[end + 1 :])
