"""The script that Alembic runs, either on the connection that `upgrade` passes or to print SQL text."""

from __future__ import annotations

from alembic import context

_given = context.config.attributes
_connection = _given.get("connection")
if _connection is None:
    context.configure(
        dialect_name=_given.get("dialect", "postgresql"),
        version_table=_given["version_table"],
        target_metadata=_given["metadata"],
    )
else:
    context.configure(connection=_connection, version_table=_given["version_table"], target_metadata=_given["metadata"])
with context.begin_transaction():
    context.run_migrations()
