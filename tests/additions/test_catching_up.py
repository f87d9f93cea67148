"""Tests of a run after hours or days without one: it bills current usage, and no guardrail trips."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.planning.builders import mapping

from .scene import Scene

D = Decimal
NEXT_MONTH = datetime(2026, 12, 3, 12, tzinfo=UTC)


def many(scene: Scene, used: str) -> dict[str, str]:
    """Declare twelve customers, and return the same usage in GB for each."""
    ids = [str(number) for number in range(77, 89)]
    scene.declare(*(mapping(f"c{each}", customer={"source": "cove", "id": each}) for each in ids[1:]))
    return dict.fromkeys(ids, used)


@pytest.mark.parametrize("at", [datetime(2026, 12, 1, 0, 30, tzinfo=UTC), NEXT_MONTH])
def test_the_first_run_of_a_month_falls_for_all_customers_and_trips_nothing(scene: Scene, at: datetime) -> None:
    scene.hour(many(scene, "900"))
    scene.now = at
    scene.uses(many(scene, "100"))
    assert scene.plan().tripped == ()
    scene.apply()
    assert {*scene.billed().values()} == {100}


def test_the_second_run_of_the_month_is_held_again(scene: Scene) -> None:
    scene.hour({"77": "900"})
    scene.hour({"77": "900"}, at=NEXT_MONTH)
    scene.hour({"77": "100"})
    assert {*scene.billed().values()} == {900}
    assert [trip.name for trip in scene.plan().tripped] == ["quantity"]
