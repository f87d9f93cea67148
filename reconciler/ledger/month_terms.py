"""Store the terms by which each charge with additions of single months was billed last, in each month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.snapshot import RecordedTerms, TermsKey
from reconciler.ledger.store import Ledger

_terms = schema.month_terms


def load_month_terms(ledger: Ledger, workspace: str, tenant: str, since: str) -> dict[TermsKey, Mapping[str, Any]]:
    """Return the terms of all months from `since` on, as `2026-10`."""
    columns = _terms.c
    query = sa.select(columns.source, columns.customer_id, columns.charge, columns.period, columns.terms).where(
        columns.workspace == workspace, columns.tenant == tenant, columns.period >= since
    )
    with ledger.read() as connection:
        return {(row.source, row.customer_id, row.charge, row.period): row.terms for row in connection.execute(query)}


def record_month_terms(
    ledger: Ledger, workspace: str, tenant: str, found: Iterable[RecordedTerms], now: datetime
) -> None:
    """Store the terms of charges. Those of the same month that the ledger has are replaced."""
    names = ("source", "customer_id", "charge", "period")
    rows = [
        {
            "workspace": workspace,
            "tenant": tenant,
            **dict(zip(names, each.key, strict=True)),
            "terms": dict(each.terms),
            "recorded_at": now,
        }
        for each in found
    ]
    if not rows:
        return
    with ledger.write() as connection:
        for row in rows:
            here = (_terms.c[name] == row[name] for name in ("workspace", "tenant", *names))
            connection.execute(sa.delete(_terms).where(*here))
        connection.execute(sa.insert(_terms), rows)
