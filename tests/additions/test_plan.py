"""Tests of plans of usage over several hours, from the readings of the console to the additions.

ConnectWise is simulated in memory. All other parts are real, including the ledger.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.billing_rules import RuleError
from reconciler.ledger.records import Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import Collected
from reconciler.planning.part import Part
from reconciler.planning.plan import CoverageRow
from tests.planning.builders import addition, document, live_agreement, mapping, product

from .scene import GB, Scene, live_product

D = Decimal
HOUR = timedelta(hours=1)
TAG = "rc:cove/77/acme/storage"


def row(plan: Part, customer: str = "77") -> CoverageRow:
    (found,) = (each for each in plan.coverage if each.customer == customer)
    return found


def summary(actions: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [(each.action, each.address, {change.path: change.after for change in each.changes}) for each in actions]


def second_mapping(**spec: Any) -> Any:
    return mapping("bolt", customer={"source": "cove", "id": "78"}, **spec)


# One hour


def test_usage_gives_an_addition_and_a_coverage_row(scene: Scene) -> None:
    scene.uses({"77": "119.4"})
    plan = scene.plan()
    (action,) = plan.actions
    assert (action.action, action.address, action.reason) == (
        "create", "Addition/acme.storage:gb", "119.4 GB used, 120 GB billed",
    )  # fmt: skip
    assert row(plan) == CoverageRow(
        source="cove",
        customer="77",
        name="Customer 77",
        state="billed",
        quantity=D(120),
        unit="GB",
        money=D(30),
        address="CustomerMapping/acme",
    )


def test_a_pull_of_this_run_is_taken_from_memory(scene: Scene) -> None:
    scene.uses({"77": "119.4"})
    sample = Sample("cove", "77", "d77", scene.now, 7 * GB)
    fresh = Collected(Pull("cove", scene.now, scene.now, "whole", (), (sample,)), 1)
    assert row(scene.plan(fresh=[fresh])).quantity == 7


def test_a_new_customer_who_uses_nothing_gets_no_addition(scene: Scene) -> None:
    assert scene.hour({"77": "0"}) == []
    assert row(scene.plan()).quantity == 0


def test_an_addition_that_is_as_desired_is_not_written(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    scene.uses({"77": "119.9"})
    plan = scene.plan()
    assert (plan.actions, plan.unchanged) == ((), 1)


def test_a_changed_price_updates_the_addition_in_the_same_plan(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    scene.declare(product(price=D("0.30")))
    (action,) = scene.plan(setup=True).actions
    assert summary([action]) == [("update", "Addition/acme.storage:gb", {"unitPrice": "0.3"})]
    assert action.reason == "price; 119.4 GB used, 120 GB billed"
    assert action.money is not None
    assert (action.money.before, action.money.after) == (30, 36)


def test_a_changed_price_of_a_range_updates_the_addition(scene: Scene) -> None:
    ranges = [{"upTo": D(500), "product": "gb", "price": D("0.20")}, {"product": "gb", "price": D("0.10")}]
    scene.declare(mapping(product=None, ranges=ranges))
    scene.hour({"77": "400"})
    scene.uses({"77": "501"})
    assert summary(scene.plan().actions) == [
        ("update", "Addition/acme.storage:gb", {"quantity": "501", "unitPrice": "0.1"})
    ]


def test_an_unrounded_quantity_causes_no_change_in_the_next_run(scene: Scene) -> None:
    scene.declare(mapping(rounding={"mode": "none"}, measure="mean"))
    for used in ("100", "100", "101"):
        scene.hour({"77": used})
    assert scene.plan().actions == ()


def test_a_refused_mapping_is_not_accounted_for_and_stops_no_other(scene: Scene) -> None:
    scene.declare(second_mapping(product="free"), product("free", identifier="FREE", price=None))
    scene.live(live_product(5, "FREE"))
    scene.uses({"77": "10", "78": "20"})
    plan = scene.plan()
    assert [action.address for action in plan.actions] == ["Addition/acme.storage:gb"]
    refused = row(plan, "78")
    assert (refused.state, refused.accounted, refused.quantity) == ("refused", False, 20)
    assert refused.detail == "product free has no price: declare one, `price: 0` if it is free"
    assert row(plan).accounted


def test_two_additions_with_one_tag_refuse_their_mapping_alone(scene: Scene) -> None:
    scene.declare(second_mapping())
    scene.live(addition(serialNumber=TAG), addition(98, serialNumber=f"{TAG} "))
    scene.uses({"77": "10", "78": "20"})
    plan = scene.plan()
    assert plan.problems == ()
    assert [action.address for action in plan.actions] == ["Addition/bolt.storage:gb"]
    assert row(plan).state == "refused"
    assert "2 additions have the tag rc:cove/77/acme/storage: ids 98 and 99" in row(plan).detail
    assert (plan.money_before, plan.money_after) == (60, 65)


def test_a_mapping_with_one_refused_addition_writes_none(scene: Scene) -> None:
    ranges = [{"upTo": D(100), "product": "gb"}, {"product": "tb"}]
    scene.declare(
        mapping(product=None, ranges=ranges, tiering="graduated", adopt=True), product("tb", identifier="BACKUP-TB")
    )
    scene.live(live_product(6, "BACKUP-TB"), addition(serialNumber=None), addition(98, serialNumber=""))
    scene.uses({"77": "150"})
    plan = scene.plan()
    assert plan.actions == ()
    assert "adopt: 2 untagged additions" in row(plan).detail


def test_two_mappings_to_one_agreement_and_product_have_an_addition_each(scene: Scene) -> None:
    scene.declare(second_mapping())
    scene.hour({"77": "10", "78": "20"})
    assert sorted(scene.billed().values()) == [10, 20]
    scene.hour({"77": "11", "78": "20"})
    assert sorted(scene.billed().values()) == [11, 20]


def test_a_tag_with_trailing_spaces_creates_no_second_addition(scene: Scene) -> None:
    scene.live(addition(serialNumber=f"{TAG}   "))
    assert summary(scene.hour({"77": "121"})) == [("update", "Addition/acme.storage:gb", {"quantity": "121"})]


# Crossing a range boundary

RANGES = [{"upTo": D(100), "product": "gb"}, {"product": "tb"}]


@pytest.fixture
def ranged(scene: Scene) -> Scene:
    scene.declare(mapping(product=None, ranges=RANGES), product("tb", identifier="BACKUP-TB", price=D("0.20")))
    scene.live(live_product(6, "BACKUP-TB", price=D("0.20")))
    return scene


def test_usage_that_crosses_a_boundary_back_and_forth_uses_the_same_two_additions(ranged: Scene) -> None:
    for used, small, large in [("100", 100, None), ("100.5", 0, 101), ("99", 99, 0), ("300", 0, 300)]:
        ranged.hour({"77": used})
        assert ranged.billed() == ({101: small} if large is None else {101: small, 102: large})


def test_the_old_addition_goes_to_zero_only_after_the_new_one_exists(ranged: Scene) -> None:
    ranged.hour({"77": "90"})
    ranged.uses({"77": "110"})
    plan = ranged.plan()
    assert [action.address for action in plan.actions] == ["Addition/acme.storage:tb", "Addition/acme.storage:gb"]
    assert "Addition/acme.storage:tb" in plan.after["Addition/acme.storage:gb"]


def test_a_product_that_the_mapping_no_longer_has_goes_to_zero(ranged: Scene) -> None:
    ranged.hour({"77": "300"})
    ranged.declare(mapping(product="gb"))
    ranged.hour({"77": "300"})
    assert sorted(ranged.billed().items()) == [(101, 0), (102, 300)]


# Held, vanished, zero


def test_a_failed_pull_holds_all_additions_and_has_a_row_of_its_own(scene: Scene) -> None:
    scene.hour({"77": "120"})
    scene.now += HOUR
    scene.uses({}, failed=True)
    plan = scene.plan()
    assert plan.actions == ()
    assert (plan.money_before, plan.money_after) == (30, 30)
    assert (row(plan).state, row(plan).quantity, row(plan).accounted) == ("unknown", None, False)
    everyone = row(plan, "*")
    assert (everyone.state, everyone.accounted) == ("unknown", False)
    assert everyone.detail.endswith("1 mapped customer is held at its last quantity")


def test_a_source_that_keeps_failing_sets_no_quantity_to_zero(scene: Scene) -> None:
    scene.hour({"77": "120"})
    for _ in range(45):
        scene.now += timedelta(hours=17)
        scene.uses({}, failed=True)
        assert scene.apply() == []
    assert str(scene.period) == "2026-12"
    assert scene.billed() == {101: 120}


def test_a_vanished_customer_is_held_for_the_grace_then_its_addition_goes_to_zero(scene: Scene) -> None:
    scene.hour({"77": "120"})
    last = scene.now
    assert scene.hour({}, at=last + 23 * HOUR) == []
    assert (row(scene.plan()).state, row(scene.plan()).accounted) == ("vanished", False)
    scene.hour({}, at=last + 24 * HOUR)
    assert scene.billed() == {101: 0}
    assert scene.hour({}, at=last + 25 * HOUR) == []
    scene.hour({"77": "80"}, at=last + 26 * HOUR)
    assert scene.billed() == {101: 80}


def test_hours_without_a_pull_count_toward_the_grace(scene: Scene) -> None:
    scene.hour({"77": "120"})
    assert summary(scene.hour({}, at=scene.now + 30 * HOUR)) == [
        ("update", "Addition/acme.storage:gb", {"quantity": "0"})
    ]


def test_a_minimum_is_billed_at_zero_usage_and_for_a_customer_who_has_vanished(scene: Scene) -> None:
    scene.declare(mapping(minimum=D(50)))
    scene.hour({"77": "0"})
    assert scene.billed() == {101: 50}
    scene.hour({"77": "70"})
    scene.hour({}, at=scene.now + 30 * HOUR)
    assert scene.billed() == {101: 50}
    assert row(scene.plan()).state == "vanished"


def test_after_a_lost_ledger_a_vanished_customer_is_held_for_the_full_grace_again(scene: Scene) -> None:
    scene.live(addition())
    assert scene.hour({}) == []
    assert scene.hour({}, at=scene.now + 23 * HOUR) == []
    scene.hour({}, at=scene.now + HOUR)
    assert scene.billed() == {99: 0}


def test_a_renamed_customer_is_billed_and_shown_with_both_names(scene: Scene) -> None:
    scene.uses({"77": "120"}, names={"77": "Acme Ltd"})
    scene.apply()
    scene.now += HOUR
    scene.uses({"77": "120"}, names={"77": "Acme Holding"})
    plan = scene.plan()
    assert plan.actions == ()
    assert row(plan).name == "Acme Ltd → Acme Holding"


def test_two_customers_with_the_same_name_stay_separate(scene: Scene) -> None:
    scene.declare(second_mapping())
    scene.uses({"77": "10", "78": "20"}, names={"77": "Acme", "78": "Acme"})
    assert sorted(action.address for action in scene.plan().actions) == [
        "Addition/acme.storage:gb",
        "Addition/bolt.storage:gb",
    ]


def test_an_unmapped_customer_is_reported_with_the_amount_at_risk(scene: Scene) -> None:
    scene.fallback = {"product": "gb"}
    scene.uses({"77": "10", "79": "40"})
    found = row(scene.plan(), "79")
    assert (found.state, found.quantity, found.money, found.accounted) == ("unmapped", 40, 10, False)


def test_with_unmapped_warn_an_unmapped_customer_is_accounted_for(ledger: Ledger) -> None:
    scene = Scene(ledger, unmapped="warn")
    scene.uses({"77": "10", "79": "40"})
    assert row(scene.plan(), "79").accounted


@pytest.mark.parametrize(
    ("until", "state"), [("2026-11-10", "excluded"), ("2026-11-09", "unmapped"), (None, "excluded")]
)
def test_an_exclusion_is_active_through_its_last_day(scene: Scene, until: str | None, state: str) -> None:
    more = {} if until is None else {"until": until}
    scene.declare(document("Exclusion", "lab", {"customer": {"source": "cove", "id": "79"}, "reason": "ours", **more}))
    scene.uses({"77": "10", "79": "40"})
    assert row(scene.plan(), "79").state == state


# Time

BERLIN_LAST_MOMENT = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
"""23:30 in Berlin on the last day of November."""


def test_the_last_half_hour_of_a_month_in_the_billing_zone_belongs_to_that_month(scene: Scene) -> None:
    scene.hour({"77": "120"}, at=BERLIN_LAST_MOMENT)
    assert scene.period.last_day.isoformat() == "2026-11-30"
    (made,) = scene.additions
    assert made.raw["effectiveDate"] == "2026-11-01"


def test_the_first_pull_of_a_month_updates_the_hourly_addition_and_creates_none(scene: Scene) -> None:
    scene.hour({"77": "120"}, at=BERLIN_LAST_MOMENT)
    actions = scene.hour({"77": "130"}, at=BERLIN_LAST_MOMENT + HOUR)
    assert summary(actions) == [("update", "Addition/acme.storage:gb", {"quantity": "130"})]
    assert str(scene.period) == "2026-12"
    assert scene.billed() == {101: 130}


def test_before_the_first_pull_of_a_month_the_old_quantity_is_held(scene: Scene) -> None:
    scene.hour({"77": "120"}, at=BERLIN_LAST_MOMENT)
    scene.now = BERLIN_LAST_MOMENT + HOUR
    plan = scene.plan()
    assert plan.actions == ()
    assert row(plan).state == "unknown"
    assert (
        row(plan).detail == "there is no sample since 2026-11-30 23:00 UTC, the start of this period or of the mapping"
    )


def test_a_failed_pull_at_the_start_of_a_month_holds_and_creates_nothing(scene: Scene) -> None:
    scene.hour({"77": "120"}, at=BERLIN_LAST_MOMENT)
    scene.now = BERLIN_LAST_MOMENT + HOUR
    scene.uses({}, failed=True)
    assert scene.plan().actions == ()
    assert summary(scene.hour({"77": "125"})) == [("update", "Addition/acme.storage:gb", {"quantity": "125"})]


def test_a_peak_starts_again_with_each_month(scene: Scene) -> None:
    scene.declare(mapping(measure="peak"))
    scene.hour({"77": "500"}, at=BERLIN_LAST_MOMENT - HOUR)
    scene.hour({"77": "100"}, at=BERLIN_LAST_MOMENT)
    assert scene.billed() == {101: 500}
    scene.hour({"77": "110"}, at=BERLIN_LAST_MOMENT + HOUR)
    assert scene.billed() == {101: 110}


def test_a_month_in_which_clocks_go_back_has_one_hour_more(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(mapping(measure="mean"))
    scene.live(live_agreement(startDate="2026-01-01T00:00:00Z", agreementStatus="Active"))
    first, doubled, last = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1, 2))
    for moment, used in ((first, "100"), (doubled, "100"), (last, "400")):  # 02:30, 02:30 again, 03:30 in Berlin
        scene.hour({"77": used}, at=moment)
    assert scene.billed() == {101: 200}


def test_a_mapping_that_starts_inside_the_month_waits_and_then_bills_from_its_start(scene: Scene) -> None:
    scene.declare(mapping(start="2026-11-15", measure="peak", minimum=D(5)))
    assert scene.hour({"77": "900"}) == []
    waiting = row(scene.plan())
    assert (waiting.state, waiting.quantity, waiting.accounted) == ("waiting", None, True)
    assert waiting.detail == "billing starts on 2026-11-15"
    scene.hour({"77": "120"}, at=datetime(2026, 11, 14, 23, 30, tzinfo=UTC))
    assert scene.billed() == {101: 120}
    assert scene.additions[0].raw["effectiveDate"] == "2026-11-15"


def test_a_waiting_mapping_does_not_report_an_agreement_that_starts_later(scene: Scene) -> None:
    scene.declare(mapping(start="2026-12-01"))
    scene.live(live_agreement(startDate="2026-12-01T00:00:00Z", agreementStatus="Inactive"))
    scene.uses({"77": "120"})
    assert row(scene.plan()).state == "waiting"


# Adopt


def test_an_adopted_addition_gets_the_mappings_price_and_loses_its_allowance(scene: Scene) -> None:
    scene.declare(mapping(adopt=True))
    byhand = {"serialNumber": None, "unitPrice": D("0.20"), "lessIncluded": D(20), "billCustomer": "NoCharge"}
    scene.live(addition(**byhand))
    (action,) = scene.hour({"77": "119.4"})
    assert summary([action]) == [
        (
            "adopt",
            "Addition/acme.storage:gb",
            {"serialNumber": TAG, "unitPrice": "0.25", "lessIncluded": "0", "billCustomer": "Billable"},
        )
    ]
    assert action.money is not None
    assert (action.money.before, action.money.after) == (0, 30)
    assert scene.hour({"77": "119.4"}) == []


# Hand edits


@pytest.mark.parametrize("on_drift", ["restore", "accept", "fail"])
def test_on_drift_undoes_or_accepts_a_hand_edit_or_refuses_the_plan(ledger: Ledger, on_drift: str) -> None:
    scene = Scene(ledger, onDrift=on_drift)
    scene.hour({"77": "119.4"})
    scene.live(addition(101, quantity=D(99)))
    plan = scene.plan()
    reasons = [action.reason for action in plan.actions]
    restored = "drift: edited by hand (quantity); 119.4 GB used, 120 GB billed"
    assert reasons == ([] if on_drift == "accept" else [restored])
    assert [(trip.name, trip.message) for trip in plan.tripped] == (
        [("drift", "edited by hand: quantity 120 → 99")] if on_drift == "fail" else []
    )
    assert plan.money_after == (D("24.75") if on_drift == "accept" else 30)


def test_after_a_lost_ledger_a_hand_edit_is_overwritten(scene: Scene) -> None:
    scene.live(addition(quantity=D(99)))
    scene.uses({"77": "119.4"})
    (action,) = scene.plan().actions
    assert action.reason == "119.4 GB used, 120 GB billed"


def test_a_tag_that_was_cleared_by_hand_is_written_again(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    scene.live(addition(101, serialNumber=""))
    (action,) = scene.plan().actions
    assert (action.action, action.id, action.reason) == (
        "adopt",
        101,
        "drift: its tag was removed by hand; 119.4 GB used, 120 GB billed",
    )
    scene.apply()
    assert scene.hour({"77": "119.4"}) == []
    assert scene.billed() == {101: 120}


def test_an_addition_that_was_deleted_by_hand_is_created_again(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    del scene.objects["Addition", 101]
    assert [action.action for action in scene.plan().actions] == ["create"]


# Orphans and renames


def test_an_addition_without_a_mapping_is_an_orphan_and_keeps_billing(scene: Scene) -> None:
    scene.live(addition(serialNumber="rc:cove/79/gone", billCustomer="Billable"))
    scene.uses({"77": "0"})
    plan = scene.plan()
    orphan = row(plan, "79")
    assert (orphan.state, orphan.quantity, orphan.money, orphan.accounted) == ("orphan", 120, 30, False)
    assert orphan.name == "addition id 99 (BACKUP-GB, agreement id 9)"
    assert plan.actions == ()
    assert plan.money_after == 30


@pytest.mark.parametrize("raw", [{"cancelledDate": "2026-10-31T00:00:00Z"}, {"serialNumber": "SN-1"}])
def test_an_addition_that_ended_or_is_not_ours_is_not_an_orphan(scene: Scene, raw: dict[str, Any]) -> None:
    scene.live(addition(**{"serialNumber": "rc:cove/79/gone", **raw}))
    scene.uses({"77": "0"})
    assert [each.state for each in scene.plan().coverage] == ["billed"]


def test_a_renamed_mapping_keeps_its_additions(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    del scene.documents["CustomerMapping/acme"]
    scene.declare(mapping("acme-dental"))
    scene.now += HOUR
    scene.uses({"77": "119.4"})
    plan = scene.plan()
    assert summary(plan.actions) == [
        ("adopt", "Addition/acme-dental.storage:gb", {"serialNumber": "rc:cove/77/acme-dental/storage"})
    ]
    assert [each.state for each in plan.coverage] == ["billed"]
    scene.apply()
    assert scene.billed() == {101: 120}
    assert scene.hour({"77": "119.4"}) == []


def test_a_mapping_that_moves_to_another_agreement_sets_the_old_addition_to_zero(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    scene.live(live_agreement(10, name="New", agreementStatus="Active"))
    scene.declare(mapping(agreement={"id": 10}))
    scene.hour({"77": "119.4"})
    assert [(obj.parent_id, obj.raw["quantity"]) for obj in scene.additions] == [(9, 0), (10, 120)]


def test_graduated_prices_that_contradict_each_other_are_an_error(scene: Scene) -> None:
    ranges = [{"upTo": D(100), "product": "gb", "price": D(1)}, {"product": "gb"}]
    scene.declare(mapping(product=None, ranges=ranges, tiering="graduated"))
    with pytest.raises(RuleError, match="two prices"):
        scene.plan()


def test_a_renamed_source_keeps_its_additions(scene: Scene) -> None:
    scene.live(addition(serialNumber="rc:old-console/77/acme/storage"))
    actions = scene.hour({"77": "120"})
    assert summary(actions) == [("adopt", "Addition/acme.storage:gb", {"serialNumber": TAG})]
    assert scene.hour({"77": "120"}) == []
