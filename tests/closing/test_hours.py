"""Hours without a known figure are listed with the reason, and pulls are counted by their state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.kinds.meters import SELECTED_SIZE
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from tests.additions.scene import GB, Scene
from tests.planning.builders import mapping

from .explaining import at, explained


@pytest.fixture
def morning(scene: Scene) -> Scene:
    """Return a scene at 12:30 UTC whose mapping bills since midnight of 10 November in Berlin."""
    scene.declare(mapping(start="2026-11-10", measure="peak"))
    scene.now = at(10, 12) + timedelta(minutes=30)
    return scene


def unknown(scene: Scene) -> list[tuple[str, int, str]]:
    (charge,) = explained(scene)["charges"]
    return [(each["from"][11:16], each["hours"], each["reason"]) for each in charge["hours"]["unknown"]]


def pull(scene: Scene, hour: int, *samples: tuple[str | None, int | None], error: str | None = None) -> None:
    """Record a pull with these (device, gigabytes) of customer 77."""
    moment = at(10, hour)
    own = (Sample("cove", "77", device, moment, None if size is None else size * GB) for device, size in samples)
    record_pull(
        scene.ledger,
        Pull(
            "cove",
            moment,
            moment + timedelta(seconds=9),
            "disbelieved" if error else "whole",
            (Customer("cove", "77", "Acme"), Customer("cove", "78", "Bolt")),
            (*own, Sample("cove", "78", "other", moment, GB)),
            error,
        ),
    )


def test_hours_of_one_reason_are_one_entry(morning: Scene) -> None:
    for hour in (2, 3, 12):
        pull(morning, hour, ("a", 100))
    assert unknown(morning) == [
        ("23:00", 3, "the source had no sample of the customer yet"),
        ("04:00", 8, "there was no pull in this hour"),
    ]


def test_a_failed_pull_and_one_that_is_not_believed_give_their_reason(morning: Scene) -> None:
    for hour in (0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12):
        pull(morning, hour, ("a", 100))
    morning.uses({}, at=at(10, 1), failed=True)
    pull(morning, 2, error="it no longer lists 3 of 5 devices")
    assert unknown(morning)[1:] == [
        ("01:00", 1, "the pull failed: no network"),
        ("02:00", 1, "the pull is not believed: it no longer lists 3 of 5 devices"),
    ]
    pulls = explained(morning)["pulls"]
    assert (pulls["pulls"], pulls["whole"], pulls["failed"], pulls["not_believed"]) == (13, 11, 1, 1)
    assert [(each["state"], each["reason"]) for each in pulls["others"]] == [
        ("failed", "no network"),
        ("not believed", "it no longer lists 3 of 5 devices"),
    ]


def test_a_customer_that_is_not_listed_within_the_grace_gives_its_reason(morning: Scene) -> None:
    for hour in range(12):
        pull(morning, hour, ("a", 100))
    pull(morning, 12)
    assert unknown(morning)[1:] == [
        ("12:00", 1, "the source did not list the customer, within graceHours (24 h) of its last sample")
    ]


def test_devices_without_a_figure_are_named_once_the_figure_is_too_old(morning: Scene) -> None:
    pull(morning, 0, ("a", 100), ("b", 1))
    for hour in range(1, 13):
        pull(morning, hour, ("a", None), ("b", 1))
    reason = "the last figure of device a was older than maxAge (6 h)"
    assert unknown(morning)[1:] == [("07:00", 6, reason)]


def test_a_pull_with_figures_of_earlier_hours_only_gives_its_reason(morning: Scene) -> None:
    for hour in (0, 12):
        pull(morning, hour, ("a", 100))
    old = Sample("cove", "77", "a", at(10, 0), 100 * GB)
    whole = (Customer("cove", "77", "Acme"),)
    record_pull(morning.ledger, Pull("cove", at(10, 5), at(10, 5), "whole", whole, (old,)))
    assert (("05:00", 1, "the source listed the customer with figures of earlier hours only")) in unknown(morning)


def test_a_pull_without_the_columns_of_the_meter_gives_its_reason(morning: Scene) -> None:
    morning.declare(mapping(start="2026-11-10", measure="peak", meter="selected-size"))
    pull(morning, 11, ("a", 100))
    moment, values = at(10, 12), {SELECTED_SIZE: str(100 * GB)}
    sample = Sample("cove", "77", "a", moment, 100 * GB, values)
    named = (Customer("cove", "77", "Acme"),)
    record_pull(morning.ledger, Pull("cove", moment, moment, "whole", named, (sample,), columns=(SELECTED_SIZE,)))
    assert unknown(morning)[-1] == ("11:00", 1, "the pull did not read the columns of meter selected-size")


def test_a_total_beside_devices_gives_its_reason(morning: Scene) -> None:
    for hour in range(12):
        pull(morning, hour, ("a", 100))
    pull(morning, 12, ("a", 100), (None, 100))
    assert unknown(morning)[1:] == [("12:00", 1, "the source reports a total for the customer beside its devices")]


def test_a_source_that_was_never_pulled_has_no_hours(scene: Scene) -> None:
    found = explained(scene)
    assert [charge["hours"] for charge in found["charges"]] == [None]
    assert found["pulls"]["pulls"] == 0
    assert found["pulls"]["first"] is None
