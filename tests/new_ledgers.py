"""Make new SQLite ledgers from the SQL text of the first one, since migrations take as long as a small run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

import pytest
import sqlalchemy as sa

from reconciler.ledger import migrations, schema
from reconciler.ledger.files import path_of
from reconciler.ledger.store import create_engine, parse_url, read_revision

_upgrade = migrations.upgrade


@cache
def _sql() -> str:
    """Return the SQL text that makes a ledger of the newest revision. The migrations run once for it."""
    engine = create_engine(parse_url("sqlite://"))
    _upgrade(engine, schema.HEAD, schema.VERSION_TABLE, schema.metadata)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        text = "\n".join(driver.iterdump())
    engine.dispose()
    return text


def _upgrade_quickly(engine: sa.Engine, revision: str, version_table: str, metadata: sa.MetaData) -> None:
    file = path_of(engine.url)
    if file is None or read_revision(engine) is not None:
        _upgrade(engine, revision, version_table, metadata)
        return
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(_sql())


def make_quickly(patch: pytest.MonkeyPatch) -> None:
    """Make the new SQLite ledgers of this test without running the migrations."""
    patch.setattr(migrations, "upgrade", _upgrade_quickly)
