"""The file of a SQLite ledger: where it lies, and that nobody but its owner may read it."""

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
BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside the file while it is in use."""


def file_of(url: sa.URL) -> Path | None:
    """The file behind a URL; None for a database server, and for one in memory."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    name = url.database
    if name.startswith("file:"):
        name = unquote(name.removeprefix("file:").partition("?")[0])
        if url.query.get("mode") == "memory":
            return None
    return None if name in {"", ":memory:"} else Path(name)


def is_in_memory(url: sa.URL) -> bool:
    """Whether a ledger is in memory alone: nothing of it is left when the process ends, and nobody else sees it."""
    return url.get_backend_name() == "sqlite" and file_of(url) is None


def make_private(file: Path, *, make: bool = True) -> None:
    """Make the file and its folder where they are missing, and take from others the right to read them.

    A file of somebody else keeps the rights that it has. Raises `LedgerError` for what is no file, and `Unwritable`
    where they cannot be made.
    """
    _need_a_file(file)
    if make:
        _make_folder(file.parent)
        _make_file(file)
    for each in (file, *(file.with_name(file.name + end) for end in BESIDE)):
        with suppress(OSError):
            mode = stat.S_IMODE(each.stat().st_mode)
            if each.is_file() and mode & ~PRIVATE_FOLDER:
                each.chmod(mode & PRIVATE_FILE)


def _need_a_file(file: Path) -> None:
    """SQLite says of a folder that it cannot be opened, and of a pipe that the disk fails."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return  # it is made, or cannot be made: that is said then
    if not stat.S_ISREG(mode):
        raise LedgerError(
            f"the ledger is {'a folder' if stat.S_ISDIR(mode) else 'a pipe or a device'}, not a file",
            where=str(file),
            advice="Name a file in the Workspace's `ledger`.",
        )


def _make_folder(folder: Path) -> None:
    try:
        if not folder.is_dir():
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            folder.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise Unwritable(
            f"the ledger's directory cannot be made: {error.strerror}",
            where=str(folder),
            advice="Make it, or name another place in the Workspace's `ledger`.",
        ) from None


def _make_file(file: Path) -> None:
    """Before SQLite makes it, which would go by the umask."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        return
    except OSError as error:
        raise Unwritable(
            f"the ledger cannot be made: {error.strerror}",
            where=str(file),
            advice="Check its directory's permissions and free space, or name another place in the Workspace's "
            "`ledger`.",
        ) from None
    try:
        os.fchmod(handle, PRIVATE_FILE)
    finally:
        os.close(handle)
