"""From what a database driver says to a sentence that says what to do."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ExceptionContext

from reconciler.ledger.errors import LedgerError

_SQLITE = {
    "SQLITE_BUSY": ("the ledger is locked by another process", "wait for the other run to end, then try again"),
    "SQLITE_LOCKED": ("the ledger is locked by another process", "wait for the other run to end, then try again"),
    "SQLITE_FULL": ("the disk is full; the ledger could not be written", "free some space, then run again"),
    "SQLITE_NOTADB": (
        "the file is not a ledger, nor any SQLite database",
        "name another file in the Workspace's `ledger`, or move this one away",
    ),
    "SQLITE_CORRUPT": (
        "the ledger is damaged",
        "restore it from a backup, or move it away: history is lost with it, correctness is not",
    ),
    "SQLITE_CANTOPEN": (
        "the ledger cannot be opened",
        "check that its directory exists and may be read and written by this user",
    ),
    "SQLITE_READONLY": ("the ledger may not be written", "check the permissions of the file and its directory"),
    "SQLITE_IOERR": ("the disk failed while the ledger was read or written", "check the disk, then run again"),
    "SQLITE_PERM": ("the ledger may not be read", "check the permissions of the file and its directory"),
}


def place_of(url: sa.URL) -> str:
    """The ledger's place for a message: a file's path, or a URL without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or "the ledger in memory"
    return url.render_as_string(hide_password=True)


def sentence(url: sa.URL, error: BaseException) -> LedgerError:
    """The ledger error for what a driver raised."""
    name = getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
    family = "_".join(name.split("_")[:2])
    if family in _SQLITE:
        what, advice = _SQLITE[family]
        return LedgerError(what, where=place_of(url), advice=advice)
    said = " ".join(str(error).split())
    password = url.password
    if password:
        said = said.replace(str(password), "***")
    return LedgerError(
        f"the ledger cannot be used: {said}",
        where=place_of(url),
        advice="check that the database is there and that its tables were made by this program",
    )


def translate(context: ExceptionContext) -> None:
    """For SQLAlchemy's `handle_error`: raise the sentence instead of the driver's error.

    A broken uniqueness rule passes as it is: two processes that reach for one row is how the lock is decided.
    """
    if isinstance(context.sqlalchemy_exception, sa.exc.IntegrityError):
        return
    original = context.original_exception
    if not isinstance(original, Exception) or context.engine is None:
        return
    if context.sqlalchemy_exception is None:  # not the driver's: a value that we got wrong
        return
    raise sentence(context.engine.url, original) from original
