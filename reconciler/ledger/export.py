"""Write every table of a ledger into files: CSV by default, or Parquet with the extra `[parquet]`.

The rows are read as a stream from one consistent state, so a ledger of any size fits into memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec
import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import head_of
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.export_formats import WriteRows, csv_rows, parquet_rows
from reconciler.ledger.files import PRIVATE_FILE, PRIVATE_FOLDER
from reconciler.ledger.store import Ledger

Format = Literal["csv", "parquet"]
CONTENTS = "export.json"
"""The file that names the revision, the end of the chain, and the number of rows of each table."""
_BATCH = 20_000


def export_ledger(
    ledger: Ledger, folder: Path, form: Format, on_table: Callable[[str, int], None] = lambda _name, _rows: None
) -> dict[str, Any]:
    """Write a file for each table into a folder, readable by its owner alone; return what `export.json` has.

    Raises `LedgerError` if a file exists or cannot be written, or if the library for Parquet is missing.
    """
    open_rows = csv_rows if form == "csv" else parquet_rows()
    tables = schema.metadata.sorted_tables
    files = {table.name: folder / f"{table.name}.{form}" for table in tables}
    try:
        if not folder.is_dir():
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
        for place in (*files.values(), folder / CONTENTS):
            if place.exists():
                raise LedgerError("the file exists already", where=str(place), advice="Name an empty folder.")
        with ledger.read() as connection:
            connection.execution_options(stream_results=True, yield_per=_BATCH)
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            rows = {}
            for table in tables:
                with _new_file(files[table.name]) as file, open_rows(file, table) as write:
                    rows[table.name] = _copy(connection, table, write)
                on_table(table.name, rows[table.name])
            contents = {"revision": schema.HEAD, "chain": str(head_of(connection)), "rows": rows}
        with _new_file(folder / CONTENTS) as file:
            file.write(msgspec.json.format(msgspec.json.encode(contents), indent=2) + b"\n")
    except OSError as error:
        raise LedgerError(
            f"the export cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            advice="Name another folder, or free some space.",
        ) from None
    return contents


def _copy(connection: sa.Connection, table: sa.Table, write: WriteRows) -> int:
    """Write all rows of a table; return their number. JSON is read as the text that is stored."""
    columns = [sa.cast(each, sa.Text) if isinstance(each.type, sa.JSON) else each for each in table.columns]
    number = 0
    for batch in connection.execute(sa.select(*columns).order_by(*table.primary_key)).partitions():
        write(batch)
        number += len(batch)
    return number


@contextmanager
def _new_file(place: Path) -> Iterator[BinaryIO]:
    """Yield a new file that only its owner can read. It gets its name when it is complete."""
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
            os.fchmod(file.fileno(), PRIVATE_FILE)
            yield file
        partial.rename(place)
    finally:
        partial.unlink(missing_ok=True)
