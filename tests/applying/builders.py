"""Small plans for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reconciler.planning.action import Action, Change, Money
from reconciler.planning.plan import Plan, Summary, Tenant, digest_of

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)


def change(path: str, after: Any, before: Any = None, **more: Any) -> Change:
    return Change(path=path, before=before, after=after, **more)


def action(address: str, *changes: Change, after: tuple[str, ...] = (), **more: Any) -> Action:
    """Return an action, by default a create."""
    values = {"action": "create", "endpoint": "company/companies", "reason": "not in ConnectWise", **more}
    return Action(address=address, kind=address.partition("/")[0], changes=changes, depends_on=after, **values)


def plan(*actions: Action) -> Plan:
    return Plan(
        workspace="example",
        tenant=Tenant(site="http://127.0.0.1", company="sandbox"),
        created_at=NOW,
        manifest_digest="sha256:0",
        summary=Summary(create=len(actions), money=Money(before=Decimal(0), after=Decimal(0))),
        actions=actions,
        digest=digest_of(actions),
    )
