"""The days of dated prices: errors and warnings at their place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.loading import load
from tests.manifests.conftest import Estate
from tests.manifests.test_rules import mapping

NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=UTC)
PRODUCT = "identifier: GB2\ndescription: One GB\ncustomerDescription: One GB\nsubcategory: Backup\ntype: Agreement\n"


def product(prices: str, more: str = "") -> str:
    return f"{PRODUCT}{more}prices:\n{prices}"


def errors(estate: Estate, now: datetime = NOVEMBER) -> list[Diagnostic]:
    """Return what validation finds at a moment: errors and warnings."""
    try:
        return list(load(estate.root, now=now).warnings)
    except ManifestError as error:
        return list(error.diagnostics)


def test_a_day_inside_a_month_is_a_warning_with_the_month_from_which_it_works(estate: Estate) -> None:
    estate.add("Product", "new", product('  - {from: "2026-01-01", price: 1}\n  - {from: "2026-12-02", price: 2}'))
    (found,) = errors(estate)
    assert (found.severity, found.line, found.column) == ("warning", 12, 14)
    assert found.message == "2026-12-02 is inside a month: this price works from 2027-01-01 on"
    assert found.suggestion == 'write "2027-01-01", if you mean that day'


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("2026-01-01", "prices[1].from: two prices are from 2026-01-01: remove one of them"),
        ("2025-01-01", "prices[1].from: 2025-01-01 is before 2026-01-01, the `from` of the entry above: sort them"),
    ],
)
def test_days_that_do_not_rise_are_an_error_at_their_place(estate: Estate, second: str, message: str) -> None:
    estate.add("Product", "new", product(f'  - {{from: "2026-01-01", price: 1}}\n  - {{from: "{second}", price: 2}}'))
    (found,) = errors(estate)
    assert (found.severity, found.message, found.line, found.column) == ("error", message, 12, 14)


def test_the_error_of_a_range_is_at_its_entry(estate: Estate) -> None:
    ranges = """
- product: gb
  prices:
    - {from: "2026-01-01", price: 1}
    - {from: "2026-01-01", price: 2}
"""
    estate.add("CustomerMapping", "new", mapping(product="null") + "\nranges:" + ranges)
    (found,) = errors(estate)
    assert found.message.startswith("ranges[0].prices[1].from: two prices are from 2026-01-01")
    assert (found.line, found.column) == (15, 16)


def test_a_month_without_a_price_in_force_is_an_error_at_the_first_entry(estate: Estate) -> None:
    estate.add("Product", "new", product('  - {from: "2026-11-02", price: 1}'))
    error, warning = sorted(errors(estate), key=lambda each: each.severity)
    assert error.message == "no price is in force in 2026-11: the first one works from 2026-12-01 on"
    assert error.suggestion == "add the price of that month, as an entry with an earlier day"
    assert (error.line, error.column, warning.severity) == (11, 14, "warning")
    assert [each.severity for each in errors(estate, datetime(2026, 12, 1, tzinfo=UTC))] == ["warning"]


def test_a_plain_price_of_a_product_is_in_force_before_the_first_entry(estate: Estate) -> None:
    estate.add("Product", "new", product('  - {from: "2027-01-01", price: 1}', "price: 0\n"))
    assert errors(estate) == []


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, 1),
        ({"start": '"2027-01-15"'}, 0),
        ({"end": '"2026-10-31"'}, 0),
        ({"end": '"2026-11-30"'}, 1),
        ({"start": '"2026-12-15"'}, 1),
    ],
)
def test_a_mapping_needs_a_price_from_the_month_of_its_start_to_its_end(
    estate: Estate, more: dict[str, str], found: int
) -> None:
    estate.add("CustomerMapping", "new", mapping(**more) + '\nprices:\n  - {from: "2027-01-01", price: 1}')
    assert len(errors(estate)) == found


def test_a_retired_product_needs_no_price(estate: Estate) -> None:
    estate.add("Product", "new", product('  - {from: "2027-01-01", price: 1}'), metadata=", ensure: retired")
    assert [each.severity for each in errors(estate) if each.severity == "error"] == []


def test_a_default_is_reported_once_at_its_own_place(estate: Estate) -> None:
    spec = 'CustomerMapping:\n  product: gb\n  prices:\n    - {from: "2026-11-02", price: 1}'
    estate.add("Defaults", "all", spec, file="defaults.yaml")
    for name in "12":
        fields = mapping(customer=f'{{source: cove, id: "{name}"}}')
        estate.add("CustomerMapping", f"new-{name}", fields.replace("product: gb", "minimum: 1"))
    found = errors(estate)
    assert [(each.file, each.line, each.severity) for each in found] == [
        ("defaults.yaml", 8, "warning"),
        ("defaults.yaml", 8, "error"),
    ]


def test_a_price_in_a_document_is_not_mixed_with_dated_default_prices(estate: Estate) -> None:
    spec = 'Product:\n  prices:\n    - {from: "2026-01-01", price: 1}'
    estate.add("Defaults", "all", spec, file="defaults.yaml")
    estate.add("Product", "new", f"{PRODUCT}price: 2")
    document = estate.load().by_address["Product/new"]
    assert "prices" not in document.declared


def test_a_broken_workspace_and_broken_prices_cause_no_other_errors(estate: Estate) -> None:
    path = estate.root / "workspace.yaml"
    path.write_text(path.read_text().replace("billing: {timezone: Europe/Berlin, currency: EUR}", "billing: 5"))
    estate.add("Product", "new", product('  - {from: "2027-01-01", price: 1}'))
    estate.add("Product", "bad", product("  - {from: 5, price: 1}").replace("GB2", "GB3"))
    assert all("in force" not in each.message for each in errors(estate))
