"""Tests of the coverage rows of excluded, unmapped and unattributed customers and devices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from reconciler.kinds.billing_rules import Allowance, Exclusion, Range
from reconciler.kinds.meters import BUILT_IN
from reconciler.ledger.records import Reading
from tests.metering.builders import GB, HOUR, NOON, SETTINGS, known, rule, seen, snapshot, whole

from .charging import D, only_charge, only_row, result_of


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
    result = result_of(snapshot({"1": {"a": 3 * GB}, "2": {"b": None}}), default_rules=(default,))
    priced, unknown = result.coverage.rows
    assert (priced.money, unknown.money, unknown.quantity) == (D("1.5"), None, None)


def test_the_charges_of_the_defaults_add_up_and_an_unknown_one_makes_the_amount_unknown() -> None:
    storage = rule("", name="default", ranges=(Range("backup", None, D("0.5")),))
    devices = replace(storage, meter=BUILT_IN["devices"], unit=None, ranges=(Range("device", None, D(4)),))
    servers = replace(devices, meter=BUILT_IN["physical-servers"])
    source = snapshot({"1": {"a": 3 * GB, "b": GB}})
    assert only_row(result_of(source, default_rules=(storage, devices))).money == 10
    assert only_row(result_of(source, default_rules=(storage, servers))).money is None


def test_the_amount_at_risk_is_unknown_if_the_default_rule_does_not_fit() -> None:
    default = rule("", name="default", allowance=Allowance(D(1), "device"))
    assert only_row(result_of(snapshot({"1": {None: 3 * GB}}), default_rules=(default,))).money is None


def test_usage_above_end_customer_level_is_unattributed_until_mapped() -> None:
    source = snapshot({"5": {"a": GB}}, known={"5": known("5", "Reseller", attributed=False)})
    result = result_of(source)
    assert only_row(result).state == "unattributed"
    assert result.coverage.gaps() == result.coverage.rows
    assert only_row(result_of(source, [rule("5")])).state == "billed"


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


def test_the_table_is_in_the_same_order_on_every_run() -> None:
    names = {"1": "beta", "2": "Alpha", "3": "gamma"}
    source = snapshot({"3": {"a": GB}, "1": {"a": GB}, "2": {"a": GB}}, names=names)
    rules = [rule("3"), rule("1"), rule("2")]
    assert [row.name for row in result_of(source, rules).coverage.rows] == ["Alpha", "beta", "gamma"]
    assert result_of(source, rules) == result_of(source, rules)


def test_a_row_names_the_mapping_and_the_former_name() -> None:
    source = snapshot({"1": {"a": 3 * GB}, "2": {"b": None}}, names={"1": "Acme"})
    unmapped, billed = result_of(source, [rule(customer_name="Ltd")]).coverage.rows
    assert (billed.shown_name, billed.mapping, billed.effect) == ("Ltd → Acme", "mapping-1", "billed")
    assert (unmapped.shown_name, unmapped.mapping, unmapped.effect) == ("2", None, "none")


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


def test_the_amount_at_risk_is_unknown_before_the_first_pull_of_a_month() -> None:
    default = rule("", name="default", ranges=(Range("backup", None, D("0.5")),))
    last_month = datetime(2025, 10, 31, 22, 30, tzinfo=UTC)
    source = snapshot({"1": {"a": 3 * GB}}, last_month)
    row = only_row(result_of(source, default_rules=(default,), now=last_month + timedelta(hours=1)))
    assert (row.state, row.money) == ("unmapped", None)
