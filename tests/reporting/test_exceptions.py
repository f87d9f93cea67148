"""What a report lists for a person to look at."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.metering.coverage import Coverage, CoverageRow
from reconciler.reporting.exceptions import exceptions_of
from reconciler.reporting.report import ReportCustomer, ReportException, SourceHours
from tests.rendering.report.reports import charge, customer, line, rating


def found(
    *customers: ReportCustomer, coverage: Coverage | None = None, sources: tuple[SourceHours, ...] = ()
) -> tuple[ReportException, ...]:
    return exceptions_of(customers or (customer(),), coverage or Coverage(()), sources, "USD")


def row(**more: Any) -> CoverageRow:
    values: dict[str, Any] = {
        "source": "cove",
        "customer_id": "1001001",
        "name": "ACME in the console",
        "state": "stale",
        "effect": "held",
        "detail": "its figure is too old",
        "accounted": False,
    }
    return CoverageRow(**(values | more))


def test_a_customer_whose_amount_follows_its_usage_is_no_exception() -> None:
    assert found() == ()


def test_a_gap_has_the_reason_of_the_coverage_and_the_name_of_the_company() -> None:
    mapped, unmapped = row(), row(customer_id="9", name="Gumtree", state="unmapped", detail="", money=Decimal(3))

    first, second = found(coverage=Coverage((mapped, unmapped)))
    assert (first.state, first.name, first.text, first.amount) == (
        "stale",
        "Acme Dental",
        "its figure is too old",
        None,
    )
    assert (second.name, second.customer, second.amount) == ("Gumtree", "cove/9", 3)
    assert second.text == "the state is unmapped"


def test_a_source_without_usable_data_is_one_exception() -> None:
    (only,) = found(coverage=Coverage((), {"cove": "the pull failed; 12 customers are held"}))

    assert (only.kind, only.state, only.customer) == ("gap", "unknown", "cove")


@pytest.mark.parametrize(("known", "listed"), [(80, False), (79, True), (0, True)])
def test_a_source_needs_a_believed_pull_in_four_of_five_hours(known: int, listed: bool) -> None:
    exceptions = found(sources=(SourceHours(name="cove", known=known, elapsed=100),))

    assert [each.kind for each in exceptions] == ["hours"] * listed


def test_a_difference_is_what_usage_gives_less_what_is_billed_without_adjustments() -> None:
    adjusted = (line(), line(corrects="2026-09", amount=Decimal(5)))
    other = charge(rating=rating(amount=Decimal("70.00")), billed=adjusted)

    (only,) = found(customer(charges=(other,)))
    assert (only.kind, only.amount) == ("difference", Decimal("8.35"))
    assert only.text == "storage: 61.65 USD is billed, and the usage gives 70.00 USD"


@pytest.mark.parametrize("more", [{"state": "held"}, {"rating": None}, {"rating": rating(amount=None)}])
def test_a_charge_that_is_held_or_unknown_has_no_difference(more: dict[str, Any]) -> None:
    assert found(customer(charges=(charge(billed=(), billed_amount=0, **more),))) == ()


@pytest.mark.parametrize(
    ("billed", "before", "listed"),
    [("150", "100", True), ("149.99", "100", False), ("50", "100", True), ("10", "0", False), ("10", None, False)],
)
def test_half_of_the_amount_of_the_month_before_is_a_large_change(
    billed: str, before: str | None, listed: bool
) -> None:
    exceptions = found(customer(billed=Decimal(billed), previous=None if before is None else Decimal(before)))

    assert [each.kind for each in exceptions] == ["change"] * listed


def test_an_addition_without_a_mapping_is_listed_with_what_it_bills() -> None:
    (only,) = found(customer(other=(line(),)))

    assert (only.kind, only.amount) == ("orphan", Decimal("61.65"))
    assert "the addition id 21 on Acme - Managed Backup bills 61.65 USD, and no mapping has it" in only.text


def test_what_has_no_known_amount_comes_first_and_then_the_largest_amounts() -> None:
    rows = tuple(row(customer_id=str(n), name=str(n), money=each) for n, each in enumerate((1, None, 5, 3)))

    amounts = [each.amount for each in found(coverage=Coverage(rows))]
    assert amounts == [None, 5, 3, 1]
