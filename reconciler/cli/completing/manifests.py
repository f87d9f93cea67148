"""The names of the documents in a manifest folder. A file that cannot be read is left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler.manifests.heads import heads_of

_SUFFIXES: Final = (".yaml", ".yml")
_LARGEST: Final = 64 * 1024 * 1024
_WORD: Final = re.compile(r"\w+", re.ASCII)


def named(folder: Path, kind: str) -> list[str]:
    """Return the names of the documents of a kind."""
    if not _WORD.fullmatch(kind):
        return []
    return [name for text in _texts(folder, kind) for each, name in heads_of(text) if each == kind]


def proposed(folder: Path) -> list[str]:
    """Return the addresses of the documents that are only proposed."""
    from reconciler.manifests.parsing import parse  # noqa: PLC0415 - only this needs it, and the rest has to be fast

    found = []
    for text in _texts(folder, "proposed"):
        for _, value in parse(text).documents:
            metadata = value.get("metadata") if isinstance(value, dict) else None
            if isinstance(metadata, dict) and metadata.get("proposed") is True:
                found.append(f"{value.get('kind')}/{metadata.get('name')}")
    return sorted(found)


def _texts(folder: Path, word: str) -> Iterator[str]:
    """Yield the texts of the files that contain a word."""
    wanted = word.encode()
    for path in _files(folder):
        with suppress(OSError):
            if os.path.getsize(path) <= _LARGEST:  # noqa: PTH202 - pathlib takes several times as long
                with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes several times as long
                    raw = file.read()
                if wanted in raw:
                    yield raw.decode("utf-8-sig", errors="replace")


def _files(folder: Path) -> Iterator[str]:
    """Yield the regular files of a folder and its subfolders that may be manifests. Hidden ones are left out."""
    root = os.path.realpath(folder)
    waiting, seen = [root], {root}
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                    if real not in seen and real.startswith(root):
                        seen.add(real)
                        waiting.append(real)
                elif entry.name.lower().endswith(_SUFFIXES) and entry.is_file():
                    yield entry.path
