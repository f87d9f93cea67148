"""A ledger for those who only look: one that cannot be written is no error, and neither is none at all.

Where it cannot be written they work on a copy, and what they write to it is dropped at the end. So a plan can
always take its own reading into account, and a later run never finds half of it.
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
from reconciler.ledger.files import file_of
from reconciler.ledger.store import Ledger, bring_up_to_date, engine_of, revision_of, url_of

IN_MEMORY = 256 * 2**20
"""Bytes up to which a copy is kept in memory; a larger one is a file that only its owner may read."""
RECENT = timedelta(days=62)
"""How far back the samples go in a copy of a database server's ledger: no running month needs older ones."""
_BATCH = 5_000
_NOTHING_BESIDE = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_FULL")
"""What SQLite answers where it cannot make its companions of the file: no permission, or no room."""


def open_for_reading(url: str, *, now: datetime, on_notice: Callable[[str], None]) -> Ledger:
    """The ledger itself where it can be written, else a copy; `on_notice` is told why, once.

    Raises LedgerError for a ledger that is damaged, locked, another program's or newer than this program.
    """
    try:
        ledger = Ledger.open(url, now=now)
    except Unwritable as error:
        return open_copy(url, error, now=now, on_notice=on_notice)
    try:
        refused = _why_not(ledger)
    except BaseException:
        ledger.close()
        raise
    if refused is None:
        return ledger
    ledger.close()
    return open_copy(url, refused, now=now, on_notice=on_notice)


def _why_not(ledger: Ledger) -> Unwritable | None:
    """Why a ledger that was opened cannot be written; None where it can."""
    try:
        with ledger.write() as connection:
            _touch(connection)
            if connection.dialect.name == "postgresql":
                return _postgresql_says(connection)
    except Unwritable as error:
        return error
    return None


def _touch(connection: sa.Connection) -> None:
    """Change a row of a SQLite file to what it is: that alone tells whether the file takes a change."""
    if connection.dialect.name == "sqlite":
        version = sa.table(schema.VERSION_TABLE, sa.column("version_num", sa.Text))
        connection.execute(sa.update(version).values(version_num=version.c.version_num))


def _postgresql_says(connection: sa.Connection) -> Unwritable | None:
    url = connection.engine.url
    read_only = sa.func.current_setting("transaction_read_only")
    if connection.execute(sa.select(read_only)).scalar() == "on":
        return driver_errors.unwritable("25006", url)
    for table in (schema.pulls, schema.samples):
        may = sa.func.has_table_privilege(table.name, "INSERT")
        if not connection.execute(sa.select(may)).scalar():
            return driver_errors.unwritable("42501", url)
    return None


def open_copy(url: str, why: Unwritable, *, now: datetime, on_notice: Callable[[str], None]) -> Ledger:
    """A copy of the ledger as it stands, empty where there is none; `why` is what keeps us from the ledger itself."""
    where = url_of(url)
    file = file_of(where)
    if file is None:
        copy = _copy_of_server(where, now)
    elif file.is_file():
        copy = _copy_of_file(file)
    elif file.exists() or file.is_symlink():
        raise why
    else:
        copy = _empty()
    on_notice(f"{why.what} ({driver_errors.location_of(where)}): what this run reads is not kept")
    return copy


def _empty() -> Ledger:
    return _made(engine_of(sa.make_url("sqlite://")))


def _made(engine: sa.Engine, at_close: Callable[[], object] = lambda: None) -> Ledger:
    try:
        bring_up_to_date(engine)
    except BaseException:
        engine.dispose()
        at_close()
        raise
    return Ledger(engine, kept=False, at_close=at_close)


# ── a file ───────────────────────────────────────────────────────────────────────────────────────────────


def _copy_of_file(file: Path) -> Ledger:
    folder: Path | None = None

    def dropped() -> None:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    target = sa.make_url("sqlite://")
    try:
        if file.stat().st_size > IN_MEMORY:
            folder = Path(tempfile.mkdtemp(prefix="reconciler-"))
            target = sa.URL.create("sqlite", database=str(folder / "copy.sqlite"))
        engine = engine_of(target)
        with closing(engine.raw_connection()) as pooled:
            _back_up(file, pooled.driver_connection)
    except OSError as error:
        dropped()
        raise LedgerError(
            f"the ledger can neither be written nor be copied: {error.strerror}",
            where=str(file),
            advice="Let this user write it, or make room for a copy (TMPDIR names the place).",
        ) from None
    except sqlite3.Error as error:
        dropped()
        raise driver_errors.ledger_error(sa.URL.create("sqlite", database=str(file)), error) from error
    return _made(engine, dropped)


def _back_up(file: Path, target: Any) -> None:
    """One consistent state, together with what SQLite keeps beside the file.

    Where SQLite may make nothing beside the file, a file without such a companion is read as it is; one with it is
    copied to a place where SQLite may bring the two together.
    """
    try:
        return _copied(file, "mode=ro", target)
    except sqlite3.OperationalError as error:
        if not str(getattr(error, "sqlite_errorname", "")).startswith(_NOTHING_BESIDE):
            raise
    beside = file.with_name(f"{file.name}-wal")
    if not beside.exists() or beside.stat().st_size == 0:
        return _copied(file, "mode=ro&immutable=1", target)
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        place = Path(folder) / "ledger.sqlite"
        shutil.copyfile(file, place)
        shutil.copyfile(beside, place.with_name(f"{place.name}-wal"))
        return _copied(place, "mode=rw", target)


def _copied(file: Path, options: str, target: Any) -> None:
    with closing(sqlite3.connect(f"file:{quote(str(file))}?{options}", uri=True)) as source:
        source.backup(target)


# ── a database server ────────────────────────────────────────────────────────────────────────────────────


def _copy_of_server(url: sa.URL, now: datetime) -> Ledger:
    source = engine_of(url)
    try:
        found = revision_of(source)
        if found is None:
            return _empty()
        if found != schema.HEAD:
            raise LedgerError(
                f"the ledger is at revision {found}, and may not be brought to {schema.HEAD} by this role",
                where=driver_errors.location_of(url),
                advice="Run `reconciler apply` once with a role that may write it.",
            )
        copy = _empty()
        with source.connect().execution_options(stream_results=True) as reading, copy.write() as writing:
            writing.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            for table in schema.metadata.sorted_tables:
                for rows in reading.execute(_recent(table, now)).mappings().partitions(_BATCH):
                    writing.execute(sa.insert(table), [dict(row) for row in rows])
    finally:
        source.dispose()
    return copy


def _recent(table: sa.Table, now: datetime) -> sa.Select[Any]:
    if table is not schema.samples:
        return sa.select(table)
    recent = sa.select(schema.pulls.c.id).where(schema.pulls.c.started_at >= now - RECENT)
    return sa.select(table).where(table.c.pull_id.in_(recent))
