"""Bringing a ledger to the newest revision. Imported only when there is something to migrate."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from reconciler.ledger.schema import HEAD

_TURN = 0x7265636F6E63696C
"""The number under which those who migrate one PostgreSQL database take turns."""


def config() -> Config:
    """Alembic's configuration, without a file: the scripts lie beside this module."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return made


def upgrade(engine: sa.Engine) -> None:
    """Run what is missing, in one transaction: a ledger is migrated whole or stays as it was."""
    settings = config()
    with engine.connect().execution_options(ledger_writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":  # of two that begin at once one waits, and finds it done
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
        settings.attributes["connection"] = connection
        command.upgrade(settings, HEAD)
