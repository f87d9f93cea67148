"""Make new SQLite ledgers from the SQL text of the first one, since migrations take as long as a small run."""

from __future__ import annotations

import sqlite3
from functools import cache

import pytest
import sqlalchemy as sa

from reconciler.ledger import migrations, schema
from reconciler.ledger.files import path_of
from reconciler.ledger.store import create_engine, parse_url, read_revision

_upgrade = migrations.upgrade


@cache
def _statements() -> tuple[str, ...]:
    """Return the SQL that makes a ledger of the newest revision. The migrations run once for it."""
    engine = create_engine(parse_url("sqlite://"))
    _upgrade(engine, schema.HEAD, schema.VERSION_TABLE, schema.metadata)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        made = tuple(each for each in driver.iterdump() if each not in {"BEGIN TRANSACTION;", "COMMIT;"})
    engine.dispose()
    return made


def _upgrade_quickly(engine: sa.Engine, revision: str, version_table: str, metadata: sa.MetaData) -> None:
    if path_of(engine.url) is None or read_revision(engine) is not None:
        _upgrade(engine, revision, version_table, metadata)
        return
    with engine.connect().execution_options(ledger_writes=True) as connection, connection.begin():
        for statement in _statements():
            connection.exec_driver_sql(statement)


def make_quickly(patch: pytest.MonkeyPatch) -> None:
    """Make the new SQLite ledgers of this test without running the migrations."""
    patch.setattr(migrations, "upgrade", _upgrade_quickly)
