"""Tests of the part of a plan: retired orphans, invoiced periods, and floors after a lost ledger."""

from __future__ import annotations

from decimal import Decimal

from reconciler.planning.part import Part
from reconciler.planning.plan import CoverageRow
from tests.planning.builders import addition, live_agreement, mapping

from .scene import Scene


def row(part: Part, customer: str = "77") -> CoverageRow:
    (found,) = (each for each in part.coverage if each.customer == customer)
    return found


def test_prune_retires_an_orphan_with_the_end_of_the_month(scene: Scene) -> None:
    scene.live(addition(serialNumber="rc:cove/79/gone/storage", billCustomer="Billable"))
    scene.uses({"77": "0"})

    part = scene.plan(prune=True)

    (action,) = part.actions
    assert (action.action, action.id) == ("retire", 99)
    assert [(each.path, each.after) for each in action.changes] == [("cancelledDate", "2026-11-30")]
    assert row(part, "79").accounted
    assert part.money_after == 0


def test_an_orphan_whose_tag_was_cleared_is_listed_and_never_retired(scene: Scene) -> None:
    scene.live(addition(serialNumber="rc:cove/79/gone/storage", billCustomer="Billable"))
    scene.uses({"77": "0"})
    scene.plan()
    scene.live(addition(serialNumber="", billCustomer="Billable"))

    part = scene.plan(prune=True)

    assert part.actions == ()
    assert row(part, "79").detail.endswith("cancel it in ConnectWise, or map the customer again")


def test_usage_that_no_invoice_bills_is_reported_with_its_amount(scene: Scene) -> None:
    invoiced = {"nextInvoiceDate": "2026-12-01T00:00:00Z"}
    scene.live(live_agreement(agreementStatus="Active", currency={"currencyCode": "USD"}, **invoiced))
    scene.uses({"77": "120"})

    part = scene.plan()

    found = row(part)
    assert (found.state, found.accounted) == ("invoiced", False)
    assert found.detail.endswith("; no invoice of 2026-11 bills its 30.00 USD")
    (action,) = part.actions
    assert {each.path: each.after for each in action.changes}["effectiveDate"] == "2026-12-01"


def test_after_a_lost_ledger_the_peak_of_the_running_month_is_kept(scene: Scene) -> None:
    scene.declare(mapping(measure="peak"))
    scene.live(addition(quantity=Decimal(500)))
    scene.uses({"77": "300"})

    part = scene.plan()

    assert part.actions == ()
    found = row(part)
    assert (found.state, found.quantity, found.accounted) == ("held", 500, False)
    assert found.detail.startswith("held at 500 GB: the ledger has no samples from the start of 2026-11")
