"""The report as a table and as CSV: both have the figures of its JSON."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest

from reconciler.rendering.paint import plain
from reconciler.rendering.report.csv_form import COLUMNS, cell, report_csv
from reconciler.rendering.report.figures import change, quantity
from reconciler.rendering.report.text import report_text
from tests.rendering.report.reports import customer, report, rich


def text(content: dict[str, Any]) -> str:
    return "\n".join(report_text(content, plain, 140))


def rows(content: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(report_csv(content), newline="")))


def test_the_table_begins_with_the_total_and_the_month_before() -> None:
    assert text(report()).split("\n")[:3] == [
        "October 2026: 61.65 USD billed",
        "Month before: 55.00 USD, +6.65 (+12 %)",
        "By usage: 61.65 USD. 1 customer.",
    ]


def test_the_margin_is_that_of_the_additions_with_a_known_cost() -> None:
    totals = report()["totals"] | {"cost": "20", "margin": "41.65", "unknown_costs": 2}
    free = totals | {"cost": "0", "margin": "0", "unknown_costs": 0}

    assert "Cost: 20.00 USD, margin 41.65 USD (68 %), without 2 additions of unknown cost" in text(
        report() | {"totals": totals}
    )
    assert "Cost: 0.00 USD, margin 0.00 USD\n" in text(report() | {"totals": free})
    assert "Cost" not in text(report())


def test_a_month_that_goes_on_is_marked_and_unknown_amounts_are_not_zero() -> None:
    lines = text(rich()).split("\n")

    assert lines[0] == "October 2026 so far: 123.30 USD billed"
    assert lines[1:3] == ["Month before: unknown", "By usage: unknown. 3 customers."]


def test_exceptions_come_before_the_customers() -> None:
    found = text(rich())

    assert "2 exceptions:\n  unmapped  Gumtree cove/1001009: no mapping bills it (3.00 USD)\n" in found
    assert found.index("exceptions") < found.index("customer ")


def test_the_table_has_a_row_for_each_charge_and_each_addition_without_one() -> None:
    found = [" ".join(line.split()) for line in text(rich()).split("\n")]

    assert "Acme Dental storage peak 460.4 GB 411 GB 61.65 55.00 billed" in found
    assert "Acme Dental devices peak unknown 0 GB 0.00 unknown billed" in found
    assert "cove/1001007 backup-gb 411 61.65 orphan" in found


def test_csv_has_a_row_for_each_addition_with_exact_figures() -> None:
    first, adjusted, held, nothing, orphan = rows(rich())

    assert tuple(first) == COLUMNS
    assert [first[name] for name in ("period", "used", "quantity", "unit_price", "amount", "currency")] == [
        "2026-10", "460.4", "411", "0.15", "61.65", "USD",
    ]  # fmt: skip
    assert (adjusted["amount"], adjusted["corrects"]) == ("-3.2", "2026-09")
    assert (held["charge"], held["used"], held["amount"]) == ("devices", "", "")
    assert nothing["product"] == ""
    assert (orphan["state"], orphan["unit_price"]) == ("orphan", "")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_from_outside_is_no_formula_of_a_spreadsheet(name: str) -> None:
    assert cell(name) == f"'{name}"
    assert rows(report(customer(name=name)))[0]["name"] == f"'{name}"


def test_a_quantity_is_shown_with_three_decimals_at_most() -> None:
    assert [quantity(each) for each in ("1460.40", "0.0005", "12", None)] == ["1,460.4", "0.001", "12", "unknown"]


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [("5", "5", "no change"), ("5", "0", "+5.00"), ("5", None, ""), ("4", "5", "-1.00 (-20 %)"),
     ("1000.01", "1000", "+0.01")],
)  # fmt: skip
def test_a_change_has_its_share_of_the_amount_before(now: str, before: str | None, shown: str) -> None:
    assert change(now, before, "USD") == shown
