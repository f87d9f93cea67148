"""Opening a ledger: a handle to a database whose tables are known to be in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from reconciler.ledger import faults, schema
from reconciler.ledger.errors import LedgerError

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

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str, *, now: datetime, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Ledger:
        """Open the ledger at a SQLAlchemy URL or a file's path, making or migrating it where needed.

        `now` must be aware. Raises LedgerError when the ledger is locked, newer than this program, not a
        database, out of disk, or in a place that may not be read and written.
        """
        if now.tzinfo is None:
            raise ValueError("now has no time zone; the ledger keeps UTC only")
        engine = _engine(_url(url), busy_timeout_ms)
        try:
            _bring_up_to_date(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state and changes nothing."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that holds the right to write from its start, so that it never has to give up midway."""
        with (
            self.engine.connect().execution_options(ledger_writes=True) as connection,
            connection.begin(),
        ):
            yield connection


def inserted_id(result: sa.CursorResult[Any]) -> int:
    """The number that the database gave to the one row just inserted."""
    key: tuple[Any, ...] = tuple(result.inserted_primary_key or ())
    return int(key[0])


def _url(text: str) -> sa.URL:
    if "://" not in text:
        text = f"sqlite:///{text}"
    try:
        return sa.make_url(text)
    except ArgumentError:
        raise LedgerError(
            "the ledger's address is not a database URL",
            where="Workspace ledger",
            advice="write a file's path, sqlite:///path, or postgresql+psycopg://user@host/database",
        ) from None


def _engine(url: sa.URL, busy_timeout_ms: int) -> sa.Engine:
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and url.database and url.database != ":memory:":
        _make_directory(Path(url.database))
    try:
        engine = sa.create_engine(
            url,
            json_serializer=lambda value: _encoder.encode(value).decode(),
            json_deserializer=_decoder.decode,
            connect_args={"timeout": busy_timeout_ms / 1000} if sqlite else {},
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise LedgerError(
            f"no driver for this kind of database is installed ({error})",
            where=url.render_as_string(hide_password=True),
            advice="for PostgreSQL: pip install 'reconciler[postgresql]' and a URL of postgresql+psycopg://…",
        ) from None
    event.listen(engine, "handle_error", faults.translate)
    if sqlite:
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _make_directory(file: Path) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the ledger's directory cannot be made: {error.strerror}",
            where=str(file.parent),
            advice="make it, or name another place in the Workspace's `ledger`",
        ) from None


def _sqlite_connect(connection: Any, _record: Any) -> None:
    """Readers beside one writer (WAL), and a commit that survives the death of this process.

    `synchronous = NORMAL` does not wait for the disk at each commit: a journal entry is safe when the process
    is killed, and may be lost with the machine's power. That is enough here, because the next run settles by
    natural key and never by the journal alone, and it makes an entry cost 0.1 ms instead of a disk flush.
    """
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _bring_up_to_date(engine: sa.Engine) -> None:
    found = _revision(engine)
    if found == schema.HEAD:
        return
    if found is not None and found not in schema.REVISIONS:
        raise LedgerError(
            f"the ledger is at revision {found}, which this program does not know (it knows up to {schema.HEAD})",
            where=faults.place_of(engine.url),
            advice="a newer reconciler wrote it: run that version or a later one",
        )
    from reconciler.ledger.migrations import upgrade  # noqa: PLC0415 - alembic costs 0.3 s, and is needed once

    upgrade(engine)


def _revision(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(schema.VERSION_TABLE):
            return None
        version = sa.table(schema.VERSION_TABLE, sa.column("version_num", sa.Text))
        found = connection.execute(sa.select(version.c.version_num)).scalar()
        return None if found is None else str(found)
