"""Tests of each row of the coverage table, and of what it does to the additions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage, charge_usage
from reconciler.kinds.billing_rules import Allowance, BillingSettings, Exclusion, Range, Rule
from reconciler.ledger.records import Reading
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.errors import UsageError
from reconciler.metering.snapshot import SourceSnapshot
from tests.metering.builders import GB, HOUR, NOON, SETTINGS, known, record, rule, seen, snapshot, whole

D = Decimal


def result_of(
    source: SourceSnapshot | None,
    rules: Sequence[Rule] = (),
    exclusions: Sequence[Exclusion] = (),
    *,
    now: datetime = NOON,
    settings: BillingSettings = SETTINGS,
    **more: Any,
) -> ChargedUsage:
    return charge_usage(now, settings, rules, exclusions, {} if source is None else {"cove": source}, **more)


def only_row(result: ChargedUsage) -> CoverageRow:
    (row,) = result.coverage.rows
    return row


def only_charge(result: ChargedUsage) -> Charge:
    (charge,) = result.charges
    return charge


def test_a_mapped_customer_with_usage_is_billed() -> None:
    result = result_of(snapshot({"1": {"a": 3 * GB}}, names={"1": "Acme"}), [rule()])
    row, charge = only_row(result), only_charge(result)
    assert (row.state, row.effect, row.quantity, row.unit, row.money) == ("billed", "billed", 3, "GB", 6)
    assert (row.name, row.mapping, row.detail) == ("Acme", "mapping-1", "")
    assert (charge.state, charge.amount) == ("billed", 6)
    assert [(line.product, line.quantity, line.unit_price) for line in charge.lines] == [("backup", 3, 2)]
    assert charge.measured is not None
    assert charge.measured.chosen[0].pull_id == 1
    assert result.coverage.is_complete
    assert result.warnings == ()


def test_a_charge_without_a_price_has_no_amount() -> None:
    charge = only_charge(result_of(snapshot({"1": {"a": GB}}), [rule(ranges=(Range("p"),))]))
    assert charge.amount is None


def test_an_excluded_customer_is_listed_with_its_reason() -> None:
    exclusion = Exclusion("own", "cove", "1", "our own", date(2025, 11, 22))
    result = result_of(snapshot({"1": {"a": 1500 * 10**6}}, names={"1": "Us"}), [], [exclusion])
    row = only_row(result)
    assert (row.state, row.effect, row.name, row.quantity) == ("excluded", "none", "Us", D("1.5"))
    assert row.detail == "our own (until 2025-11-22)"
    assert result.coverage.is_complete


def test_an_exclusion_of_an_unknown_customer_is_listed_too() -> None:
    row = only_row(result_of(snapshot({}), [], [Exclusion("own", "cove", "9", "gone")]))
    assert (row.name, row.quantity, row.detail) == ("9", None, "gone")
    without_source = only_row(result_of(None, [], [Exclusion("own", "cove", "9", "gone")]))
    assert (without_source.name, without_source.unit) == ("9", None)


def test_the_last_day_of_an_exclusion_is_in_the_billing_zone() -> None:
    exclusion = Exclusion("own", "cove", "1", "trial", date(2025, 11, 22))
    late = NOON.replace(hour=22, minute=59)
    source = snapshot({"1": {"a": GB}}, at=late)
    assert only_row(result_of(source, [], [exclusion], now=late)).state == "excluded"
    midnight_in_berlin = NOON.replace(hour=23)
    assert only_row(result_of(source, [], [exclusion], now=midnight_in_berlin)).state == "unmapped"


def test_an_expired_exclusion_counts_as_unmapped_and_says_so() -> None:
    result = result_of(snapshot({"1": {"a": GB}}), [], [Exclusion("own", "cove", "1", "trial", date(2025, 11, 1))])
    row = only_row(result)
    assert row.state == "unmapped"
    assert "its exclusion (trial) ended on 2025-11-01" in row.detail
    assert not result.coverage.is_complete


def test_a_mapped_customer_with_an_expired_exclusion_is_accounted_for() -> None:
    result = result_of(snapshot({"1": {"a": GB}}), [rule()], [Exclusion("x", "cove", "1", "trial", date(2025, 11, 1))])
    assert only_row(result).state == "billed"


def test_an_active_exclusion_overrides_a_mapping() -> None:
    result = result_of(snapshot({"1": {"a": GB}}), [rule()], [Exclusion("own", "cove", "1", "until spring")])
    row = only_row(result)
    assert (row.state, row.mapping) == ("excluded", "mapping-1")
    assert "CustomerMapping/mapping-1 bills nothing meanwhile" in row.detail
    assert result.charges == ()


def test_an_unmapped_customer_is_named_with_its_quantity_and_others_are_billed() -> None:
    result = result_of(snapshot({"1": {"a": GB}, "2": {"b": 2 * GB}}, names={"2": "New Ltd"}), [rule()])
    row = next(row for row in result.coverage.rows if row.state == "unmapped")
    assert (row.customer_id, row.name, row.quantity, row.money) == ("2", "New Ltd", 2, None)
    assert only_charge(result).state == "billed"
    assert result.coverage.gaps() == (row,)
    assert not result.coverage.is_complete
    assert result_of(snapshot({"2": {"b": GB}}), settings=replace(SETTINGS, unmapped="warn")).coverage.is_complete


def test_a_default_rule_gives_the_amount_at_risk() -> None:
    default = rule("", name="default", ranges=(Range("backup", None, D("0.5")),), start=date(2030, 1, 1))
    result = result_of(snapshot({"1": {"a": 3 * GB}, "2": {"b": None}}), default_rule=default)
    priced, unknown = result.coverage.rows
    assert (priced.money, unknown.money, unknown.quantity) == (D("1.5"), None, None)
    assert result.coverage.at_risk is None
    known = result_of(snapshot({"1": {"a": 3 * GB}}), default_rule=default)
    assert known.coverage.at_risk == D("1.5")


def test_the_amount_at_risk_is_unknown_if_the_default_rule_does_not_fit() -> None:
    default = rule("", name="default", allowance=Allowance(D(1), "device"))
    assert only_row(result_of(snapshot({"1": {None: 3 * GB}}), default_rule=default)).money is None


def test_usage_above_end_customer_level_is_unattributed_until_mapped() -> None:
    source = snapshot({"5": {"a": GB}}, known={"5": known("5", "Reseller", attributed=False)})
    result = result_of(source)
    assert only_row(result).state == "unattributed"
    assert result.coverage.gaps() == result.coverage.rows
    assert only_row(result_of(source, [rule("5")])).state == "billed"


def test_two_customers_with_the_same_name_stay_separate() -> None:
    source = snapshot({"1": {"a": GB}, "2": {"b": 2 * GB}}, names={"1": "Acme", "2": "Acme"})
    result = result_of(source, [rule("1"), rule("2")])
    assert [charge.lines[0].quantity for charge in result.charges] == [1, 2]


def test_a_rename_in_the_console_is_shown_and_billing_continues() -> None:
    source = snapshot({"1": {"a": GB}}, names={"1": "Acme Holding"})
    row = only_row(result_of(source, [rule(customer_name="Acme Ltd")]))
    assert (row.shown_name, row.state) == ("Acme Ltd → Acme Holding", "billed")


def test_a_rename_in_this_period_is_shown_if_the_mapping_has_no_name() -> None:
    for renamed_at, shown in [(NOON - HOUR, "Old → New"), (NOON - timedelta(days=40), "New")]:
        source = snapshot({"1": {"a": GB}}, known={"1": known("1", "New", previous_name="Old", renamed_at=renamed_at)})
        assert only_row(result_of(source, [rule()])).shown_name == shown


def test_no_rename_is_shown_if_the_mapping_has_the_name_of_the_console() -> None:
    row = only_row(result_of(snapshot({"1": {"a": GB}}, names={"1": "Acme"}), [rule(customer_name="Acme")]))
    assert row.shown_name == "Acme"


def test_a_trial_is_billed_and_its_row_says_so() -> None:
    source = snapshot({"1": {"a": GB}}, known={"1": known("1", "Acme", state="InTrial")})
    row = only_row(result_of(source, [rule()]))
    assert (row.state, row.detail) == ("billed", "its state in cove is InTrial")


def test_a_vanished_customer_is_held_for_the_grace_and_then_counts_zero() -> None:
    source = snapshot({"2": {"b": GB}}, last_seen=seen("1", NOON - 23 * HOUR, 2500 * 10**6))
    result = result_of(source, [rule(), rule("2")])
    row = next(row for row in result.coverage.rows if row.customer_id == "1")
    assert (row.state, row.effect, result.charges[0].state, result.charges[0].lines) == ("vanished", "held", "held", ())
    assert row.quantity is None
    later = snapshot({"2": {"b": GB}}, last_seen=seen("1", NOON - 24 * HOUR))
    result = result_of(later, [rule(), rule("2")])
    charge = result.charges[0]
    assert charge.state == "zero"
    assert [(line.product, line.quantity) for line in charge.lines] == [("backup", 0)]
    assert not result.coverage.is_complete
    tolerant = replace(SETTINGS, vanished="warn")
    assert result_of(later, [rule(), rule("2")], settings=tolerant).coverage.is_complete


def test_the_warning_of_a_vanished_customer_names_its_last_sample() -> None:
    source = snapshot({}, last_seen=seen("1", NOON - 48 * HOUR, 2500 * 10**6))
    (warning,) = result_of(source, [rule()]).warnings
    assert warning.startswith(
        "mapping-1: cove no longer lists the customer; the last sample was 2.5 GB at 2025-11-20 12:00 UTC"
    )
    unknown = snapshot({}, last_seen=seen("1", NOON - 48 * HOUR, None))
    assert "an unknown size" in result_of(unknown, [rule()]).warnings[0]


def test_a_minimum_is_billed_after_the_customer_has_vanished() -> None:
    source = snapshot({}, last_seen=seen("1", NOON - 48 * HOUR))
    assert only_charge(result_of(source, [rule(minimum=D(50))])).lines[0].quantity == 50


def test_a_customer_that_no_pull_ever_listed_is_named_and_only_a_minimum_is_billed() -> None:
    result = result_of(snapshot({"2": {"b": GB}}), [rule(minimum=D(5), customer_name="Acme"), rule("2")])
    row = next(row for row in result.coverage.rows if row.customer_id == "1")
    assert (row.state, row.name, row.quantity, row.accounted) == ("never seen", "Acme", 5, False)
    assert result.charges[0].lines[0].quantity == 5
    assert row.detail == "source cove has never listed customer 1; check the customer's id; the minimum is billed"
    assert f"mapping-1: {row.detail}" in result.warnings
    tolerant = replace(SETTINGS, vanished="warn")
    assert not result_of(snapshot({"2": {"b": GB}}), [rule(), rule("2")], settings=tolerant).coverage.is_complete


def test_with_a_new_ledger_a_customer_that_no_pull_ever_listed_is_held() -> None:
    for first, state, may_lower in [(NOON - HOUR, "held", True), (NOON - 24 * HOUR, "zero", True)]:
        charge = only_charge(result_of(snapshot({}, first_whole_at=first), [rule()]))
        assert (charge.state, charge.may_lower) == (state, may_lower)
    young = only_charge(result_of(snapshot({}, first_whole_at=NOON - HOUR), [rule(minimum=D(5))]))
    assert (young.state, young.may_lower) == ("zero", False)
    assert only_charge(result_of(snapshot({}, first_whole_at=None), [rule()])).state == "held"


def test_a_customer_that_is_listed_without_any_device_counts_as_vanished() -> None:
    listed = replace(known("1", "Acme"), first_seen_at=NOON - 3 * HOUR)
    for first, minimum, state in [(23, None, "held"), (24, None, "zero"), (23, D(5), "zero"), (24, D(5), "zero")]:
        source = snapshot({}, known={"1": listed}, first_whole_at=NOON - first * HOUR)
        result = result_of(source, [rule(minimum=minimum, measure="peak")])
        charge = only_charge(result)
        assert (only_row(result).state, charge.state) == ("vanished", state)
        assert (
            "cove has listed the customer since 2025-11-22 09:00 UTC, always without devices" in only_row(result).detail
        )
        assert not only_row(result).accounted
        assert [line.quantity for line in charge.lines] == ([minimum or 0] if state == "zero" else [])
        assert charge.may_lower is (state == "held")  # the ledger does not cover the month, and the month had a peak
        last = only_charge(result_of(source, [rule(minimum=minimum)]))
        assert last.may_lower is (first == 24 or state == "held")
    tolerant = replace(SETTINGS, vanished="warn")
    assert result_of(snapshot({}, known={"1": listed}), [rule()], settings=tolerant).coverage.is_complete
    emptied = snapshot({}, names={"1": "Acme"}, last_seen=seen("1", NOON - 2 * HOUR))
    row = only_row(result_of(emptied, [rule()]))
    assert (row.state, row.effect) == ("vanished", "held")
    assert row.detail.startswith(
        "cove lists the customer without devices; the last sample was 1 GB at 2025-11-22 10:00 UTC"
    )


def test_a_mapping_and_a_customer_with_similar_names_suggest_each_other() -> None:
    source = snapshot({"11": {"a": GB}}, names={"11": "Acme Dental GmbH"}, last_seen=seen("1", NOON - HOUR))
    result = result_of(source, [rule("1", customer_name="ACME Dental")])
    vanished, unmapped = sorted(result.coverage.rows, key=lambda row: row.state, reverse=True)
    assert "did you mean customer 11, Acme Dental GmbH?" in vanished.detail
    assert "did you mean this customer in CustomerMapping/mapping-1" in unmapped.detail


def test_names_that_are_not_similar_suggest_nothing() -> None:
    source = snapshot({"11": {"a": GB}}, names={"11": "Zebra Logistics"})
    details = [row.detail for row in result_of(source, [rule("1", customer_name="Acme Dental")]).coverage.rows]
    assert not any("did you mean" in detail for detail in details)


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


def test_a_customer_whose_devices_never_reported_a_figure_is_billed_0_and_named() -> None:
    result = result_of(snapshot({"1": {"a": None}}), [rule()])
    assert (only_row(result).state, only_row(result).quantity) == ("billed", 0)
    assert result.warnings == ("cove: never reported a size, so billed as 0: device a of 1",)
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
    assert only_row(result).detail == "never reported a size, so billed as 0: device a"
    itself = snapshot({"1": {None: None}})
    assert "the customer's total" in only_row(result_of(itself, [rule()])).detail


def test_some_of_many_devices_without_a_figure_are_named_and_the_rest_is_counted() -> None:
    silent = {f"d{number}": None for number in range(27)}
    result = result_of(snapshot({"1": {**silent, "b": GB}}, known={"1": known("1", "A", state="InTrial")}), [rule()])
    assert only_row(result).detail == (
        "its state in cove is InTrial; never reported a size, so billed as 0: "
        "device d0, device d1, device d2, device d3, device d4 and 22 more"
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
    assert "cove: figure dated after this run, so ignored: device a of 1" in result.warnings
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


def test_billing_starts_on_the_first_day_of_the_mapping() -> None:
    result = result_of(snapshot({"1": {"a": GB}}), [rule(start=date(2025, 11, 23))])
    assert only_charge(result).state == "held"
    assert (only_row(result).state, only_row(result).detail) == ("waiting", "billing starts on 2025-11-23")
    assert result.coverage.is_complete


def test_a_waiting_mapping_is_accounted_for_in_any_state_of_its_source() -> None:
    waiting = rule(start=date(2025, 11, 23))
    for source in (snapshot({}), SourceSnapshot("cove", "GB", latest=record(state="failed"))):
        row = only_row(result_of(source, [waiting]))
        assert (row.state, row.accounted) == ("waiting", True)


def test_samples_from_before_the_first_day_do_not_count() -> None:
    source = snapshot({"1": {"a": GB}}, earlier=(whole({"1": {"a": 9 * GB}}, NOON - 15 * HOUR, 0),))
    assert only_row(result_of(source, [rule(measure="peak")])).quantity == 9
    assert only_row(result_of(source, [rule(measure="peak", start=date(2025, 11, 22))])).quantity == 1


def test_a_device_silent_since_before_the_first_day_counts_with_its_last_figure() -> None:
    early = NOON - 10 * HOUR
    source = snapshot({"1": {"a": None}}, early, earlier=(whole({"1": {"a": 9 * GB}}, early - 4 * HOUR, 0),))
    assert only_row(result_of(source, [rule(measure="peak", start=date(2025, 11, 22))], now=early)).quantity == 9


def test_a_sample_of_last_month_is_not_billed_this_month() -> None:
    first = NOON.replace(day=1, hour=1)
    source = snapshot({"1": {"a": GB}}, at=NOON.replace(month=10, day=31, hour=22))
    result = result_of(source, [rule()], now=first)
    assert only_charge(result).state == "held"
    assert "no sample since 2025-10-31 23:00 UTC" in only_row(result).detail
    assert str(result.period) == "2025-11"


def test_a_vanished_customer_counts_zero_from_then_on() -> None:
    earlier = (whole({"1": {"a": 8 * GB}}, NOON - 25 * HOUR, 0),)
    source = snapshot({}, earlier=earlier, last_seen=seen("1", NOON - 25 * HOUR))
    assert only_row(result_of(source, [rule(measure="mean")])).quantity == 4
    assert only_row(result_of(source, [rule()])).quantity == 0


def test_a_customer_without_a_known_hour_is_held_with_the_reason() -> None:
    """The last pull of its only hour did not list it. Then a late figure for that hour arrived."""
    late = replace(whole({"1": {"a": GB}}, NOON - 2 * HOUR).samples["1"][0], observed_at=NOON - 2 * HOUR)
    earlier = (
        whole({"1": {"a": None}}, NOON - timedelta(minutes=110), 0),
        whole({"2": {"b": GB}}, NOON - timedelta(minutes=100), 0),
    )
    source = snapshot({"2": {"b": GB}}, earlier=earlier)
    assert source.whole is not None
    source = replace(source, whole=replace(source.whole, samples={**source.whole.samples, "1": (late,)}))
    result = result_of(source, [rule(measure="peak"), rule("2")])
    row = next(row for row in result.coverage.rows if row.customer_id == "1")
    assert (row.state, row.accounted) == ("unknown", False)
    assert "no hour since 2025-10-31 23:00 UTC has a known figure" in row.detail


def test_a_vanished_customer_of_last_month_has_no_usage_in_this_one() -> None:
    now = NOON.replace(day=1, hour=1)
    source = snapshot({}, at=NOON.replace(month=10, day=31, hour=22), last_seen=seen("1", NOON - timedelta(days=40)))
    result = result_of(source, [rule()], now=now)
    assert (only_charge(result).state, only_row(result).state) == ("held", "unknown")


def test_a_rule_that_cannot_be_applied_holds_its_customer_and_names_the_reason() -> None:
    source = snapshot({"1": {None: GB}, "2": {"b": GB}})
    result = result_of(source, [rule("1", allowance=Allowance(D(1), "device")), rule("2")])
    assert [charge.state for charge in result.charges] == ["held", "billed"]
    assert [row.state for row in result.coverage.gaps()] == ["refused"]
    assert "`included` is per device" in result.charges[0].detail


def test_a_customer_billed_by_two_mappings_is_an_error_that_names_both() -> None:
    with pytest.raises(UsageError, match=r"CustomerMapping/a and CustomerMapping/b"):
        result_of(snapshot({"1": {"a": GB}}), [rule(name="a"), rule(name="b")])


def test_the_notes_of_a_pull_are_warnings() -> None:
    pull = whole({"1": {"a": GB}}, notes=("Acme (7) is in the recycle bin",))
    source = snapshot({"1": {"a": GB}}, whole=pull)
    assert result_of(source, [rule()]).warnings == ("cove: Acme (7) is in the recycle bin",)


def test_the_table_is_in_the_same_order_on_every_run() -> None:
    names = {"1": "beta", "2": "Alpha", "3": "gamma"}
    source = snapshot({"3": {"a": GB}, "1": {"a": GB}, "2": {"a": GB}}, names=names)
    rules = [rule("3"), rule("1"), rule("2")]
    assert [row.name for row in result_of(source, rules).coverage.rows] == ["Alpha", "beta", "gamma"]
    assert result_of(source, rules) == result_of(source, rules)


def test_the_coverage_table_is_in_the_plan_as_exact_text() -> None:
    source = snapshot({"1": {"a": 3 * GB}, "2": {"b": None}}, names={"1": "Acme"})
    json = result_of(source, [rule(customer_name="Ltd")]).coverage.to_json()
    assert json["counts"] == {"billed": 1, "unmapped": 1}
    assert json["complete"] is False
    assert json["failed_sources"] == []
    unmapped, billed = json["rows"]
    assert billed == {
        "source": "cove",
        "customer_id": "1",
        "device_id": None,
        "name": "Acme",
        "renamed_from": "Ltd",
        "state": "billed",
        "effect": "billed",
        "mapping": "mapping-1",
        "quantity": "3",
        "unit": "GB",
        "money": "6.00",
        "detail": "",
        "accounted": True,
    }
    assert (unmapped["quantity"], unmapped["money"]) == (None, None)


def test_an_excluded_device_does_not_count_and_is_listed() -> None:
    source = snapshot({"1": {"a": 3 * GB, "b": GB}}, names={"1": "Acme"})
    out = Exclusion("spare", "cove", "1", "a spare", date(2025, 11, 22), "a")
    result = result_of(source, [rule()], [out])
    billed, excluded = sorted(result.coverage.rows, key=lambda row: row.state)
    assert (billed.state, billed.quantity) == ("billed", 1)
    assert (excluded.state, excluded.name, excluded.quantity) == ("excluded", "device a of Acme", 3)
    assert (excluded.detail, excluded.device_id) == ("a spare (until 2025-11-22)", "a")
    assert result.coverage.is_complete
    next_day = NOON.replace(hour=23)
    again = result_of(snapshot({"1": {"a": 3 * GB, "b": GB}}, at=next_day), [rule()], [out], now=next_day)
    assert [(row.quantity, row.detail) for row in again.coverage.rows] == [
        (4, "the exclusion of device a (a spare) ended on 2025-11-22: the device is billed again")
    ]


def test_an_expired_exclusion_of_a_listed_device_is_not_accounted_for() -> None:
    ended = Exclusion("spare", "cove", "1", "a spare", date(2025, 11, 21), "a")
    source = snapshot({"1": {"a": 3 * GB, "b": GB}})
    assert [row.accounted for row in result_of(source, [rule()], [ended]).coverage.rows] == [False]
    only_warns = replace(SETTINGS, unmapped="warn")
    assert result_of(source, [rule()], [ended], settings=only_warns).coverage.is_complete
    gone = only_row(result_of(snapshot({"1": {"b": GB}}), [rule()], [ended]))
    assert (gone.accounted, gone.detail) == (True, "")


def test_a_silent_excluded_device_does_not_hold_its_customer() -> None:
    before = {"1": {"a": Reading("1", "a", 4 * GB, NOON - 9 * HOUR)}}
    out = Exclusion("spare", "cove", "1", "a spare", None, "a")
    result = result_of(snapshot({"1": {"a": None}}, before=before), [rule(minimum=D(2))], [out])
    billed, _ = sorted(result.coverage.rows, key=lambda row: row.state)
    assert (billed.state, billed.quantity) == ("billed", 2)
    assert [row.state for row in result_of(snapshot({"1": {"a": GB}}), [], [out]).coverage.rows] == ["excluded"]


def test_usage_from_before_the_end_of_an_exclusion_does_not_count() -> None:
    earlier = (whole({"1": {"a": 9 * GB, "b": GB}}, NOON - 15 * HOUR, 0),)
    source = snapshot({"1": {"a": 2 * GB, "b": GB}}, earlier=earlier)
    peak = rule(measure="peak")
    for exclusion, quantity in [(None, 10), ("a", 3), ("customer", 3)]:
        ended = Exclusion("own", "cove", "1", "why", date(2025, 11, 21), "a" if exclusion == "a" else None)
        result = result_of(source, [peak], [] if exclusion is None else [ended])
        assert only_row(result).quantity == quantity


def test_a_charge_says_whether_the_ledger_covers_the_period_from_its_start() -> None:
    start = datetime(2025, 10, 31, 23, tzinfo=UTC)
    cases = [(start - HOUR, True), (start + timedelta(minutes=59), True), (start + HOUR, False)]
    for first, knows in cases:
        for measure in ("peak", "mean", "p95"):
            charge = only_charge(result_of(snapshot({"1": {"a": GB}}, first_whole_at=first), [rule(measure=measure)]))
            assert (charge.history_from, charge.covers_period, charge.may_lower) == (first, knows, knows)
        last = only_charge(result_of(snapshot({"1": {"a": GB}}, first_whole_at=first), [rule()]))
        assert (last.covers_period, last.may_lower) == (knows, True)
        silent = only_charge(result_of(snapshot({"1": {"a": None}}, first_whole_at=first), [rule()]))
        assert silent.may_lower is knows
    young = snapshot({"1": {"a": GB}}, first_whole_at=NOON - 11 * HOUR)
    assert only_charge(result_of(young, [rule(measure="peak", start=date(2025, 11, 22))])).covers_period is False
    since = snapshot({"1": {"a": GB}}, first_whole_at=NOON - 13 * HOUR)
    assert only_charge(result_of(since, [rule(measure="peak", start=date(2025, 11, 22))])).covers_period is True


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


def test_amounts_are_rounded_for_the_currency_of_the_workspace() -> None:
    prices = rule(ranges=(Range("p", None, D("33.335")),))
    for currency, amount in [("USD", "100.01"), ("JPY", "100"), ("KWD", "100.005")]:
        result = result_of(snapshot({"1": {"a": 3 * GB}}), [prices], settings=replace(SETTINGS, currency=currency))
        assert str(only_row(result).money) == str(only_charge(result).amount) == amount
