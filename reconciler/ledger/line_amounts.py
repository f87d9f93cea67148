"""Store what additions of single months billed when an invoice was made of them. A row is never changed.

The last row of an addition counts. ConnectWise does not say what an invoice has of an addition, so this is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.covered import LINE_AMOUNTS
from reconciler.ledger.snapshot import LineAmount
from reconciler.ledger.store import Ledger, inserted_id

_amounts = schema.line_amounts


def load_line_amounts(ledger: Ledger, workspace: str, tenant: str, since: str) -> dict[int, LineAmount]:
    """Return the last amount of each addition that bills a month from `since` on, as `2026-10`, by its id."""
    query = sa.select(_amounts).where(
        _amounts.c.workspace == workspace, _amounts.c.tenant == tenant, _amounts.c.period >= since
    )
    with ledger.read() as connection:
        rows = connection.execute(query.order_by(_amounts.c.id)).all()
    return {
        row.addition_id: LineAmount(
            row.addition_id,
            row.agreement_id,
            (row.source, row.customer_id, row.charge, row.period),
            row.adjustment,
            row.effective,
            None if row.amount is None else Decimal(row.amount),
            row.invoiced,
            row.assumed,
        )
        for row in rows
    }


def record_line_amounts(
    ledger: Ledger, workspace: str, tenant: str, amounts: Iterable[LineAmount], now: datetime
) -> None:
    """Store amounts that a run has found."""
    found = list(amounts)
    if not found:
        return
    with ledger.write() as connection:
        ids = []
        for each in found:
            source, customer_id, charge, period = each.key
            values = {
                "workspace": workspace,
                "tenant": tenant,
                "addition_id": each.addition_id,
                "agreement_id": each.agreement_id,
                "source": source,
                "customer_id": customer_id,
                "charge": charge,
                "period": period,
                "adjustment": each.adjustment,
                "effective": each.effective,
                "amount": None if each.amount is None else str(each.amount),
                "invoiced": each.invoiced,
                "assumed": each.assumed,
                "seen_at": now,
            }
            ids.append(inserted_id(connection.execute(sa.insert(_amounts).values(values))))
        append(connection, LINE_AMOUNTS, ids)
