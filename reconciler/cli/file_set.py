"""Write several files together: all of them, or none."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.cli.output import write_error, write_temporary
from reconciler.cli.unfinished import content_of, list_of, temporary_of
from reconciler.manifests.files import UNFINISHED


def write_files(root: Path, contents: Mapping[Path, bytes]) -> None:
    """Write files of a manifest folder, in their order. If one cannot be written, or at Ctrl-C, none is changed.

    All contents are first written to temporary files beside their targets. Then these are renamed, and Ctrl-C has to
    wait. If the process is killed meanwhile, the next import renames the rest (`unfinished`). A file that has its
    content already is left alone. A file keeps its mode, and a symbolic link is kept. Folders are created as needed.
    The disk may not have the files yet when this returns. Raises `ReconcilerError` for the first file that cannot be
    written.
    """
    staged, marker = _Staged(), root / UNFINISHED
    try:
        for path, content in contents.items():
            with _reported(path):
                if content_of(path) != content:
                    staged.add(path, content)
        if not staged.files:
            return
        with _reported(marker):
            staged.add(marker, list_of(root, staged.files))
        with _later():
            with _reported(marker):
                staged.rename(marker)
            for path in list(staged.files):
                with _reported(path):
                    staged.rename(path)
            marker.unlink()
    finally:
        if not marker.exists():
            staged.clean_up()


@dataclass(slots=True)
class _Staged:
    """The temporary files and the new folders of one call."""

    files: dict[Path, tuple[Path, Path]] = field(default_factory=dict)
    """(temporary file, target) by path. The target of a symbolic link is the file that it leads to."""
    folders: list[Path] = field(default_factory=list)
    """The folders that were created, the outer ones first."""

    def add(self, path: Path, content: bytes) -> None:
        target = path.resolve()
        self._create_folder(target.parent)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        temporary = temporary_of(target, os.getpid())
        self.files[path] = (temporary, target)
        write_temporary(temporary, content, mode, sync=False)

    def _create_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._create_folder(folder.parent)
            folder.mkdir(exist_ok=True)
            self.folders.append(folder)

    def rename(self, path: Path) -> None:
        """Give a temporary file its name."""
        temporary, target = self.files[path]
        temporary.replace(target)
        del self.files[path]

    def clean_up(self) -> None:
        """Remove the temporary files that were not renamed, and the new folders that have no file."""
        for temporary, _ in self.files.values():
            temporary.unlink(missing_ok=True)
        for folder in reversed(self.folders):
            if not any(folder.iterdir()):
                folder.rmdir()


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise write_error(path, error) from None


@contextmanager
def _later() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM for the moment of the renames. Only the main thread receives them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(each, signal.signal(each, signal.SIG_IGN)) for each in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)
