"""Tests of the tables of pulls, coverage and report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from reconciler.planning.action import Money
from reconciler.planning.plan import CoverageRow, Summary
from reconciler.planning.plan_file import plan_json
from reconciler.rendering.paint import plain
from reconciler.rendering.tables import coverage_table, pulls_table, report_table
from tests.planning.builders import plan_of

EVIL = "Acme\x1b[2J\nBolt"


def cells(line: str) -> list[str]:
    return [cell for cell in line.split("  ") if cell.strip()]


def stripped(lines: list[str]) -> list[list[str]]:
    return [[cell.strip() for cell in cells(line)] for line in lines if line.strip("─ ")]


def report_row(**more: Any) -> dict[str, Any]:
    row = {
        "agreement": "backup",
        "product": "BACKUP-GB",
        "quantity": "121",
        "unit_price": "0.15",
        "amount": "18.15",
        "last_updated": "2026-11-01T07:00:00Z",
        "mapping": "acme",
        "source": "cove/77",
        "used": "120.405",
        "unit": "GB",
    }
    return {**row, **more}


def test_a_report_shows_additions_next_to_their_usage() -> None:
    found = stripped([*report_table([report_row(), report_row(amount="1000000.125")], plain, 160)])
    assert found == [
        ["agreement", "product", "quantity", "unit price", "amount", "last update", "from", "used"],
        ["backup", "BACKUP-GB", "121", "0.15", "18.15", "2026-11-01T07:00:00Z", "cove/77", "120.405 GB"],
        ["backup", "BACKUP-GB", "121", "0.15", "1,000,000.125", "2026-11-01T07:00:00Z", "cove/77", "120.405 GB"],
        ["2 additions, 1,000,018.275 a month."],
    ]


def test_missing_values_of_a_report_are_unknown_and_not_zero() -> None:
    orphan = report_row(unit_price=None, amount="0", last_updated=None, mapping=None, source="", used=None, unit=None)
    found = stripped([*report_table([orphan], plain, 160)])
    assert found[1] == ["backup", "BACKUP-GB", "121", "unknown", "0.00", "orphan: no mapping", "unknown"]
    assert found[2] == ["1 addition, 0.00 a month."]


def test_a_figure_without_a_unit_is_printed_alone() -> None:
    assert stripped([*report_table([report_row(unit=None)], plain)])[1][-1] == "120.405"


def row(**more: Any) -> CoverageRow:
    return CoverageRow(**{"source": "cove", "customer": "77", "name": "Acme", "state": "billed", **more})


def test_coverage_lists_every_customer() -> None:
    plan = plan_of(
        coverage=(row(quantity=Decimal("1.50"), unit="GB", money=Decimal("0.3")), row(customer="78", state="excluded"))
    )
    assert stripped([*coverage_table(plan_json(plan), plain)]) == [
        ["state", "source", "customer", "name", "quantity", "a month"],
        ["billed", "cove", "77", "Acme", "1.5 GB", "0.30"],
        ["excluded", "cove", "78", "Acme", "unknown"],
        ["2 customers accounted for."],
    ]


def test_a_customer_with_several_charges_counts_once_and_has_a_row_for_each() -> None:
    held = row(charge="servers", state="stale", quantity=None, accounted=False)
    rows = (row(charge="storage", quantity=Decimal(2), unit="GB"), held, row(customer="78"))
    found = stripped([*coverage_table(plan_json(plan_of(coverage=rows)), plain)])
    assert found[0] == ["state", "source", "customer", "name", "charge", "quantity", "a month"]
    assert found[1:3] == [
        ["billed", "cove", "77", "Acme", "storage", "2 GB"],
        ["stale", "cove", "77", "Acme", "servers", "unknown"],
    ]
    assert found[-1][0].startswith("1 of 2 customers not accounted for")


def test_customers_that_are_not_accounted_for_are_counted_with_their_amount() -> None:
    gap = row(state="unmapped", quantity=Decimal(2), money=Decimal("0.3"), detail="nothing maps it", accounted=False)
    summary = Summary(money=Money(before=Decimal(0), after=Decimal(0), currency="USD"))
    unknown = row(customer="79", state="unknown", accounted=False)
    plan = plan_of(coverage=(row(customer="78"), gap, unknown), summary=summary)
    found = stripped([*coverage_table(plan_json(plan), plain)])
    assert found[2][-1] == "nothing maps it"
    assert found[-1] == ["2 of 3 customers not accounted for; 0.30 USD a month at risk."]


def test_usage_without_a_default_price_has_an_unknown_amount() -> None:
    priced = row(state="unmapped", quantity=Decimal(2), money=Decimal("0.3"), accounted=False)
    unknown = row(state="unattributed", customer="78", quantity=Decimal(2), accounted=False)
    found = stripped([*coverage_table(plan_json(plan_of(coverage=(priced, unknown))), plain)])
    assert found[2] == ["unattributed", "cove", "78", "Acme", "2", "unknown"]
    assert found[-1] == ["2 of 2 customers not accounted for; the amount at risk is unknown."]


def test_a_source_that_failed_has_one_row_for_all_its_customers() -> None:
    rows = [row(customer=str(each), state="unknown", accounted=False) for each in range(9)]
    everyone = row(customer="*", name="every customer", state="unknown", detail="it failed", accounted=False)
    other = row(source="file", state="unknown", accounted=False)
    found = stripped([*coverage_table(plan_json(plan_of(coverage=(*rows, everyone, other))), plain)])
    assert [line[1:3] for line in found[1:3]] == [["cove", "*"], ["file", "77"]]


def pull(**more: Any) -> dict[str, Any]:
    return {"source": "cove", "state": "whole", "customers": 6, "samples": 9, "error": None, "notes": [], **more}


def test_pulls_are_listed_with_their_notes_and_errors() -> None:
    rows = [pull(notes=["one odd row", "another"]), pull(state="failed", customers=0, samples=0, error="HTTP 500")]
    assert stripped([*pulls_table(rows, plain)]) == [
        ["source", "state", "customers", "samples"],
        ["cove", "complete", "6", "9", "one odd row; another"],
        ["cove", "failed", "0", "0", "HTTP 500"],
        ["2 sources read, 1 failed."],
    ]
    assert [*pulls_table([pull()], plain)][-1] == "1 source read, 0 failed."


def test_names_from_outside_cannot_harm_a_terminal_or_break_a_row() -> None:
    rows = [
        *report_table([report_row(agreement=EVIL)], plain, 160),
        *coverage_table(plan_json(plan_of(coverage=(row(name=EVIL),))), plain),
    ]
    assert "\x1b" not in "".join(rows)
    assert sum("Acme\\u001b[2J Bolt" in line for line in rows) == 2


def test_a_long_cell_is_wrapped_and_never_cut() -> None:
    printed = "".join(report_table([report_row(agreement="x" * 300)], plain))
    assert printed.count("x") == 300


WIDE = "東京バックアップ株式会社 " * 6
LONG = "Managed-Backup-For-The-Whole-Of-The-North-Western-Region-And-Its-Branches"


@pytest.mark.parametrize("width", [20, 37, 60, 80, 100, 133])
def test_a_table_fits_the_width_and_loses_nothing(width: int) -> None:
    rows = [report_row(agreement=WIDE, product=LONG, amount="123456789.12"), report_row(), report_row(source="")]
    coverage = (row(name=WIDE, detail=LONG, quantity=Decimal("123456.789"), unit="GB"), row(customer=LONG))
    for lines in (
        [*report_table(rows, plain, width)][:-1],
        [*coverage_table(plan_json(plan_of(coverage=coverage)), plain, width)][:-1],
        [*pulls_table([pull(error=LONG), pull(notes=[WIDE])], plain, width)][:-1],
    ):
        assert max(map(cell_len, lines)) <= width
        printed = "".join("".join(lines).split())
        assert printed.count("東") >= (6 if "東" in printed else 0)
    assert width < 30 or "123,456,789.12" in "".join(report_table(rows, plain, width))


def test_figures_are_not_wrapped_at_the_default_width() -> None:
    lines = [*report_table([report_row(agreement=WIDE, product=LONG, amount="12345.12", used="12345.678")], plain)]
    first = next(line for line in lines if "12,345.12" in line)
    assert first.endswith("12345.678 GB")


def test_on_a_narrow_terminal_rows_are_printed_field_by_field() -> None:
    lines = [*report_table([report_row(), report_row(product="other")], plain, 40)]
    assert lines[:3] == ["agreement    backup", "product      BACKUP-GB", "quantity     121"]
    assert "product      other" in lines


def test_an_amount_at_risk_without_a_price_is_unknown() -> None:
    gap = row(state="unmapped", quantity=Decimal(2), money=None, accounted=False)
    assert [*coverage_table(plan_json(plan_of(coverage=(gap,))), plain)][-1] == (
        "1 of 1 customer not accounted for; the amount at risk is unknown."
    )


def test_without_unmapped_usage_no_amount_at_risk_is_shown() -> None:
    found = [*coverage_table(plan_json(plan_of(coverage=(row(state="vanished", accounted=False),))), plain)]
    assert found[-1] == "1 of 1 customer not accounted for."


def test_a_failed_source_has_an_unknown_amount_at_risk() -> None:
    everyone = row(customer="*", name="every customer", state="unknown", accounted=False)
    found = [*coverage_table(plan_json(plan_of(coverage=(everyone,))), plain)]
    assert found[-1] == "1 of 1 customer not accounted for; the amount at risk is unknown."


def test_headings_are_wrapped_before_names_are_broken() -> None:
    one = report_row(
        agreement="Elmhurst Foundry - Managed Backup", product="BACKUP-GB-ABOVE", source="cove/1001003", amount="150.00"
    )
    lines = [*report_table([one], plain, 100)]
    assert all(len(line) <= 100 for line in lines)
    text = "\n".join(lines)
    assert "cove/1001003" in text
    assert "BACKUP-GB-ABOVE" in text
    assert [word for word in lines[0].split() if word in {"unit", "price"}] == ["unit"]


def test_the_error_of_a_failed_pull_is_on_one_line() -> None:
    failed = {"source": "cove", "state": "failed", "customers": 0, "samples": 0, "error": "no\n  try", "notes": []}
    assert "no; try" in "\n".join(pulls_table([failed], plain))


@pytest.mark.parametrize("width", range(89, 140, 3))
def test_no_figure_of_a_report_is_cut_off_at_any_width(width: int) -> None:
    agreement, product = "Cedar Logistics - Managed Backup", "BACKUP-GB-ABOVE"
    given = report_row(agreement=agreement, product=product, amount="1025.10", used="1250.919")
    lines = [*report_table([given], plain, width)]

    assert max(map(len, lines)) <= width
    first = next(line for line in lines if "1,025.10" in line)
    assert first.endswith("1250.919 GB")
