"""Plans, facts and causes for the tests of alerts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reconciler.alerts.cause import Cause, Member
from reconciler.alerts.facts import Facts
from reconciler.kinds.alert_settings import Receiver
from reconciler.planning.action import Money
from reconciler.planning.plan import CoverageRow, Plan, Summary, Tripped
from tests.planning.builders import action, plan_of

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
TODAY = date(2026, 11, 10)


def row(customer: str, state: str = "unmapped", money: str | None = "12.30", **more: Any) -> CoverageRow:
    """Return a row of a plan's coverage that is not accounted for."""
    values: dict[str, Any] = {
        "source": "cove",
        "customer": customer,
        "name": f"Customer {customer}",
        "state": state,
        "money": None if money is None else Decimal(money),
        "accounted": False,
    }
    return CoverageRow(**{**values, **more})


def mapped(name: str, state: str, money: str | None = "12.30", **more: Any) -> CoverageRow:
    """Return a row of a customer with the mapping `name`."""
    return row(f"id-{name}", state, money, **{"name": name, "address": f"CustomerMapping/{name}", **more})


def plan_with(*rows: CoverageRow, **more: Any) -> Plan:
    return plan_of(**{"coverage": rows, "only": "usage", **more})


def trip(name: str, address: str | None = None, **more: Any) -> Tripped:
    return Tripped(name=name, address=address, message=f"{name} is too large", **more)


def moved(before: str, after: str) -> Money:
    return Money(before=Decimal(before), after=Decimal(after), currency="USD")


def amounts(before: str, after: str) -> Summary:
    return Summary(money=moved(before, after))


def change(address: str, before: str = "10", after: str = "15", **more: Any) -> Any:
    return action(address, action="update", id=7, money=moved(before, after), **more)


def facts(**more: Any) -> Facts:
    return Facts(**{"job": "usage", "now": NOW, "today": TODAY, **more})


def cause(key: str = "unmapped", *members: str, **more: Any) -> Cause:
    values: dict[str, Any] = {
        "key": key,
        "event": "unmapped",
        "title": f"{len(members)} customers without a mapping",
        "subject": "customers without a mapping",
        "advice": "Map them.",
        "members": tuple(Member(id=each, label=each) for each in members),
    }
    return Cause(**{**values, **more})


def receiver(name: str = "ops", *events: str) -> Receiver:
    only = {"events": events} if events else {}
    return Receiver.model_validate({"name": name, "serviceUrl": {"env": "OPS"}, **only})
