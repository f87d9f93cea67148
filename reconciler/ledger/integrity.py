"""Check a whole ledger: the database itself, the references between its tables, and the chain."""

from __future__ import annotations

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import Head
from reconciler.ledger.chain_check import Findings, check_chain
from reconciler.ledger.store import Ledger


def check_ledger(ledger: Ledger, expected: Head | None = None) -> Findings:
    """Return what is wrong with a ledger, read in one consistent state. `expected` is an entry that it must still have.

    If the database itself is damaged, the rows are not compared with the chain: its own message says more. In
    PostgreSQL the server checks its files itself, and the references while it writes them.
    """
    found = Findings()
    with ledger.read() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")  # this connection itself, until it ends
        else:
            for (text,) in connection.exec_driver_sql("PRAGMA integrity_check(10)").all():
                if text != "ok":
                    found.add("database", 0, text)
        if not found.problems:
            _check_references(connection, found)
            check_chain(connection, found, expected)
    return found


def _check_references(connection: sa.Connection, found: Findings) -> None:
    """Find rows that refer to a row that is gone."""
    for table in schema.metadata.sorted_tables:
        for key in table.foreign_keys:
            there = sa.exists().where(key.column == key.parent)
            row = sa.select(key.parent).where(~there).order_by(key.parent).limit(1)
            for number in connection.execute(row).scalars():
                found.add(key.column.table.name, number, f"the row is gone, and the table {table.name} refers to it")
