"""Customers that are in trial: nothing is billed for these hours, and the month in which a trial ends is billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from reconciler.additions.coverage import MappingFindings, coverage_rows
from reconciler.ledger.records import CustomerRecord, Trial
from reconciler.metering.snapshot import SourceSnapshot
from tests.metering.builders import GB, HOUR, NOON, SETTINGS, known, rule, snapshot, whole

from .charging import D, only_charge, only_row, result_of

BILLED = replace(SETTINGS, bill_trials=frozenset({"cove"}))


def acme(state: str = "InTrial", since: datetime | None = None, until: datetime | None = None) -> CustomerRecord:
    trials = () if since is None else (Trial(since, until),)
    return replace(known("1", "Acme", state=state), trials=trials)


def source(record: CustomerRecord, *sizes: int) -> SourceSnapshot:
    """Return a source with a pull each hour, the last one at noon. `sizes` are in GB."""
    *earlier, last = sizes or (5,)
    count = len(earlier)
    pulls = tuple(
        whole({"1": {"a": size * GB}}, NOON - (count - place) * HOUR, place + 1) for place, size in enumerate(earlier)
    )
    begins = NOON - count * HOUR
    more: dict[str, Any] = {"first_seen": {"1": begins}, "first_whole_at": begins}
    return snapshot({"1": {"a": last * GB}}, known={"1": record}, earlier=pulls, **more)


def test_a_customer_in_trial_is_listed_with_its_money_and_bills_nothing() -> None:
    result = result_of(source(acme()), [rule(minimum=D(9))])
    row = only_row(result)
    assert (row.state, row.effect, row.accounted) == ("trial", "held", True)
    assert (row.quantity, row.money) == (9, 18)
    assert row.detail == "in trial in cove, so nothing is billed: its line begins in the month in which it ends"
    assert (only_charge(result).state, only_charge(result).lines) == ("held", ())
    assert result.coverage.is_complete


def test_a_customer_in_trial_without_a_figure_is_listed_too() -> None:
    row = only_row(result_of(snapshot({"1": {"a": None}}, known={"1": acme()}), [rule()]))
    assert (row.state, row.money) == ("trial", 0)


def test_with_trials_bill_a_trial_is_billed_and_its_row_says_so() -> None:
    row = only_row(result_of(source(acme()), [rule()], settings=BILLED))
    assert (row.state, row.money, row.detail) == ("billed", 10, "its state in cove is InTrial")


@pytest.mark.parametrize("state", ["Expired", "Registered", "Undefined", "InProduction"])
def test_every_other_state_bills_as_production(state: str) -> None:
    assert only_row(result_of(source(acme(state)), [rule()])).state == "billed"


@pytest.mark.parametrize(("measure", "quantity"), [("last", 4), ("peak", 4), ("mean", 3), ("p95", 4)])
def test_hours_in_trial_do_not_count_after_the_trial(measure: Any, quantity: int) -> None:
    ended = acme("InProduction", NOON - 4 * HOUR, NOON - HOUR)
    charge = only_charge(result_of(source(ended, 90, 80, 70, 2, 4), [rule(measure=measure)]))
    assert charge.lines[0].quantity == quantity
    if measure == "mean":
        assert charge.measured is not None
        assert charge.measured.known_of_elapsed == (2, 2)
    with_trial = only_charge(result_of(source(ended, 90, 80, 70, 2, 4), [rule(measure="peak")], settings=BILLED))
    assert with_trial.lines[0].quantity == 90


def test_an_earlier_month_is_computed_by_the_state_of_that_time() -> None:
    now_in_trial = acme("InTrial", NOON + HOUR)
    assert only_row(result_of(source(now_in_trial), [rule()])).state == "billed"
    then_in_trial = acme("InProduction", NOON - HOUR, NOON + 2 * HOUR)
    assert only_row(result_of(source(then_in_trial), [rule()])).state == "trial"


def test_each_of_several_trials_is_left_out() -> None:
    trials = (Trial(NOON - 4 * HOUR, NOON - 3 * HOUR), Trial(NOON - HOUR, NOON))
    record = replace(acme("InProduction"), trials=trials)
    charge = only_charge(result_of(source(record, 90, 2, 3, 80, 4), [rule(measure="mean")]))
    assert charge.measured is not None
    assert (charge.lines[0].quantity, charge.measured.known_of_elapsed) == (3, (3, 3))


def test_a_customer_in_trial_without_a_mapping_is_no_gap() -> None:
    row = only_row(result_of(source(acme())))
    assert (row.state, row.quantity, row.accounted) == ("trial", 5, True)
    assert row.detail == "in trial in cove, so nothing is billed; no mapping names this customer yet"
    assert only_row(result_of(source(acme()), settings=BILLED)).state == "unmapped"


def test_a_customer_in_trial_whose_additions_bill_is_held_and_a_gap() -> None:
    coverage = result_of(source(acme()), [rule()]).coverage
    (row,) = coverage_rows(coverage, MappingFindings(standing={("mapping-1", "storage"): D(30)}))
    assert (row.state, row.accounted, row.money) == ("trial", False, 30)
    assert row.detail.endswith("its additions are billed already, and are held: check its state in the console")
