"""Turn errors of a database driver into `LedgerError`s that say what to do."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ExceptionContext

from reconciler.ledger.errors import LedgerError, Unwritable
from reconciler.ledger.server_errors import explain

_DAMAGED = (
    "the ledger is damaged",
    "Restore it from a backup. Or move it away to start a new one; its history is then lost.",
)
_FULL = ("the disk is full; the ledger could not be written", "Free some space, then run again.")
_BUSY = ("the ledger is locked by another process", "Wait for the other run to end, then try again.")
_SQLITE = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_NOTADB": (
        "the file is not a ledger: it is not a SQLite database",
        "Name another file in the Workspace's `ledger`, or move this one away.",
    ),
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_PERM": ("no permission to read the ledger", "Check the permissions of the file and its directory."),
}
_UNWRITABLE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_CANTOPEN": (
        "the ledger cannot be opened",
        "Check that its directory exists and that this user can read and write it.",
    ),
    "SQLITE_READONLY": ("no permission to write the ledger", "Check the permissions of the file and its directory."),
    "SQLITE_IOERR": ("the disk failed while the ledger was read or written", "Check the disk, then run again."),
    # PostgreSQL's codes
    "42501": (
        "this role has no permission to write the ledger",
        "Grant it the right to write the tables. If they must be created or changed, run once as their owner.",
    ),
    "25006": ("the database server is read-only", "Name a server that accepts writes in the Workspace's `ledger`."),
    "53100": _FULL,
}


def damaged(how: str, where: str = "ledger") -> LedgerError:
    """Return the error for a ledger whose content is damaged."""
    what, advice = _DAMAGED
    return LedgerError(f"{what}: {how}", where=where, advice=advice)


def unwritable(code: str, url: sa.URL) -> Unwritable:
    """Return the error for a code of `_UNWRITABLE`."""
    what, advice = _UNWRITABLE[code]
    return Unwritable(what, where=location_of(url), advice=advice)


def location_of(url: sa.URL | None) -> str:
    """Return where a ledger is, for messages: a file's path, or a URL without password and options.

    Options are left out because they can hold passwords too (`?password=…`, `?sslpassword=…`).
    """
    if url is None:
        return "ledger"
    if url.get_backend_name() == "sqlite":
        return url.database or "the ledger in memory"
    return url.set(query={}).render_as_string(hide_password=True)


def ledger_error(url: sa.URL | None, error: BaseException) -> LedgerError:
    """Return the ledger error for an error of a driver. Passwords of the URL are masked."""
    name = getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
    code = "_".join(name.split("_")[:2]) or str(getattr(error, "sqlstate", None) or "")
    if code in _UNWRITABLE:
        return unwritable(code, url or sa.URL.create("sqlite"))
    if code in _SQLITE:
        what, advice = _SQLITE[code]
        return LedgerError(what, where=location_of(url), advice=advice)
    text = " ".join(str(error).split())
    for secret in _secrets_of(url):
        text = text.replace(secret, "***")
    if url is not None and url.get_backend_name() == "postgresql" and (known := explain(text)) is not None:
        return LedgerError(known[0], where=location_of(url), advice=known[1])
    return LedgerError(
        f"the ledger cannot be used: {text}",
        where=location_of(url),
        advice="Check that the database exists and that this program created its tables.",
    )


def _secrets_of(url: sa.URL | None) -> list[str]:
    """Return the passwords in a URL, which no message can repeat."""
    if url is None:
        return []
    options = [value for name, value in url.normalized_query.items() if "password" in name.lower()]
    return [text for text in [str(url.password or ""), *(text for value in options for text in value)] if text]


def raise_ledger_error(context: ExceptionContext) -> None:
    """Raise a `LedgerError` in place of a driver's error; a listener for SQLAlchemy's `handle_error`.

    Two errors pass unchanged. A broken uniqueness rule decides which of two processes gets the lock. A value that
    never reached the driver is a fault of this program.
    """
    if context.is_pre_ping and context.is_disconnect:
        return  # the pool connects again
    raised = context.sqlalchemy_exception
    if isinstance(raised, sa.exc.IntegrityError) or not isinstance(raised, sa.exc.DBAPIError):
        return
    url = None if context.engine is None else context.engine.url
    raise ledger_error(url, context.original_exception) from context.original_exception
