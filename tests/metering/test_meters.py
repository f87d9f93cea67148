"""What a meter counts in each hour, from the columns of the devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.kinds.meter import MeterSpec
from reconciler.kinds.meters import BUILT_IN, STORAGE, Meter, meter_of
from reconciler.ledger.records import LastSeen, LastValues, Sample
from reconciler.metering.history import History
from reconciler.metering.metered import meter_problem
from reconciler.metering.period import Span, period_of
from reconciler.metering.snapshot import SourceSnapshot, WholePull
from tests.metering.builders import HOUR, NOON, record

COLUMNS = ("D9F03", "I10", "I32", "I81")
PHYSICAL = {"I32": "2", "I81": "Physical", "I10": "All-In", "D9F03": "500"}
VIRTUAL = {"I32": "2", "I81": "Virtual", "I10": "All-In", "D9F03": "70"}
LAPTOP = {"I32": "1", "I10": "All-In", "D9F03": "30"}
PAPERS = {"I32": "1", "I10": "Documents", "D9F03": "4"}

Devices = Mapping[str, Mapping[str, str]]


def pull(at: timedelta, devices: Devices, *, columns: Sequence[str] = COLUMNS) -> WholePull:
    """Return a pull at a time after noon, with the columns of the devices of customer 1. Each stores 10 bytes."""
    moment = NOON + at
    samples = tuple(Sample("cove", "1", each, moment, 10, values) for each, values in devices.items())
    number = int(at / HOUR) + 100
    return WholePull(record(number, moment, columns=tuple(columns)), {"1": samples} if samples else {})


def source(*pulls: WholePull) -> SourceSnapshot:
    *earlier, newest = pulls
    first = pulls[0].record.started_at
    return SourceSnapshot(
        "cove", "GB", latest=newest.record, whole=newest, earlier=tuple(earlier), first_whole_at=first
    )


def history(found: SourceSnapshot, meter: Meter, now: timedelta = timedelta()) -> History:
    period = period_of(NOON, "UTC")
    return History(found, Span(period.start, period.end, NOON + now, 6 * HOUR, 24 * HOUR), None, meter)


def hours(meter: Meter, *pulls: WholePull) -> dict[float, int]:
    """Return what the meter counts in each hour, by hours after noon."""
    found = history(source(*pulls), meter, pulls[-1].record.started_at - NOON)
    return {(each.hour - NOON) / HOUR: each.bytes for each in found.hours("1", period_of(NOON, "UTC").start)}


def now(meter: Meter, *pulls: WholePull) -> tuple[int | None, Mapping[str | None, str]]:
    """Return what the meter counts in the newest pull, and the state of each device."""
    current = history(source(*pulls), meter, pulls[-1].record.started_at - NOON).customer_now("1")
    return current.bytes, {each.device_id: each.state for each in current.devices}


def declared(source_type: str = "cove", **spec: object) -> Meter:
    return meter_of("mine", MeterSpec.model_validate({"source": "cove", **spec}), source_type)


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("storage", 40),
        ("selected-size", 604),
        ("devices", 4),
        ("physical-servers", 1),
        ("virtual-servers", 1),
        ("workstations", 1),
        ("documents", 1),
    ],
)
def test_a_built_in_meter_counts_the_devices_that_fit(name: str, counted: int) -> None:
    devices = {"a": PHYSICAL, "b": VIRTUAL, "c": LAPTOP, "d": PAPERS}
    assert hours(BUILT_IN[name], pull(0 * HOUR, devices)) == {0: counted}
    assert now(BUILT_IN[name], pull(0 * HOUR, devices))[0] == counted


@pytest.mark.parametrize(
    ("spec", "counted"),
    [
        ({"sum": "T3", "where": {"OT": 2}}, 570),
        ({"sum": "used", "where": {"OT": 2}}, 20),
        ({"sum": "I14", "where": {"I10": {"not": "Documents"}}}, 30),
        ({"count": "devices", "where": {"I81": ["Physical", "Virtual"]}}, 2),
        ({"count": "devices", "where": {"PN": {"not": ["Documents", "All-In"]}}}, 0),
        ({"distinct": "PN"}, 2),
        ({"distinct": "PN", "where": {"OT": 2}}, 1),
    ],
)
def test_a_declared_meter_counts_what_it_says(spec: dict[str, object], counted: int) -> None:
    devices = {"a": PHYSICAL, "b": VIRTUAL, "c": LAPTOP, "d": PAPERS}
    assert hours(declared(**spec), pull(0 * HOUR, devices)) == {0: counted}


def test_a_code_of_the_console_has_no_meaning_in_a_file() -> None:
    assert declared(sum="T3").column == "D9F03"
    assert declared("csv", sum="T3").column == "T3"
    assert declared(sum="T3").unit == "source"
    assert declared("csv", sum="T3").unit is None
    assert declared("csv", sum="seats", unit="GiB").unit_in("GB") == "GiB"
    assert (STORAGE.unit_in("GiB"), BUILT_IN["devices"].unit_in("GiB")) == ("GiB", None)


def test_a_flag_and_a_number_are_compared_as_text() -> None:
    meter = declared("json", count="devices", where={"active": True, "tier": 3})
    devices = {"a": {"active": "true", "tier": "3"}, "b": {"active": "false", "tier": "3"}}
    assert hours(meter, pull(0 * HOUR, devices, columns=("active", "tier"))) == {0: 1}


def test_different_values_are_counted_within_an_hour() -> None:
    meter = declared(distinct="I10")
    same, other = {"a": PHYSICAL, "b": VIRTUAL}, {"a": PHYSICAL, "b": PAPERS, "c": PAPERS}
    assert hours(meter, pull(0 * HOUR, same), pull(1 * HOUR, other), pull(2 * HOUR, {"a": PAPERS})) == {
        0: 1,
        1: 2,
        2: 1,
    }
    assert now(meter, pull(0 * HOUR, other))[0] == 2


def test_a_device_that_changes_counts_from_the_hour_of_its_new_value() -> None:
    assert hours(BUILT_IN["physical-servers"], pull(0 * HOUR, {"a": PHYSICAL}), pull(1 * HOUR, {"a": VIRTUAL})) == {
        0: 1,
        1: 0,
    }


def test_a_count_keeps_a_silent_device_for_max_age_and_then_holds_the_customer() -> None:
    silent = {"a": {"I32": "2"}, "b": PHYSICAL}
    pulls = [pull(0 * HOUR, {"a": PHYSICAL, "b": PHYSICAL}), *(pull(each * HOUR, silent) for each in range(1, 9))]
    counted = hours(BUILT_IN["physical-servers"], *pulls)
    assert counted == dict.fromkeys(range(7), 2)
    assert now(BUILT_IN["physical-servers"], *pulls[:3]) == (2, {"a": "silent", "b": "fresh"})
    assert now(BUILT_IN["physical-servers"], *pulls)[1] == {"a": "stale", "b": "fresh"}


def test_a_device_without_the_columns_of_its_meter_counts_0_and_is_named() -> None:
    devices = {"a": {"I32": "2"}, "b": PHYSICAL}
    assert now(BUILT_IN["physical-servers"], pull(0 * HOUR, devices)) == (1, {"a": "never", "b": "fresh"})


def test_one_column_that_does_not_fit_decides_without_the_others() -> None:
    assert now(BUILT_IN["physical-servers"], pull(0 * HOUR, {"a": {"I32": "1"}})) == (0, {"a": "fresh"})


def test_a_sum_takes_only_whole_numbers() -> None:
    for odd in ("12.5", "-1", "many", "9" * 30, "１２"):
        assert now(BUILT_IN["selected-size"], pull(0 * HOUR, {"a": {"D9F03": odd}})) == (None, {"a": "never"}), odd


def test_a_device_without_a_size_counts_and_a_sum_of_sizes_lacks_it() -> None:
    moment = pull(0 * HOUR, {"a": PHYSICAL})
    unsized = replace(moment, samples={"1": (replace(moment.samples["1"][0], bytes=None),)})
    assert now(BUILT_IN["devices"], unsized) == (1, {"a": "fresh"})
    assert now(declared(sum="used", where={"OT": 2}), unsized) == (None, {"a": "never"})


def test_hours_before_the_column_was_read_are_left_out() -> None:
    before = [pull(each * HOUR, {"a": {}}, columns=()) for each in range(-3, 0)]
    pulls = [*before, pull(0 * HOUR, {"a": PHYSICAL}), pull(1 * HOUR, {"a": PHYSICAL})]
    assert hours(BUILT_IN["physical-servers"], *pulls) == {0: 1, 1: 1}
    assert hours(STORAGE, *pulls) == {-3: 10, -2: 10, -1: 10, 0: 10, 1: 10}
    assert history(source(*pulls), BUILT_IN["physical-servers"]).source.first_whole_at == NOON


def test_a_meter_without_its_column_has_a_problem() -> None:
    newest = pull(0 * HOUR, {"a": {}}, columns=("I32",))
    refused = "column I81 may not be read by the API user's role"
    problem = meter_problem(source(newest), BUILT_IN["physical-servers"])
    assert problem is not None
    assert problem.startswith("meter physical-servers needs column I81, which the newest pull of cove does not have")
    assert problem.endswith("the next pull asks for it")
    noted = replace(newest, record=replace(newest.record, notes=("something else", refused)))
    assert str(meter_problem(source(noted), BUILT_IN["physical-servers"])).endswith(f": {refused}")
    assert meter_problem(source(newest), STORAGE) is None
    assert meter_problem(SourceSnapshot("cove", "GB"), BUILT_IN["documents"]) is None


def test_the_last_values_from_before_the_pulls_count_for_a_device_without_new_ones() -> None:
    found = replace(
        source(pull(0 * HOUR, {"a": {}, "b": {}, "c": {}})),
        values_before=(
            LastValues("1", "a", PHYSICAL, NOON - HOUR),
            LastValues("1", "b", PHYSICAL, NOON - 7 * HOUR),
            LastValues("1", "c", {"I32": "2"}, NOON - HOUR),
        ),
    )
    current = history(found, BUILT_IN["physical-servers"]).customer_now("1")
    assert {each.device_id: each.state for each in current.devices} == {"a": "silent", "b": "stale", "c": "never"}


def test_a_vanished_customer_has_no_last_number() -> None:
    found = replace(source(pull(0 * HOUR, {})), last_seen={"1": LastSeen("1", NOON - HOUR, 5)})
    assert history(found, STORAGE).last_sample("1") == LastSeen("1", NOON - HOUR, 5)
    assert history(found, BUILT_IN["devices"]).last_sample("1") == LastSeen("1", NOON - HOUR, None)
