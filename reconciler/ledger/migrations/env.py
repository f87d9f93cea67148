"""What alembic runs: on the connection it is handed, or as SQL text for a look at it."""

from __future__ import annotations

from alembic import context

from reconciler.ledger.schema import VERSION_TABLE, metadata

_connection = context.config.attributes.get("connection")
if _connection is None:
    context.configure(
        dialect_name=context.config.attributes.get("dialect", "postgresql"),
        version_table=VERSION_TABLE,
        target_metadata=metadata,
    )
else:
    context.configure(connection=_connection, version_table=VERSION_TABLE, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
