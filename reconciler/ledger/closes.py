"""Store the closes of months. A close is never changed: a later one closes customers that the first one left open."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.covered import CLOSES, PULLS
from reconciler.ledger.snapshot import AcceptedGap, Close
from reconciler.ledger.store import Ledger, inserted_id

_closes, _pulls, _chain = schema.closes, schema.pulls, schema.chain


def load_closes(ledger: Ledger, workspace: str, tenant: str | None) -> list[Close]:
    """Return every close of a workspace, oldest first. Without a tenant, those of every tenant that it had."""
    query = sa.select(_closes).where(_closes.c.workspace == workspace).order_by(_closes.c.id)
    if tenant is not None:
        query = query.where(_closes.c.tenant == tenant)
    with ledger.read() as connection:
        return [
            Close(
                period=row.period,
                closed_at=row.closed_at,
                closed_by=row.closed_by,
                samples=row.samples,
                charges=tuple(row.charges),
                left_open=tuple(AcceptedGap(**each) for each in row.left_open),
                accepted=tuple(AcceptedGap(**each) for each in row.accepted),
            )
            for row in connection.execute(query)
        ]


def record_close(ledger: Ledger, workspace: str, tenant: str, close: Close) -> None:
    """Store a close."""
    values = {
        "workspace": workspace,
        "tenant": tenant,
        "period": close.period,
        "closed_at": close.closed_at,
        "closed_by": close.closed_by,
        "samples": close.samples,
        "charges": [dict(each) for each in close.charges],
        "left_open": [asdict(each) for each in close.left_open],
        "accepted": [asdict(each) for each in close.accepted],
    }
    with ledger.write() as connection:
        append(connection, CLOSES, [inserted_id(connection.execute(sa.insert(_closes).values(values)))])


def samples_digest(ledger: Ledger, sources: Collection[str], since: datetime, until: datetime) -> str:
    """Return a digest of the pulls of these sources that started from `since` to `until`, with their samples.

    It is taken over the entries that the chain has of these pulls.
    """
    query = (
        sa.select(_pulls.c.id, _pulls.c.source, _pulls.c.state, _chain.c.content)
        .outerjoin(_chain, sa.and_(_chain.c.subject == PULLS.name, _chain.c.row_id == _pulls.c.id))
        .where(_pulls.c.source.in_(sorted(sources)), _pulls.c.started_at >= since, _pulls.c.started_at <= until)
        .order_by(_pulls.c.id, _chain.c.number)
    )
    digest = hashlib.sha256()
    with ledger.read() as connection:
        for row in connection.execute(query):
            digest.update(f"{row.id} {row.source} {row.state} {(row.content or b'').hex()}\n".encode())
    return digest.hexdigest()
