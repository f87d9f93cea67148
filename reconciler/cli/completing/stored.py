"""Read runs, customers of the console and the objects that we wrote from a ledger in SQLite.

The file is opened for reading only, and closed at once. A completion uses no network, so it reads no ledger on a
server.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

_PATIENCE: Final = 0.3
"""Seconds after which a query ends without a result."""
_ROWS: Final = 5_000
_STEPS: Final = 10_000


def runs(folder: Path) -> list[tuple[str, str, str]]:
    """Return (number, start, what it was) of each run, the newest first."""
    rows = _rows(
        folder,
        "SELECT id, started_at, CASE WHEN undoes IS NULL THEN 'apply' ELSE 'undo of ' || undoes END FROM runs "
        "ORDER BY id DESC LIMIT 200",
    )
    return [(str(number), str(started)[:16], str(what)) for number, started, what in rows]


def customers(folder: Path) -> list[tuple[str, str, str]]:
    """Return (source, id, name) of each customer of the console."""
    rows = _rows(folder, "SELECT source, customer_id, name FROM customers LIMIT ?", _ROWS)
    return [(str(source), str(customer), str(name)) for source, customer, name in rows]


def objects(folder: Path, start: str) -> list[str]:
    """Return the addresses of the objects that we wrote and that begin like this."""
    query = "SELECT DISTINCT address FROM objects WHERE substr(address, 1, ?) = ? LIMIT ?"
    return [str(address) for (address,) in _rows(folder, query, len(start), start, _ROWS)]


def _rows(folder: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query. Without a ledger, or with one of another version, there are none."""
    path = folder.resolve().parent / ".reconciler" / "ledger.sqlite"
    if not path.is_file():
        return []
    until = monotonic() + _PATIENCE
    with suppress(sqlite3.Error), closing(_opened(path)) as ledger:
        ledger.set_progress_handler(lambda: monotonic() > until, _STEPS)
        return ledger.execute(query, values).fetchall()
    return []


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(bytes(path))}?mode=ro", uri=True, timeout=_PATIENCE)
