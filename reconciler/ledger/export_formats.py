"""Write rows of a table as CSV or as Parquet.

In CSV, a time is RFC 3339 in UTC, a text is always in quotes, a missing value is nothing, a digest is hexadecimal, and
JSON is its own text, whose decimals keep all their digits. Parquet has types for times, integers, truth values and
bytes; all else is text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, BinaryIO

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.errors import LedgerError

WriteRows = Callable[[Sequence[Sequence[Any]]], None]
"""Writes some rows."""
OpenRows = Callable[[BinaryIO, sa.Table], AbstractContextManager[WriteRows]]
"""Begins the rows of a table in an open file, and completes them at its end."""


@contextmanager
def csv_rows(file: BinaryIO, table: sa.Table) -> Iterator[WriteRows]:
    """Write CSV (RFC 4180) in UTF-8. Python's own writer does not tell a missing text from an empty one."""

    def write(rows: Sequence[Sequence[Any]]) -> None:
        file.write("".join(",".join(map(csv_text, row)) + "\r\n" for row in rows).encode())

    write([[column.name for column in table.columns]])
    yield write


def csv_text(value: Any) -> str:
    """Return a value as a field of CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    doubled = str(value).replace('"', '""')
    return f'"{doubled}"'


def parquet_rows() -> OpenRows:
    """Return what writes Parquet. Raises `LedgerError` if the extra `[parquet]` is not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, which takes 0.3 s to import
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        raise LedgerError(
            "Parquet needs the library pyarrow, which is not installed",
            where="--format parquet",
            advice="Install the extra: pip install 'reconciler[parquet]'. Or use --format csv.",
        ) from None
    types = (
        (schema.UtcTime, pa.timestamp("us", tz="UTC")),
        (sa.Boolean, pa.bool_()),
        (sa.Integer, pa.int64()),  # and `BigInteger`, which is a kind of it
        (sa.LargeBinary, pa.binary()),
        (sa.types.TypeEngine, pa.string()),
    )

    @contextmanager
    def rows_of(file: BinaryIO, table: sa.Table) -> Iterator[WriteRows]:
        chosen = [next(found for kind, found in types if isinstance(each.type, kind)) for each in table.columns]
        shape = pa.schema(list(zip(table.columns.keys(), chosen, strict=True)))

        def write(rows: Sequence[Sequence[Any]]) -> None:
            columns = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), chosen, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=shape))

        with parquet.ParquetWriter(file, shape) as writer:
            yield write

    return rows_of
