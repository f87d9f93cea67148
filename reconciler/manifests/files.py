"""The files of a manifest folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests.diagnostics import Diagnostic

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BREAKS = ("\x85", "\u2028", "\u2029")


@dataclass(frozen=True, slots=True)
class SourceFile:
    name: str
    """Relative to the manifest folder, with forward slashes."""
    text: str

    @property
    def folder(self) -> str:
        """`""` for the manifest folder itself, else `customers/north`."""
        return self.name.rpartition("/")[0]


def find(root: Path) -> Iterator[Path]:
    """Every `*.yaml` and `*.yml` below a folder, sorted; hidden files and folders are left out."""
    for folder, below, names in os.walk(root, onerror=_raise):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name.endswith((".yaml", ".yml")):
                yield Path(folder) / name


def _raise(error: OSError) -> None:
    raise error


def read(root: Path, path: Path) -> SourceFile | Diagnostic:
    """The text of one file, a byte order mark taken off; or what keeps it from being read."""
    name = path.relative_to(root).as_posix()
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Diagnostic(f"cannot be read: {error.strerror}", "check the file's permissions", name)
    return decode(name, raw)


def decode(name: str, raw: bytes) -> SourceFile | Diagnostic:
    if raw.startswith(_UTF16):
        return Diagnostic("is UTF-16, not UTF-8", "save it as UTF-8", name)
    raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode()) + 1
        message = f"is not UTF-8: byte 0x{raw[error.start]:02X} at offset {error.start}"
        return Diagnostic(message, "save it as UTF-8", name, line, column)
    for character in _BREAKS:
        if (offset := text.find(character)) >= 0:
            line, column = position(text, offset)
            message = f"the line separator U+{ord(character):04X} means two things in two versions of YAML"
            return Diagnostic(message, f'write it as "\\u{ord(character):04x}", in quotes', name, line, column)
    return SourceFile(name, text)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
