"""Open a ledger: connect to its database, check that it is ours, and create or migrate its tables."""

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
from reconciler.ledger.files import make_private, path_of

BUSY_TIMEOUT_MS = 5000
SYNCHRONOUS = "NORMAL"
"""When SQLite waits for the disk: see `_sqlite_connect`. The tests set `OFF`, because they lose no power."""

_POSTGRESQL = {"connect_timeout": "15", "tcp_user_timeout": "60000", "application_name": "reconciler"}
"""Options of a connection to PostgreSQL that the URL may set otherwise: seconds until a server must have answered a
first time, milliseconds until it must have confirmed what was sent, and the name that it shows for this program."""

# Amounts in JSON stay exact: a Decimal is written as a number, and every fraction is read as a Decimal.
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def default_url(manifests: Path) -> str:
    """Return the URL of the ledger of a manifest directory, for a Workspace that does not name another one."""
    return f"sqlite:///{manifests.resolve().parent / '.reconciler' / 'ledger.sqlite'}"


class Ledger:
    """An open ledger. The functions of this package take it as their first argument."""

    def __init__(
        self, engine: sa.Engine, *, is_copy: bool = False, at_close: Callable[[], object] = lambda: None
    ) -> None:
        self.engine = engine
        self.is_copy = is_copy
        """Whether this is a temporary copy, which is deleted with everything that is written to it."""
        self._at_close = at_close
        self._file = path_of(engine.url)
        self._identity = _identity(self._file)
        # All threads share the one connection to a database in memory, so only one of them can use it at a time.
        in_memory = engine.dialect.name == "sqlite" and self._file is None
        self._one_thread: AbstractContextManager[object] = threading.RLock() if in_memory else nullcontext()

    @classmethod
    def open(cls, url: str, *, now: datetime, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Ledger:
        """Open the ledger at a SQLAlchemy URL or a file's path; create or migrate it where needed.

        Raises `LedgerError` when the ledger is locked, was written by a newer version, or is not a ledger, and
        `Unwritable` when it cannot be written or created. Raises `ValueError` when `now` has no time zone.
        """
        if now.tzinfo is None:
            raise ValueError("now has no time zone; the ledger keeps UTC only")
        address = parse_url(url)
        file = path_of(address)
        if file is not None:
            make_private(file, create=address.query.get("mode") not in {"ro", "rw"})
        engine = create_engine(address, busy_timeout_ms)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Close all connections, and delete a temporary copy."""
        self.engine.dispose()
        self._at_close()

    def switch_to(self, copy: Ledger) -> None:
        """Close this ledger and use a copy of it from now on. Do not use or close `copy` afterwards."""
        self.close()
        self.engine, self.is_copy, self._at_close = copy.engine, copy.is_copy, copy._at_close
        self._file, self._identity, self._one_thread = copy._file, copy._identity, copy._one_thread

    def file_replaced(self) -> bool:
        """Return whether the ledger's file was moved, deleted or replaced after it was opened."""
        return self._file is not None and _identity(self._file) != self._identity

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one consistent state."""
        with self._one_thread, self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Yield a transaction that is committed at the end, or rolled back on an error.

        It takes the write lock at its start, so that it cannot fail halfway because another process writes.
        """
        with (
            self._one_thread,
            self.engine.connect().execution_options(ledger_writes=True) as connection,
            connection.begin(),
        ):
            yield connection


def inserted_id(result: sa.CursorResult[Any]) -> int:
    """Return the number that the database gave to the one row just inserted."""
    key: tuple[Any, ...] = tuple(result.inserted_primary_key or ())
    return int(key[0])


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Return device and inode, which tell two files of one name apart; None if there is no file."""
    if file is None:
        return None
    try:
        found = os.stat(file)  # noqa: PTH116  (called before each write; `Path.stat` takes three times as long)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def parse_url(text: str) -> sa.URL:
    """Return the URL of a ledger that is named by a URL or by its file. Raises `LedgerError` for an invalid URL."""
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is not a number
        raise LedgerError(
            "the ledger's address is not a database URL",
            where="Workspace ledger",
            advice="Write a file's path, sqlite:///path, or postgresql://role:password@host/database.",
        ) from None
    return url.set(drivername="postgresql") if url.drivername == "postgres" else url


def create_engine(url: sa.URL, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> sa.Engine:
    """Return an engine that raises `LedgerError`s; for a database in memory, one that all threads share.

    Raises `LedgerError` where no driver for the database is installed.
    """
    more: dict[str, Any] = {"pool_pre_ping": True}  # a server may have ended a connection that was not in use
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        more = {"connect_args": {"timeout": busy_timeout_ms / 1000, "check_same_thread": False}}
        if path_of(url) is None:
            more["poolclass"] = StaticPool
    elif url.get_backend_name() == "postgresql":
        more["connect_args"] = {name: value for name, value in _POSTGRESQL.items() if name not in url.query}
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
            advice="For PostgreSQL: pip install 'reconciler[postgresql]' and a URL of postgresql://…",
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
        raise driver_errors.damaged("a value in it is not valid JSON") from None


def _sqlite_connect(connection: Any, _record: Any) -> None:
    """Let readers work at the same time as one writer (WAL), and keep commits when this process is killed.

    With `synchronous = NORMAL` a commit does not wait for the disk, so it takes 0.1 ms. It can be lost when the machine
    loses power. The next run then still makes nothing twice, because it looks up interrupted writes by natural key.
    """
    connection.isolation_level = None  # `_sqlite_begin` begins transactions, not the driver
    try:
        for pragma in ("journal_mode = WAL", f"synchronous = {SYNCHRONOUS}", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        connection.close()  # it is not in a pool yet, so nothing else closes it
        raise


def _sqlite_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def migrate(engine: sa.Engine) -> None:
    """Create the tables, or bring them to the newest revision. Raises `LedgerError` for what is not a ledger."""
    if read_revision(engine) == schema.HEAD:
        return
    from reconciler.ledger.migrations import upgrade  # noqa: PLC0415 - importing alembic takes 0.3 s

    upgrade(engine, schema.HEAD, schema.VERSION_TABLE, schema.metadata)


def read_revision(engine: sa.Engine) -> str | None:
    """Return the revision of the tables; None if there are none.

    Raises `LedgerError` where the tables are another program's, of a newer version or incomplete.
    """
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        found = None
        if schema.VERSION_TABLE in tables:
            version = sa.table(schema.VERSION_TABLE, sa.column("version_num", sa.Text))
            found = connection.execute(sa.select(version.c.version_num)).scalar()
    where = driver_errors.location_of(engine.url)
    if found is None:
        # On a database server, other programs can have tables next to ours. A SQLite file must hold only our tables.
        others = tables - {schema.VERSION_TABLE}
        foreign = others if engine.dialect.name == "sqlite" else others & schema.metadata.tables.keys()
        if foreign:
            raise LedgerError(
                f"this is another program's database, not a ledger (tables: {', '.join(sorted(foreign)[:3])})",
                where=where,
                advice="Name another place in the Workspace's `ledger`. This database was not changed.",
            )
        return None
    if found not in schema.REVISIONS:
        raise LedgerError(
            f"the ledger is at revision {found}, which this version does not support (it supports up to {schema.HEAD})",
            where=where,
            advice="A newer version of reconciler wrote it. Run that version or a later one.",
        )
    if found == schema.HEAD and (missing := schema.metadata.tables.keys() - tables):
        raise driver_errors.damaged(f"these tables are missing: {', '.join(sorted(missing))}", where)
    return str(found)
