"""Make the lock a lease: store the holder's boot, namespaces and start, and count renewals.

A lock that an earlier version holds during the migration keeps that version's length of one hour.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for name in ("boot", "space", "started"):
        op.add_column("locks", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("locks", sa.Column("renewals", sa.Integer, nullable=False, server_default="0"))
    op.add_column("locks", sa.Column("lease_seconds", sa.Integer, nullable=False, server_default="3600"))
