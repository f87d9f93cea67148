"""A plan names what an addition that is not ours bills, if a new addition beside it may bill the same thing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from tests.planning.builders import live, mapping, product

from .scene import Scene, live_product

D = Decimal


def foreign(number: int = 50, *, quantity: str = "120", **raw: Any) -> LiveObject:
    """Return an addition of another product, typed in by hand."""
    made = {"product": {"id": 6, "identifier": "SITE-RENT"}, "quantity": D(quantity), "unitPrice": D("0.5")}
    return live("Addition", number, {**made, "effectiveDate": "2026-01-01T00:00:00Z", **raw}, 9)


def warnings(scene: Scene, used: str = "118.2") -> list[str]:
    scene.live(live_product(6, "SITE-RENT"))
    scene.uses({"77": used})
    return [each.message for each in scene.plan().notes]


def test_an_addition_whose_quantity_is_the_usage_is_named_with_its_money(scene: Scene) -> None:
    scene.live(foreign())
    assert warnings(scene) == [
        "addition id 50 (SITE-RENT, 120) of the same agreement is not ours, and bills 60.00 USD a month: if it bills "
        "the same backup, take it over with `product` and `adopt: true`, or end it"
    ]


@pytest.mark.parametrize("name", ["CLOUD-BACKUP", "PER_GB", "Storage"])
def test_an_addition_for_backup_is_named_with_any_quantity(scene: Scene, name: str) -> None:
    scene.live(foreign(quantity="9", product={"id": 6, "identifier": name}))
    assert len(warnings(scene)) == 1


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("SITE-RENT", {"quantity": D(9)}),
        ("BACKUP", {"quantity": D(0)}),
        ("BACKUP", {"cancelledDate": "2026-11-30T00:00:00Z"}),
        ("BACKUP-M365-USERS", {}),
        ("BACKUP", {"billCustomer": "DoNotBill"}),
    ],
)
def test_other_additions_are_not_named(scene: Scene, name: str, raw: dict[str, Any]) -> None:
    more = {"product": {"id": 6, "identifier": name}, **raw}
    scene.live(LiveObject("Addition", 50, {**foreign().raw, **more}, 9))
    assert warnings(scene) == []


def test_a_small_quantity_fits_by_chance(scene: Scene) -> None:
    scene.live(foreign(quantity="3"))
    assert warnings(scene, "3") == []


def test_a_mapping_that_is_billed_already_names_none(scene: Scene) -> None:
    scene.live(foreign())
    warnings(scene)
    scene.apply()
    scene.now = scene.now.replace(hour=23)
    assert warnings(scene) == []


def test_the_row_of_a_proposed_mapping_names_it_too(scene: Scene) -> None:
    scene.live(foreign())
    scene.declare(mapping(metadata={"proposed": True}))
    warnings(scene)
    (row,) = scene.plan().coverage
    assert "; addition id 50 (SITE-RENT, 120) of the same agreement is not ours, and bills 60.00 USD" in row.detail


def test_an_addition_that_another_mapping_adopts_is_not_named(scene: Scene) -> None:
    """Both customers are billed on one agreement, by different products."""
    scene.live(foreign())
    scene.declare(product("rent", identifier="SITE-RENT", price=D("0.5")))
    scene.declare(mapping("bolt", customer={"source": "cove", "id": "78"}, adopt=True, product="rent"))
    scene.live(live_product(6, "SITE-RENT"))
    scene.uses({"77": "118.2", "78": "119"})
    assert scene.plan().notes == ()
