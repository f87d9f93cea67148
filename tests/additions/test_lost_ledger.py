"""Tests of additions after the ledger was lost, or if it never recorded them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.ledger.store import Ledger
from tests.planning.builders import NOW, addition, mapping, product

from .builders import TAG
from .scene import Scene, live_product

D = Decimal
HOUR = timedelta(hours=1)


def lost(scene: Scene, tmp_path: Path) -> Scene:
    """Return the same scene with a new ledger."""
    found = Scene(Ledger.open(str(tmp_path / "new.sqlite"), now=NOW), **scene.billing)
    found.now, found.documents, found.objects = scene.now, scene.documents, scene.objects
    return found


@pytest.mark.parametrize("measure", ["peak", "mean", "p95"])
def test_after_a_lost_ledger_a_peak_lowers_nothing_until_the_month_ends(
    scene: Scene, tmp_path: Path, measure: str
) -> None:
    scene.declare(mapping(measure=measure))
    scene.hour({"77": "500"})
    scene = lost(scene, tmp_path)

    assert scene.hour({"77": "300"}) == []
    (row,) = scene.plan().coverage
    assert (row.state, row.quantity, row.money, row.accounted) == ("held", 500, 125, False)
    assert "held at 500 GB: the ledger has no samples from the start of 2026-11" in row.detail
    assert scene.hour({"77": "310"}) == []  # the same in the next hour, when the ledger has recorded the addition

    scene.hour({"77": "310"}, at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    assert scene.billed() == {101: 310}


def test_a_duplicate_that_ended_does_not_raise_the_floor(scene: Scene, tmp_path: Path) -> None:
    ranges = [{"upTo": D(100), "product": "gb"}, {"product": "tb"}]
    scene.declare(mapping(measure="peak", product=None, ranges=ranges, tiering="graduated"))
    scene.declare(product("tb", identifier="BACKUP-TB"))
    scene.live(live_product(6, "BACKUP-TB"))
    scene.hour({"77": "500"})
    (high,) = (each for each in scene.additions if each.raw["quantity"] == 400)
    scene.live(addition(900, **{**high.raw, "cancelledDate": "2026-11-20T00:00:00Z"}))
    scene = lost(scene, tmp_path)
    scene.hour({"77": "300"})
    assert sorted(scene.billed().values()) == [100, 400, 400]


def test_a_quantity_above_the_floor_is_billed(scene: Scene, tmp_path: Path) -> None:
    scene.declare(mapping(measure="peak"))
    scene.hour({"77": "500"})
    scene = lost(scene, tmp_path)
    scene.hour({"77": "600"})
    assert scene.billed() == {101: 600}


def test_the_last_measure_has_no_floor(scene: Scene, tmp_path: Path) -> None:
    scene.hour({"77": "500"})
    scene = lost(scene, tmp_path)
    scene.hour({"77": "300"})
    assert scene.billed() == {101: 300}


def test_a_change_in_git_may_lower_the_floor(scene: Scene, tmp_path: Path) -> None:
    scene.declare(mapping(measure="peak"))
    scene.hour({"77": "500"})
    scene = lost(scene, tmp_path)
    scene.hour({"77": "300"})
    scene.declare(mapping(measure="peak", included={"amount": D(10), "per": "customer"}))
    scene.hour({"77": "300"})
    assert scene.billed() == {101: 290}


@pytest.mark.parametrize(("tiering", "held"), [("graduated", {4: 100, 6: 400}), ("volume", {4: 0, 6: 500})])
def test_graduated_additions_share_the_floor(scene: Scene, tmp_path: Path, tiering: str, held: dict[int, int]) -> None:
    ranges = [{"upTo": D(100), "product": "gb"}, {"product": "tb"}]
    scene.declare(mapping(measure="peak", product=None, ranges=ranges, tiering=tiering))
    scene.declare(product("tb", identifier="BACKUP-TB"))
    scene.live(live_product(6, "BACKUP-TB"))
    scene.hour({"77": "90"})
    scene.hour({"77": "500"})
    scene = lost(scene, tmp_path)
    scene.hour({"77": "50"})
    assert {each.raw["product"]["id"]: each.raw["quantity"] for each in scene.additions} == held


# The tag was cleared by hand


def cleared(scene: Scene) -> None:
    number = scene.additions[0].id
    scene.live(addition(number, serialNumber="", quantity=scene.additions[0].raw["quantity"]))


def test_an_addition_that_a_new_ledger_only_read_is_found_without_its_tag(scene: Scene, tmp_path: Path) -> None:
    scene.hour({"77": "120"})
    scene = lost(scene, tmp_path)
    assert scene.hour({"77": "120"}) == []  # nothing changes, but the ledger records the addition
    cleared(scene)
    scene.hour({"77": "130"})
    assert [(each.raw["serialNumber"], each.raw["quantity"]) for each in scene.additions] == [(TAG, 130)]


def test_an_addition_without_its_tag_is_found_although_its_mapping_was_renamed(scene: Scene) -> None:
    scene.hour({"77": "120"})
    cleared(scene)
    del scene.documents["CustomerMapping/acme"]
    scene.declare(mapping("acme-dental"))
    scene.hour({"77": "130"})
    tags = [(each.raw["serialNumber"], each.raw["quantity"]) for each in scene.additions]
    assert tags == [("rc:cove/77/acme-dental/storage", 130)]


def test_an_addition_without_its_tag_is_found_although_the_run_empties_it(scene: Scene) -> None:
    ranges = [{"upTo": D(500), "product": "gb"}, {"product": "tb"}]
    scene.declare(mapping(product=None, ranges=ranges), product("tb", identifier="BACKUP-TB"))
    scene.live(live_product(6, "BACKUP-TB"))
    scene.hour({"77": "480"})
    cleared(scene)
    scene.hour({"77": "510"})
    assert {each.raw["product"]["id"]: each.raw["quantity"] for each in scene.additions} == {4: 0, 6: 510}


def test_an_addition_with_a_cut_tag_is_found_by_its_recorded_customer(scene: Scene) -> None:
    long = "a-name-of-a-mapping-that-goes-on-and-on-and-on"
    del scene.documents["CustomerMapping/acme"]
    scene.declare(mapping(long))
    scene.hour({"77": "120"})
    del scene.documents[f"CustomerMapping/{long}"]
    scene.declare(mapping("acme"))
    scene.hour({"77": "120"})
    scene.hour({"77": "121"})
    assert [(each.raw["serialNumber"], each.raw["quantity"]) for each in scene.additions] == [(TAG, 121)]


def test_an_untagged_addition_without_a_mapping_is_an_orphan_and_never_pruned(scene: Scene) -> None:
    scene.hour({"77": "120"})
    cleared(scene)
    del scene.documents["CustomerMapping/acme"]
    plan = scene.plan(prune=True)
    assert plan.actions == ()
    (row,) = (each for each in plan.coverage if each.state == "orphan")
    assert (row.source, row.customer, row.accounted) == ("cove", "77", False)
    assert row.detail == (
        "still billing a quantity of 120: its tag was removed by hand, and its mapping no longer exists; "
        "cancel it in ConnectWise, or map the customer again"
    )


def test_a_duplicate_made_by_hand_does_not_set_a_floor(scene: Scene) -> None:
    scene.declare(mapping(measure="mean"))
    scene.hour({"77": "500"})
    scene.live(
        addition(101, serialNumber=TAG, quantity=D(500), cancelledDate="2026-11-20T00:00:00Z"),
        addition(102, serialNumber=TAG, quantity=D(500)),
    )
    for _ in range(2):
        scene.hour({"77": "300"})
        assert [row.state for row in scene.plan().coverage] == ["billed"]
    assert scene.billed()[102] == 367


def test_the_floor_is_not_reported_as_a_minimum(scene: Scene, tmp_path: Path) -> None:
    scene.declare(mapping(measure="peak", product=None, ranges=[{"product": "gb", "price": D("0.30")}]))
    scene.hour({"77": "500"})
    scene = lost(scene, tmp_path)
    scene.declare(mapping(measure="peak"))  # another price, so that the addition is written
    scene.now += HOUR
    scene.uses({"77": "300"})
    (action,) = scene.plan().actions
    assert "300 GB used (peak of 1 hours), 500 GB billed; held at 500 GB" in action.reason
