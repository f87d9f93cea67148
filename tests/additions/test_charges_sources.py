"""Tests of sources whose pull failed, is not believed or is too old."""

from __future__ import annotations

from dataclasses import replace

from reconciler.metering.snapshot import SourceSnapshot
from tests.metering.builders import GB, HOUR, NOON, record, rule, snapshot

from .charging import only_charge, only_row, result_of


def test_a_failed_pull_holds_all_customers_and_coverage_is_incomplete() -> None:
    source = snapshot({"1": {"a": GB}}, latest=record(2, state="failed", error="no network\n  look at the cable"))
    result = result_of(source, [rule()])
    row, charge = only_row(result), only_charge(result)
    assert (row.state, row.effect, row.quantity, charge.state, charge.lines) == ("unknown", "held", None, "held", ())
    assert charge.amount is None
    assert result.coverage.failed_sources == ("cove",)
    assert not result.coverage.is_complete
    (warning,) = result.warnings
    assert "failed: no network; look at the cable; the last believed pull was at 2025-11-22 12:00 UTC" in warning
    assert warning.endswith("; 1 mapped customer is held at its last quantity")


def test_a_failed_pull_without_an_earlier_believed_one_holds_too() -> None:
    source = SourceSnapshot("cove", "GB", latest=record(state="failed"))
    result = result_of(source, [rule()])
    assert only_row(result).state == "unknown"
    assert "no reason was recorded" in only_row(result).detail


def test_customers_unmapped_in_the_last_believed_pull_stay_listed_if_a_later_pull_fails() -> None:
    result = result_of(snapshot({"1": {"a": GB}}, latest=record(2, state="failed", error="x")))
    assert only_row(result).state == "unmapped"


def test_a_source_that_was_never_read_is_unknown() -> None:
    for source, said in [
        (SourceSnapshot("cove", "GB"), "never read"),
        (SourceSnapshot("cove", "GB", latest=record()), "no pull of this source was ever complete"),
        (None, "there is no usage source cove"),
    ]:
        result = result_of(source, [rule()])
        assert (only_row(result).state, only_charge(result).state) == ("unknown", "held")
        assert said in only_row(result).detail


def test_a_stale_source_is_held_and_not_billed_from_old_data() -> None:
    source = snapshot({"1": {"a": GB}}, at=NOON - 7 * HOUR)
    result = result_of(source, [rule()])
    assert only_row(result).state == "unknown"
    assert "the newest data is from 2025-11-22 05:00 UTC, which is older than maxAge (6 h)" in only_row(result).detail
    assert result.coverage.failed_sources == ("cove",)


def test_a_failed_source_is_named_once_with_the_number_of_held_customers() -> None:
    source = snapshot({"1": {"a": GB}}, latest=record(2, state="failed", error="no network"))
    result = result_of(source, [rule(str(number)) for number in range(12)])
    (warning,) = result.warnings
    assert warning.endswith("; 12 mapped customers are held at their last quantity")
    assert result.coverage.source_problems == {"cove": warning.removeprefix("cove: ")}


def test_a_pull_that_is_not_believed_holds_all_customers_and_the_warning_says_how_to_approve_it() -> None:
    lost = record(2, state="disbelieved", error="it no longer lists 5 of 9 devices, which is more than 20 %")
    result = result_of(snapshot({"1": {"a": GB}}, latest=lost), [rule()])
    assert only_charge(result).state == "held"
    (warning,) = result.warnings
    assert "is not believed: it no longer lists 5 of 9 devices, which is more than 20 %" in warning
    assert "reconciler usage pull --approve shrink=cove" in warning
    assert not result.coverage.is_complete


def test_a_customer_with_a_stale_sample_is_held_and_others_are_billed() -> None:
    source = snapshot({"1": {"a": GB}, "2": {"b": GB}})
    assert source.whole is not None
    old = tuple(replace(each, observed_at=NOON - 7 * HOUR) for each in source.whole.samples["1"])
    source = replace(source, whole=replace(source.whole, samples={**source.whole.samples, "1": old}))
    result = result_of(source, [rule("1"), rule("2")])
    assert [charge.state for charge in result.charges] == ["held", "billed"]
    assert result.charges[0].detail == (
        "the last figure is older than maxAge (6 h), so the customer is held: "
        "device a (last 1 GB at 2025-11-22 05:00 UTC)"
    )
    assert [row.state for row in result.coverage.gaps()] == ["stale"]
