"""The addition of a closed month is never rewritten, whatever changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.planning import builders
from tests.planning.builders import mapping, product

from .scene import Scene, live_product
from .test_ended_months import closed, december, late
from .test_period_lines import OTHER, agreement, arrears, at

__all__ = ["arrears", "december"]
D = Decimal


def of_november(scene: Scene) -> Any:
    (found,) = [obj for obj in scene.additions if str(obj.raw["effectiveDate"]).startswith("2026-11")]
    return found


def edit(scene: Scene, **fields: Any) -> None:
    """Change the addition of November by hand."""
    found = of_november(scene)
    scene.live(replace(found, raw={**found.raw, **fields}))


def rename(scene: Scene) -> None:
    del scene.documents["CustomerMapping/acme"]
    scene.declare(mapping("acme-dental"))


def rename_charge(scene: Scene) -> None:
    scene.declare(mapping(name="disk"))


def remove(scene: Scene) -> None:
    del scene.documents["CustomerMapping/acme"]


def move(scene: Scene) -> None:
    scene.declare(builders.agreement("other", name="Other", invoiced="arrears"), mapping(agreement="other"))
    scene.live(agreement(OTHER))


def other_product(scene: Scene) -> None:
    scene.declare(product("tb", identifier="BACKUP-TB", price=D(5)), mapping(product="tb"))
    scene.live(live_product(6, "BACKUP-TB"))


def advance(scene: Scene) -> None:
    scene.declare(builders.agreement(invoiced="advance"), mapping(lines="rolling"))


def advance_by_month(scene: Scene) -> None:
    scene.declare(builders.agreement(invoiced="advance"), mapping(lines="perPeriod"))


CHANGES: dict[str, Callable[[Scene], None]] = {
    "late samples": lambda scene: None,
    "another price and a minimum": lambda scene: scene.declare(product(price=D("0.50")), mapping(minimum=500)),
    "a text on the invoice": lambda scene: scene.declare(mapping(invoiceText="{quantity} {unit} in {period}")),
    "another product": other_product,
    "an end in the month": lambda scene: scene.declare(mapping(end="2026-11-15")),
    "an end before the month": lambda scene: scene.declare(mapping(end="2026-10-15")),
    "a start in the month": lambda scene: scene.declare(mapping(start="2026-11-20")),
    "a move to another agreement": move,
    "another name of the mapping": rename,
    "another name of the charge": rename_charge,
    "no mapping": remove,
    "lines of all months": advance,
    "an invoice in advance": advance_by_month,
    "an agreement that ended": lambda scene: scene.live(agreement(endDate="2026-11-30T00:00:00Z")),
    "a cancelled agreement": lambda scene: scene.live(agreement(agreementStatus="Cancelled")),
    "a quantity edited by hand": lambda scene: edit(scene, quantity=D(7)),
    "a price edited by hand": lambda scene: edit(scene, unitPrice=D(7)),
    "a tag cleared by hand": lambda scene: edit(scene, serialNumber=""),
    "a last day moved by hand": lambda scene: edit(scene, cancelledDate="2026-11-20T00:00:00Z"),
    "a deleted invoice": lambda scene: scene.live(agreement(invoiced="2026-11-01")),
    "another invoiced month": lambda scene: scene.live(agreement(invoiced="2027-01-01")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_addition_of_a_closed_month_stays_as_it_is(december: Scene, change: str) -> None:
    december.closes = [closed()]
    CHANGES[change](december)
    before = of_november(december)
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    part = december.plan(prune=True)
    assert [each.address for each in (*part.actions, *part.held) if each.id == before.id] == []
    december.apply(prune=True)
    assert of_november(december) == before


def test_a_closed_month_gets_no_second_addition(december: Scene) -> None:
    december.closes = [closed()]
    del december.objects["Addition", of_november(december).id]
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.apply()
    assert [str(obj.raw["effectiveDate"])[:7] for obj in december.additions] == ["2026-12"]
