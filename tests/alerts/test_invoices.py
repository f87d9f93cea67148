"""Tests of the causes before an invoice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reconciler.alerts.invoices import invoice_causes
from reconciler.planning.plan import EVERY_CUSTOMER, CoverageRow
from tests.alerts.builders import TODAY, mapped, plan_with, row

ACME, BIRCH = "CustomerMapping/acme", "CustomerMapping/birch"


def keys(*rows: CoverageRow, days: int = 5, **invoices: int) -> dict[str, set[str]]:
    """Return the members by key of the cause. `invoices` has by mapping the days from today to its invoice."""
    dates = {f"CustomerMapping/{name}": TODAY + timedelta(days=day) for name, day in invoices.items()}
    return {each.key: set(each.ids) for each in invoice_causes(plan_with(*rows), dates, TODAY, days)}


def test_a_customer_that_is_not_accounted_for_is_told_before_its_invoice() -> None:
    assert keys(mapped("acme", "held"), acme=5) == {"invoice:2026-11-15": {ACME}}
    assert keys(mapped("acme", "held"), acme=6) == {}


@pytest.mark.parametrize("state", ["held", "stale", "unknown", "refused", "vanished"])
def test_each_state_that_may_make_an_invoice_wrong_counts(state: str) -> None:
    assert keys(mapped("acme", state), acme=1) == {"invoice:2026-11-11": {ACME}}


@pytest.mark.parametrize("state", ["proposed", "orphan", "ended", "billed"])
def test_other_states_do_not_count(state: str) -> None:
    assert keys(mapped("acme", state), acme=1) == {}


def test_customers_with_the_same_invoice_date_are_one_cause() -> None:
    rows = (mapped("acme", "held"), mapped("birch", "refused"), mapped("cedar", "held"))
    assert keys(*rows, acme=2, birch=2, cedar=3) == {
        "invoice:2026-11-12": {ACME, BIRCH},
        "invoice:2026-11-13": {"CustomerMapping/cedar"},
    }


def test_an_unmapped_customer_counts_for_the_next_invoice_date() -> None:
    assert keys(row("9"), acme=4, birch=2, cedar=-1) == {"invoice:2026-11-12": {"cove/9"}}
    assert keys(row("9"), cedar=-1) == {"invoice:2026-11-09": {"cove/9"}}
    assert keys(row("9"), cedar=9) == {}


def test_an_invoice_that_is_due_counts_for_a_month() -> None:
    (found,) = invoice_causes(plan_with(mapped("acme", "held")), {ACME: date(2026, 11, 9)}, TODAY, 5)
    assert found.title == "invoices that are due since 2026-11-09: 1 customer not accounted for"
    assert keys(mapped("acme", "held"), acme=-31) != {}
    assert keys(mapped("acme", "held"), acme=-32) == {}


def test_a_customer_that_is_accounted_for_and_a_row_of_a_source_are_left_out() -> None:
    rows = (mapped("acme", "held", accounted=True), row(EVERY_CUSTOMER, "unknown", None))
    assert keys(*rows, acme=1) == {}
