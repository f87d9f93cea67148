"""Add a table for the closes of months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "closes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text, nullable=False),
        sa.Column("samples", sa.Text, nullable=False),
        sa.Column("charges", sa.JSON, nullable=False),
        sa.Column("left_open", sa.JSON, nullable=False),
        sa.Column("accepted", sa.JSON, nullable=False),
    )
    op.create_index("closes_by_period", "closes", ["workspace", "tenant", "period"])
