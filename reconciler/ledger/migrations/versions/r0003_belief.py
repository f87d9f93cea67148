"""Add approvals of pulls, the times at which a device was first seen and read, and several samples in one pull."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Time = sa.DateTime(timezone=True)

# One pass over the samples: for each device the first time, and the first time with a figure.
_FIRST = """
UPDATE meters SET first_seen_at = firsts.seen, first_read_at = firsts.read
FROM (
    SELECT samples.meter_id AS id,
        min(coalesce(samples.observed_at, pulls.started_at)) AS seen,
        min(CASE WHEN samples.bytes IS NOT NULL THEN coalesce(samples.observed_at, pulls.started_at) END) AS read
    FROM samples JOIN pulls ON pulls.id = samples.pull_id
    GROUP BY samples.meter_id
) AS firsts
WHERE firsts.id = meters.id
"""


def upgrade() -> None:
    """Add the columns and the table, and fill the first times from the samples."""
    op.add_column("pulls", sa.Column("approved_by", sa.Text))
    op.add_column("pulls", sa.Column("approved_at", _Time))
    op.add_column("meters", sa.Column("first_seen_at", _Time))
    op.add_column("meters", sa.Column("first_read_at", _Time))
    op.create_index("meters_by_device", "meters", ["source", "device_id"])
    op.create_table(
        "earlier_samples",
        sa.Column("meter_id", _Id, sa.ForeignKey("meters.id"), primary_key=True, autoincrement=False),
        sa.Column("observed_at", _Time, primary_key=True),
        sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
        sa.Column("bytes", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("earlier_samples_by_pull", "earlier_samples", ["pull_id"])
    op.execute(_FIRST)
