"""The management solutions of companies. Some name a customer of the console, and some name none."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.messy.chances import chance
from reconciler.sandbox.messy.setup import Setup
from reconciler.sandbox.messy.work import Work

_DEVICE_TYPES: Final = ("BackupStats", "WorkstationsAndServers")


def add_solution(work: Work, setup: Setup, dice: Random, company: Row, managed_id: str, agreement: int | None) -> Row:
    """Give a company the console's solution with a Managed ID, with its agreement if there is one."""
    body: dict[str, Any] = {
        "managementSolution": {"id": setup.cove},
        "groupIdentifier": managed_id,
        "deviceType": dice.choice(_DEVICE_TYPES),
    }
    if agreement is not None and not chance(dice, 50):
        body["agreement"] = {"id": agreement}
    return work.enter("managementSummary", body, dice, days_ago=dice.randrange(1, 5), parent=company.id)


def add_other_solution(work: Work, setup: Setup, dice: Random, company: Row) -> None:
    """Give a company a management solution that names no customer of the console."""
    if chance(dice, 700):
        body = {"managementSolution": {"id": setup.other_solution}, "groupIdentifier": f"NC-{dice.randrange(100, 999)}"}
    else:
        body = {"managementSolution": {"id": setup.cove}, "groupIdentifier": company.data["name"].strip()[:100] or "?"}
    work.enter("managementSummary", body, dice, days_ago=dice.randrange(5, 400), parent=company.id)
