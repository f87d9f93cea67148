"""Tests of customers that vanished, or that no pull ever listed."""

from __future__ import annotations

from dataclasses import replace

from tests.metering.builders import GB, HOUR, NOON, SETTINGS, known, rule, seen, snapshot

from .charging import D, only_charge, only_row, result_of


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
