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
        ("BACKUP", {"quantity": D(0)}),
        ("BACKUP", {"cancelledDate": "2026-11-30T00:00:00Z"}),
        ("BACKUP", {"billCustomer": "DoNotBill"}),
    ],
)
def test_an_addition_that_bills_nothing_is_not_named(scene: Scene, name: str, raw: dict[str, Any]) -> None:
    more = {"product": {"id": 6, "identifier": name}, **raw}
    scene.live(LiveObject("Addition", 50, {**foreign().raw, **more}, 9))
    assert warnings(scene) == []


@pytest.mark.parametrize(("name", "quantity"), [("SITE-RENT", "9"), ("BACKUP-M365-USERS", "120")])
def test_additions_that_may_bill_anything_share_one_warning(scene: Scene, name: str, quantity: str) -> None:
    of = {"product": {"id": 6, "identifier": name}}
    scene.live(foreign(quantity=quantity, **of), foreign(51, quantity=quantity, **of))
    (message,) = warnings(scene)
    amount = D(quantity).quantize(D("0.01"))
    assert message == (
        "new additions on agreements with other additions that are not ours; check that none of those bills the same "
        f"backup: Addition/acme.storage:gb (id 50 and 51, {amount} USD a month)"
    )


def test_the_shared_warning_lists_at_most_twenty_new_additions(scene: Scene) -> None:
    scene.live(foreign(quantity="9"))
    for number in range(21):
        scene.declare(mapping(f"c{number}", customer={"source": "cove", "id": str(100 + number)}))
    scene.uses({str(100 + number): "50" for number in range(21)})
    (message,) = [each.message for each in scene.plan().notes if each.address is None and "not ours" in each.message]
    assert message.endswith("; and 1 more")


def test_a_small_quantity_fits_by_chance(scene: Scene) -> None:
    scene.live(foreign(quantity="3"))
    (message,) = warnings(scene, "3")
    assert message.startswith("new additions on agreements")


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
