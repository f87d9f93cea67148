"""Write documents as YAML 1.2, in the layout of `reconciler fmt`.

ruamel.yaml takes 4 s for 1 MB. PyYAML's C emitter quotes by YAML 1.1, and indents lists differently from `fmt`. The
documents of an import have few shapes, so the layout is written here. A text is written without quotes only if every
reader of YAML reads it as the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from reconciler.importing.drafts import Draft, Render, rendered
from reconciler.kinds.base import API_VERSION
from reconciler.kinds.values import plain_decimal

_PLAIN: Final = re.compile(r"(?:\d+ )?[^\W\d_](?:[\w./()+@',&-]| (?=[\w(/+@&'-]))*\Z")
"""A letter, then letters, digits and some signs, with single blanks inside. A house number may come first."""
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "none"})
"""Words that YAML 1.1, YAML 1.2 or a reader of YAML may not read as text."""
_ESCAPED: Final = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]')
_SHORT: Final = {
    "\0": "0", "\x07": "a", "\x08": "b", "\t": "t", "\n": "n", "\x0b": "v", "\x0c": "f", "\r": "r", "\x1b": "e",
    '"': '"', "\\": "\\", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]+")
_SHORTEST_FLOW: Final = ({"id"}, {"identifier"}, {"name"}, {"email"}, {"env"}, {"file"}, {"source", "id", "name"})
"""The fields of small mappings that are written on one line, such as look-ups."""


def document_text(draft: Draft, spec: Mapping[str, Any], render: Render) -> str:
    """Return the text of one document, with its comment, and without a line of dashes.

    `spec` is the part of its spec that no default gives it.
    """
    lines = [f"# {line}" if line else "#" for line in map(comment_line, draft.comment)]
    lines += [f"apiVersion: {API_VERSION}", f"kind: {draft.kind.name}", "metadata:"]
    lines += _mapping(draft.metadata(), 2)
    lines += _field("spec", rendered(dict(spec), render), 0)
    return "\n".join(lines) + "\n"


def defaults_text(name: str, fields: Mapping[str, Mapping[str, Any]], comment: Iterable[str], render: Render) -> str:
    """Return the text of a `Defaults` document."""
    lines = [f"# {line}" for line in comment]
    lines += [f"apiVersion: {API_VERSION}", "kind: Defaults", "metadata:", *_mapping({"name": name}, 2)]
    lines += _field("spec", rendered({kind: dict(values) for kind, values in fields.items()}, render), 0)
    return "\n".join(lines) + "\n"


def comment_line(text: str) -> str:
    """Return a text that fits a comment of one line."""
    return _CONTROLS.sub(" ", text).rstrip()


def scalar(value: Any) -> str:
    """Return a value without parts, in quotes if it needs them."""
    if isinstance(value, str):
        return text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain_decimal(Decimal(value))


def text(value: str) -> str:
    """Return a text, in quotes if a reader of YAML may not read it as this text."""
    if _PLAIN.match(value) and value.casefold() not in _WORDS:
        return value
    return quoted(value)


def quoted(value: str) -> str:
    """Return a text in double quotes."""
    return '"' + _ESCAPED.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    letter = match[0]
    if short := _SHORT.get(letter):
        return "\\" + short
    number = ord(letter)
    return f"\\x{number:02X}" if number <= 0xFF else f"\\u{number:04X}"


def _mapping(values: Mapping[str, Any], indent: int) -> list[str]:
    lines: list[str] = []
    for name, value in values.items():
        lines += _field(name, value, indent)
    return lines


def _field(name: str, value: Any, indent: int) -> list[str]:
    """Return the lines of one field of a mapping."""
    start = f"{' ' * indent}{text(name)}:"
    if isinstance(value, Mapping):
        if not value or (value.keys() in _SHORTEST_FLOW and all(map(_is_scalar, value.values()))):
            return [f"{start} {_flow(value)}"]
        return [start, *_mapping(value, indent + 2)]
    if isinstance(value, list):
        if all(map(_is_scalar, value)):
            return [f"{start} [{', '.join(_in_flow(each) for each in value)}]"]
        return [start, *(line for each in value for line in _item(each, indent + 2))]
    return [f"{start} {scalar(value)}"]


def _item(value: Mapping[str, Any], indent: int) -> list[str]:
    """Return the lines of a mapping in a list."""
    lines = _mapping(value, indent + 2)
    return [f"{' ' * indent}- {lines[0].lstrip()}", *lines[1:]] if lines else [f"{' ' * indent}- {{}}"]


def _flow(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{text(name)}: {_in_flow(value)}" for name, value in values.items()) + "}"


def _in_flow(value: Any) -> str:
    """Return a value inside brackets, where a comma ends it."""
    if isinstance(value, str) and "," in value:
        return quoted(value)
    return scalar(value)


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping | list)
