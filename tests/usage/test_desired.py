"""The coverage table of the manual, row by row, and what each row does to the additions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.ledger.records import Reading
from reconciler.usage.bills import Bill, measure
from reconciler.usage.coverage import MarkedAddition, Row
from reconciler.usage.desired import UsageResult, desired
from reconciler.usage.errors import UsageError
from reconciler.usage.facts import SourceFacts
from reconciler.usage.mark import mark_of
from reconciler.usage.rules import Allowance, Exclusion, Range, Rule

from .builders import GB, HOUR, NOON, SETTINGS, facts, known, record, rule, seen, whole

D = Decimal


def result_of(
    source: SourceFacts | None,
    rules: Sequence[Rule] = (),
    exclusions: Sequence[Exclusion] = (),
    *,
    now: datetime = NOON,
    **more: Any,
) -> UsageResult:
    return desired(now, SETTINGS, rules, exclusions, {} if source is None else {"cove": source}, **more)


def only_row(result: UsageResult) -> Row:
    (row,) = result.coverage.rows
    return row


def only_bill(result: UsageResult) -> Bill:
    (bill,) = result.bills
    return bill


def test_a_mapped_customer_that_is_seen_is_billed() -> None:
    result = result_of(facts({"1": {"a": 3 * GB}}, names={"1": "Acme"}), [rule()])
    row, bill = only_row(result), only_bill(result)
    assert (row.state, row.effect, row.quantity, row.unit, row.money) == ("billed", "billed", 3, "GB", 6)
    assert (row.name, row.mapping, row.detail) == ("Acme", "mapping-1", "")
    assert (bill.state, bill.mark, bill.amount) == ("billed", mark_of("cove", "1", "mapping-1"), 6)
    assert [(line.product, line.quantity, line.unit_price) for line in bill.lines] == [("backup", 3, 2)]
    assert bill.measured is not None
    assert bill.measured.chosen[0].pull_id == 1
    assert result.coverage.is_complete()
    assert result.warnings == ()


def test_a_bill_without_a_price_has_no_amount() -> None:
    bill = only_bill(result_of(facts({"1": {"a": GB}}), [rule(ranges=(Range("p"),))]))
    assert bill.amount is None


def test_an_excluded_customer_is_listed_with_its_reason() -> None:
    exclusion = Exclusion("own", "cove", "1", "our own", date(2025, 11, 22))
    result = result_of(facts({"1": {"a": 1500 * 10**6}}, names={"1": "Us"}), [], [exclusion])
    row = only_row(result)
    assert (row.state, row.effect, row.name, row.quantity) == ("excluded", "none", "Us", D("1.5"))
    assert row.detail == "our own (until 2025-11-22)"
    assert result.coverage.is_complete()


def test_an_exclusion_of_a_customer_that_nobody_knows_is_listed_too() -> None:
    row = only_row(result_of(facts({}), [], [Exclusion("own", "cove", "9", "gone")]))
    assert (row.name, row.quantity, row.detail) == ("9", None, "gone")
    without_source = only_row(result_of(None, [], [Exclusion("own", "cove", "9", "gone")]))
    assert (without_source.name, without_source.unit) == ("9", None)


def test_the_last_day_of_an_exclusion_is_one_in_the_billing_zone() -> None:
    exclusion = Exclusion("own", "cove", "1", "trial", date(2025, 11, 22))
    late = NOON.replace(hour=22, minute=59)
    source = facts({"1": {"a": GB}}, at=late)
    assert only_row(result_of(source, [], [exclusion], now=late)).state == "excluded"
    midnight_in_berlin = NOON.replace(hour=23)
    assert only_row(result_of(source, [], [exclusion], now=midnight_in_berlin)).state == "unmapped"


def test_an_expired_exclusion_counts_as_unmapped_and_says_so() -> None:
    result = result_of(facts({"1": {"a": GB}}), [], [Exclusion("own", "cove", "1", "trial", date(2025, 11, 1))])
    row = only_row(result)
    assert row.state == "unmapped"
    assert "its exclusion (trial) ended on 2025-11-01" in row.detail
    assert not result.coverage.is_complete()


def test_an_expired_exclusion_of_a_mapped_customer_is_no_gap() -> None:
    result = result_of(facts({"1": {"a": GB}}), [rule()], [Exclusion("x", "cove", "1", "trial", date(2025, 11, 1))])
    assert only_row(result).state == "billed"


def test_an_exclusion_in_force_comes_before_a_mapping() -> None:
    result = result_of(facts({"1": {"a": GB}}), [rule()], [Exclusion("own", "cove", "1", "until spring")])
    row = only_row(result)
    assert (row.state, row.mapping) == ("excluded", "mapping-1")
    assert "CustomerMapping/mapping-1 bills nothing meanwhile" in row.detail
    assert result.bills == ()


def test_an_unmapped_customer_is_named_with_its_quantity_and_stops_nobody() -> None:
    result = result_of(facts({"1": {"a": GB}, "2": {"b": 2 * GB}}, names={"2": "New Ltd"}), [rule()])
    row = next(row for row in result.coverage.rows if row.state == "unmapped")
    assert (row.customer_id, row.name, row.quantity, row.money) == ("2", "New Ltd", 2, None)
    assert only_bill(result).state == "billed"
    assert result.coverage.gaps() == (row,)
    assert not result.coverage.is_complete()
    assert result.coverage.is_complete("warn")


def test_a_default_rule_prices_what_is_at_risk() -> None:
    default = rule("", name="default", ranges=(Range("backup", None, D("0.5")),), start=date(2030, 1, 1))
    result = result_of(facts({"1": {"a": 3 * GB}, "2": {"b": None}}), default_rule=default)
    priced, unknown = result.coverage.rows
    assert (priced.money, unknown.money, unknown.quantity) == (D("1.5"), None, None)
    assert result.coverage.at_risk == D("1.5")


def test_a_default_rule_that_cannot_price_a_customer_leaves_the_money_unknown() -> None:
    default = rule("", name="default", allowance=Allowance(D(1), "device"))
    assert only_row(result_of(facts({"1": {None: 3 * GB}}), default_rule=default)).money is None


def test_usage_above_end_customer_level_is_unattributed_until_mapped() -> None:
    source = facts({"5": {"a": GB}}, known={"5": known("5", "Reseller", attributed=False)})
    result = result_of(source)
    assert only_row(result).state == "unattributed"
    assert result.coverage.gaps() == result.coverage.rows
    assert only_row(result_of(source, [rule("5")])).state == "billed"


def test_two_customers_of_one_name_stay_two() -> None:
    source = facts({"1": {"a": GB}, "2": {"b": 2 * GB}}, names={"1": "Acme", "2": "Acme"})
    result = result_of(source, [rule("1"), rule("2")])
    assert [bill.lines[0].quantity for bill in result.bills] == [1, 2]


def test_a_rename_in_the_console_is_shown_and_leaves_billing_unharmed() -> None:
    source = facts({"1": {"a": GB}}, names={"1": "Acme Holding"})
    row = only_row(result_of(source, [rule(customer_name="Acme Ltd")]))
    assert (row.shown_name, row.state) == ("Acme Ltd → Acme Holding", "billed")


def test_a_rename_of_this_period_is_shown_where_the_mapping_names_nobody() -> None:
    for renamed_at, shown in [(NOON - HOUR, "Old → New"), (NOON - timedelta(days=40), "New")]:
        source = facts({"1": {"a": GB}}, known={"1": known("1", "New", previous_name="Old", renamed_at=renamed_at)})
        assert only_row(result_of(source, [rule()])).shown_name == shown


def test_a_mapping_that_names_the_customer_as_the_console_does_shows_no_rename() -> None:
    row = only_row(result_of(facts({"1": {"a": GB}}, names={"1": "Acme"}), [rule(customer_name="Acme")]))
    assert row.shown_name == "Acme"


def test_a_trial_is_billed_and_said_to_be_one() -> None:
    source = facts({"1": {"a": GB}}, known={"1": known("1", "Acme", state="InTrial")})
    row = only_row(result_of(source, [rule()]))
    assert (row.state, row.detail) == ("billed", "cove calls it InTrial")


def test_a_vanished_customer_is_held_for_the_grace_and_then_zero() -> None:
    source = facts({"2": {"b": GB}}, last_seen=seen("1", NOON - 23 * HOUR, 2500 * 10**6))
    result = result_of(source, [rule(), rule("2")])
    row = next(row for row in result.coverage.rows if row.customer_id == "1")
    assert (row.state, row.effect, result.bills[0].state, result.bills[0].lines) == ("vanished", "held", "held", ())
    assert row.quantity is None
    later = facts({"2": {"b": GB}}, last_seen=seen("1", NOON - 24 * HOUR))
    result = result_of(later, [rule(), rule("2")])
    bill = result.bills[0]
    assert bill.state == "zero"
    assert [(line.product, line.quantity) for line in bill.lines] == [("backup", 0)]
    assert result.coverage.is_complete()


def test_the_warning_of_a_vanished_customer_names_its_last_sample() -> None:
    source = facts({}, last_seen=seen("1", NOON - 48 * HOUR, 2500 * 10**6))
    (warning,) = result_of(source, [rule()]).warnings
    assert warning.startswith("mapping-1: gone from cove; its last sample was 2.5 GB at 2025-11-20 12:00 UTC")
    unknown = facts({}, last_seen=seen("1", NOON - 48 * HOUR, None))
    assert "an unknown amount" in result_of(unknown, [rule()]).warnings[0]


def test_a_commitment_outlives_the_customers_usage() -> None:
    source = facts({}, last_seen=seen("1", NOON - 48 * HOUR))
    assert only_bill(result_of(source, [rule(minimum=D(50))])).lines[0].quantity == 50


def test_a_customer_that_was_never_listed_is_held_for_the_grace_since_the_first_pull() -> None:
    young = facts({}, first_whole_at=NOON - HOUR)
    assert only_bill(result_of(young, [rule()])).state == "held"
    old = facts({}, first_whole_at=NOON - 24 * HOUR)
    result = result_of(old, [rule(customer_name="Acme")])
    assert only_bill(result).state == "zero"
    assert only_row(result).name == "Acme"
    assert "never listed customer 1" in only_row(result).detail
    assert only_bill(result_of(facts({}, first_whole_at=None), [rule()])).state == "held"


def test_a_new_customer_without_devices_uses_nothing_yet() -> None:
    result = result_of(facts({}, names={"1": "Acme"}), [rule(minimum=D(5))])
    assert (only_row(result).state, only_row(result).quantity) == ("billed", 5)


def test_a_mapping_and_a_customer_of_like_names_suggest_each_other() -> None:
    source = facts({"11": {"a": GB}}, names={"11": "Acme Dental GmbH"}, last_seen=seen("1", NOON - HOUR))
    result = result_of(source, [rule("1", customer_name="ACME Dental")])
    vanished, unmapped = sorted(result.coverage.rows, key=lambda row: row.state, reverse=True)
    assert "did you mean customer 11, Acme Dental GmbH?" in vanished.detail
    assert "did you mean it by CustomerMapping/mapping-1" in unmapped.detail


def test_names_that_are_not_alike_suggest_nothing() -> None:
    source = facts({"11": {"a": GB}}, names={"11": "Zebra Logistics"})
    details = [row.detail for row in result_of(source, [rule("1", customer_name="Acme Dental")]).coverage.rows]
    assert not any("did you mean" in detail for detail in details)


def test_a_failed_pull_holds_everything_and_is_a_gap() -> None:
    source = facts({"1": {"a": GB}}, latest=record(2, state="failed", error="no\n  network"))
    result = result_of(source, [rule()])
    row, bill = only_row(result), only_bill(result)
    assert (row.state, row.effect, row.quantity, bill.state, bill.lines) == ("unknown", "held", None, "held", ())
    assert bill.amount is None
    assert result.coverage.failed_sources == ("cove",)
    assert not result.coverage.is_complete("warn")
    (warning,) = result.warnings
    assert "failed: no network; the last whole pull was at 2025-11-22 12:00 UTC" in warning


def test_a_failed_pull_without_an_earlier_whole_one_holds_too() -> None:
    source = SourceFacts("cove", "GB", latest=record(state="failed"))
    result = result_of(source, [rule()])
    assert only_row(result).state == "unknown"
    assert "no reason was kept" in only_row(result).detail


def test_what_was_unmapped_at_the_last_whole_pull_stays_so_when_a_later_one_fails() -> None:
    result = result_of(facts({"1": {"a": GB}}, latest=record(2, state="failed", error="x")))
    assert only_row(result).state == "unmapped"


def test_a_source_that_was_never_read_is_unknown() -> None:
    for source, said in [
        (SourceFacts("cove", "GB"), "never read"),
        (SourceFacts("cove", "GB", latest=record()), "never read whole"),
        (None, "there is no usage source cove"),
    ]:
        result = result_of(source, [rule()])
        assert (only_row(result).state, only_bill(result).state) == ("unknown", "held")
        assert said in only_row(result).detail


def test_a_stale_source_is_held_and_not_billed_from_old_data() -> None:
    source = facts({"1": {"a": GB}}, at=NOON - 7 * HOUR)
    result = result_of(source, [rule()])
    assert only_row(result).state == "unknown"
    assert "its newest data is of 2025-11-22 05:00 UTC, older than maxAge (6 h)" in only_row(result).detail
    assert result.coverage.failed_sources == ("cove",)


def test_a_customer_whose_own_sample_is_stale_is_held_alone() -> None:
    source = facts({"1": {"a": GB}, "2": {"b": GB}})
    assert source.whole is not None
    old = tuple(replace(each, observed_at=NOON - 7 * HOUR) for each in source.whole.samples["1"])
    source = replace(source, whole=replace(source.whole, samples={**source.whole.samples, "1": old}))
    result = result_of(source, [rule("1"), rule("2")])
    assert [bill.state for bill in result.bills] == ["held", "billed"]
    assert "its newest sample is of 2025-11-22 05:00 UTC" in result.bills[0].detail


def test_a_customer_whose_devices_never_gave_a_figure_is_unknown_and_not_zero() -> None:
    result = result_of(facts({"1": {"a": None}}), [rule()])
    assert (only_row(result).state, only_bill(result).state) == ("unknown", "held")
    assert "none of its devices gave a figure" in only_row(result).detail


def test_a_device_without_a_figure_is_billed_by_its_last_one() -> None:
    before = {"1": {"a": Reading("1", "a", 4 * GB, NOON - 3 * HOUR)}}
    result = result_of(facts({"1": {"a": None, "b": GB}}, before=before), [rule()])
    assert only_row(result).quantity == 5


def test_a_device_that_never_gave_a_figure_is_named() -> None:
    row = only_row(result_of(facts({"1": {"a": None, "b": GB}}), [rule()]))
    assert row.detail == "no figure was ever read of device a, so nothing is billed for that"
    itself = facts({"1": {None: None, "b": GB}})
    assert "the customer as one" in only_row(result_of(itself, [rule()])).detail


def test_of_many_devices_without_a_figure_some_are_named_and_the_rest_counted() -> None:
    silent = {f"d{number}": None for number in range(7)}
    row = only_row(
        result_of(facts({"1": {**silent, "b": GB}}, known={"1": known("1", "A", state="InTrial")}), [rule()])
    )
    assert row.detail == (
        "cove calls it InTrial; no figure was ever read of device d0, device d1, device d2, device d3, device d4 "
        "and 2 more, so nothing is billed for that"
    )


def test_billing_waits_for_the_first_day_of_the_mapping() -> None:
    result = result_of(facts({"1": {"a": GB}}), [rule(start=date(2025, 11, 23))])
    assert only_bill(result).state == "held"
    assert only_row(result).detail == "billing starts on 2025-11-23"


def test_samples_from_before_the_first_day_do_not_count() -> None:
    source = facts({"1": {"a": GB}}, earlier=(whole({"1": {"a": 9 * GB}}, NOON - 15 * HOUR, 0),))
    assert only_row(result_of(source, [rule(measure="peak")])).quantity == 9
    assert only_row(result_of(source, [rule(measure="peak", start=date(2025, 11, 22))])).quantity == 1


def test_a_device_that_fell_silent_before_the_first_day_counts_with_what_it_said_then() -> None:
    source = facts({"1": {"a": None}}, earlier=(whole({"1": {"a": 9 * GB}}, NOON - 15 * HOUR, 0),))
    assert only_row(result_of(source, [rule(measure="peak", start=date(2025, 11, 22))])).quantity == 9


def test_a_sample_of_last_month_is_not_billed_in_this_one() -> None:
    first = NOON.replace(day=1, hour=1)
    source = facts({"1": {"a": GB}}, at=NOON.replace(month=10, day=31, hour=22))
    result = result_of(source, [rule()], now=first)
    assert only_bill(result).state == "held"
    assert "no sample since 2025-10-31 23:00 UTC" in only_row(result).detail
    assert str(result.period) == "2025-11"


def test_a_customer_who_vanished_counts_as_zero_from_then_on() -> None:
    earlier = (whole({"1": {"a": 8 * GB}}, NOON - 25 * HOUR, 0),)
    source = facts({}, earlier=earlier, last_seen=seen("1", NOON - 25 * HOUR))
    assert only_row(result_of(source, [rule(measure="mean")])).quantity == 4
    assert only_row(result_of(source, [rule()])).quantity == 0


def test_a_vanished_customer_of_last_month_has_no_usage_in_this_one() -> None:
    now = NOON.replace(day=1, hour=1)
    source = facts({}, at=NOON.replace(month=10, day=31, hour=22), last_seen=seen("1", NOON - timedelta(days=40)))
    result = result_of(source, [rule()], now=now)
    assert (only_bill(result).state, only_row(result).state) == ("held", "unknown")


def test_a_rule_that_cannot_be_applied_holds_its_customer_and_names_the_reason() -> None:
    source = facts({"1": {None: GB}, "2": {"b": GB}})
    result = result_of(source, [rule("1", allowance=Allowance(D(1), "device")), rule("2")])
    assert [bill.state for bill in result.bills] == ["held", "billed"]
    assert "`included` is per device" in result.bills[0].detail


def test_a_customer_billed_by_two_mappings_is_an_error_that_names_both() -> None:
    with pytest.raises(UsageError, match=r"CustomerMapping/a and CustomerMapping/b"):
        result_of(facts({"1": {"a": GB}}), [rule(name="a"), rule(name="b")])


def test_a_marked_addition_without_a_mapping_is_an_orphan_that_still_bills() -> None:
    ours = MarkedAddition(mark_of("cove", "1", "mapping-1"), D(3), D(6), "Acme/Backup, backup-gb")
    lost = MarkedAddition("rc:cove/9/gone", D("12.00"), D(24), "Old/Backup, backup-gb")
    result = result_of(facts({"1": {"a": GB}}), [rule()], additions=[ours, lost])
    billed, orphan = sorted(result.coverage.rows, key=lambda row: row.state)
    assert (billed.state, orphan.state) == ("billed", "orphan")
    assert (orphan.source, orphan.customer_id, orphan.name) == ("cove", "9", "Old/Backup, backup-gb")
    assert (orphan.quantity, orphan.money) == (12, 24)
    assert orphan.detail == (
        "still billing 12: no mapping has its mark rc:cove/9/gone; cancel it in ConnectWise, or map the customer again"
    )
    assert result.coverage.is_complete()


def test_an_orphan_that_somebody_has_cancelled_says_until_when_it_bills() -> None:
    ending = MarkedAddition("rc:cove/9/gone", D(12), D(24), "Old/Backup, backup-gb", until="2025-11-25")
    assert only_row(result_of(facts({}), additions=[ending])).detail == (
        "billing 12 until its last day, 2025-11-25: no mapping has its mark rc:cove/9/gone"
    )


def test_an_orphan_whose_mark_was_cut_is_told_without_its_customer() -> None:
    cut = MarkedAddition(mark_of("cove", "9" * 60, "gone"), D(1), D(2), "Old/Backup, backup-gb")
    row = only_row(result_of(facts({}), additions=[cut]))
    assert (row.source, row.customer_id) == ("", "")


def test_an_excluded_mapping_leaves_no_orphan() -> None:
    addition = MarkedAddition(mark_of("cove", "1", "mapping-1"), D(3), D(6), "x")
    result = result_of(facts({}), [rule()], [Exclusion("own", "cove", "1", "why")], additions=[addition])
    assert [row.state for row in result.coverage.rows] == ["excluded"]


def test_what_a_source_left_out_on_purpose_is_a_warning() -> None:
    pull = whole({"1": {"a": GB}}, notes=("Acme (7) is in the recycle bin",))
    source = facts({"1": {"a": GB}}, whole=pull)
    assert result_of(source, [rule()]).warnings == ("cove: Acme (7) is in the recycle bin",)


def test_the_table_is_in_the_same_order_on_every_run() -> None:
    names = {"1": "beta", "2": "Alpha", "3": "gamma"}
    source = facts({"3": {"a": GB}, "1": {"a": GB}, "2": {"a": GB}}, names=names)
    rules = [rule("3"), rule("1"), rule("2")]
    assert [row.name for row in result_of(source, rules).coverage.rows] == ["Alpha", "beta", "gamma"]
    assert result_of(source, rules) == result_of(source, rules)


def test_the_table_goes_into_the_plan_as_exact_text() -> None:
    source = facts({"1": {"a": 3 * GB}, "2": {"b": None}}, names={"1": "Acme"})
    json = result_of(source, [rule(customer_name="Ltd")]).coverage.to_json()
    assert json["counts"] == {"billed": 1, "unmapped": 1}
    assert json["complete"] is False
    assert json["failed_sources"] == []
    unmapped, billed = json["rows"]
    assert billed == {
        "source": "cove",
        "customer_id": "1",
        "name": "Acme",
        "renamed_from": "Ltd",
        "state": "billed",
        "effect": "billed",
        "mapping": "mapping-1",
        "quantity": "3",
        "unit": "GB",
        "money": "6",
        "detail": "",
    }
    assert (unmapped["quantity"], unmapped["money"]) == (None, None)


def test_nothing_is_measured_of_a_source_that_was_never_read_whole() -> None:
    assert measure(rule(), SourceFacts("cove", "GB"), NOON - HOUR, NOON) is None
