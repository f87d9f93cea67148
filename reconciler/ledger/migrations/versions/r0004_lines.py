"""Add tables for our additions, for searches for our tags, and for approvals of guardrails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "lines",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("addition_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("agreement_id", sa.BigInteger),
        sa.Column("product_id", sa.BigInteger),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("customer_id", sa.Text),
        sa.Column("first_seen_at", _Time, nullable=False),
        sa.Column("first_quantity", sa.Text),
        sa.Column("first_rule", sa.Text),
        sa.Column("edit", sa.JSON(none_as_null=True)),
        sa.Column("edited_in", sa.Text),
        sa.Column("billed", sa.JSON(none_as_null=True)),
        sa.Column("billed_at", _Time),
        sa.Column("billed_in", sa.Text),
        sa.Column("rule", sa.Text),
    )
    op.create_table(
        "scans",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("scanned_at", _Time, nullable=False),
    )
    op.create_table(
        "approvals",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("guardrail", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("given_at", _Time, nullable=False),
    )
