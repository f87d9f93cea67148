"""Store which objects the documents declared at the last apply of the setup.

The row of a removed document stays until its object is retired, forgotten, gone or declared again. So the next plans
still list the object, and a protected object stays protected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.store import Ledger

_declared = schema.declared
_HERE = sa.and_(
    _declared.c.workspace == sa.bindparam("in_workspace"),
    _declared.c.tenant == sa.bindparam("in_tenant"),
    _declared.c.address == sa.bindparam("at_address"),
)


@dataclass(frozen=True, slots=True)
class DeclaredObject:
    """The object of one address, as it was last declared."""

    object_id: int | None
    """None if the apply did not learn it."""
    parent_id: int | None = None
    """The id of the object in whose list it is, such as the company of a management solution."""
    protected: bool = False


def load_declared(
    ledger: Ledger, workspace: str, tenant: str, addresses: Collection[str] | None = None
) -> dict[str, DeclaredObject]:
    """Return the objects that documents declared, by address. Empty before the first apply of the setup.

    `addresses` limits them.
    """
    query = sa.select(_declared.c.address, _declared.c.object_id, _declared.c.parent_id, _declared.c.protected).where(
        _declared.c.workspace == workspace, _declared.c.tenant == tenant
    )
    if addresses is not None:
        query = query.where(_declared.c.address.in_([*addresses]))
    with ledger.read() as connection:
        return {row.address: DeclaredObject(*row[1:]) for row in connection.execute(query)}


def record_declared(
    ledger: Ledger,
    workspace: str,
    tenant: str,
    changed: Iterable[tuple[str, DeclaredObject]],
    dropped: Iterable[str],
    now: datetime,
) -> None:
    """Store the objects that changed, and remove the addresses that need no row any longer. Writes only these rows."""
    rows = [
        {
            "workspace": workspace,
            "tenant": tenant,
            "address": address,
            "object_id": each.object_id,
            "parent_id": each.parent_id,
            "protected": each.protected,
            "declared_at": now,
        }
        for address, each in changed
    ]
    places: list[dict[str, Any]] = [
        {"in_workspace": workspace, "in_tenant": tenant, "at_address": address}
        for address in (*(row["address"] for row in rows), *dropped)
    ]
    if not places:
        return
    with ledger.write() as connection:
        connection.execute(sa.delete(_declared).where(_HERE), places)
        if rows:
            connection.execute(sa.insert(_declared), rows)
