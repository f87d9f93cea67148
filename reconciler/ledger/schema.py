"""The tables of the ledger, and the revision that they are at.

`HEAD` and `REVISIONS` repeat what the migrations say, so that opening a ledger that is up to date does not import
alembic, which takes 0.3 s. Tests check that both are the same, and that the migrations result in these tables.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import driver_errors

REVISIONS = tuple(f"{number:04}" for number in range(1, 17))
"""The revisions of the migrations, `0001` to the newest."""
HEAD = REVISIONS[-1]
VERSION_TABLE = "ledger_version"


class UtcTime(sa.types.TypeDecorator[datetime]):
    """A column of aware datetimes, stored in UTC. A datetime without a time zone raises `ValueError`."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the UTC datetime to store; SQLite stores it without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; the ledger keeps UTC only")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the stored datetime as an aware one in UTC."""
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return SQLAlchemy's processor, which here raises `LedgerError` for a stored value that is not a time."""
        process = super().result_processor(dialect, coltype)

        def checked(value: Any) -> datetime | None:
            try:
                return value if process is None else process(value)
            except (ValueError, TypeError, AttributeError):
                raise driver_errors.damaged("a value in it is not a date and time") from None

        return checked


metadata = sa.MetaData()

# SQLite numbers rows by itself only in an INTEGER column; in other databases the numbers can exceed 32 bits.
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Each reading of a usage source, whole, failed or not believed. `columns` has the columns that it read beside used
# storage. It is null where there are none.
pulls = sa.Table(
    "pulls",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("notes", sa.JSON, nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    sa.Column("samples", sa.Integer, nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("approved_at", UtcTime),
    sa.Column("columns", sa.JSON(none_as_null=True)),
    sa.Index("pulls_by_time", "source", "state", "started_at"),
)

# Customers as the pulls last named them.
customers = sa.Table(
    "customers",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("attributed", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("previous_name", sa.Text),
    sa.Column("renamed_at", UtcTime),
    sa.Column("first_seen_at", UtcTime, nullable=False),
    sa.Column("last_seen_at", UtcTime, nullable=False),
)

# Devices of customers. `device_id` is "" where a source reports one figure for a whole customer. Samples refer to a
# device by its number here, so that a row is three small integers: 30,000 devices make 21 million samples a month.
# `first_seen_at` is empty while only pulls that are not believed list the device.
devices = sa.Table(
    "devices",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("device_id", sa.Text, nullable=False),
    sa.Column("last_seen_at", UtcTime, nullable=False),
    sa.Column("last_bytes", sa.BigInteger),
    sa.Column("last_read_at", UtcTime),
    sa.Column("first_seen_at", UtcTime),
    sa.Column("first_read_at", UtcTime),
    sa.Index("devices_by_source_id", "source", "device_id"),
    # No name here, because it is `devices_key` in PostgreSQL and `meters_key` in SQLite: see migration 0005.
    sa.UniqueConstraint("source", "customer_id", "device_id"),
)

# `observed_at` is null if it is the start of the pull, which halves the size of the table.
samples = sa.Table(
    "samples",
    metadata,
    sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
    sa.Column("device_key", _Id, sa.ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    sa.Column("observed_at", UtcTime),
    sa.Column("bytes", sa.BigInteger),
    sqlite_with_rowid=False,
)

# A file can hold several samples of one device. The newest one is in `samples`; each earlier one is stored here once,
# with the values of its other columns.
earlier_samples = sa.Table(
    "earlier_samples",
    metadata,
    sa.Column("device_key", _Id, sa.ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    sa.Column("observed_at", UtcTime, primary_key=True),
    sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("column_values", sa.JSON(none_as_null=True)),
    sa.Index("earlier_samples_by_pull", "pull_id"),
    sqlite_with_rowid=False,
)

# The values of other columns than used storage, for the samples in `samples`. A value is stored when it changes: it
# holds from its pull on. It is null from the pull on in which the source gave none.
device_values = sa.Table(
    "device_values",
    metadata,
    sa.Column("device_key", _Id, sa.ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
    sa.Column("value", sa.Text),
    sqlite_with_rowid=False,
)

# When customers began and ended a trial: a row where a pull shows another state than the one before it.
trials = sa.Table(
    "trials",
    metadata,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("pull_id", _Id, sa.ForeignKey("pulls.id"), primary_key=True, autoincrement=False),
    sa.Column("in_trial", sa.Boolean, nullable=False),
    sa.Index("trials_by_pull", "pull_id"),
    sqlite_with_rowid=False,
)

# Each apply of a plan. `outcome` is null while it runs, and where it died. `actor` is who ran it, `git_commit` the
# commit of the manifests, and `undoes` the run whose changes it puts back. They are null where they are unknown.
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("plan_digest", sa.Text, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("outcome", sa.JSON(none_as_null=True)),
    sa.Column("actor", sa.Text),
    sa.Column("git_commit", sa.Text),
    sa.Column("undoes", sa.BigInteger),
    sa.Index("runs_by_workspace", "workspace", "id"),
)

# The journal: each request that writes, stored before it is sent, and the answer to it. `action` and `reason` are those
# of the plan's action. `changes` has the fields that the request changes: {path: [before, after]}, in manifest words.
# The three are null in rows of earlier versions.
writes = sa.Table(
    "writes",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("run_id", _Id, sa.ForeignKey("runs.id"), nullable=False),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("body", sa.JSON(none_as_null=True)),
    sa.Column("natural_key", sa.JSON, nullable=False),
    sa.Column("sent_at", UtcTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("object_id", sa.BigInteger),
    sa.Column("answer", sa.JSON(none_as_null=True)),
    sa.Column("error", sa.Text),
    sa.Column("answered_at", UtcTime),
    sa.Column("action", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("changes", sa.JSON(none_as_null=True)),
    sa.Index("writes_by_run", "run_id"),
    # PostgreSQL searches for the beginning of an address with an index only if the index compares byte by byte.
    sa.Index("writes_by_address", "workspace", "address", "id", postgresql_ops={"address": "text_pattern_ops"}),
    sa.Index("writes_by_state", "workspace", "state"),
)

# The fields that our successful writes last sent for each address: the sum of `writes`. `created` is true where our
# first write created the object, and false where it changed an existing one.
objects = sa.Table(
    "objects",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("object_id", sa.BigInteger),
    sa.Column("created", sa.Boolean, nullable=False),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("written_at", UtcTime, nullable=False),
)

# The objects that documents declared at the last apply of the setup. The row of a removed document stays until its
# object is retired, forgotten or declared again. `protected` is its `metadata.protect`. `parent_id` is the object
# whose list contains it, such as the company of a management solution.
declared = sa.Table(
    "declared",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("object_id", sa.BigInteger),
    sa.Column("parent_id", sa.BigInteger),
    sa.Column("protected", sa.Boolean, nullable=False),
    sa.Column("declared_at", UtcTime, nullable=False),
)

# The lock of each workspace: see `lock`. A text is empty if the holder's system does not report it.
locks = sa.Table(
    "locks",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("acquired_at", UtcTime, nullable=False),
    sa.Column("renewed_at", UtcTime, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("namespaces", sa.Text, nullable=False),
    sa.Column("process_start", sa.Text, nullable=False),
    sa.Column("renewals", sa.Integer, nullable=False),
    sa.Column("lease_seconds", sa.Integer, nullable=False),
)

# Our additions by their ids in ConnectWise, so that an addition stays ours after a person clears its tag.
# `first_quantity` is a decimal number as text, and null where we had written the addition before a run read it.
additions = sa.Table(
    "additions",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("addition_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("agreement_id", sa.BigInteger),
    sa.Column("product_id", sa.BigInteger),
    sa.Column("tag", sa.Text, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("customer_id", sa.Text),
    sa.Column("first_seen_at", UtcTime, nullable=False),
    sa.Column("first_quantity", sa.Text),
    sa.Column("first_rule_digest", sa.Text),
    sa.Column("hand_edit", sa.JSON(none_as_null=True)),
    sa.Column("hand_edit_period", sa.Text),
    sa.Column("billed_fields", sa.JSON(none_as_null=True)),
    sa.Column("billed_at", UtcTime),
    sa.Column("billed_period", sa.Text),
    sa.Column("rule_digest", sa.Text),
)

# Edits of our additions that someone else made, each when a run first read it. `fields` has the edited values.
hand_edits = sa.Table(
    "hand_edits",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("addition_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seen_at", UtcTime, primary_key=True),
    sa.Column("fields", sa.JSON, nullable=False),
)

# The terms by which each charge was billed last in each month, if its additions bill one month each.
month_terms = sa.Table(
    "month_terms",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("charge", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("recorded_at", UtcTime, nullable=False),
)

# What each charge of a settled month was rated with, by the last run that loaded its usage. `inputs` is the digest of
# everything else that it was rated by. `amount` is null if the month has no figure.
month_ratings = sa.Table(
    "month_ratings",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("charge", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("amount", sa.Text),
    sa.Column("may_lower", sa.Boolean, nullable=False),
    sa.Column("rated_at", UtcTime, nullable=False),
)

# The believed pulls that `month_ratings` hold for: how many there were of a source, and the newest of them.
rated_pulls = sa.Table(
    "rated_pulls",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("pull_id", sa.BigInteger, nullable=False),
    sa.Column("pulls", sa.BigInteger, nullable=False),
)

# When a run last searched every agreement of a tenant for our tags.
tag_searches = sa.Table(
    "tag_searches",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("searched_at", UtcTime, nullable=False),
)

# Guardrails that a person approved. `address` is null if the approval is for everything that a guardrail stopped.
approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("guardrail", sa.Text, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("given_by", sa.Text, nullable=False),
    sa.Column("given_at", UtcTime, nullable=False),
)

# The open causes of alerts. `cause` is what the last run found, and `told` what each receiver has been told, by its
# name. `ended_at` is set if the cause has ended and a receiver has not been told yet.
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("cause", sa.JSON, nullable=False),
    sa.Column("told", sa.JSON, nullable=False),
)

# When the last good run of each job ended, such as the hourly run of usage.
good_runs = sa.Table(
    "good_runs",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("ended_at", UtcTime, nullable=False),
)

# Periods whose samples were deleted because they are older than `ledger.keep`. `sources` are those of the workspace.
# The pulls of these sources that started before `samples_before` have no samples any more. `emptied_at` is null while
# they are being deleted.
seals = sa.Table(
    "seals",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("sources", sa.JSON, nullable=False),
    sa.Column("samples_before", UtcTime, nullable=False),
    sa.Column("keep_months", sa.Integer, nullable=False),
    sa.Column("pulls", sa.BigInteger, nullable=False),
    sa.Column("samples", sa.BigInteger, nullable=False),
    sa.Column("sealed_at", UtcTime, nullable=False),
    sa.Column("emptied_at", UtcTime),
    sa.Index("seals_by_period", "workspace", "period", unique=True),
)

# The closes of months: what each froze, and the customers that it left open. A row is never changed.
closes = sa.Table(
    "closes",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("closed_at", UtcTime, nullable=False),
    sa.Column("closed_by", sa.Text, nullable=False),
    sa.Column("samples", sa.Text, nullable=False),
    sa.Column("charges", sa.JSON, nullable=False),
    sa.Column("left_open", sa.JSON, nullable=False),
    sa.Column("accepted", sa.JSON, nullable=False),
    sa.Index("closes_by_period", "workspace", "tenant", "period"),
)

# The amounts of settled months that no addition can bill, and that a person accepted. A row is never changed.
accepted_amounts = sa.Table(
    "accepted_amounts",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("charge", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("tag", sa.Text, nullable=False),
    sa.Column("amount", sa.Text, nullable=False),
    sa.Column("accepted_by", sa.Text, nullable=False),
    sa.Column("accepted_at", UtcTime, nullable=False),
    sa.Index(
        "accepted_amounts_by_adjustment",
        *("workspace", "tenant", "source", "customer_id", "charge", "period", "number"),
        unique=True,
    ),
)

# What additions of single months billed: a row where a run finds that an invoice of it was made or deleted, and where
# an addition that is not invoiced yet differs from what our last write left. `amount` is null where it does not differ
# any more. The last row of an addition counts. A row is never changed.
line_amounts = sa.Table(
    "line_amounts",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("addition_id", sa.BigInteger, nullable=False),
    sa.Column("agreement_id", sa.BigInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("charge", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("adjustment", sa.Integer, nullable=False),
    sa.Column("effective", sa.Text, nullable=False),
    sa.Column("amount", sa.Text),
    sa.Column("invoiced", sa.Boolean, nullable=False),
    sa.Column("assumed", sa.Boolean, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Index("line_amounts_by_period", "workspace", "tenant", "period"),
)

# The chain: see `chain`. `subject` is a table and `row_id` a row of it. `content` is the digest of the row and its
# parts, `parts` that of its parts alone, and `previous` that of the entry before. The first entry of a ledger that is
# older than the chain has the subject `begun`, and a note on the rows that were there.
chain = sa.Table(
    "chain",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("row_id", sa.BigInteger),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("parts", sa.LargeBinary),
    sa.Column("previous", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.JSON(none_as_null=True)),
    sa.Index("chain_by_row", "subject", "row_id", "number"),
)

# Versions of the rule of a charge, each by the digest of its content: the rule with its prices, the billing settings of
# the workspace, and the exclusions of the customer. `git_commit` is that of the manifests in its first run.
rule_versions = sa.Table(
    "rule_versions",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("first_used_at", UtcTime, nullable=False),
    sa.Column("git_commit", sa.Text),
    sa.Index("rule_versions_by_digest", "workspace", "digest", unique=True),
)

# What each charge of a customer was billed last in each month: by which version of its rule, at which moment, and the
# lines that the rule gave then.
bills = sa.Table(
    "bills",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("charge", sa.Text, primary_key=True),
    sa.Column("mapping", sa.Text, nullable=False),
    sa.Column("billed_at", UtcTime, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
)
