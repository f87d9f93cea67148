"""Store the actor of each run, the changes of each write, the declared documents, and edits by others.

Rows of earlier versions have no actor, commit, action, reason or changes: these columns are null there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns to `runs` and `writes`, and make the tables `declared` and `hand_edits`."""
    op.add_column("runs", sa.Column("actor", sa.Text))
    op.add_column("runs", sa.Column("git_commit", sa.Text))
    op.add_column("runs", sa.Column("undoes", sa.BigInteger))
    op.add_column("writes", sa.Column("action", sa.Text))
    op.add_column("writes", sa.Column("reason", sa.Text))
    op.add_column("writes", sa.Column("changes", sa.JSON(none_as_null=True)))
    op.create_index("writes_by_run", "writes", ["run_id"])
    if op.get_context().dialect.name == "postgresql":  # an index that also finds the beginnings of addresses
        op.drop_index("writes_by_address", "writes")
        columns = ["workspace", "address", "id"]
        op.create_index("writes_by_address", "writes", columns, postgresql_ops={"address": "text_pattern_ops"})
    op.create_table(
        "declared",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("object_id", sa.BigInteger),
        sa.Column("parent_id", sa.BigInteger),
        sa.Column("protected", sa.Boolean, nullable=False),
        sa.Column("declared_at", _Time, nullable=False),
    )
    op.create_table(
        "hand_edits",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("addition_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seen_at", _Time, primary_key=True),
        sa.Column("fields", sa.JSON, nullable=False),
    )
