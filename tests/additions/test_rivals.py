"""Tests of a rival writer: an addition that someone else changes twice within 24 hours is held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.ledger.store import Ledger
from reconciler.planning.approvals import Approved
from reconciler.planning.plan import Tripped
from tests.planning.builders import addition, mapping, solution

from .scene import Scene, live_solution

D = Decimal
START = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def billed(scene: Scene) -> Scene:
    scene.live(addition())
    scene.hour({"77": "119.4"}, at=START)
    return scene


def edit(scene: Scene, **fields: Any) -> None:
    """Edit the addition as another integration would: ConnectWise notes the time."""
    (line,) = scene.additions
    scene.live(addition(**{**line.raw, **fields, "_info": {"lastUpdated": scene.now.isoformat()}}))


def hour(scene: Scene, hours: float = 1) -> list[str]:
    """Run the hourly job. Return what it did."""
    return [each.action for each in scene.hour({"77": "119.4"}, at=scene.now + timedelta(hours=hours))]


def trips(scene: Scene) -> list[Tripped]:
    return [each for each in scene.plan().tripped if each.name == "rival"]


def twice(scene: Scene, gap: float = 1) -> None:
    """Change the quantity, let a run undo it, and change it again."""
    edit(scene, quantity=D(99))
    assert hour(scene) == ["update"]
    scene.now += timedelta(hours=gap - 1)
    edit(scene, quantity=D(99))


def test_an_addition_that_is_changed_twice_within_24_hours_is_held(billed: Scene) -> None:
    twice(billed)
    assert hour(billed) == []
    assert billed.billed() == {99: 99}
    part = billed.plan()
    (trip,) = part.tripped
    assert (trip.name, trip.address, trip.holds) == ("rival", "CustomerMapping/acme", True)
    assert trip.message == (
        "someone else changed addition id 99 twice within 24 hours (quantity 99 seen at 2026-11-10 13:00 UTC; "
        "quantity 99 seen at 2026-11-10 14:00 UTC): switch off the other writer, often the integration of the backup "
        "console; without another change, it is released at 2026-11-11 14:00 UTC"
    )
    (row,) = part.coverage
    assert (row.state, row.accounted) == ("held", False)
    assert "confirm it with --approve rival=CustomerMapping/acme" in row.detail


def test_one_change_is_undone_and_holds_nothing(billed: Scene) -> None:
    edit(billed, quantity=D(99))
    assert hour(billed) == ["update"]
    assert trips(billed) == []


def test_a_change_that_several_plans_read_counts_once(billed: Scene) -> None:
    edit(billed, quantity=D(99))
    for _ in range(3):
        billed.now += timedelta(hours=1)
        billed.uses({"77": "119.4"})
        assert trips(billed) == []
    assert hour(billed) == ["update"]


def test_two_changes_more_than_24_hours_apart_hold_nothing(billed: Scene) -> None:
    twice(billed, gap=25)
    assert hour(billed) == ["update"]


def test_a_held_addition_is_released_after_24_hours_without_another_change(billed: Scene) -> None:
    twice(billed)
    assert hour(billed) == []
    assert hour(billed, 23) == []
    assert hour(billed, 1) == ["update"]
    assert billed.billed() == {99: 120}


def test_a_third_change_holds_the_addition_for_another_24_hours(billed: Scene) -> None:
    twice(billed)
    hour(billed)
    billed.now += timedelta(hours=20)
    edit(billed, quantity=D(80))
    assert hour(billed) == []
    assert hour(billed, 23) == []
    assert hour(billed, 1) == ["update"]


def test_an_approval_releases_the_addition_until_the_next_two_changes(billed: Scene) -> None:
    twice(billed)
    billed.now += timedelta(hours=1)
    billed.uses({"77": "119.4"})
    for address in ("CustomerMapping/acme", "cove/77", "Addition/acme.storage:gb", None):
        assert len(billed.plan(approve=[Approved("rival", address)]).actions) == 1
    billed.apply(approve=[Approved("rival", "CustomerMapping/acme")])
    assert hour(billed) == []
    assert (billed.billed(), trips(billed)) == ({99: 120}, [])
    edit(billed, quantity=D(99))
    assert hour(billed) == ["update"]
    edit(billed, quantity=D(99))
    assert hour(billed) == []


def test_our_own_writes_and_other_customers_count_nothing(scene: Scene) -> None:
    scene.declare(solution("bolt", managedId="1002"))
    scene.live(addition(), live_solution(22, managed="1002"))
    scene.declare(mapping("bolt", customer={"source": "cove", "id": "78"}, managedId="1002"))
    for number in range(4):
        assert (
            len(scene.hour({"77": str(100 + number), "78": str(50 + number)}, at=START + timedelta(hours=number))) == 2
        )
    assert trips(scene) == []


def test_a_removed_tag_is_a_change_too(billed: Scene) -> None:
    edit(billed, serialNumber="")
    assert hour(billed) == ["adopt"]
    edit(billed, serialNumber=None, quantity=D(99))
    assert hour(billed) == []
    (trip,) = trips(billed)
    assert "serialNumber (empty), quantity 99 seen at" in trip.message


def test_with_accepted_edits_two_different_values_are_a_rival(billed: Scene) -> None:
    billed.billing = {"onDrift": "accept"}
    edit(billed, unitPrice=D(1))
    billed.hour({"77": "130"})
    billed.hour({"77": "140"})
    assert trips(billed) == []
    edit(billed, unitPrice=D(2))
    billed.now += timedelta(hours=1)
    billed.uses({"77": "150"})
    assert len(trips(billed)) == 1


def test_a_lost_ledger_forgets_the_changes(billed: Scene, tmp_path: Any) -> None:
    twice(billed)
    with Ledger.open(str(tmp_path / "new.sqlite"), now=billed.now) as billed.ledger:
        assert hour(billed) == ["update"]


def test_an_edit_that_is_seen_twice_at_one_moment_is_stored_once(billed: Scene) -> None:
    edit(billed, quantity=D(99))
    billed.plan()
    edit(billed, quantity=D(98), comment="again")
    billed.plan()
    assert trips(billed) == []
