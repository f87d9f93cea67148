"""Rename tables and columns to the words of `docs/reference/glossary.md`.

No row is copied, because a ledger may hold millions of samples.
SQLite cannot rename a constraint, so its unique constraint on `devices` keeps the name `meters_key` there.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = {"meters": "devices", "lines": "additions", "scans": "tag_searches"}
_COLUMNS = {
    "samples": {"meter_id": "device_key"},
    "earlier_samples": {"meter_id": "device_key"},
    "additions": {
        "first_rule": "first_rule_digest",
        "edit": "hand_edit",
        "edited_in": "hand_edit_period",
        "billed": "billed_fields",
        "billed_in": "billed_period",
        "rule": "rule_digest",
    },
    "tag_searches": {"scanned_at": "searched_at"},
    "locks": {"since": "acquired_at", "space": "namespaces", "started": "process_start"},
}
# Names that PostgreSQL made from the old names of tables and columns.
_CONSTRAINTS = {
    "devices": {"meters_pkey": "devices_pkey", "meters_key": "devices_key"},
    "additions": {"lines_pkey": "additions_pkey"},
    "tag_searches": {"scans_pkey": "tag_searches_pkey"},
    "samples": {"samples_meter_id_fkey": "samples_device_key_fkey"},
    "earlier_samples": {"earlier_samples_meter_id_fkey": "earlier_samples_device_key_fkey"},
}


def upgrade() -> None:
    """Rename tables, columns, the index of devices, and on PostgreSQL constraints and the sequence."""
    for old, new in _TABLES.items():
        op.rename_table(old, new)
    for table, columns in _COLUMNS.items():
        for old, new in columns.items():
            op.alter_column(table, old, new_column_name=new)
    op.drop_index("meters_by_device", "devices")
    op.create_index("devices_by_source_id", "devices", ["source", "device_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table, names in _CONSTRAINTS.items():
            for old, new in names.items():
                op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
        op.execute("ALTER SEQUENCE meters_id_seq RENAME TO devices_id_seq")
