"""Create the first tables: pulls and samples, the journal of writes, the lock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _usage()
    _journal()
    op.create_table(
        "locks",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("since", _Time, nullable=False),
        sa.Column("renewed_at", _Time, nullable=False),
    )


def _usage() -> None:
    op.create_table(
        "pulls",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("started_at", _Time, nullable=False),
        sa.Column("finished_at", _Time, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("customers", sa.Integer, nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
    )
    op.create_index("pulls_by_time", "pulls", ["source", "state", "started_at"])
    op.create_table(
        "customers",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("attributed", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("previous_name", sa.Text),
        sa.Column("renamed_at", _Time),
        sa.Column("first_seen_at", _Time, nullable=False),
        sa.Column("last_seen_at", _Time, nullable=False),
    )
    op.create_table(
        "meters",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("last_seen_at", _Time, nullable=False),
        sa.Column("last_bytes", sa.BigInteger),
        sa.Column("last_read_at", _Time),
        sa.UniqueConstraint("source", "customer_id", "device_id", name="meters_key"),
    )
    op.create_table(
        "samples",
        sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
        sa.Column("meter_id", _Id, sa.ForeignKey("meters.id"), primary_key=True, autoincrement=False),
        sa.Column("observed_at", _Time),
        sa.Column("bytes", sa.BigInteger),
        sqlite_with_rowid=False,
    )


def _journal() -> None:
    op.create_table(
        "runs",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("plan_digest", sa.Text, nullable=False),
        sa.Column("started_at", _Time, nullable=False),
        sa.Column("ended_at", _Time),
        sa.Column("outcome", sa.JSON),
    )
    op.create_index("runs_by_workspace", "runs", ["workspace", "id"])
    op.create_table(
        "writes",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("run_id", _Id, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("body", sa.JSON),
        sa.Column("natural_key", sa.JSON, nullable=False),
        sa.Column("sent_at", _Time, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("object_id", sa.BigInteger),
        sa.Column("answer", sa.JSON),
        sa.Column("error", sa.Text),
        sa.Column("answered_at", _Time),
    )
    op.create_index("writes_by_address", "writes", ["workspace", "address", "id"])
    op.create_index("writes_by_state", "writes", ["workspace", "state"])
    op.create_table(
        "objects",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("object_id", sa.BigInteger),
        sa.Column("created", sa.Boolean, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("written_at", _Time, nullable=False),
    )
