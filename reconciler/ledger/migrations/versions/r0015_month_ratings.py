"""Add tables for what the charges of settled months were rated with, and up to which pull that holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    here = ("workspace", "tenant", "source")
    charge = (*here, "customer_id", "charge", "period")
    op.create_table(
        "month_ratings",
        *(sa.Column(name, sa.Text, primary_key=True) for name in charge),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("amount", sa.Text),
        sa.Column("may_lower", sa.Boolean, nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "rated_pulls",
        *(sa.Column(name, sa.Text, primary_key=True) for name in here),
        sa.Column("pull_id", sa.BigInteger, nullable=False),
        sa.Column("pulls", sa.BigInteger, nullable=False),
    )
