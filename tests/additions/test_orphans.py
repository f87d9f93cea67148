"""Tests of orphans: additions of ours without a mapping."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.planning.part import Part
from reconciler.planning.plan import CoverageRow
from tests.planning.builders import addition, document, live_agreement

from .builders import ENDED, TAG
from .scene import Scene

GONE = "rc:cove/79/gone/storage"


@pytest.fixture
def orphaned(scene: Scene) -> Scene:
    scene.live(addition(serialNumber=GONE))
    scene.uses({"77": "0"})
    return scene


def orphan(plan: Part) -> CoverageRow:
    (row,) = (each for each in plan.coverage if each.state == "orphan")
    return row


def test_an_orphan_keeps_billing_and_its_row_says_how_to_retire_it(orphaned: Scene) -> None:
    row = orphan(orphaned.plan())
    assert (row.source, row.customer, row.quantity, row.money, row.accounted) == ("cove", "79", 120, 30, False)
    assert row.detail == (
        f"still billing a quantity of 120: no mapping has its tag {GONE}; retire it with `apply --prune`, "
        "or map the customer again"
    )


@pytest.mark.parametrize("raw", [{"quantity": Decimal(0)}, ENDED])
def test_an_orphan_that_bills_nothing_or_ends_this_month_is_accounted_for(scene: Scene, raw: dict[str, Any]) -> None:
    scene.live(addition(serialNumber=GONE, **raw))
    scene.uses({"77": "0"})
    plan = scene.plan(prune=True)
    assert orphan(plan).accounted
    assert plan.actions == ()


def test_an_orphan_on_a_cancelled_agreement_is_not_listed(orphaned: Scene) -> None:
    orphaned.live(live_agreement(agreementStatus="Cancelled"))
    assert [row.state for row in orphaned.plan().coverage if row.state == "orphan"] == []


def test_an_orphan_with_a_cut_tag_has_its_id_in_its_address(scene: Scene) -> None:
    cut = "rc:cove/79/a-mapping-that-goes-on-and-o#abcdefghijklm"
    scene.live(addition(serialNumber=cut))
    scene.uses({"77": "0"})
    (retired,) = scene.plan(prune=True).actions
    assert retired.address == "Addition/id-99:BACKUP-GB"


def test_prune_retires_an_orphan_on_the_last_day_of_the_month_and_only_once(orphaned: Scene) -> None:
    plan = orphaned.plan(prune=True)
    (action,) = plan.actions
    assert (action.action, action.id, action.address) == ("retire", 99, "Addition/gone.storage:BACKUP-GB")
    assert [(change.path, change.after) for change in action.changes] == [("cancelledDate", "2026-11-30")]
    assert action.reason == "no mapping has its tag; it still bills 30.00 USD for 2026-11, and ends on 2026-11-30"
    assert (plan.money_before, plan.money_after) == (30, 0)
    assert orphan(plan).detail.startswith("still billing a quantity of 120, and retired by this plan")

    orphaned.apply(prune=True)
    again = orphaned.plan(prune=True)
    assert again.actions == ()
    assert orphan(again).accounted


def test_prune_ends_an_orphan_that_begins_later_on_its_first_day(scene: Scene) -> None:
    scene.live(addition(serialNumber=GONE, effectiveDate="2026-12-01T00:00:00Z", billCustomer="NoCharge"))
    scene.uses({"77": "0"})
    (action,) = scene.plan(prune=True).actions
    assert [change.after for change in action.changes] == ["2026-12-01"]
    assert "it bills 0.00 USD for 2026-11" in action.reason


def test_a_duplicate_is_listed_as_an_orphan_with_its_mapping(scene: Scene) -> None:
    scene.live(addition(98, serialNumber=TAG), addition(serialNumber="rc:cove/77/older/storage"))
    scene.uses({"77": "120"})
    row = orphan(scene.plan())
    assert (row.name, row.accounted) == ("addition id 99 (BACKUP-GB, agreement id 9)", False)
    assert "CustomerMapping/acme has another addition for that agreement and product" in row.detail


def test_an_addition_of_an_excluded_customer_is_not_an_orphan(scene: Scene) -> None:
    scene.hour({"77": "120"})
    scene.declare(document("Exclusion", "acme", {"customer": {"source": "cove", "id": "77"}, "reason": "a test"}))
    plan = scene.plan(prune=True)
    assert (plan.actions, [row.state for row in plan.coverage]) == ((), ["excluded"])
    assert (plan.money_before, plan.money_after) == (30, 30)


def test_an_addition_with_one_recorded_write_is_found_without_its_tag(scene: Scene) -> None:
    scene.live(addition(unitPrice=Decimal("0.20")))
    scene.uses({"77": "120"})
    (action,) = scene.apply()
    assert [each.path for each in action.changes] == ["unitPrice"]

    del scene.documents["CustomerMapping/acme"]
    scene.live(addition(serialNumber=""))

    row = orphan(scene.plan(prune=True))
    assert (row.source, row.customer, row.quantity, row.accounted) == ("cove", "77", 120, False)
    assert row.detail.endswith("cancel it in ConnectWise, or map the customer again")
