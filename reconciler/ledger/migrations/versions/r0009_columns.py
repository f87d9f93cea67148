"""Add the values of other columns than used storage, and the columns that each pull read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("pulls", sa.Column("columns", sa.JSON(none_as_null=True)))
    op.add_column("earlier_samples", sa.Column("column_values", sa.JSON(none_as_null=True)))
    op.create_table(
        "device_values",
        sa.Column("device_key", _Id, sa.ForeignKey("devices.id"), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text),
        sqlite_with_rowid=False,
    )
