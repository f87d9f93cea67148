"""Tests of proposed mappings: they are rated and listed, and nothing is done for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.manifests.documents import Document
from reconciler.planning.plan import CoverageRow
from tests.planning.builders import addition, agreement, live_company, mapping, product, solution

from .scene import Scene, live_product, live_solution

PROPOSED = {"proposed": True}
ADVICE = "if this is right, remove `proposed: true` from its document"


def proposed(name: str = "acme", /, **spec: Any) -> Document:
    return mapping(name, metadata=PROPOSED, **spec)


def row(scene: Scene, **options: Any) -> CoverageRow:
    """Plan, and return the only coverage row. The plan must have no action."""
    part = scene.plan(**options)
    assert (part.actions, part.money_before) == ((), part.money_after)
    (found,) = part.coverage
    return found


def test_a_proposed_mapping_is_listed_with_its_line_and_its_money_and_bills_nothing(scene: Scene) -> None:
    scene.declare(proposed())
    scene.uses({"77": "119.4"})
    found = row(scene)
    assert (found.state, found.accounted, found.quantity, found.money) == ("proposed", False, 120, 30)
    assert found.detail == (
        "it would add 120 of product gb at 0.25 USD to agreement backup, 30.00 USD a month; "
        "if this is right, remove `proposed: true` from its document"
    )


def test_a_proposed_adoption_shows_the_amount_before_and_after_and_adopts_nothing(scene: Scene) -> None:
    scene.declare(proposed(adopt=True))
    scene.live(addition(serialNumber=None, quantity=Decimal(100), lessIncluded=Decimal(20)))
    scene.uses({"77": "119.4"})
    assert row(scene, prune=True).detail == (
        "it would adopt addition id 99 of agreement backup: 120 of product gb at 0.25 USD, 20.00 USD → 30.00 USD a "
        "month; " + ADVICE
    )


def test_the_additions_of_a_proposed_mapping_are_left_alone_and_are_no_orphans(scene: Scene) -> None:
    """Another name in the tag, a hand edit and `--prune` change nothing about that."""
    scene.declare(proposed())
    scene.uses({"77": "200"})
    for serial in ("rc:cove/77/acme/storage", "rc:cove/77/other/storage", "rc:cove/77/acme"):
        scene.live(addition(serialNumber=serial, unitPrice=Decimal(9)))
        found = row(scene, prune=True)
        assert found.state == "proposed"
        assert (
            "it would write addition id 99 of agreement backup: 200 of product gb at 0.25 USD, 1,080.00 USD → 50.00 USD"
            in found.detail
        )
        assert scene.apply() == []


def test_a_proposed_mapping_becomes_a_mapping_like_any_other_without_the_mark(scene: Scene) -> None:
    scene.declare(proposed())
    scene.hour({"77": "119.4"})
    assert scene.billed() == {}
    scene.declare(mapping())
    scene.hour({"77": "119.4"})
    assert list(scene.billed().values()) == [120]


def test_a_mapping_that_is_not_proposed_adopts_what_a_proposed_one_would_adopt_too(scene: Scene) -> None:
    scene.declare(mapping(adopt=True), solution("bolt", managedId="1002"))
    scene.live(live_solution(22, managed="1002"), addition(serialNumber=None))
    scene.declare(proposed("bolt", customer={"source": "cove", "id": "78"}, managedId="1002", adopt=True))
    scene.uses({"77": "200", "78": "10"})
    part = scene.plan()
    assert [(each.action, each.id) for each in part.actions] == [("adopt", 99)]
    details = {each.customer: each.detail for each in part.coverage}
    assert details["78"].startswith("it would add 10 of product gb")


@pytest.mark.parametrize(
    ("used", "start", "detail"),
    [
        ({"77": "0"}, None, f"it would write no addition yet, because there is no usage; {ADVICE}"),
        ({"77": "5"}, "2027-01-01", f"waiting: billing starts on 2027-01-01; {ADVICE}"),
        (
            {"1": "1"},
            None,
            "never seen: source cove has never listed customer 77; check the customer's id; " + ADVICE,
        ),
    ],
)
def test_a_proposed_mapping_says_why_it_would_bill_nothing(
    scene: Scene, used: dict[str, str], start: str | None, detail: str
) -> None:
    scene.declare(proposed() if start is None else proposed(start=start))
    scene.uses(used)
    found = next(each for each in scene.plan().coverage if each.customer == "77")
    assert (found.state, found.accounted, found.detail) == ("proposed", False, detail)


def test_a_proposed_mapping_is_unknown_and_a_gap_if_its_source_fails(scene: Scene) -> None:
    scene.declare(proposed())
    scene.uses({"77": "5"})
    scene.uses({}, failed=True)
    found = next(each for each in scene.plan().coverage if each.customer == "77")
    assert (found.state, found.quantity, found.accounted) == ("proposed", None, False)


def test_a_proposed_mapping_that_could_not_be_billed_says_why(scene: Scene) -> None:
    scene.declare(proposed())
    scene.live(addition(), addition(98))
    scene.uses({"77": "5"})
    assert row(scene).detail == (
        "it could not be billed: Addition/acme.storage:gb: 2 additions have the tag rc:cove/77/acme/storage: "
        "ids 98 and 99. Cancel all but one"
    )


def test_a_proposed_mapping_may_need_a_proposed_solution_and_another_one_may_not(scene: Scene) -> None:
    del scene.objects["ManagementSolution", 21]
    scene.declare(solution(metadata=PROPOSED), proposed())
    scene.uses({"77": "5"})
    assert row(scene, setup=True).detail.startswith("it would add 5 of product gb")
    scene.declare(mapping())
    for setup in (True, False):
        found = row(scene, setup=setup)
        assert (found.state, found.accounted) == ("refused", False)
        assert found.detail == (
            "it needs ManagementSolution/acme-cove, which is only proposed and not in ConnectWise: check it, and "
            "remove `proposed: true` from it"
        )
    scene.live(live_solution())
    assert [each.action for each in scene.plan(setup=True).actions] == ["create"]


def test_a_mapping_is_refused_if_its_agreement_or_product_is_only_proposed(scene: Scene) -> None:
    scene.uses({"77": "5"})
    scene.declare(agreement("new", name="New", metadata=PROPOSED), mapping(agreement="new"))
    assert row(scene, setup=True).detail.startswith("it needs Agreement/new, which is only proposed")
    scene.declare(product("tb", identifier="TB", metadata=PROPOSED), mapping(product="tb"))
    assert row(scene, setup=True).detail.startswith("it needs Product/tb, which is only proposed")
    scene.live(live_product(5, "TB"))
    assert [each.action for each in scene.plan(setup=True).actions] == ["create"]


def test_a_proposed_mapping_may_need_a_proposed_agreement(scene: Scene) -> None:
    scene.declare(agreement("new", name="New", metadata=PROPOSED), proposed(agreement="new"))
    scene.uses({"77": "5"})
    for setup in (True, False):
        assert "to agreement new, 1.25 USD a month" in row(scene, setup=setup).detail


def test_a_proposed_mapping_on_a_company_that_the_plan_creates_is_refused_like_any_other(scene: Scene) -> None:
    scene.live(live_company(6, identifier="BOLT"))
    scene.declare(proposed(company={"identifier": "BOLT"}))
    scene.uses({"77": "5"})
    assert row(scene).detail.startswith("it could not be billed: company BOLT has no management solution")


def test_the_addition_of_a_proposed_mapping_can_be_shown(scene: Scene) -> None:
    scene.declare(proposed())
    scene.uses({"77": "5"})
    (view,) = scene.planned().views
    assert (view.address, view.state, view.live) == ("Addition/acme.storage:gb", "proposed", None)
    assert view.reason == "CustomerMapping/acme is proposed, and bills nothing: 5 GB used, 5 GB billed"
    assert view.has_address("Addition/acme:gb")


def test_a_lost_ledger_sets_no_floor_for_a_proposed_mapping(scene: Scene) -> None:
    scene.declare(proposed(measure="peak"))
    scene.live(addition())
    scene.uses({"77": "5"})
    part = scene.plan()
    assert part.notes == ()
    assert part.coverage[0].state == "proposed"
