"""The newest moment that the ledger knows of: no run may lie much before it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.store import Ledger

_pulls, _writes, _runs = schema.pulls, schema.writes, schema.runs


def latest_activity(ledger: Ledger, workspace: str, sources: Collection[str]) -> datetime | None:
    """When the newest pull of one of these sources, or the newest write of the workspace, was made; None without any.

    A write's moments lie within its run's, but for the newest: its run may not have ended.
    """
    questions: list[Any] = [
        sa.select(_newest(_pulls.c.started_at)).where(_pulls.c.source.in_(list(sources))),
        sa.select(_newest(_runs.c.started_at), _newest(_runs.c.ended_at)).where(_runs.c.workspace == workspace),
        sa.select(_writes.c.sent_at, _writes.c.answered_at)
        .where(_writes.c.workspace == workspace)
        .order_by(_writes.c.id.desc())
        .limit(1),
    ]
    with ledger.read() as connection:
        rows = [connection.execute(question).first() or () for question in questions]
    return max((moment for row in rows for moment in row if moment is not None), default=None)


def _newest(column: sa.Column[datetime]) -> sa.ColumnElement[datetime]:
    return sa.func.max(column, type_=schema.UtcTime)
