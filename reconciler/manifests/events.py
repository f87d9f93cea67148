"""The events of PyYAML's C scanner, with their positions.

For 1 MB of manifests it takes 0.2 s, and ruamel.yaml takes 4 s. Only the events are used: PyYAML's own values follow
YAML 1.1, so `scalars` converts them as YAML 1.2 says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.manifests.lines import place_of

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

Event = Any
ScalarEvent: Any = yaml.ScalarEvent
MappingStart: Any = yaml.MappingStartEvent
MappingEnd: Any = yaml.MappingEndEvent
SequenceStart: Any = yaml.SequenceStartEvent
SequenceEnd: Any = yaml.SequenceEndEvent
AliasEvent: Any = yaml.AliasEvent
DocumentStart: Any = yaml.DocumentStartEvent
DocumentEnd: Any = yaml.DocumentEndEvent


SCANNER_ERROR: Any = yaml.YAMLError


@dataclass(frozen=True, slots=True)
class BadYaml:
    """The place where a text stops being YAML, and why. Line and column count from 1."""

    message: str
    line: int
    column: int


def events(text: str) -> Iterator[Event]:
    """Return an iterator over the events of a text. It raises `SCANNER_ERROR` where the text stops being YAML.

    A generator function, or a call of `yaml.parse`, would each take a fifth more time.
    """
    return iter(yaml.CSafeLoader(text).get_event, None)


def explained(text: str, error: Any) -> BadYaml:
    """Return the message and the place of a `SCANNER_ERROR`."""
    if isinstance(error, yaml.reader.ReaderError):
        return BadYaml(*_unreadable(text, error))
    mark = error.problem_mark or error.context_mark
    if error.context_mark and "quoted scalar" in str(error.context):
        mark = error.context_mark  # where the quote opens, not the end of the file
    message = str(error.problem or error.context)
    if error.problem and error.context:
        message = f"{message} ({error.context})"
    return BadYaml(message, mark.line + 1, mark.column + 1)


def _unreadable(text: str, error: Any) -> tuple[str, int, int]:
    """Return the message, line and column of a control character. libyaml gives only a byte offset."""
    found = _UNPRINTABLE.search(text)
    if found is None:
        return str(error.reason), 1, 1
    return f"YAML does not allow the control character U+{ord(found.group()):04X}", *place_of(text, found.start())
