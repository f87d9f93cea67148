"""Find the latest time in the ledger, so that a run whose clock is wrong can be refused."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.store import Ledger

_pulls, _writes, _runs = schema.pulls, schema.writes, schema.runs


def latest_activity(ledger: Ledger, workspace: str, sources: Collection[str]) -> datetime | None:
    """Return the time of the latest pull of these sources or write of the workspace; None if there is neither.

    A write is sent between the start and the end of its run, so only the latest write has to be read: its run may not
    have ended.
    """
    queries: list[Any] = [
        sa.select(_latest(_pulls.c.started_at)).where(_pulls.c.source.in_(list(sources))),
        sa.select(_latest(_runs.c.started_at), _latest(_runs.c.ended_at)).where(_runs.c.workspace == workspace),
        sa.select(_writes.c.sent_at, _writes.c.answered_at)
        .where(_writes.c.workspace == workspace)
        .order_by(_writes.c.id.desc())
        .limit(1),
    ]
    with ledger.read() as connection:
        rows = [connection.execute(query).first() or () for query in queries]
    return max((time for row in rows for time in row if time is not None), default=None)


def _latest(column: sa.Column[datetime]) -> sa.ColumnElement[datetime]:
    return sa.func.max(column, type_=schema.UtcTime)
