"""Add when each customer was in trial."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("customers", sa.Column("trial_since", sa.DateTime(timezone=True)))
    op.add_column("customers", sa.Column("trial_until", sa.DateTime(timezone=True)))
