"""Turn rows into digests (SHA-256). The same row gives the same digest in SQLite and in PostgreSQL.

What is hashed is JSON with sorted names: times in UTC as RFC 3339, decimals as they were written, no nulls. The values
are those that the database returns, so that a digest can be computed again from the ledger alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.covered import Covered

_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number")
_BATCH = 10_000
NOTHING = bytes(32)
"""Stands for the entry before the first one."""


def digest_of_note(note: Mapping[str, Any]) -> bytes:
    """Return the digest of an entry's own note, for an entry that covers no row."""
    return hashlib.sha256(_encoder.encode(note)).digest()


def digest_of_row(row: Mapping[str, Any], parts: bytes | None) -> bytes:
    """Return the digest of a row together with that of its parts."""
    values = {name: value for name, value in row.items() if value is not None}
    return hashlib.sha256(_encoder.encode(values) + (parts or b"")).digest()


def digest_of_entry(entry: Mapping[str, Any]) -> bytes:
    """Return the digest of an entry of the chain, which the next entry stores as `previous`."""
    names = ("number", "subject", "row_id", "content", "parts", "previous")
    return hashlib.sha256(_encoder.encode([_text(entry[name]) for name in names])).digest()


def digest_of_parts(connection: sa.Connection, covered: Covered, row_id: int) -> bytes | None:
    """Return the digest of all rows that belong to a row. None for a table without parts.

    A table that has no rows for it adds nothing. So a table that a later version adds leaves old digests as they are.
    """
    if not covered.parts:
        return None
    found = hashlib.sha256()
    for table in covered.parts:
        rows = connection.execute(_rows_of(table), {"owner": row_id})
        for number, batch in enumerate(rows.partitions(_BATCH)):
            if number == 0:
                found.update(f"{table.name}\n".encode())
            found.update(_encoder.encode_lines(_lines(batch)))
    return found.digest()


def _lines(rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return rows without the nulls at their ends, so that a new column that is null changes no digest."""
    lines = [tuple(row) for row in rows]
    for index, line in enumerate(lines):
        if line[-1] is None:
            kept = len(line)
            while kept and line[kept - 1] is None:
                kept -= 1
            lines[index] = line[:kept]
    return lines


@cache
def _rows_of(table: sa.Table) -> sa.Select[Any]:
    """Return the query for the rows of a part, in the order of its key. A device is named by its ids."""
    columns: list[sa.Column[Any]] = []
    source: sa.FromClause = table
    for column in table.columns:
        if column.name == "pull_id":
            continue
        if any(key.column is schema.devices.c.id for key in column.foreign_keys):
            columns += [schema.devices.c.customer_id, schema.devices.c.device_id]
            source = source.outerjoin(schema.devices, schema.devices.c.id == column)
        else:
            columns.append(column)
    own = table.c.pull_id == sa.bindparam("owner")
    return sa.select(*columns).select_from(source).where(own).order_by(*table.primary_key)


def _text(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
