"""The files of a manifest folder: which there are, and what they say.

Links inside the folder are followed. A loop, a way out of the folder, a link to nothing, and what is no file at all
(a named pipe would be waited for without end) are errors with their path.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from reconciler.manifests import masking
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.lines import lines_of, place_of

_BOM = b"\xef\xbb\xbf"
_OTHERS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""The byte order marks of other encodings; a longer one before those that it begins with."""
_BREAKS = ("\x85", "\u2028", "\u2029")
_BROKEN = {
    errno.ELOOP: "is a link that leads back to itself",
    errno.ENOENT: "is a link to something that is not there",
}
_SUFFIXES = frozenset({".yaml", ".yml"})
LARGEST = 64 * 1024 * 1024
"""Bytes of one manifest file; the largest estates that we know have less in all of theirs."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    name: str
    """Relative to the manifest folder, with forward slashes."""
    text: str
    bom: bytes = b""
    """The byte order mark that the file begins with."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file by its name, or what is wrong with what stands there."""

    name: str
    path: Path
    trouble: Diagnostic | None = None
    known_as: str | None = None
    """The name by which the same file was found before, where links lead to it twice."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    diagnostic: Diagnostic
    text: str
    """What can be made out of it, for guesses only."""


def find(root: Path) -> list[Found]:
    """Every `*.yaml` and `*.yml`, in any case, below a folder, sorted; hidden files and folders are left out.

    A folder or file that links reach twice is found by its own place first. Raises `OSError` for a folder that cannot
    be read.
    """
    walk = _Walk(root, Path(os.path.realpath(root)))
    walk.folder("", root)
    while walk.links:
        links, walk.links = sorted(walk.links), []
        for name, path in links:
            walk.link(name, path)
    return sorted(walk.found, key=lambda each: _order(each.name))


def _order(name: str) -> list[tuple[bool, str]]:
    """The files of a folder come before those of the folders in it."""
    *folders, file = PurePosixPath(name).parts
    return [*((True, each) for each in folders), (False, file)]


@dataclass(slots=True)
class _Walk:
    root: Path
    real_root: Path
    found: list[Found] = field(default_factory=list)
    links: list[tuple[str, Path]] = field(default_factory=list)
    """Looked at when everything that is no link has been found."""
    names: dict[Path, str] = field(default_factory=dict)
    """Files and folders as they really are → the name that they were found by."""

    def folder(self, name: str, path: Path) -> None:
        waiting = [(name, path)]
        while waiting:
            name, path = waiting.pop()
            self.names[Path(os.path.realpath(path))] = name or "."
            with os.scandir(path) as entries:
                found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name)
            for entry in found:
                below = f"{name}/{entry.name}" if name else entry.name
                if entry.is_symlink():
                    self.links.append((below, Path(entry.path)))
                elif entry.is_dir():
                    waiting.append((below, Path(entry.path)))
                elif _is_manifest(below):
                    self._file(below, Path(entry.path), entry.stat().st_mode)

    def link(self, name: str, path: Path) -> None:
        try:
            real = Path(os.path.realpath(path, strict=True))
            mode = real.stat().st_mode
        except OSError as error:
            if _is_manifest(name) or "." not in path.name:  # else it is none of ours
                what = _BROKEN.get(error.errno or 0, f"is a link that cannot be followed: {error.strerror}")
                self._trouble(name, path, what, "correct the link, or remove it")
            return
        if not stat.S_ISDIR(mode) and not _is_manifest(name):
            return
        if not real.is_relative_to(self.real_root):
            advice = "put a copy into the manifest folder, or name the folder around both with -C"
            self._trouble(name, path, "is a link that leads out of the manifest folder", advice)
        elif not stat.S_ISDIR(mode):
            self._file(name, path, mode, real)
        elif Path(os.path.realpath(path.parent)).is_relative_to(real):
            self._trouble(name, path, "is a link to a folder that it stands in: a loop", "remove the link")
        elif real not in self.names:  # else all that it holds is there already
            self.folder(name, path)

    def _file(self, name: str, path: Path, mode: int, real: Path | None = None) -> None:
        if not stat.S_ISREG(mode):
            self._trouble(name, path, f"is {_what(mode)}, not a file", "move it out of the manifest folder")
            return
        real = real or Path(os.path.realpath(path))
        known_as = self.names.setdefault(real, name)
        self.found.append(Found(name, path, known_as=None if known_as == name else known_as))

    def _trouble(self, name: str, path: Path, message: str, advice: str) -> None:
        self.found.append(Found(name, path, Diagnostic(message, advice, name)))


def _is_manifest(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _SUFFIXES


def _what(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def read(found: Found) -> SourceFile | Unreadable:
    """The text of one file, a byte order mark taken off; or what keeps it from being read."""
    if found.trouble is not None:
        return Unreadable(found.trouble, "")
    try:
        with found.path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        diagnostic = Diagnostic(f"cannot be read: {error.strerror}", "check the file's permissions", found.name)
        return Unreadable(diagnostic, "")
    if len(raw) > LARGEST:
        message = f"is larger than {LARGEST // 1024**2} MiB"
        return Unreadable(Diagnostic(message, "is it a manifest? Split it, or move it away", found.name), "")
    return decode(found.name, raw)


def decode(name: str, raw: bytes) -> SourceFile | Unreadable:
    other = next((encoding for mark, encoding in _OTHERS.items() if raw.startswith(mark)), None)
    if other is not None:
        text = raw.decode(other, errors="replace")
        return Unreadable(Diagnostic(f"is {other}, not UTF-8", "save it as UTF-8", name), text)
    bom = _BOM if raw.startswith(_BOM) else b""
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
    return SourceFile(name, text, bom)


def _at(name: str, text: str, offset: int, message: str, suggestion: str) -> Unreadable:
    line, column = place_of(text, offset)
    shown = masking.Lines(lines_of(text)).shown(line)
    return Unreadable(Diagnostic(message, suggestion, name, line, column, shown), text)
