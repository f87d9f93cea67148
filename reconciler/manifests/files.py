"""The files of a manifest folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests import masking
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.lines import lines_of, place_of

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BREAKS = ("\x85", "\u2028", "\u2029")


@dataclass(frozen=True, slots=True)
class SourceFile:
    name: str
    """Relative to the manifest folder, with forward slashes."""
    text: str


def find(root: Path) -> Iterator[Path]:
    """Every `*.yaml` and `*.yml` below a folder, sorted; hidden files and folders are left out."""
    for folder, below, names in os.walk(root, onerror=_raise):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name.endswith((".yaml", ".yml")):
                yield Path(folder) / name


def _raise(error: OSError) -> None:
    raise error


@dataclass(frozen=True, slots=True)
class Unreadable:
    diagnostic: Diagnostic
    text: str
    """What can be made out of it, for guesses only."""


def read(root: Path, path: Path) -> SourceFile | Unreadable:
    """The text of one file, a byte order mark taken off; or what keeps it from being read."""
    name = path.relative_to(root).as_posix()
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Unreadable(Diagnostic(f"cannot be read: {error.strerror}", "check the file's permissions", name), "")
    return decode(name, raw)


def decode(name: str, raw: bytes) -> SourceFile | Unreadable:
    if raw.startswith(_UTF16):
        text = raw.decode("utf-16", errors="replace")
        return Unreadable(Diagnostic("is UTF-16, not UTF-8", "save it as UTF-8", name), text)
    raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        text = raw.decode(errors="replace")
        message = f"is not UTF-8: byte 0x{raw[error.start]:02X} at offset {error.start}"
        return _at(name, text, len(raw[: error.start].decode()), message, "save it as UTF-8")
    for character in _BREAKS:
        if (offset := text.find(character)) >= 0:
            message = f"the line separator U+{ord(character):04X} means two things in two versions of YAML"
            return _at(name, text, offset, message, f'write it as "\\u{ord(character):04x}", in quotes')
    return SourceFile(name, text)


def _at(name: str, text: str, offset: int, message: str, suggestion: str) -> Unreadable:
    line, column = place_of(text, offset)
    shown = masking.shown(lines_of(text), line)
    return Unreadable(Diagnostic(message, suggestion, name, line, column, shown), text)
