"""Build values for tests of additions. Nothing here reads or writes a file or the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.additions.actions import ActionBuilder, OnDrift, PlannedAddition
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.leaving import left_addition
from reconciler.additions.live_additions import LiveAddition, live_additions
from reconciler.additions.match import Matched, match
from reconciler.additions.ownership import Owner, Ownership, assign_owners
from reconciler.additions.pair_actions import planned_pair
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Link
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.period import period_of
from reconciler.planning.action import Action
from tests.planning.builders import NOW, live_state_with

NOVEMBER = period_of(NOW, "Europe/Berlin")
ACME = Owner("acme", "cove", "77")
BOLT = Owner("bolt", "cove", "78")
TAG = "rc:cove/77/acme/storage"
FIRST_VERSION = "rc:cove/77/acme"
TERABYTE = Link("tb", 6, "Product/tb")
ENDED = {"cancelledDate": "2026-11-20T00:00:00Z"}


def desired(**more: Any) -> DesiredAddition:
    """Return a desired addition with the values of `addition()`: 120 GB of product 4 on agreement 9."""
    values: dict[str, Any] = {
        "owner": ACME,
        "agreement": Link("backup", 9, "Agreement/backup"),
        "product": Link("gb", 4, "Product/gb"),
        "quantity": Decimal(120),
        "unit_price": Decimal("0.25"),
        "effective_date": "2026-11-01",
        "reason": "119.4 GB used, 120 GB billed",
    }
    return DesiredAddition(**{**values, **more})


def emptied(**more: Any) -> DesiredAddition:
    """Return a desired addition of a product without usage."""
    return desired(**{"quantity": Decimal(0), "unit_price": None, "emptied": True, **more})


def recorded(number: int = 99, **more: Any) -> RecordedAddition:
    """Return an addition that the ledger has recorded."""
    return RecordedAddition(number, **{"agreement_id": 9, "product_id": 4, "tag": TAG, **more})


def snapshot(*lines: RecordedAddition) -> Snapshot:
    return Snapshot({each.addition_id: each for each in lines})


def live_of(*objects: LiveObject) -> tuple[LiveAddition, ...]:
    return live_additions(live_state_with(*objects), "2026-11-01", "USD")


def ownership_of(
    *objects: LiveObject, ledger: Snapshot | None = None, owners: tuple[Owner, ...] = (ACME, BOLT)
) -> Ownership:
    return assign_owners(live_of(*objects), owners, frozenset({"cove"}), ledger or Snapshot())


def matched(*lines: DesiredAddition, live: tuple[LiveObject, ...] = (), ledger: Snapshot | None = None) -> Matched:
    return match(lines, ownership_of(*live, ledger=ledger), NOVEMBER, ledger or Snapshot())


def builder(ledger: Snapshot | None = None, on_drift: OnDrift = "restore") -> ActionBuilder:
    return ActionBuilder(ledger or Snapshot(), "2026-11", "2026-11-30", "USD", on_drift, {ACME: "rule", BOLT: "rule"})


def planned(
    *lines: DesiredAddition,
    live: tuple[LiveObject, ...] = (),
    ledger: Snapshot | None = None,
    on_drift: OnDrift = "restore",
) -> list[PlannedAddition]:
    """Return the planned additions of a match. Fail if a mapping is refused."""
    found, by = matched(*lines, live=live, ledger=ledger), builder(ledger, on_drift)
    assert found.refused == {}
    return [
        *(planned_pair(by, pair) for pair in found.pairs),
        *(left_addition(each, None, by) for each in found.superseded),
    ]


def only_action(found: list[PlannedAddition]) -> Action:
    (action,) = (each.action for each in found if each.action is not None)
    return action


def changes(action: Action) -> dict[str, tuple[Any, Any]]:
    return {change.path: (change.before, change.after) for change in action.changes}


LAST_APPLIED = {
    "quantity": Decimal(120),
    "unitPrice": Decimal("0.25"),
    "billCustomer": "Billable",
    "lessIncluded": Decimal(0),
}
"""The fields of the addition of `desired()` after an apply."""
RECORDED = snapshot(recorded(last_applied=LAST_APPLIED))


def refused(found: Matched, mapping: str = "acme") -> tuple[str, ...]:
    assert found.pairs == ()
    return found.refused[mapping]


def no_actions(found: list[PlannedAddition]) -> bool:
    return all(each.action is None for each in found)
