"""Tests of the charges of mapped customers, from snapshot to line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from reconciler.additions.charges import ChargeInputs, history_of
from reconciler.kinds.billing_rules import Allowance, Range
from reconciler.metering.errors import UsageError
from reconciler.metering.snapshot import SourceSnapshot
from tests.metering.builders import GB, HOUR, NOON, SETTINGS, known, record, rule, seen, snapshot, whole

from .charging import D, only_charge, only_row, result_of


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


def test_an_expired_customer_is_billed_and_its_row_says_so() -> None:
    source = snapshot({"1": {"a": GB}}, known={"1": known("1", "Acme", state="Expired")})
    row = only_row(result_of(source, [rule()]))
    assert (row.state, row.detail) == ("billed", "its state in cove is Expired")


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


def test_a_charge_says_whether_the_ledger_covers_the_period_from_its_start() -> None:
    start = datetime(2025, 10, 31, 23, tzinfo=UTC)
    cases = [(start - HOUR, True), (start + timedelta(minutes=59), True), (start + HOUR, False)]
    for first, knows in cases:
        for measure in ("peak", "mean", "p95"):
            charge = only_charge(result_of(snapshot({"1": {"a": GB}}, first_whole_at=first), [rule(measure=measure)]))
            assert (charge.covers_period, charge.may_lower) == (knows, knows)
        last = only_charge(result_of(snapshot({"1": {"a": GB}}, first_whole_at=first), [rule()]))
        assert (last.covers_period, last.may_lower) == (knows, True)
        silent = only_charge(result_of(snapshot({"1": {"a": None}}, first_whole_at=first), [rule()]))
        assert silent.may_lower is knows
    young = snapshot({"1": {"a": GB}}, first_whole_at=NOON - 11 * HOUR)
    assert only_charge(result_of(young, [rule(measure="peak", start=date(2025, 11, 22))])).covers_period is False
    since = snapshot({"1": {"a": GB}}, first_whole_at=NOON - 13 * HOUR)
    assert only_charge(result_of(since, [rule(measure="peak", start=date(2025, 11, 22))])).covers_period is True


def test_amounts_are_rounded_for_the_currency_of_the_workspace() -> None:
    prices = rule(ranges=(Range("p", None, D("33.335")),))
    for currency, amount in [("USD", "100.01"), ("JPY", "100"), ("KWD", "100.005")]:
        result = result_of(snapshot({"1": {"a": 3 * GB}}), [prices], settings=replace(SETTINGS, currency=currency))
        assert str(only_row(result).money) == str(only_charge(result).amount) == amount


def test_a_source_that_is_not_loaded_has_no_history() -> None:
    assert history_of(ChargeInputs(NOON, SETTINGS, [], [], {}), "cove") is None
