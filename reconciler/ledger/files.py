"""The file of a SQLite ledger: its path, and permissions that let only its owner read it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import sqlalchemy as sa

from reconciler.ledger.errors import LedgerError, Unwritable

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
COMPANIONS = ("-wal", "-shm")
"""Endings of the files that SQLite keeps next to the database while it is in use."""


def path_of(url: sa.URL) -> Path | None:
    """Return the file that a URL names; None for a database server and for a database in memory."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    name = url.database
    if name.startswith("file:"):
        name = unquote(name.removeprefix("file:").partition("?")[0])
        if url.query.get("mode") == "memory":
            return None
    return None if name in {"", ":memory:"} else Path(name)


def is_in_memory(url: sa.URL) -> bool:
    """Return whether a ledger is only in memory. It is lost when the process ends, and no other process can read it."""
    return url.get_backend_name() == "sqlite" and path_of(url) is None


def make_private(file: Path, *, create: bool = True) -> None:
    """Create the file and its directory where they are missing, and let only the owner read the file.

    The permissions of another user's file stay as they are. Raises `LedgerError` where the path is not a file, and
    `Unwritable` where the file or directory cannot be created.
    """
    _require_file(file)
    if create:
        _create_directory(file.parent)
        _create_file(file)
    for each in (file, *(file.with_name(file.name + ending) for ending in COMPANIONS)):
        with suppress(OSError):
            mode = stat.S_IMODE(each.stat().st_mode)
            if each.is_file() and mode & ~PRIVATE_FOLDER:
                each.chmod(mode & PRIVATE_FILE)


def _require_file(file: Path) -> None:
    """Raise `LedgerError` for a directory, pipe or device. SQLite's own errors for these name another cause."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return  # it does not exist or cannot be reached; creating or opening it gives the error
    if not stat.S_ISREG(mode):
        raise LedgerError(
            f"the ledger is a {'directory' if stat.S_ISDIR(mode) else 'pipe or a device'}, not a file",
            where=str(file),
            advice="Name a file in the Workspace's `ledger`.",
        )


def _create_directory(directory: Path) -> None:
    try:
        if not directory.is_dir():
            directory.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            directory.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise Unwritable(
            f"the ledger's directory cannot be created: {error.strerror}",
            where=str(directory),
            advice="Create it, or name another place in the Workspace's `ledger`.",
        ) from None


def _create_file(file: Path) -> None:
    """Create an empty file. SQLite would create it with the permissions of the umask."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        return
    except OSError as error:
        raise Unwritable(
            f"the ledger cannot be created: {error.strerror}",
            where=str(file),
            advice="Check its directory's permissions and free space, or name another place in the Workspace's "
            "`ledger`.",
        ) from None
    try:
        os.fchmod(handle, PRIVATE_FILE)
    finally:
        os.close(handle)
