"""Finish an import that was killed while its files got their names.

Before the first one gets its name, a hidden list of all of them is written into the manifest folder. It is removed
after the last one. While it is there, no command reads the folder (`manifests.files`), because its documents do not
fit together. The next import gives the rest their names.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from reconciler.cli.output import print_note, write_error
from reconciler.errors import ReconcilerError
from reconciler.importing.folder_lock import folder_lock
from reconciler.ledger.process import read_process_start
from reconciler.manifests.files import UNFINISHED
from reconciler.rendering.counts import numbered

_BESIDE: Final = re.compile(r"\.(.*(?:\.ya?ml|\.md|\.import-unfinished\.json))\.(\d+)", re.IGNORECASE)
"""The name of a temporary file: a hidden one, with the number of the process that writes it."""


class _List(msgspec.Struct, frozen=True):
    """The files that get their names."""

    process: int
    before: dict[str, str | None]
    """By name relative to the manifest folder: the digest of the file that is replaced. None if there is none."""


def temporary_of(target: Path, process: int) -> Path:
    """Return the temporary file that a process writes beside a file."""
    return target.with_name(f".{target.name}.{process}")


def list_of(root: Path, paths: Iterable[Path]) -> bytes:
    """Return the content of the list of files that this process is about to replace."""
    before = {path.relative_to(root).as_posix(): _digest(content_of(path)) for path in paths}
    return msgspec.json.encode(_List(os.getpid(), before))


@contextmanager
def only_import(root: Path) -> Iterator[None]:
    """Keep other imports out of a manifest folder, and first finish one that was killed."""
    with folder_lock(root):
        count = finish(root)
        if count:
            print_note(f"an earlier import was killed; {numbered(count, 'file')} that it had prepared are written now")
        yield


def finish(root: Path) -> int:
    """Finish an import that was killed, and return the number of files that were missing. 0 if there was none.

    Raises `ReconcilerError` if such a file was changed since then: its new content would be lost.
    """
    marker = root / UNFINISHED
    data = content_of(marker)
    missing: list[str] = []
    if data is not None:
        listed = _read(marker, data)
        temporaries = {name: temporary_of((root / name).resolve(), listed.process) for name in listed.before}
        missing = [name for name, temporary in temporaries.items() if temporary.exists()]
        changed = [name for name in missing if _digest(content_of(root / name)) != listed.before[name]]
        if changed:
            raise ReconcilerError(
                f"an import was killed, and these files were changed since then: {', '.join(changed)}",
                where=str(marker),
                advice="Undo the change and import again. Or remove this file and the files that the import wrote.",
            )
        for name in missing:
            _rename(temporaries[name], (root / name).resolve())
        marker.unlink()
    _remove_temporaries(root)
    return len(missing)


def content_of(path: Path) -> bytes | None:
    """Return the bytes of a file. None if there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise write_error(path, error) from None


def _read(marker: Path, data: bytes) -> _List:
    try:
        listed = msgspec.json.decode(data, type=_List)
    except (msgspec.DecodeError, UnicodeDecodeError):
        listed = None
    paths = [] if listed is None else [PurePosixPath(name) for name in listed.before]
    if listed is None or any(path.is_absolute() or ".." in path.parts for path in paths):
        advice = "Remove it and the files that the import wrote, and import again."
        raise ReconcilerError("is not what an import leaves that was killed", where=str(marker), advice=advice)
    return listed


def _rename(temporary: Path, target: Path) -> None:
    try:
        temporary.replace(target)
    except OSError as error:
        raise write_error(target, error) from None


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _remove_temporaries(root: Path) -> None:
    """Remove the temporary files of processes that have ended."""
    for folder, folders, names in os.walk(root):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in names:
            found = _BESIDE.fullmatch(name) if name.startswith(".") else None
            if found is not None and not _runs(int(found[2])):
                Path(folder, name).unlink(missing_ok=True)


def _runs(process: int) -> bool:
    """Return whether another process with this number runs, or may run."""
    if os.name == "nt":  # asking for a process would end it
        return True
    return process != os.getpid() and read_process_start(process) is not None
