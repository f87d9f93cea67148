"""Add the versions of rules, and what each charge was billed last in each month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "rule_versions",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("first_used_at", _Time, nullable=False),
        sa.Column("git_commit", sa.Text),
    )
    op.create_index("rule_versions_by_digest", "rule_versions", ["workspace", "digest"], unique=True)
    op.create_table(
        "bills",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("charge", sa.Text, primary_key=True),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("billed_at", _Time, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
    )
