"""From what a database driver says to a sentence that says what to do."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ExceptionContext

from reconciler.ledger.errors import LedgerError, Unwritable

_DAMAGED = ("the ledger is damaged", "Restore it from a backup, or move it away: history is lost with it.")
_FULL = ("the disk is full; the ledger could not be written", "Free some space, then run again.")
_BUSY = ("the ledger is locked by another process", "Wait for the other run to end, then try again.")
_SQLITE = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_NOTADB": (
        "the file is not a ledger, nor any SQLite database",
        "Name another file in the Workspace's `ledger`, or move this one away.",
    ),
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_PERM": ("the ledger may not be read", "Check the permissions of the file and its directory."),
}
_UNWRITABLE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_CANTOPEN": (
        "the ledger cannot be opened",
        "Check that its directory exists and may be read and written by this user.",
    ),
    "SQLITE_READONLY": ("the ledger may not be written", "Check the permissions of the file and its directory."),
    "SQLITE_IOERR": ("the disk failed while the ledger was read or written", "Check the disk, then run again."),
    # PostgreSQL's own codes
    "42501": ("the ledger may not be written by this role", "Grant it the right to write the tables."),
    "25006": ("the ledger may not be written: the server only answers reads", "Name the server that takes writes."),
    "53100": _FULL,
}


def damaged(how: str, where: str = "ledger") -> LedgerError:
    """The error for a ledger whose content is not in order."""
    what, advice = _DAMAGED
    return LedgerError(f"{what}: {how}", where=where, advice=advice)


def unwritable(code: str, url: sa.URL) -> Unwritable:
    """The error that belongs to a code of `_UNWRITABLE`."""
    what, advice = _UNWRITABLE[code]
    return Unwritable(what, where=location_of(url), advice=advice)


def location_of(url: sa.URL | None) -> str:
    """The ledger's place for a message: a file's path, or a URL without its password and options.

    An option may be a password too (`?password=…`, `?sslpassword=…`).
    """
    if url is None:
        return "ledger"
    if url.get_backend_name() == "sqlite":
        return url.database or "the ledger in memory"
    return url.set(query={}).render_as_string(hide_password=True)


def ledger_error(url: sa.URL | None, error: BaseException) -> LedgerError:
    """The ledger error for what a driver raised."""
    name = getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
    code = "_".join(name.split("_")[:2]) or str(getattr(error, "sqlstate", None) or "")
    if code in _UNWRITABLE:
        return unwritable(code, url or sa.URL.create("sqlite"))
    if code in _SQLITE:
        what, advice = _SQLITE[code]
        return LedgerError(what, where=location_of(url), advice=advice)
    said = " ".join(str(error).split())
    for secret in _secrets_of(url):
        said = said.replace(secret, "***")
    return LedgerError(
        f"the ledger cannot be used: {said}",
        where=location_of(url),
        advice="Check that the database is there and that its tables were made by this program.",
    )


def _secrets_of(url: sa.URL | None) -> list[str]:
    """What of an address a message may not repeat."""
    if url is None:
        return []
    options = [value for name, value in url.normalized_query.items() if "password" in name.lower()]
    return [text for text in [str(url.password or ""), *(text for value in options for text in value)] if text]


def raise_ledger_error(context: ExceptionContext) -> None:
    """For SQLAlchemy's `handle_error`: raise the sentence instead of the driver's error.

    Two things pass as they are: a broken uniqueness rule, because two processes that reach for one row is how the
    lock is decided, and a value that never reached the driver, because that is a fault of ours.
    """
    raised = context.sqlalchemy_exception
    if isinstance(raised, sa.exc.IntegrityError) or not isinstance(raised, sa.exc.DBAPIError):
        return
    url = None if context.engine is None else context.engine.url
    raise ledger_error(url, context.original_exception) from context.original_exception
