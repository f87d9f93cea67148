"""Tests of adjustments: a month that is closed or invoiced keeps its additions, and the difference waits to be billed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from reconciler.ledger.snapshot import Close
from reconciler.planning.approvals import Approved

from .scene import Scene
from .test_ended_months import late
from .test_period_lines import arrears, at

__all__ = ["arrears"]
D = Decimal
ADJUST = (Approved("adjustment"),)
CREDIT = (Approved("credit"),)
ADDRESS = "Addition/acme.storage:gb@2026-11+1"


def close(scene: Scene) -> None:
    """Close November as it stands, with the terms that the ledger has of it."""
    from reconciler.ledger.month_terms import load_month_terms

    recorded = load_month_terms(scene.ledger, "test", "https://api-na.example acme", "2026-11")
    charges = tuple(
        {"customer": f"{source}/{customer}", "charge": charge, "terms": terms}
        for (source, customer, charge, month), terms in recorded.items()
        if month == "2026-11"
    )
    scene.closes.append(Close("2026-11", scene.now, "ann@office", "digest", charges))


def adjustments(scene: Scene) -> list[tuple[str, Decimal, str, str]]:
    """Return number, amount, product and first day of each live adjustment."""
    found = []
    for obj in scene.additions:
        tag = str(obj.raw["serialNumber"])
        if "+" in tag:
            assert obj.raw["quantity"] == 1
            found.append(
                (
                    tag.rpartition("/")[2],
                    obj.raw["unitPrice"],
                    obj.raw["product"]["identifier"],
                    obj.raw["effectiveDate"],
                )
            )
    return found


@pytest.fixture
def december(arrears: Scene) -> Scene:
    """Return a scene in December. November is closed, with 100 GB at 0.25."""
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "100"}, at=at(2, 12))
    close(arrears)
    return arrears


def test_a_late_sample_of_a_closed_month_waits_for_an_approval(december: Scene) -> None:
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    part = december.plan()
    (held,) = part.held
    assert (held.address, held.money.after, held.money.once) == (ADDRESS, D("7.50"), True)
    (trip,) = part.tripped
    assert (trip.name, trip.address) == ("adjustment", ADDRESS)
    assert (
        trip.message
        == "2026-11 is billed with 25.00 USD and rated with 32.50 USD now (late samples): 7.50 USD more are due"
    )
    (row,) = [row for row in part.coverage if row.state == "adjustment"]
    assert (row.accounted, row.money, f"--approve adjustment={ADDRESS}" in row.detail) == (False, D("7.50"), True)
    december.apply()
    assert adjustments(december) == []


def test_an_approved_adjustment_is_made_once(december: Scene) -> None:
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.apply(approve=ADJUST)
    assert adjustments(december) == [("2026-11+1", D("7.50"), "BACKUP-GB", "2026-12-01")]
    part = december.plan()
    assert (part.actions, part.held, part.tripped) == ((), (), ())
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 22), "150")
    december.apply(approve=ADJUST)
    assert adjustments(december)[1:] == [("2026-11+2", D("5.00"), "BACKUP-GB", "2026-12-01")]
