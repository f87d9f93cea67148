"""Add when customers were in trial."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "trials",
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
        sa.Column("in_trial", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("trials_by_pull", "trials", ["pull_id"])
