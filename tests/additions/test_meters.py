"""Charges of other meters: what holds one of them, and the devices that none of them counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.kinds.billing_rules import Allowance, Exclusion, Rule
from reconciler.kinds.meters import BUILT_IN, Condition, Meter
from reconciler.ledger.records import Sample
from reconciler.metering.snapshot import SourceSnapshot, WholePull
from tests.additions.charging import D, result_of
from tests.metering.builders import GB, NOON, record, rule, snapshot

COLUMNS = ("I10", "I32", "I81")
SERVER, LAPTOP = {"I32": "2", "I81": "Physical"}, {"I32": "1", "I10": "All-In"}
DEVICES = {"a": SERVER, "b": LAPTOP, "c": {"I32": "0"}}


def source(columns: tuple[str, ...] = COLUMNS, notes: tuple[str, ...] = ()) -> SourceSnapshot:
    """Return a source with the devices of customer 1. Each stores 5 GB."""
    samples = tuple(Sample("cove", "1", name, NOON, 5 * GB, values) for name, values in DEVICES.items())
    pull = WholePull(record(1, NOON, columns=columns, notes=notes), {"1": samples})
    return replace(snapshot({}), latest=pull.record, whole=pull)


def charge(meter: str, **more: Any) -> Rule:
    return rule("1", meter=BUILT_IN[meter], charge=meter, unit=BUILT_IN[meter].unit_in("GB"), **more)


STORAGE, SERVERS = charge("storage"), charge("physical-servers")


def test_a_meter_without_its_column_holds_only_its_charge() -> None:
    note = "column I81 may not be read by the API user's role; give the role that right"
    found = result_of(source(("I10", "I32"), (note,)), [STORAGE, SERVERS])
    assert {each.name: (each.state, each.amount) for each in found.charges} == {
        "storage": ("billed", D(30)),
        "physical-servers": ("held", None),
    }
    row = next(each for each in found.coverage.rows if each.charge == "physical-servers")
    assert (row.state, row.effect, row.accounted) == ("unknown", "held", False)
    assert note in row.detail
    assert found.coverage.failed_sources == ()


def uncounted(*rules: Rule, **more: Any) -> list[str | None]:
    rows = result_of(source(), rules, **more).coverage.rows
    assert all(not each.accounted for each in rows if each.state == "uncounted")
    return [each.device_id for each in rows if each.state == "uncounted"]


def test_a_device_that_no_count_of_its_mapping_takes_is_uncounted() -> None:
    assert uncounted(SERVERS) == ["b", "c"]
    assert uncounted(SERVERS, charge("workstations")) == ["c"]
    assert uncounted(charge("devices")) == []
    assert uncounted(STORAGE) == [], "a mapping that counts no devices has none"


def test_an_excluded_device_is_not_uncounted() -> None:
    assert uncounted(SERVERS, exclusions=[Exclusion("x", "cove", "1", "ours", None, "b")]) == ["c"]


def test_nothing_is_uncounted_while_a_count_is_unknown_or_only_proposed() -> None:
    rows = result_of(source(("I10", "I32")), [charge("workstations"), SERVERS]).coverage.rows
    assert [each.state for each in rows if each.device_id] == []
    assert uncounted(replace(SERVERS, proposed=True)) == []


def test_a_value_of_where_that_no_device_has_is_a_warning() -> None:
    meter = Meter("mine", "count", where=(Condition("I81", ("physical",)),))
    found = result_of(source(), [replace(SERVERS, meter=meter, charge="mine")])
    assert "meter mine: no device of cove has 'physical' in column I81, but some" in "\n".join(found.warnings)
    per = Allowance(D(1), "meter", Meter("other", "count", where=(Condition("I81", ("Cloud",)),)))
    found = result_of(source(), [replace(STORAGE, allowance=per)])
    assert "meter other: no device of cove has 'Cloud'" in "\n".join(found.warnings)


def test_an_uncounted_device_is_listed_with_its_name_if_the_source_gives_one() -> None:
    found = source()
    assert found.whole is not None
    (of_customer,) = found.whole.samples.values()
    named = (of_customer[0], replace(of_customer[1], values={**LAPTOP, "I1": "anna-laptop"}), of_customer[2])
    rows = result_of(replace(found, whole=replace(found.whole, samples={"1": named})), [SERVERS]).coverage.rows
    assert [each.name for each in rows if each.device_id] == ["device b (anna-laptop) of 1", "device c of 1"]
