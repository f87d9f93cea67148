"""Open a ledger for commands that only read, such as `plan`.

Such a command also works if it cannot write the ledger. It uses a temporary copy, or an empty ledger if there is none.
It records into the copy, which is deleted at its end. So no later run finds half of a reading.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from reconciler.ledger import driver_errors, schema
from reconciler.ledger.errors import LedgerError, Unwritable
from reconciler.ledger.files import path_of
from reconciler.ledger.store import Ledger, create_engine, migrate, parse_url, read_revision

MAX_IN_MEMORY = 256 * 2**20
"""Bytes of a ledger up to which its copy is kept in memory. The copy of a larger one is a file."""
RECENT = timedelta(days=62)
"""How old the samples are that are copied from a database server. No running month needs older ones."""
_BATCH = 5_000
_NO_COMPANIONS = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_FULL")
"""Errors of SQLite where it cannot create its `-wal` and `-shm` files: no permission, or a full disk."""


def open_for_reading(url: str, *, now: datetime, on_notice: Callable[[str], None]) -> Ledger:
    """Return the ledger if it can be written, else a temporary copy; `on_notice` gets one message that says why.

    Raises `LedgerError` for a ledger that is damaged, locked, another program's or of a newer version.
    """
    try:
        ledger = Ledger.open(url, now=now)
    except Unwritable as error:
        return open_copy(url, error, now=now, on_notice=on_notice)
    try:
        unwritable = _write_error(ledger)
    except BaseException:
        ledger.close()
        raise
    if unwritable is None:
        return ledger
    ledger.close()
    return open_copy(url, unwritable, now=now, on_notice=on_notice)


def open_whole(url: str, *, now: datetime, on_notice: Callable[[str], None]) -> Ledger:
    """Return the ledger with all its rows, for a command that only reads. A file that cannot be written is copied.

    A role that may only read a database server reads it as it is. Raises the errors of `open_for_reading`.
    """
    try:
        return Ledger.open(url, now=now)
    except Unwritable as error:
        return open_copy(url, error, now=now, on_notice=on_notice)


def _write_error(ledger: Ledger) -> Unwritable | None:
    """Return why an open ledger cannot be written; None if it can."""
    try:
        with ledger.write() as connection:
            if connection.dialect.name == "postgresql":
                return _postgresql_error(connection)
            _write_nothing_new(connection)
    except Unwritable as error:
        return error
    return None


def _write_nothing_new(connection: sa.Connection) -> None:
    """Set a value of a SQLite file to itself. Only a real write shows whether the file can be written."""
    version = sa.table(schema.VERSION_TABLE, sa.column("version_num", sa.Text))
    connection.execute(sa.update(version).values(version_num=version.c.version_num))


def _postgresql_error(connection: sa.Connection) -> Unwritable | None:
    url = connection.engine.url
    read_only = sa.func.current_setting("transaction_read_only")
    if connection.execute(sa.select(read_only)).scalar() == "on":
        return driver_errors.unwritable("25006", url)
    for table in (schema.pulls, schema.samples):
        can_insert = sa.func.has_table_privilege(table.name, "INSERT")
        if not connection.execute(sa.select(can_insert)).scalar():
            return driver_errors.unwritable("42501", url)
    return None


def open_copy(url: str, why: Unwritable, *, now: datetime, on_notice: Callable[[str], None]) -> Ledger:
    """Return a temporary copy of a ledger, empty if there is none. `why` says why the ledger cannot be written."""
    address = parse_url(url)
    file = path_of(address)
    if file is None:
        copy = _copy_of_server(address, now)
    elif file.is_file():
        copy = _copy_of_file(file)
    elif file.exists() or file.is_symlink():
        raise why
    else:
        copy = _empty()
    on_notice(f"{why.what} ({driver_errors.location_of(address)}): what this run reads is not saved")
    return copy


def _empty() -> Ledger:
    return _migrated(create_engine(sa.make_url("sqlite://")))


def _migrated(engine: sa.Engine, at_close: Callable[[], object] = lambda: None) -> Ledger:
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        at_close()
        raise
    return Ledger(engine, is_copy=True, at_close=at_close)


# ── a SQLite file ────────────────────────────────────────────────────────────────────────────────────────


def _copy_of_file(file: Path) -> Ledger:
    folder: Path | None = None

    def delete() -> None:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    target = sa.make_url("sqlite://")
    try:
        if file.stat().st_size > MAX_IN_MEMORY:
            folder = Path(tempfile.mkdtemp(prefix="reconciler-"))  # only its owner can read it
            target = sa.URL.create("sqlite", database=str(folder / "copy.sqlite"))
        engine = create_engine(target)
        with closing(engine.raw_connection()) as pooled:
            back_up(file, pooled.driver_connection)
    except OSError as error:
        delete()
        raise LedgerError(
            f"the ledger can neither be written nor be copied: {error.strerror}",
            where=str(file),
            advice="Let this user write it, or free space for a copy in the temporary directory (TMPDIR).",
        ) from None
    except sqlite3.Error as error:
        delete()
        raise driver_errors.ledger_error(sa.URL.create("sqlite", database=str(file)), error) from error
    return _migrated(engine, delete)


def back_up(file: Path, target: Any) -> None:
    """Copy one consistent state of the file and its `-wal` file.

    SQLite may be unable to create a file next to the ledger. Then a ledger without a `-wal` file is read in its place,
    and one with a `-wal` file is copied together with that file to a directory where SQLite can merge them.
    """
    try:
        return _copy(file, "mode=ro", target)
    except sqlite3.OperationalError as error:
        if not str(getattr(error, "sqlite_errorname", "")).startswith(_NO_COMPANIONS):
            raise
    wal = file.with_name(f"{file.name}-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return _copy(file, "mode=ro&immutable=1", target)
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        place = Path(folder) / "ledger.sqlite"
        shutil.copyfile(file, place)
        shutil.copyfile(wal, place.with_name(f"{place.name}-wal"))
        return _copy(place, "mode=rw", target)


def _copy(file: Path, options: str, target: Any) -> None:
    with closing(sqlite3.connect(f"file:{quote(bytes(file))}?{options}", uri=True)) as source:
        source.backup(target)


# ── a database server ────────────────────────────────────────────────────────────────────────────────────


def _copy_of_server(url: sa.URL, now: datetime) -> Ledger:
    source = create_engine(url)
    try:
        return _copy_of_tables(source, now)
    except Unwritable:
        raise LedgerError(
            "this role has no permission to read the ledger",
            where=driver_errors.location_of(url),
            advice="Let the owner of the tables run: GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE",
        ) from None
    finally:
        source.dispose()


def _copy_of_tables(source: sa.Engine, now: datetime) -> Ledger:
    revision = read_revision(source)
    if revision is None:
        return _empty()
    if revision != schema.HEAD:
        raise LedgerError(
            f"the ledger is at revision {revision}, and this role has no permission to migrate it to {schema.HEAD}",
            where=driver_errors.location_of(source.url),
            advice="Run `reconciler apply` once with a role that can write it.",
        )
    copy = _empty()
    with source.connect().execution_options(stream_results=True) as reading, copy.write() as writing:
        writing.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        for table in schema.metadata.sorted_tables:
            for rows in reading.execute(_recent(table, now)).mappings().partitions(_BATCH):
                writing.execute(sa.insert(table), [dict(row) for row in rows])
    return copy


def _recent(table: sa.Table, now: datetime) -> sa.Select[Any]:
    """Return the query for the rows of a table that are copied: of the samples only those that `RECENT` allows."""
    if table is not schema.samples:
        return sa.select(table)
    recent = sa.select(schema.pulls.c.id).where(schema.pulls.c.started_at >= now - RECENT)
    return sa.select(table).where(table.c.pull_id.in_(recent))
