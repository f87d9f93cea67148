"""Add a table for what invoices have of the additions of single months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "line_amounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("addition_id", sa.BigInteger, nullable=False),
        sa.Column("agreement_id", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("source", "customer_id", "charge", "period")),
        sa.Column("adjustment", sa.Integer, nullable=False),
        sa.Column("effective", sa.Text, nullable=False),
        sa.Column("amount", sa.Text),
        sa.Column("invoiced", sa.Boolean, nullable=False),
        sa.Column("assumed", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("line_amounts_by_period", "line_amounts", ["workspace", "tenant", "period"])
