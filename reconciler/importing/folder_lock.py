"""One import of a folder at a time. The system frees the lock when the process ends, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import Refused

try:
    import fcntl
except ModuleNotFoundError:  # Windows has no such lock
    fcntl = None  # type: ignore[assignment]  # a module that may be missing has no other type


@contextmanager
def folder_lock(root: Path) -> Iterator[None]:
    """Hold the lock of a folder. Raises `Refused` if another import holds it.

    There is no lock if the folder cannot be opened, or if the system or the file system has no locks.
    """
    try:
        folder = os.open(root, os.O_RDONLY)
    except OSError:
        yield  # what reads the folder next says why it cannot
        return
    try:
        _take(folder, root)
        yield
    finally:
        os.close(folder)


def _take(folder: int, root: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        what = "another import of this folder is running"
        raise Refused(what, where=str(root), advice="Wait for it to end, then import again.") from None
    except OSError:
        pass  # the file system has no locks
