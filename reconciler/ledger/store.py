"""Opening a ledger: a handle to a database whose tables are known to be in order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from reconciler.ledger import driver_errors, schema
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.files import file_of, make_private

BUSY_TIMEOUT_MS = 5000

# Money in JSON stays exact: a Decimal is written as the number it is, and any fraction is read as a Decimal.
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def default_url(manifests: Path) -> str:
    """Where the ledger of a manifest directory lies unless the Workspace names another place."""
    return f"sqlite:///{manifests.resolve().parent / '.reconciler' / 'ledger.sqlite'}"


class Ledger:
    """A handle to the ledger; the modules of this room take it as their first argument.

    Every change is one transaction: `write()` commits at its end or leaves nothing behind.
    """

    def __init__(self, engine: sa.Engine, *, kept: bool = True, at_close: Callable[[], object] = lambda: None) -> None:
        self.engine = engine
        self.kept = kept
        """False for a copy: what is written to it is dropped at the end."""
        self._at_close = at_close
        self._file = file_of(engine.url)
        self._identity = _identity(self._file)
        # A database in memory is one connection for all threads, so that they take turns.
        memory = engine.dialect.name == "sqlite" and self._file is None
        self._alone: AbstractContextManager[object] = threading.RLock() if memory else nullcontext()

    @classmethod
    def open(cls, url: str, *, now: datetime, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Ledger:
        """Open the ledger at a SQLAlchemy URL or a file's path, making or migrating it where needed.

        `now` must be aware. Raises LedgerError when the ledger is locked, newer than this program, not a
        database or another program's, and `Unwritable` when it is in a place that may not be written.
        """
        if now.tzinfo is None:
            raise ValueError("now has no time zone; the ledger keeps UTC only")
        where = url_of(url)
        file = file_of(where)
        if file is not None:
            make_private(file, make=where.query.get("mode") not in {"ro", "rw"})
        engine = engine_of(where, busy_timeout_ms)
        try:
            bring_up_to_date(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        self.engine.dispose()
        self._at_close()

    def switch_to(self, copy: Ledger) -> None:
        """Work on a copy from now on; this handle takes over everything of the other."""
        self.close()
        self.engine, self.kept, self._at_close = copy.engine, copy.kept, copy._at_close
        self._file, self._identity, self._alone = copy._file, copy._identity, copy._alone

    def replaced(self) -> bool:
        """Whether its file was moved away, deleted or replaced since it was opened."""
        return self._file is not None and _identity(self._file) != self._identity

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state and changes nothing."""
        with self._alone, self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that holds the right to write from its start, so that it never has to give up midway."""
        with (
            self._alone,
            self.engine.connect().execution_options(ledger_writes=True) as connection,
            connection.begin(),
        ):
            yield connection


def inserted_id(result: sa.CursorResult[Any]) -> int:
    """The number that the database gave to the one row just inserted."""
    key: tuple[Any, ...] = tuple(result.inserted_primary_key or ())
    return int(key[0])


def _identity(file: Path | None) -> tuple[int, int] | None:
    """What tells one file from another under the same name; None where there is none."""
    if file is None:
        return None
    try:
        found = os.stat(file)  # noqa: PTH116  (asked before each write: a Path's own way takes three times as long)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def url_of(text: str) -> sa.URL:
    """The URL of a ledger that is named by a URL or by its file."""
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    try:
        return sa.make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise LedgerError(
            "the ledger's address is not a database URL",
            where="Workspace ledger",
            advice="Write a file's path, sqlite:///path, or postgresql+psycopg://user@host/database.",
        ) from None


def engine_of(url: sa.URL, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> sa.Engine:
    """An engine whose errors are sentences. A database in memory is one for all threads."""
    more: dict[str, Any] = {}
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        more["connect_args"] = {"timeout": busy_timeout_ms / 1000, "check_same_thread": False}
        if file_of(url) is None:
            more["poolclass"] = StaticPool
    try:
        engine = sa.create_engine(
            url,
            json_serializer=lambda value: _encoder.encode(value).decode(),
            json_deserializer=_decoded,
            **more,
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise LedgerError(
            f"no driver for this kind of database is installed ({error})",
            where=driver_errors.location_of(url),
            advice="For PostgreSQL: pip install 'reconciler[postgresql]' and a URL of postgresql+psycopg://…",
        ) from None
    event.listen(engine, "handle_error", driver_errors.raise_ledger_error)
    if sqlite:
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _decoded(text: str | bytes) -> Any:
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        raise driver_errors.damaged("a value in it is no JSON") from None


def _sqlite_connect(connection: Any, _record: Any) -> None:
    """Readers beside one writer (WAL), and a commit that survives the death of this process.

    `synchronous = NORMAL` does not wait for the disk at each commit: a journal entry is safe when the process
    is killed, and may be lost with the machine's power. That is enough here, because the next run settles by
    natural key and never by the journal alone, and it makes an entry cost 0.1 ms instead of a disk flush.
    """
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    try:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        connection.close()  # no pool knows it yet, so nothing else would
        raise


def _sqlite_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def bring_up_to_date(engine: sa.Engine) -> None:
    """Make the tables, or migrate them. Raises LedgerError for a database that is not a ledger of ours."""
    if revision_of(engine) == schema.HEAD:
        return
    from reconciler.ledger.migrations import upgrade  # noqa: PLC0415 - alembic costs 0.3 s, and is needed once

    upgrade(engine, schema.HEAD, schema.VERSION_TABLE, schema.metadata)


def revision_of(engine: sa.Engine) -> str | None:
    """The revision of the tables; None where there are none. Raises LedgerError where they are not ours, or damaged."""
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        found = None
        if schema.VERSION_TABLE in tables:
            version = sa.table(schema.VERSION_TABLE, sa.column("version_num", sa.Text))
            found = connection.execute(sa.select(version.c.version_num)).scalar()
    place = driver_errors.location_of(engine.url)
    if found is None:
        # A database server may hold other programs' tables beside ours; a file is ours alone.
        others = tables - {schema.VERSION_TABLE}
        strangers = others if engine.dialect.name == "sqlite" else others & schema.metadata.tables.keys()
        if strangers:
            raise LedgerError(
                f"this is another program's database: it holds {', '.join(sorted(strangers)[:3])}, and no ledger",
                where=place,
                advice="Name another place in the Workspace's `ledger`. Nothing in it was changed.",
            )
        return None
    if found not in schema.REVISIONS:
        raise LedgerError(
            f"the ledger is at revision {found}, which this program does not know (it knows up to {schema.HEAD})",
            where=place,
            advice="A newer reconciler wrote it: run that version or a later one.",
        )
    if found == schema.HEAD and (missing := schema.metadata.tables.keys() - tables):
        raise driver_errors.damaged(f"it has no {' and no '.join(sorted(missing))}", place)
    return str(found)
