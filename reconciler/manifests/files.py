"""Find and read the files of a manifest folder.

Links inside the folder are followed. A link that leads out of the folder, back to itself or to nothing is an error, and
so is anything that is not a regular file: reading a named pipe would never end.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.manifests import masking
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.lines import lines_of, place_of

_BOM = b"\xef\xbb\xbf"
_OTHERS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Byte order mark → encoding. UTF-32 comes first, because its mark begins with the mark of UTF-16."""
_MARKS = tuple(_OTHERS)
_BREAKS = ("\x85", "\u2028", "\u2029")
_BROKEN = {
    errno.ELOOP: "is a link that leads back to itself",
    errno.ENOENT: "is a link to a file that does not exist",
}
_SUFFIXES = frozenset({".yaml", ".yml"})
LARGEST = 64 * 1024 * 1024
"""The most bytes of one manifest file."""
UNFINISHED = ".import-unfinished.json"
"""The file that an import has in the manifest folder while it writes the other ones."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of one file."""

    name: str
    """The path relative to the manifest folder, with forward slashes."""
    text: str
    """Without the byte order mark."""
    bom: bytes = b""
    """The byte order mark at the beginning of the file, if it has one."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A path that was found: a file to read, or a diagnostic that says why it cannot be read."""

    name: str
    path: str | Path
    """Where it is read. A search gives text: 10,000 times `Path` takes as long as reading the files."""
    error: Diagnostic | None = None
    first_name: str | None = None
    """The name under which the same file was found before, if a link leads to it again."""
    real: str = ""
    """The path without links. Empty for an error."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read."""

    diagnostic: Diagnostic
    text: str
    """The part of the text that could be decoded. It is searched only for the names of documents."""


def find(root: Path, added: Collection[str] = ()) -> list[FoundFile]:
    """Return every `*.yaml` and `*.yml` file in a folder and its subfolders, sorted. Case does not count.

    `added` are the names of files that will be written.

    Hidden files and folders are left out. A file that a link leads to as well is found under its own path first. Raises
    `OSError` if a folder cannot be read, and `ManifestError` if an import has written a part of its files only.
    """
    if (root / UNFINISHED).exists():
        what = "an import writes this folder, or was interrupted: some of its files are not written yet"
        raise ManifestError(
            [Diagnostic(what, "run `reconciler import` again: it first writes the rest", UNFINISHED)], root
        )
    walk = _Walk(root, Path(os.path.realpath(root)))
    walk.folder("", root)
    while walk.links:
        links, walk.links = sorted(walk.links), []
        for name, path in links:
            walk.link(name, path)
    known = {each.name for each in walk.found}
    walk.found += [FoundFile(name, str(root / name)) for name in added if name not in known]
    return sorted(walk.found, key=lambda each: _order(each.name))


def _order(name: str) -> list[tuple[bool, str]]:
    """Return a sort key that puts the files of a folder before the files of its subfolders."""
    *folders, file = name.split("/")
    return [*((True, each) for each in folders), (False, file)]


