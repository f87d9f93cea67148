"""The chain: an entry for each row that must never change, with digests of the row and of the entry before.

An entry is written in the same transaction as the row that it covers, and no entry is ever changed or deleted. So a
change of a covered row, of an entry or of their order leaves a digest that does not match: see `chain_check`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.covered import Covered
from reconciler.ledger.digests import NOTHING, digest_of_entry, digest_of_parts, digest_of_row

_chain = schema.chain
_LOCK = 0x7265636F6E6368
"""The number of the advisory lock that lets one transaction at a time append in PostgreSQL. SQLite has one writer."""
_HEAD = sa.select(_chain).order_by(_chain.c.number.desc()).limit(1)
_INSERT = sa.insert(_chain)


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain. Its digest stands for everything before it."""

    number: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.digest.hex()}"


EMPTY = Head(0, NOTHING)


def append(connection: sa.Connection, covered: Covered, row_ids: Iterable[int]) -> None:
    """Append an entry for each of these rows. Call it last in the transaction that wrote them.

    In PostgreSQL, another transaction that appends waits from here until this one ends. After this call, a transaction
    must take no further locks: two transactions could otherwise wait for each other.
    """
    new: list[dict[str, Any]] = []
    for row_id in row_ids:
        row = connection.execute(_row_of(covered.table), {"row_id": row_id}).mappings().one()
        parts = digest_of_parts(connection, covered, row_id)
        content = digest_of_row(dict(row), parts)
        new.append({"subject": covered.name, "row_id": row_id, "parts": parts, "content": content})
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    head = head_of(connection)
    for entry in new:
        entry |= {"number": head.number + 1, "previous": head.digest}
        head = Head(entry["number"], digest_of_entry(entry))
    if new:
        connection.execute(_INSERT, new)


def head_of(connection: sa.Connection) -> Head:
    """Return the end of the chain; `EMPTY` if it has no entry."""
    last = connection.execute(_HEAD).mappings().first()
    return EMPTY if last is None else Head(last["number"], digest_of_entry(dict(last)))


@cache
def _row_of(table: sa.Table) -> sa.Select[Any]:
    """Return the query for one row. It is built once for each table, because an apply runs it for each write."""
    return sa.select(table).where(table.c.id == sa.bindparam("row_id"))
