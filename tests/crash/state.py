"""The state that a run leaves: all that a later run finds, except the times and the process of the run.

Two states with the same digest lead a later run to the same end. So each state is continued once.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from reconciler.sandbox.connectwise.tenant.tenant import Tenant

_OF_A_RUN = {"token", "pid", "boot", "namespaces", "process_start", "renewals"}
"""Columns of a lock that say which process holds it. Every process of a case but the last one has ended."""
_DIGESTS = {"content", "parts", "previous"}
"""Columns of the chain: digests of rows with the times and the process of the run."""
_NUMBER = re.compile(r"\.\d+$")
_PROCESS = re.compile(rb'"process":\d+')
_encode = msgspec.json.Encoder(enc_hook=str).encode


def state_of(tenant: Tenant, files: Path, ledger: Path) -> str:
    """Return a digest of a tenant, of a folder of files, and of the ledger in it."""
    digest = hashlib.sha256(_encode([_rows(tenant), list(_ledger(ledger)) if ledger.exists() else None]))
    for path in sorted(each for each in files.rglob("*") if each.is_file() and ledger.parent not in each.parents):
        name = _NUMBER.sub("", str(path.relative_to(files)))
        digest.update(_encode([name, _PROCESS.sub(b"", path.read_bytes())]))
    return digest.hexdigest()


def _rows(tenant: Tenant) -> list[object]:
    return [
        [name, row.id, row.parent, row.data, row.secrets]
        for name, table in tenant.tables.items()
        for row in table.rows.values()
    ]


def _ledger(ledger: Path) -> Iterator[object]:
    """Yield the names of the ledger's files, and the rows of its tables. A copy is read, because reading repairs it."""
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(ledger.parent.glob(f"{ledger.name}*")):
            shutil.copy(file, folder)
            yield file.name, file.stat().st_size > 0
        with closing(sqlite3.connect(Path(folder) / ledger.name)) as connection:
            tables = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            yield tables
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                rows = connection.execute(f'SELECT * FROM "{name}"')
                columns = [column for column, *_ in rows.description]
                kept = [
                    at
                    for at, column in enumerate(columns)
                    if column not in _OF_A_RUN | _DIGESTS and not column.endswith("_at")
                ]
                yield [[row[at] for at in kept] for row in rows]
