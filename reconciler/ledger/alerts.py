"""Store the open causes of alerts and what each receiver has been told, and when a job last had a good run.

If the ledger is lost, every cause that is still there is told once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.store import Ledger

_alerts, _good_runs = schema.alerts, schema.good_runs


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One open cause. `cause` and `told` are JSON objects, which the room `alerts` reads and writes."""

    key: str
    since: datetime
    ended_at: datetime | None
    """Set if the cause has ended and a receiver has not been told yet."""
    cause: Mapping[str, Any]
    told: Mapping[str, Any]


def load_alerts(ledger: Ledger, workspace: str) -> list[AlertRow]:
    """Return the open causes of a workspace, in the order of their keys."""
    query = (
        sa.select(_alerts.c.key, _alerts.c.since, _alerts.c.ended_at, _alerts.c.cause, _alerts.c.told)
        .where(_alerts.c.workspace == workspace)
        .order_by(_alerts.c.key)
    )
    with ledger.read() as connection:
        return [AlertRow(*row) for row in connection.execute(query)]


def store_alerts(ledger: Ledger, workspace: str, rows: Iterable[AlertRow], dropped: Iterable[str] = ()) -> None:
    """Store new or changed causes, and remove those in `dropped`. Other rows of the workspace stay."""
    values = [
        {
            "workspace": workspace,
            "key": row.key,
            "since": row.since,
            "ended_at": row.ended_at,
            "cause": dict(row.cause),
            "told": dict(row.told),
        }
        for row in rows
    ]
    replaced = [*(str(each["key"]) for each in values), *dropped]
    if not replaced:
        return
    with _alone(ledger) as connection:
        connection.execute(sa.delete(_alerts).where(_alerts.c.workspace == workspace, _alerts.c.key.in_(replaced)))
        if values:
            connection.execute(sa.insert(_alerts), values)


def last_good_run(ledger: Ledger, workspace: str, job: str) -> datetime | None:
    """Return when the last good run of a job ended. None if the ledger knows of none."""
    query = sa.select(_good_runs.c.ended_at).where(_good_runs.c.workspace == workspace, _good_runs.c.job == job)
    with ledger.read() as connection:
        found: datetime | None = connection.execute(query).scalar()
    return found


def record_good_run(ledger: Ledger, workspace: str, job: str, now: datetime) -> None:
    """Record that a good run of a job has just ended."""
    here = (_good_runs.c.workspace == workspace, _good_runs.c.job == job)
    with _alone(ledger) as connection:
        if not connection.execute(sa.update(_good_runs).where(*here).values(ended_at=now)).rowcount:
            connection.execute(sa.insert(_good_runs).values(workspace=workspace, job=job, ended_at=now))


@contextmanager
def _alone(ledger: Ledger) -> Iterator[sa.Connection]:
    """Yield a transaction. Raises `LedgerError` if another run wrote the same rows meanwhile, as PostgreSQL allows."""
    try:
        with ledger.write() as connection:
            yield connection
    except sa.exc.IntegrityError:
        what = "another run wrote the same rows at the same moment"
        raise LedgerError(what, where="alerts", advice="Nothing to do: the next run writes them.") from None
