"""Add the chain, and the periods that are sealed.

If the ledger has rows already, the chain begins with an entry that says so. It does not cover these rows: nobody can
say whether they were changed before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reconciler.ledger.digests import NOTHING, digest_of_note

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, and write the first entry of a ledger with rows."""
    op.create_table(
        "seals",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("samples_before", _Time, nullable=False),
        sa.Column("keep_months", sa.Integer, nullable=False),
        sa.Column("pulls", sa.BigInteger, nullable=False),
        sa.Column("samples", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", _Time, nullable=False),
        sa.Column("emptied_at", _Time),
    )
    op.create_index("seals_by_period", "seals", ["workspace", "period"], unique=True)
    chain = op.create_table(
        "chain",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("row_id", sa.BigInteger),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("parts", sa.LargeBinary),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.JSON(none_as_null=True)),
    )
    op.create_index("chain_by_row", "chain", ["subject", "row_id", "number"])
    if op.get_context().as_sql:
        return  # the text of the statements, without a database whose rows could be counted
    before = _rows_before(op.get_bind())
    if any(each["rows"] for each in before.values()):
        note = {"not_covered": before}
        values = {"number": 1, "subject": "begun", "content": digest_of_note(note), "previous": NOTHING, "note": note}
        op.get_bind().execute(sa.insert(chain).values(values))


def _rows_before(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """Return for each table that the chain covers the number of its rows, and the highest id."""
    found = {}
    for name in ("pulls", "runs", "writes", "approvals"):
        rows, last_id = connection.execute(sa.text(f"SELECT count(*), max(id) FROM {name}")).one()  # noqa: S608 - our names
        found[name] = {"rows": rows, "last_id": last_id or 0}
    return found
