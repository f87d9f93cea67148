"""Tests of devices that are silent, moved, or reported in an unusable way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.ledger.records import Reading
from tests.metering.builders import GB, HOUR, NOON, known, rule, snapshot, whole

from .charging import only_charge, only_row, result_of


def test_a_customer_whose_devices_never_reported_a_figure_is_billed_0_and_named() -> None:
    result = result_of(snapshot({"1": {"a": None}}), [rule()])
    assert (only_row(result).state, only_row(result).quantity) == ("billed", 0)
    assert result.warnings == ("cove: device a of 1 has never reported a size, so it is billed as 0",)
    assert result.coverage.is_complete


def test_a_device_without_a_new_figure_is_billed_by_its_last_one_and_named() -> None:
    before = {"1": {"a": Reading("1", "a", 4 * GB, NOON - 3 * HOUR)}}
    result = result_of(snapshot({"1": {"a": None, "b": GB}}, before=before), [rule()])
    row = only_row(result)
    assert (row.quantity, row.accounted) == (5, True)
    assert row.detail == "no new figure for device a (last 4 GB at 2025-11-22 09:00 UTC); the last known figure is used"
    assert result.warnings == (
        "cove: no new figure for device a (last 4 GB at 2025-11-22 09:00 UTC) of 1; the last known figure is used",
    )


def test_a_device_silent_for_longer_than_max_age_holds_its_customer() -> None:
    for age, state in [(6 * HOUR, "billed"), (6 * HOUR + timedelta(seconds=1), "stale")]:
        before = {"1": {"a": Reading("1", "a", 4 * GB, NOON - age)}}
        result = result_of(snapshot({"1": {"a": None, "b": GB}}, before=before), [rule()])
        assert only_row(result).state == state
    assert only_charge(result).state == "held"
    assert not result.coverage.is_complete
    assert result.warnings == (
        "mapping-1: the last figure is older than maxAge (6 h), so the customer is held: "
        "device a (last 4 GB at 2025-11-22 05:59 UTC)",
    )


def test_max_age_counts_until_the_time_of_the_run_and_not_of_the_pull() -> None:
    before = {"1": {"a": Reading("1", "a", 4 * GB, NOON - 6 * HOUR)}}
    source = snapshot({"1": {"a": None, "b": GB}}, before=before)
    assert only_row(result_of(source, [rule()])).state == "billed"
    assert only_row(result_of(source, [rule()], now=NOON + timedelta(minutes=1))).state == "stale"


def test_a_device_that_never_reported_a_figure_is_named() -> None:
    result = result_of(snapshot({"1": {"a": None, "b": GB}}), [rule()])
    assert only_row(result).detail == "device a has never reported a size, so it is billed as 0"
    itself = snapshot({"1": {None: None}})
    assert "the customer's total" in only_row(result_of(itself, [rule()])).detail


def test_some_of_many_devices_without_a_figure_are_named_and_the_rest_is_counted() -> None:
    silent = {f"d{number}": None for number in range(27)}
    result = result_of(snapshot({"1": {**silent, "b": GB}}, known={"1": known("1", "A", state="Expired")}), [rule()])
    assert only_row(result).detail == (
        "its state in cove is Expired; device d0, device d1, device d2, device d3, device d4 and 22 more "
        "have never reported a size, so they are billed as 0"
    )
    (warning,) = result.warnings
    assert "device d19 of A and 7 more" in warning


def test_a_figure_that_is_dated_ahead_is_ignored_and_named() -> None:
    before = {"1": {"a": Reading("1", "a", 4 * GB, NOON - HOUR)}}
    for ahead, quantity in [(timedelta(minutes=5), 9), (timedelta(minutes=5, seconds=1), 4)]:
        source = snapshot({"1": {"a": 9 * GB}}, before=before)
        assert source.whole is not None
        dated = tuple(replace(each, observed_at=NOON + ahead) for each in source.whole.samples["1"])
        source = replace(source, whole=replace(source.whole, samples={"1": dated}))
        result = result_of(source, [rule()])
        assert (only_row(result).quantity, only_row(result).accounted) == (quantity, quantity == 9)
    assert "cove: device a of 1 has a figure dated after this run, which is ignored" in result.warnings
    assert not result.coverage.is_complete


def test_a_stale_source_with_data_that_is_dated_ahead_stays_stale() -> None:
    source = snapshot({"1": {"a": GB}}, at=NOON - 7 * HOUR)
    assert source.whole is not None
    ahead = tuple(replace(each, observed_at=NOON + HOUR) for each in source.whole.samples["1"])
    source = replace(source, whole=replace(source.whole, samples={"1": ahead}))
    assert result_of(source, [rule()]).coverage.failed_sources == ("cove",)


def test_a_customer_with_a_total_beside_devices_is_refused() -> None:
    result = result_of(snapshot({"1": {None: 3 * GB, "a": GB}, "2": {"b": GB}}), [rule("1"), rule("2")])
    assert [charge.state for charge in result.charges] == ["held", "billed"]
    (gap,) = result.coverage.gaps()
    assert (gap.state, gap.customer_id) == ("refused", "1")
    assert "a total for the customer beside its devices" in gap.detail
    assert only_row(result_of(snapshot({"1": {None: 3 * GB, "a": GB}}))).quantity is None


def test_a_device_that_moved_is_named_if_both_customers_are_billed_for_it_by_peak() -> None:
    earlier = (whole({"1": {"a": 9 * GB}, "2": {"b": GB}}, NOON - HOUR, 0),)
    source = snapshot({"1": {"c": GB}, "2": {"a": 9 * GB, "b": GB}}, earlier=earlier)
    result = result_of(source, [rule("1", measure="peak"), rule("2", measure="peak")])
    assert [charge.lines[0].quantity for charge in result.charges] == [9, 10]
    assert result.warnings == (
        "cove: device a moved from customer 1 to 2 in 2025-11 and is billed twice: by CustomerMapping/mapping-1 "
        "in the hour from 2025-11-22 11:00 UTC and by CustomerMapping/mapping-2 in the hour from 2025-11-22 12:00 UTC",
    )
    assert result_of(source, [rule("1", measure="mean"), rule("2", measure="mean")]).warnings == ()


def test_devices_with_the_same_id_under_two_customers_have_not_moved() -> None:
    for device in ("a", None):
        source = snapshot({"1": {device: GB}, "2": {device: GB}})
        assert result_of(source, [rule("1", measure="peak"), rule("2", measure="peak")]).warnings == ()
    gone = snapshot({"1": {"b": 0}, "2": {"c": 0}}, earlier=(whole({"1": {"a": GB}, "2": {"a": GB}}, NOON - HOUR, 0),))
    assert result_of(gone, [rule("1", measure="peak"), rule("2", measure="peak")]).warnings == ()


def test_a_moved_device_is_named_also_after_it_is_gone_if_both_peaks_bill_it() -> None:
    earlier = (
        whole({"1": {"a": 9 * GB, "c": GB}, "2": {"b": GB}}, NOON - 2 * HOUR, 0),
        whole({"1": {"c": GB}, "2": {"a": 9 * GB, "b": GB}}, NOON - HOUR, 1),
    )
    source = snapshot({"1": {"c": GB}, "2": {"b": GB}}, earlier=earlier)
    (warning,) = result_of(source, [rule("1", measure="peak"), rule("2", measure="peak")]).warnings
    assert "device a moved from customer 1 to 2 in 2025-11 and is billed twice" in warning


def test_a_moved_device_is_named_if_its_former_customer_is_held() -> None:
    earlier = (whole({"1": {"a": 9 * GB}, "2": {"b": GB}}, NOON - HOUR, 0),)
    source = snapshot({"2": {"a": 9 * GB, "b": GB}}, earlier=earlier)
    result = result_of(source, [rule("1", measure="p95"), rule("2")])
    assert [charge.state for charge in result.charges] == ["held", "billed"]
    assert result.charges[0].measured is None
    assert [warning for warning in result.warnings if "moved" in warning] == [
        "cove: device a moved from customer 1 to 2 in 2025-11 and is billed twice: by CustomerMapping/mapping-1 "
        "in the hour from 2025-11-22 11:00 UTC and by CustomerMapping/mapping-2 in the hour from 2025-11-22 12:00 UTC"
    ]


def test_a_silent_device_is_named_also_if_its_customer_is_unmapped() -> None:
    source = snapshot(
        {"1": {None: GB, "a": None}, "2": {"b": None}},
        before={
            "1": {"a": Reading("1", "a", GB, NOON - HOUR)},
            "2": {"b": Reading("2", "b", 2 * GB, NOON - HOUR)},
        },
    )
    result = result_of(source, [rule("1")])
    refused, unmapped = result.coverage.rows
    assert (refused.state, unmapped.state) == ("refused", "unmapped")
    assert "no new figure for device a (last 1 GB at 2025-11-22 11:00 UTC) of 1" in result.warnings[-1]
    assert (
        "no new figure for device b (last 2 GB at 2025-11-22 11:00 UTC); the last known figure is used"
        in unmapped.detail
    )
