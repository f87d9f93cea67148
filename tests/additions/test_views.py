"""Tests of the views of additions that `show ADDRESS` prints."""

from __future__ import annotations

from decimal import Decimal

from reconciler.additions.views import AdditionView
from tests.planning.builders import addition, mapping

from .scene import Scene

ADDRESS = "Addition/acme.storage:gb"


def view(scene: Scene, address: str) -> AdditionView:
    (found,) = (each for each in scene.planned().views if each.has_address(address))
    return found


def test_an_addition_is_found_by_its_long_and_its_short_address(scene: Scene) -> None:
    scene.live(addition())
    scene.uses({"77": "130"})
    assert view(scene, ADDRESS) == view(scene, "Addition/acme:gb")
    assert [each for each in scene.planned().views if each.has_address("Addition/acme.devices:gb")] == []


def test_a_view_as_json_has_live_and_desired_fields(scene: Scene) -> None:
    scene.live(addition())
    scene.uses({"77": "130"})
    found = view(scene, ADDRESS).to_json()
    assert (found["address"], found["state"], found["mapping"]) == (ADDRESS, "update", "CustomerMapping/acme")
    assert found["customer"] == "cove/77"
    assert (found["live"]["id"], found["live"]["agreement"], found["live"]["product"]) == (99, 9, "BACKUP-GB")
    assert Decimal(found["live"]["fields"]["quantity"]) == 120
    assert Decimal(found["desired"]["quantity"]) == 130


def test_an_addition_that_does_not_exist_yet_has_no_live_fields(scene: Scene) -> None:
    scene.uses({"77": "130"})
    found = view(scene, ADDRESS).to_json()
    assert (found["state"], found["live"]) == ("create", None)


def test_an_orphan_has_no_mapping_and_no_desired_fields(scene: Scene) -> None:
    scene.declare(mapping())
    scene.live(addition(serialNumber="rc:cove/79/gone/storage"))
    scene.uses({"77": "0"})
    (found,) = (each.to_json() for each in scene.planned().views if each.state == "orphan")
    assert (found["mapping"], found["customer"], found["desired"]) == (None, "cove/79", None)
    assert found["live"]["id"] == 99
