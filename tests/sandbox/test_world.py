"""The data of the console: the customers of a seed, and bytes that depend only on the hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.cove.data.census import CustomerUsage, WorldError
from reconciler.sandbox.cove.data.model import Level, State
from reconciler.sandbox.cove.data.population import customer_name
from reconciler.sandbox.cove.data.saved import WorldState, dump_world, load_world
from reconciler.sandbox.cove.data.world import World

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALDER, BIRCHWOOD, CEDAR, DOGWOOD = 1_001_001, 1_001_002, 1_001_003, 1_001_004


def world(customers: int = 6, seed: int = 1) -> World:
    return World(seed, customers, START)


def usage(of: World, at: datetime = START) -> dict[int, CustomerUsage]:
    return {row.id: row for row in of.usage(at)}


def test_the_six_customers_of_the_example_estate_come_first_with_fixed_names_and_totals() -> None:
    expected = {
        1_001_001: ("Alder Dental", 120_350_000_000, 2),
        1_001_002: ("Birchwood Legal", 460_400_000_000, 3),
        1_001_003: ("Cedar Logistics", 1_250_300_000_000, 3),
        1_001_004: ("Dogwood Clinic", 85_200_000_000, 3),
        1_001_005: ("Elmhurst Foundry", 300_600_000_000, 2),
        1_001_006: ("Fir Internal Lab", 40_100_000_000, 2),
    }

    for seed in (1, 99):
        found = {key: (row.name, row.used, row.devices) for key, row in usage(world(seed=seed)).items()}
        assert found == expected


@pytest.mark.parametrize(("customer", "ceiling"), [(ALDER, 150), (BIRCHWOOD, 500), (CEDAR, 2000), (DOGWOOD, 100)])
def test_no_fixed_customer_grows_across_a_price_range_within_a_month(customer: int, ceiling: int) -> None:
    after = usage(world(), START + timedelta(days=31))[customer]

    assert after.used < ceiling * 10**9


def test_a_quantity_in_whole_gb_changes_within_a_working_day() -> None:
    before, after = usage(world()), usage(world(), START + 8 * HOUR)

    assert any(before[key].used // 10**9 != after[key].used // 10**9 for key in before)


def test_a_site_counts_for_its_end_customer() -> None:
    found = world()
    sites = [partner for partner in found.partners.values() if partner.level is Level.SITE]

    assert [site.parent_id for site in sites] == [BIRCHWOOD]
    assert [device.name for device in found.devices_of([sites[0].id], START)] == ["birchwood-harbour-srv"]
    assert sites[0].id not in usage(found)


def test_a_device_without_a_finished_backup_has_no_size() -> None:
    found = world()
    values = [found.used(device, START) for device in found.devices_of([DOGWOOD], START)]

    assert values.count(None) == 1
    assert usage(found)[DOGWOOD].missing == 1


@given(seed=st.integers(0, 2**40), hours=st.integers(-5000, 5000), customers=st.integers(0, 30))
def test_used_bytes_are_whole_numbers_depend_on_the_hour_and_never_fall(seed: int, hours: int, customers: int) -> None:
    first, second = world(customers, seed), world(customers, seed)
    at = START + hours * HOUR
    for device in first.devices.values():
        used = first.used(device, at)
        later = first.used(device, at + HOUR)
        assert used == second.used(second.devices[device.id], at + 59 * timedelta(minutes=1))
        assert used is None or (isinstance(used, int) and later is not None and later >= used >= 0)


def test_a_smaller_population_is_the_beginning_of_a_larger_one() -> None:
    few, many = usage(world(12)), usage(world(60))

    assert few.items() <= many.items()


def test_another_seed_generates_other_customers() -> None:
    assert usage(world(30, seed=1))[1_001_008] != usage(world(30, seed=2))[1_001_008]


def test_generated_customers_use_between_5_and_5000_gb() -> None:
    generated = [row for row in world(300).usage(START) if row.id > 1_001_006 and row.devices]

    assert all(5 * 10**9 <= row.used < 5000 * 10**9 for row in generated)


def test_some_customers_have_the_same_name() -> None:
    found = usage(world(12))

    assert found[1_001_011].name == found[1_001_012].name
    assert len({row.name for row in found.values()}) == 11


def test_names_differ_for_thousands_of_customers() -> None:
    assert len({customer_name(1, number) for number in range(10_000)}) == 10_000


def test_one_generated_customer_has_no_device() -> None:
    assert [row.id for row in world(100).usage(START) if not row.devices] == [1_001_009]


def test_some_customers_belong_to_a_reseller_and_some_are_in_trial() -> None:
    found = world(100)
    resold = {partner.parent_id for partner in found.partners.values() if partner.level is Level.END_CUSTOMER}

    assert len(resold) == 3
    assert State.IN_TRIAL in {row.state for row in found.usage(START)}


def test_setting_the_total_of_a_customer_is_exact() -> None:
    found = world()
    found.set_bytes(CEDAR, 777_777_777_777, START)

    assert usage(found)[CEDAR].used == 777_777_777_777


@given(total=st.integers(0, 10**16), customer=st.sampled_from([ALDER, BIRCHWOOD, CEDAR, DOGWOOD]))
def test_shares_of_a_set_total_always_add_up(total: int, customer: int) -> None:
    found = world()
    found.set_bytes(customer, total, START)
    found.set_bytes(customer, total // 3, START + HOUR)

    assert usage(found, START + HOUR)[customer].used == total // 3


def test_a_customer_at_zero_can_be_set_to_bytes_again() -> None:
    found = world()
    found.set_bytes(ALDER, 0, START)
    found.set_bytes(ALDER, 11, START)

    assert usage(found)[ALDER].used == 11


def test_growth_by_a_factor_is_exact() -> None:
    found = world()
    found.grow(ALDER, Fraction(3, 2), START)

    assert usage(found)[ALDER].used == 120_350_000_000 * 3 // 2


def test_growth_can_be_stopped() -> None:
    found = world()
    found.set_growth(CEDAR, 0, START)

    assert usage(found, START + 1000 * HOUR)[CEDAR].used == 1_250_300_000_000


def test_a_change_does_not_affect_the_past() -> None:
    found = world()
    found.grow(ALDER, Fraction(2), START + 10 * HOUR)
    found.remove_customer(CEDAR, START + 10 * HOUR)

    assert usage(found, START + 9 * HOUR) == usage(world(), START + 9 * HOUR)
    assert CEDAR not in usage(found, START + 10 * HOUR)


def test_a_change_with_an_earlier_time_removes_later_changes() -> None:
    found = world()
    found.set_bytes(ALDER, 5, START + 10 * HOUR)
    found.set_bytes(ALDER, 7, START)
    found.set_growth(ALDER, 0, START)

    assert usage(found, START + 20 * HOUR)[ALDER].used == 7


def test_a_customer_can_be_renamed_and_keeps_its_id() -> None:
    found = world()
    found.rename(ALDER, "Alder Dental Group", START)

    assert usage(found)[ALDER].name == "Alder Dental Group"


def test_a_customer_can_be_put_into_a_trial() -> None:
    found = world()
    found.set_state(ALDER, State.IN_TRIAL, START)

    assert usage(found)[ALDER].state is State.IN_TRIAL


def test_ids_are_never_used_twice() -> None:
    found = world()
    first = found.add_customer("Gorse Garage", START)
    found.remove_customer(first.id, START)
    second = found.add_customer("Gorse Garage", START)

    assert (first.id, second.id) == (1_001_007, 1_001_008)


def test_a_recycled_customer_is_in_the_bin_and_still_counts() -> None:
    found = world()
    found.recycle(BIRCHWOOD, START)
    found.recycle(ALDER, START)

    bin_ = found.partners[found.partners[BIRCHWOOD].parent_id]
    assert bin_.name.endswith("- Recycle Bin")
    assert found.partners[ALDER].parent_id == bin_.id
    assert usage(found)[BIRCHWOOD].used == 460_400_000_000


def test_a_reseller_with_devices_of_its_own_is_listed_beside_the_customers() -> None:
    found = world(10)
    found.add_device(1_000_101, START, 42)

    row = usage(found)[1_000_101]
    assert (row.level, row.used) == (Level.RESELLER, 42)


def test_a_device_can_lose_its_size_and_get_one_again() -> None:
    found = world()
    device = found.devices_of([ALDER], START)[0]
    found.resize_device(device.id, None, START)
    assert found.used(device, START) is None

    found.resize_device(device.id, 12, START)
    assert found.used(device, START) == 12


def test_a_device_can_be_added_to_a_new_site_and_removed() -> None:
    found = world()
    site = found.add_site(ALDER, "Alder Dental - Mill Lane", START)
    device = found.add_device(site.id, START, 10**9)
    assert usage(found)[ALDER].used == 121_350_000_000

    found.remove_device(device.id, START + HOUR)
    assert usage(found, START + HOUR)[ALDER].devices == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda w: w.set_bytes(999, 1, START), "no partner 999"),
        (lambda w: w.set_bytes(ALDER, -1, START), "cannot use -1"),
        (lambda w: w.set_bytes(1_001_009, 1, START), "no device with a known size"),
        (lambda w: w.grow(ALDER, Fraction(-1), START), "is negative"),
        (lambda w: w.set_growth(ALDER, -1, START), "the growth is negative"),
        (lambda w: w.remove_customer(w.root_id, START), "cannot be moved or removed"),
        (lambda w: w.recycle(w.root_id, START), "cannot be moved or removed"),
        (lambda w: w.resize_device(5, 1, START), "no device 5"),
        (lambda w: w.resize_device(2_000_020, -1, START), "cannot use -1"),
        (lambda w: w.add_site(w.root_id, "x", START), "belongs to an end customer"),
    ],
)
def test_an_impossible_change_gives_the_reason(change, sentence: str) -> None:
    with pytest.raises(WorldError, match=sentence):
        change(world(10))


def test_a_settled_span_ends_when_a_partner_or_device_is_added_or_removed() -> None:
    found = world()
    found.remove_device(2_000_020, START + 5 * HOUR)
    found.add_device(ALDER, START + 2 * HOUR, 1)

    assert found.unchanged_span(START + 3 * HOUR) == (START + 2 * HOUR, START + 5 * HOUR)


def test_a_world_can_be_saved_and_loaded() -> None:
    found = world(15)
    found.grow(ALDER, Fraction(2), START + HOUR)
    found.remove_customer(CEDAR, START + HOUR)
    found.add_customer("Gorse Garage", START + HOUR)
    written = msgspec.json.encode(dump_world(found))
    again = load_world(msgspec.json.decode(written, type=WorldState))

    for at in (START, START + 40 * HOUR):
        assert again.usage(at) == found.usage(at)
    assert again.add_customer("Ivy Inn", START).id == 1_001_017