@dataclass(slots=True)
class _Walk:
    """The search through a folder."""

    root: Path
    real_root: Path
    found: list[FoundFile] = field(default_factory=list)
    links: list[tuple[str, Path]] = field(default_factory=list)
    """Links that were found. They are followed after all files and folders."""
    names: dict[str, str] = field(default_factory=dict)
    """Real path → the name under which the file or folder was found first."""

    def folder(self, name: str, path: Path) -> None:
        """Add the files in a folder and its subfolders."""
        waiting = [(name, path)]
        while waiting:
            name, path = waiting.pop()
            real = os.path.realpath(path)
            self.names[real] = name or "."
            with os.scandir(path) as entries:
                found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name)
            for entry in found:
                below = f"{name}/{entry.name}" if name else entry.name
                if entry.is_symlink():
                    self.links.append((below, Path(entry.path)))
                elif entry.is_dir():
                    waiting.append((below, Path(entry.path)))
                elif is_manifest(below):
                    # The folder already says that it is a file: `stat` takes longer than the rest of the search.
                    mode = stat.S_IFREG if entry.is_file(follow_symlinks=False) else entry.stat().st_mode
                    self._file(below, entry.path, mode, f"{real}/{entry.name}")

    def link(self, name: str, path: Path) -> None:
        """Add the file or folder that a link leads to."""
        try:
            real = Path(os.path.realpath(path, strict=True))
            mode = real.stat().st_mode
        except OSError as error:
            if is_manifest(name) or "." not in path.name:  # a broken link to another file type is ignored
                what = _BROKEN.get(error.errno or 0, f"is a link that cannot be followed: {error.strerror}")
                self._add_error(name, what, "correct the link, or remove it")
            return
        if not stat.S_ISDIR(mode) and not is_manifest(name):
            return
        if not real.is_relative_to(self.real_root):
            advice = "put a copy into the manifest folder, or pass a folder that contains both with -C"
            self._add_error(name, "is a link that leads out of the manifest folder", advice)
        elif not stat.S_ISDIR(mode):
            self._file(name, str(path), mode, str(real))
        elif Path(os.path.realpath(path.parent)).is_relative_to(real):
            self._add_error(name, "is a link to a folder that contains the link: a loop", "remove the link")
        elif str(real) not in self.names:
            self.folder(name, path)

    def _file(self, name: str, path: str, mode: int, real: str) -> None:
        if not stat.S_ISREG(mode):
            self._add_error(name, f"is {_what(mode)}, not a file", "move it out of the manifest folder")
            return
        first_name = self.names.setdefault(real, name)
        self.found.append(FoundFile(name, path, first_name=None if first_name == name else first_name, real=real))

    def _add_error(self, name: str, message: str, advice: str) -> None:
        self.found.append(FoundFile(name, "", Diagnostic(message, advice, name)))


def is_manifest(name: str) -> bool:
    """Return whether a file with this name is a manifest."""
    return os.path.splitext(name)[1].lower() in _SUFFIXES  # noqa: PTH122 - pathlib takes ten times as long


def _what(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def read(found: FoundFile) -> SourceFile | Unreadable:
    """Return the text of one file, or why it cannot be read."""
    if found.error is not None:
        return Unreadable(found.error, "")
    try:
        raw = _content(found.path)
    except OSError as error:
        diagnostic = Diagnostic(f"cannot be read: {error.strerror}", "check the file's permissions", found.name)
        return Unreadable(diagnostic, "")
    if len(raw) > LARGEST:
        message = f"is larger than {LARGEST // 1024**2} MiB"
        return Unreadable(Diagnostic(message, "split it, or move it out of the manifest folder", found.name), "")
    return decode(found.name, raw)


def _content(path: str | Path) -> bytes:
    """Return the bytes of a file, at most `LARGEST` + 1. Python's `open` takes twice as long."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        wanted = min(os.fstat(descriptor).st_size, LARGEST) + 1  # the end of the file shows that it is complete
        parts, size = [], 0
        while size < wanted and (part := os.read(descriptor, wanted - size)):
            parts.append(part)
            size += len(part)
    finally:
        os.close(descriptor)
    return b"".join(parts)


def decode(name: str, raw: bytes) -> SourceFile | Unreadable:
    """Return the text of a file's bytes, or why they are not UTF-8 text. `name` is the file's name for messages."""
    if raw.startswith(_MARKS):
        other = next(encoding for mark, encoding in _OTHERS.items() if raw.startswith(mark))
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
    for character in () if text.isascii() else _BREAKS:
        if (offset := text.find(character)) >= 0:
            message = f"YAML 1.1 and 1.2 read the line separator U+{ord(character):04X} differently"
            return _at(name, text, offset, message, f'write it as "\\u{ord(character):04x}", in quotes')
    return SourceFile(name, text, bom)


def _at(name: str, text: str, offset: int, message: str, suggestion: str) -> Unreadable:
    line, column = place_of(text, offset)
    shown = masking.Lines(lines_of(text)).shown(line)
    return Unreadable(Diagnostic(message, suggestion, name, line, column, shown), text)


def policy_folder(root: Path) -> Path:
    """Return the folder of a repository's policies: `schemas/policies` beside the folder of the manifests."""
    return root.resolve().parent / "schemas" / "policies"


def has_policies(root: Path) -> bool:
    """Return whether a repository has something at the place of its policies, be it a folder or a link to nothing."""
    return os.path.lexists(policy_folder(root))


def shown(path: Path) -> str:
    """Return a path as messages show it: relative to the working folder if it is below that."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - it keeps links, and `resolve` does not
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return absolute.as_posix()
