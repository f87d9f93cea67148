"""Store the amounts of settled months that no addition can bill, and that a person accepted. None is ever changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.covered import ACCEPTED_AMOUNTS
from reconciler.ledger.snapshot import AcceptedAmount
from reconciler.ledger.store import Ledger, inserted_id

_amounts = schema.accepted_amounts


def load_accepted_amounts(ledger: Ledger, workspace: str, tenant: str) -> list[AcceptedAmount]:
    """Return every accepted amount of a workspace, oldest first."""
    query = sa.select(_amounts).where(_amounts.c.workspace == workspace, _amounts.c.tenant == tenant)
    with ledger.read() as connection:
        return [
            AcceptedAmount(
                row.source, row.customer_id, row.charge, row.period, row.number, row.tag, Decimal(row.amount)
            )
            for row in connection.execute(query.order_by(_amounts.c.id))
        ]


def record_accepted_amounts(
    ledger: Ledger, workspace: str, tenant: str, amounts: Iterable[AcceptedAmount], by: str, now: datetime
) -> None:
    """Store amounts that a person accepted. One that is there already is left as it is."""
    found = list(amounts)
    if not found:
        return
    known = {(*each.key, each.number) for each in load_accepted_amounts(ledger, workspace, tenant)}
    with ledger.write() as connection:
        for each in found:
            if (*each.key, each.number) in known:
                continue
            values = {
                "workspace": workspace,
                "tenant": tenant,
                "source": each.source,
                "customer_id": each.customer_id,
                "charge": each.charge,
                "period": each.period,
                "number": each.number,
                "tag": each.tag,
                "amount": str(each.amount),
                "accepted_by": by,
                "accepted_at": now,
            }
            append(connection, ACCEPTED_AMOUNTS, [inserted_id(connection.execute(sa.insert(_amounts).values(values)))])
