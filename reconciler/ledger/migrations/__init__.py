"""Bring a ledger to a newer revision. Imported only when there is something to migrate."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

_LOCK = 0x7265636F6E63696C
"""The number of the advisory lock that lets one process at a time migrate a PostgreSQL database."""


def config(version_table: str, metadata: sa.MetaData) -> Config:
    """Return Alembic's configuration. The scripts are in the folder of this module.

    `version_table` is the table that holds the revision, `metadata` the tables of the newest revision.
    """
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.attributes["version_table"] = version_table
    made.attributes["metadata"] = metadata
    return made


def upgrade(engine: sa.Engine, revision: str, version_table: str, metadata: sa.MetaData) -> None:
    """Run the missing migrations up to `revision` in one transaction. If one fails, the ledger stays as it was."""
    settings = config(version_table, metadata)
    with engine.connect().execution_options(ledger_writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":  # a second process waits here, and finds the ledger migrated
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
