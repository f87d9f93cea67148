"""Copy a SQLite ledger to another file while runs use it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from reconciler.ledger import driver_errors
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.files import PRIVATE_FILE, path_of
from reconciler.ledger.read_only import back_up
from reconciler.ledger.store import parse_url


def backup(url: str, target: Path) -> int:
    """Copy the ledger into a new file, which only its owner can read; return the number of its bytes.

    The copy is one consistent state of the ledger. The file gets its name when the copy is complete and on the disk.
    Raises `LedgerError` for a ledger on a server, for a file that exists, and if a file cannot be read or written.
    """
    address = parse_url(url)
    source = path_of(address)
    if source is None:
        raise LedgerError(
            "only a ledger in a SQLite file is copied by this command",
            where=driver_errors.location_of(address),
            advice="For PostgreSQL, use pg_dump: see docs/how-to/ledger.md.",
        )
    if not source.is_file():
        raise LedgerError("there is no ledger yet", where=str(source), advice="The first `apply` makes it.")
    if target.exists() or target.is_symlink():
        raise LedgerError("the file exists already", where=str(target), advice="Name a new file.")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        try:
            os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
            with closing(sqlite3.connect(partial)) as copy:
                back_up(source, copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, without `-wal` beside it
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the backup cannot be written: {error.strerror}",
            where=str(target),
            advice="Name another file, or free some space.",
        ) from None
    except sqlite3.Error as error:
        raise driver_errors.ledger_error(address, error) from error
    return target.stat().st_size
