"""Tests of customers that are loaded by their hourly totals: they are measured as by their samples."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.kinds.billing_rules import Allowance, Exclusion, Rule
from reconciler.kinds.meters import BUILT_IN, Condition, Meter
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.history import History
from reconciler.metering.loading import load_snapshots
from reconciler.metering.measures import Measured
from reconciler.metering.period import Span

from .builders import GB, HOUR, NOON, SETTINGS, Used, rule

MINUTE = timedelta(minutes=1)
ALL: Used = {"1": {"a": 5, "b": 7}, "2": {"c": 3}, "3": {None: 9}}
PEAK = [rule(each, measure="peak") for each in ALL]


def record(
    ledger: Ledger, used: Used, at: Any, values: Mapping[str, Mapping[str, str]] | None = None, **late: int
) -> None:
    """Record a pull; `late` has the minutes by which the figure of a device is late, `values` its other columns."""
    held = values or {}
    samples = tuple(
        Sample("cove", customer, device, at - late.get(device or "", 0) * MINUTE, size, held.get(device or "", {}))
        for customer, devices in used.items()
        for device, size in devices.items()
    )
    customers = tuple(Customer("cove", each, each) for each in used)
    columns = tuple(sorted({name for cells in held.values() for name in cells}))
    record_pull(ledger, Pull("cove", at, at, "whole", customers, samples, columns=columns))


def summed(ledger: Ledger, rules: Sequence[Rule], exclusions: Sequence[Exclusion] = (), hours: int = 2) -> set[str]:
    """Return the customers that are loaded by their totals."""
    found = load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, NOON + hours * HOUR, exclusions=exclusions)
    return set(found["cove"].totals)


def test_a_customer_whose_devices_always_have_figures_is_loaded_by_its_totals(ledger: Ledger) -> None:
    for hour in range(3):
        record(ledger, ALL, NOON + hour * HOUR)
    assert summed(ledger, PEAK) == {"1", "2", "3"}
    snapshot = load_snapshots(ledger, {"cove": "GB"}, PEAK, SETTINGS, NOON + 2 * HOUR, exclusions=[])["cove"]
    assert [(each.bytes, each.devices) for each in snapshot.totals["1"]] == [(12, 2)] * 3
    assert not any(pull.samples for pull in snapshot.earlier)


def test_devices_that_were_listed_later_count_in_the_total_of_their_customer(ledger: Ledger) -> None:
    first = {customer: {f"{customer}{number}": 10 for number in range(4)} for customer in "123"}
    later = {customer: {**devices, f"{customer}-new": 5} for customer, devices in first.items()}
    record(ledger, first, NOON)
    for hour in (1, 2):
        record(ledger, later, NOON + hour * HOUR)
    rules = [rule(customer, measure="peak") for customer in "12"]
    found = load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, NOON + 2 * HOUR, exclusions=[])["cove"].totals
    assert {customer: [(each.bytes, each.devices) for each in totals] for customer, totals in found.items()} == {
        customer: [(40, 4), (45, 5), (45, 5)] for customer in "12"
    }


@pytest.mark.parametrize(
    "more",
    [
        {"allowance": Allowance(Decimal(1), "device")},
        {"meter": Meter("kinds", "distinct", "kind"), "unit": None},
        {"meter": Meter("large", "sum", where=(Condition("used", ("5",)),))},
    ],
)
def test_a_rule_that_needs_devices_loads_them(ledger: Ledger, more: dict[str, Any]) -> None:
    for hour in range(3):
        record(ledger, ALL, NOON + hour * HOUR)
    assert summed(ledger, [rule("1", measure="peak", **more), PEAK[1]]) == {"2"}


def test_an_exclusion_of_a_device_loads_the_devices_of_its_customer(ledger: Ledger) -> None:
    for hour in range(3):
        record(ledger, ALL, NOON + hour * HOUR)
    assert summed(ledger, PEAK, [Exclusion("x", "cove", "1", "a test", device_id="a")]) == {"2", "3"}
    assert summed(ledger, PEAK, [Exclusion("x", "cove", "1", "all of it")]) == {"1", "2", "3"}


@pytest.mark.parametrize(
    "odd",
    [
        {"1": {"a": None, "b": 7}},
        {"1": {"a": 5, "b": 7, "c": 1}},
        {"1": {"a": 5, "b": 7, None: 1}},
        {"2": {"c": 3}},
    ],
)
def test_a_customer_with_any_other_sample_is_loaded_by_its_samples(ledger: Ledger, odd: Used) -> None:
    record(ledger, ALL, NOON)
    record(ledger, {**odd, "9": {"z": 1}}, NOON + HOUR)
    record(ledger, ALL, NOON + 2 * HOUR)
    assert "1" not in summed(ledger, PEAK[:1])


def counted(name: str, how: Any, column: str = "used", **where: str) -> Meter:
    return Meter(name, how, column, tuple(Condition(each, (value,)) for each, value in where.items()))


def test_counts_and_sums_of_columns_are_loaded_as_totals(ledger: Ledger) -> None:
    used: Used = {"1": {"a": 5, "b": 0, "c": None}}
    kinds = ({"a": "server", "b": "server", "c": "pc"}, {"a": "server", "b": "server", "c": "server"})
    for hour in range(4):
        values = {each: {"kind": kind, "size": "7"} for each, kind in kinds[hour > 1].items()}
        record(ledger, used, NOON + hour * HOUR, values)
    meters = [BUILT_IN["devices"], counted("servers", "count", kind="server"), counted("sizes", "sum", "size")]
    rules = [rule("1", measure="peak", charge=each.name, meter=each, unit=None) for each in meters]
    found = load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, NOON + 3 * HOUR, exclusions=[])["cove"]
    assert {meter.name: [each.bytes for each in own["1"]] for meter, own in found.totals_of.items()} == {
        "devices": [3, 3, 3, 3],
        "servers": [2, 2, 3, 3],
        "sizes": [21, 21, 21, 21],
    }
    assert not any(pull.samples for pull in found.earlier)


def test_a_total_of_storage_of_some_devices_knows_how_many_of_them_count(ledger: Ledger) -> None:
    used: Used = {"1": {"a": 5, "b": 0, "c": 7, "d": 9}}
    for hour in range(3):
        kinds = {"a": "server", "b": "server", "c": "pc" if hour else "server", "d": "pc"}
        record(ledger, used, NOON + hour * HOUR, {each: {"kind": kind} for each, kind in kinds.items()})
    meter = counted("servers", "sum", kind="server")
    rules = [rule("1", measure="peak", meter=meter)]
    found = load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, NOON + 2 * HOUR, exclusions=[])["cove"]
    assert [(each.bytes, each.devices) for each in found.totals_of[meter]["1"]] == [(12, 2), (5, 1), (5, 1)]


def test_a_customer_with_one_meter_that_needs_samples_is_loaded_by_them(ledger: Ledger) -> None:
    for hour in range(3):
        record(ledger, {"1": {"a": None}, "2": {"c": 5}}, NOON + hour * HOUR)
    devices = {"meter": BUILT_IN["devices"], "unit": None, "charge": "devices"}
    rules = [rule(each, measure="peak", **more) for each in "12" for more in ({}, devices)]
    found = load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, NOON + 2 * HOUR, exclusions=[])["cove"]
    assert {meter.name: set(own) for meter, own in found.totals_of.items()} == {"storage": {"2"}, "devices": {"2"}}
    assert all(set(pull.samples) == {"1"} for pull in found.earlier)


def test_a_total_of_large_figures_is_exact(ledger: Ledger) -> None:
    huge = 2**62 + 1
    for hour in range(3):
        record(ledger, {"1": {"a": huge, "b": huge}}, NOON + hour * HOUR)
    found = load_snapshots(ledger, {"cove": "GB"}, PEAK[:1], SETTINGS, NOON + 2 * HOUR, exclusions=[])["cove"]
    assert [each.bytes for each in found.totals["1"]] == [2 * huge] * 3


def test_the_totals_of_a_few_of_many_customers_are_those_of_all(ledger: Ledger) -> None:
    many: Used = {str(number): {f"{number}a": number, f"{number}b": 1} for number in range(20)}
    for hour in range(3):
        record(ledger, {**many, "7": {"7a": 7 + hour, "7b": 1}, "8": {"8a": None, "8b": 1}}, NOON + hour * HOUR)
    few, every = ([rule(str(number), measure="peak") for number in numbers] for numbers in ((7, 8), range(20)))
    found = [
        load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, NOON + 2 * HOUR, exclusions=[])["cove"].totals
        for rules in (few, every)
    ]
    assert [each.bytes for each in found[0]["7"]] == [8, 9, 10]
    assert found[0] == {"7": found[1]["7"]}
    assert found[1].keys() == many.keys() - {"8"}


def test_a_figure_about_an_earlier_moment_loads_the_samples(ledger: Ledger) -> None:
    record(ledger, ALL, NOON)
    record(ledger, ALL, NOON + HOUR, a=5)
    record(ledger, ALL, NOON + 2 * HOUR, c=5)
    assert summed(ledger, PEAK) == {"3"}


def test_hours_after_the_end_of_the_period_have_no_total(ledger: Ledger) -> None:
    for hour in range(3):
        record(ledger, ALL, NOON + hour * HOUR)
    found = load_snapshots(ledger, {"cove": "GB"}, PEAK, SETTINGS, NOON + 2 * HOUR, exclusions=[])["cove"]
    history = History(found, Span(NOON, NOON + 2 * HOUR, NOON + 2 * HOUR, HOUR, HOUR))
    assert [each.hour for each in history.hours("1", NOON)] == [NOON, NOON + HOUR]


def test_devices_that_are_not_loaded_cannot_be_asked_for(ledger: Ledger) -> None:
    for hour in range(3):
        record(ledger, ALL, NOON + hour * HOUR)
    (measured, *_) = charged(ledger, PEAK, summed=True)
    assert measured is not None
    assert measured.chosen[0].has_devices
    with pytest.raises(ValueError, match="not loaded"):
        measured.by_device  # noqa: B018 - a property that raises


# ── random histories, most of them plain ─────────────────────────────────────────────────────────────────

OTHERS = [
    rule("1", "p95", measure="p95"),
    rule("1", "mean", measure="mean", start=NOON.date()),
    rule("2", "left", measure="peak", end=NOON.date()),
    rule("1", "devices", measure="p95", meter=BUILT_IN["devices"], unit=None),
    rule("1", "servers", measure="mean", meter=counted("servers", "count", kind="server"), unit=None),
    rule("1", "sizes", measure="peak", meter=counted("sizes", "sum", "size"), unit=None),
    rule("1", "of servers", measure="peak", meter=counted("servers", "sum", kind="server")),
    rule("2", "fair", measure="peak", allowance=Allowance(Decimal(1), "devices", BUILT_IN["devices"])),
    rule("1", "kinds", measure="peak", meter=Meter("kinds", "distinct", "kind"), unit=None),
]


def charged(ledger: Ledger, rules: Sequence[Rule], *, summed: bool, at: Any = NOON + 2 * HOUR) -> list[Measured | None]:
    """Return what is measured, by hourly totals where they are enough or by samples alone, without the devices."""
    exclusions: list[Exclusion] | None = [] if summed else None
    snapshots = load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, at, exclusions=exclusions)
    return [each.measured for each in charge_usage(ChargeInputs(at, SETTINGS, rules, [], snapshots)).charges]


def plain(measured: Measured | None) -> Any:
    """Return a measure without the devices of its hours."""
    if measured is None:
        return None
    hours = [
        (each.hour, each.pull_id, each.observed_at, each.bytes, each.has_devices, each.counted_devices)
        for each in measured.chosen
    ]
    return (hours, replace(measured, chosen=()))


Values = dict[str, dict[str, str]]
Pulls = list[tuple[Any, Used, Values, dict[str, int]]]


@st.composite
def histories(draw: st.DrawFn) -> Pulls:
    """Draw pulls around midnight. About one of eight has something odd."""
    values: Values = {each: {"kind": "server", "size": "3"} for each in "abc"} | {"": {"kind": "pc", "size": "1"}}
    at = NOON - timedelta(hours=draw(st.sampled_from([13, 12, 2])))
    pulls = []
    for _ in range(draw(st.integers(2, 9))):
        used: dict[str, dict[str | None, int | None]] = {
            each: {device: draw(st.integers(0, 9)) * GB for device in devices} for each, devices in ALL.items()
        }
        late = {}
        if draw(st.integers(0, 2)) == 0:
            changed = {"kind": draw(st.sampled_from(["server", "pc"])), "size": str(draw(st.integers(0, 9)))}
            values = {**values, draw(st.sampled_from("ab")): changed}
        given = values
        match draw(st.integers(0, 40)):
            case 0:
                used["1"]["a"] = None
            case 1:
                del used["1"]
            case 2:
                used["2"]["a"] = used["1"].pop("a")
            case 3:
                late = {"b": draw(st.sampled_from([10, 90, -20]))}
            case 4:
                del used["1"]["b"]
            case 5:
                given = {**values, "a": {"size": "1"}}
            case 6:
                given = {each: {"size": cells["size"]} for each, cells in values.items()}
        pulls.append((at, used, given, late))
        at += draw(st.sampled_from([20, 60, 60, 60, 90, 300])) * MINUTE
    return pulls


@example(pulls=[(NOON + hour * HOUR, ALL, {}, {}) for hour in range(3)])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pulls=histories())
def test_totals_and_samples_are_measured_alike(empty_ledger: Path, pulls: Pulls) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(empty_ledger, Path(folder) / "ledger.sqlite")
        with Ledger.open(str(path), now=NOON) as ledger:
            for at, used, values, late in pulls:
                record(ledger, used, at, values, **late)
            for index, rules in ((-1, PEAK), (len(pulls) // 2, PEAK), *((-1, [each]) for each in OTHERS)):
                at = pulls[index][0]
                by_totals = charged(ledger, rules, summed=True, at=at)
                by_samples = charged(ledger, rules, summed=False, at=at)
                assert list(map(plain, by_totals)) == list(map(plain, by_samples))
