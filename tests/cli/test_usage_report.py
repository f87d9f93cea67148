"""Tests of `reconciler usage report` for a month: from the ledger, in each form."""

from __future__ import annotations

import stat
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli import usage_report
from reconciler.cli.schema import every_schema
from tests.prepared import prepared
from tests.shop import ALDER, CEDAR, GB, Shop


@prepared
def month(shop: Shop) -> Shop:
    """Return a shop with two customers in its second month: the usage of one grew, and grew again after the month."""
    shop.only(ALDER, CEDAR)
    shop.apply()
    shop.advance(24 * 29 + 22)
    shop.uses(ALDER, "200")
    shop.uses(CEDAR, "1250.3")
    shop.apply("--only", "usage")
    shop.advance(24 * 2)
    shop.uses(ALDER, "290.5")
    shop.uses(CEDAR, "1250.3")
    shop.apply("--only", "usage")
    return shop


@cache
def published() -> Draft202012Validator:
    """Return the check by the schema of a report. To generate it takes longer than a test."""
    return Draft202012Validator(every_schema()["report"])


def made(shop: Shop, *arguments: str) -> Any:
    said = shop("--json", "usage", "report", *arguments)
    assert said.code == 0, said.err
    published().validate(said.json)
    return said.json


def test_a_month_is_reported_as_it_was_billed_and_as_it_was_used(month: Shop) -> None:
    report = made(month, "--period", "2026-11")
    alder, cedar = report["customers"]

    assert (report["period"]["complete"], report["totals"]["billed"], report["totals"]["previous"]) == (
        True,
        "185.1",
        None,
    )
    (charge,) = alder["charges"]
    assert (charge["rating"]["used"], charge["rating"]["quantity"], charge["billed_amount"]) == ("200", "200", "30")
    assert [line["address"] for line in charge["billed"]] == ["Addition/alder-dental.storage:backup-gb"]
    assert [line["amount"] for line in cedar["charges"][0]["billed"]] == ["70", "60", "25.1"]
    assert [border["up_to"] for border in cedar["charges"][0]["borders"]] == ["500", "1000"]
    assert {each["kind"] for each in report["exceptions"]} == {"hours"}


def test_the_running_month_is_reported_as_it_stands_beside_the_month_before(month: Shop) -> None:
    report = made(month, "--period", "2026-12")

    assert (report["period"]["complete"], report["totals"]["billed"], report["totals"]["previous"]) == (
        False,
        "198.75",
        "185.1",
    )
    assert report["customers"][0]["previous"] == "30"
    assert made(month, "--no-plots") | {"made_at": None} == made(month, "--no-plots", "--period", "2026-12") | {
        "made_at": None
    }


def test_a_later_price_or_write_does_not_change_what_a_month_billed(month: Shop) -> None:
    before = made(month, "--period", "2026-11")["customers"][0]["charges"][0]["billed"]
    month.advance(24)
    month.uses(ALDER, "300")
    month.apply("--only", "usage")

    assert made(month, "--period", "2026-11")["customers"][0]["charges"][0]["billed"] == before


def test_later_rules_and_prices_change_nothing_in_the_report_of_a_month_that_is_over(month: Shop) -> None:
    report, rows = (made(month, "--period", "2026-11"), month("usage", "export", "--period", "2026-11").out)
    month.edit("products.yaml", "price: 0.15", "price: 0.90")
    month.edit("customers/alder-dental.yaml", "  # `product:", "  measure: peak\n  minimum: 500\n  # `product:")
    cedar = next((month.folder / "customers").glob("cedar*.yaml"))
    cedar.write_text(cedar.read_text(encoding="utf-8").replace("tiering: graduated", "tiering: volume"))
    month.apply("--approve", "quantity", "--approve", "updates", "--approve", "money")
    again = made(month, "--period", "2026-11")

    assert again | {"made_at": None} == report | {"made_at": None}
    assert month("usage", "export", "--period", "2026-11").out == rows
    assert made(month, "--no-plots")["customers"][0]["charges"][0]["rating"]["minimum"] == "500"


def test_a_month_that_is_billed_when_it_is_over_is_reported_with_its_addition(shop: Shop) -> None:
    shop.only(ALDER)
    shop.edit("customers/alder-dental.yaml", "  # `product:", "  lines: perPeriod\n  # `product:")
    shop.apply()
    shop.advance(24 * 29 + 22)
    shop.uses(ALDER, "200")
    shop.apply("--only", "usage")
    shop.advance(24 * 2)
    shop.apply("--only", "usage")

    report = made(shop, "--period", "2026-11")
    (line,) = report["customers"][0]["charges"][0]["billed"]
    assert (line["address"], line["amount"]) == ("Addition/alder-dental.storage:backup-gb@2026-11", "30")
    assert made(shop, "--no-plots")["totals"]["previous"] == "30"


def test_the_hours_of_a_charge_are_figures_or_null(month: Shop) -> None:
    hours = made(month, "--period", "2026-11", "--customer", "alder-dental")["customers"][0]["charges"][0]["hours"]

    assert len(hours["figures"]) == 721  # the clocks go back in November
    known = [each for each in hours["figures"] if each is not None]
    assert (known[0], known[-1], len(known)) == ("120.35", "200", 74)  # 72 of them are from the console's history
    assert (hours["known"], hours["elapsed"], len(hours["chosen"])) == (74, 719, 1)
    assert made(month, "--no-plots")["customers"][0]["charges"][0]["hours"] is None


@pytest.mark.parametrize(
    "address",
    ["CustomerMapping/alder-dental", "Company/alder-dental", "cove/1001001", "Addition/alder-dental:backup-gb"],
)
def test_a_report_of_one_customer_has_nothing_of_the_others(month: Shop, address: str) -> None:
    said = month("--json", "usage", "report", "--customer", address)

    assert [each["name"] for each in said.json["customers"]] == ["Alder Dental"]
    assert said.json["totals"]["billed"] == "43.65"
    assert "Cedar" not in said.out
    assert (said.json["totals"]["cost"], said.json["totals"]["unknown_costs"]) == (None, 0)
    assert said.json["customers"][0]["charges"][0]["billed"][0]["cost"] is None


def test_the_name_of_the_file_chooses_the_form_and_only_its_owner_can_read_it(month: Shop, tmp_path: Path) -> None:
    for name, begins in {
        "a.html": "<!doctype html>",
        "a.csv": "period,customer",
        "a.json": "{",
        "a.txt": "November",
    }.items():
        said = month("usage", "report", "--period", "2026-11", "--out", str(tmp_path / name))
        assert said.out.startswith(f"{tmp_path / name}: ")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    said = month("--json", "usage", "report", "--no-plots", "--out", str(tmp_path / "b.html"))
    assert (said.json["format"], said.json["bytes"]) == ("html", (tmp_path / "b.html").stat().st_size)


def test_each_form_can_be_printed(month: Shop) -> None:
    assert "December 2026 so far: 198.75 USD billed" in month("usage", "report", "--format", "table").out
    assert month("usage", "report", "--format", "csv").out.count("\r\n") == 5
    assert month("usage", "report", "--format", "html", "--no-plots").out.rstrip().endswith("</html>")


def test_an_addition_without_a_mapping_is_an_exception_with_its_amount(month: Shop) -> None:
    (month.folder / "customers" / "alder-dental.yaml").unlink()

    report = made(month, "--no-plots")
    orphan = next(each for each in report["customers"] if each["state"] == "orphan")
    assert (orphan["address"], orphan["billed"], orphan["previous"], orphan["mapping"]) == (
        "cove/1001001",
        "43.65",
        "30",
        None,
    )
    assert {each["kind"] for each in report["exceptions"]} >= {"orphan", "gap"}
    assert Decimal(report["totals"]["billed"]) == sum(Decimal(each["billed"]) for each in report["customers"])


def test_the_cost_and_the_margin_of_a_month_are_reported(month: Shop) -> None:
    report = made(month, "--period", "2026-11")

    totals = report["totals"]
    lines = [line for each in report["customers"] for line in each["charges"][0]["billed"]]
    assert Decimal(totals["cost"]) == sum(Decimal(line["cost"]) for line in lines) > 0
    assert Decimal(totals["margin"]) == Decimal(totals["billed"]) - Decimal(totals["cost"])
    assert f"Cost: {Decimal(totals['cost']):.2f} USD, margin" in month("usage", "report", "--period", "2026-11").out


def test_a_difference_between_usage_and_billing_is_an_exception(month: Shop) -> None:
    month.uses(ALDER, "400")
    month("usage", "pull")

    (found,) = [each for each in made(month, "--no-plots")["exceptions"] if each["kind"] == "difference"]
    assert (found["customer"], found["amount"]) == ("cove/1001001", "16.35")
    assert found["text"] == "storage: 43.65 USD is billed, and the usage gives 60.00 USD"


def test_usage_that_no_mapping_bills_is_an_exception_with_the_amount_at_risk(month: Shop) -> None:
    month.world.add_device(month.world.add_customer("Gumtree", month.time).id, month.time, 20 * GB)
    month("usage", "pull")

    report = made(month, "--no-plots")
    assert report["totals"]["at_risk"] == "3"
    assert [each["name"] for each in report["exceptions"] if each["state"] == "unmapped"] == ["Gumtree"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--period", "2026-13"), "--period 2026-13: this is no month"),
        (("--period", "2027-02"), "--period 2027-02: this month has not begun"),
        (("--period", "2026-09"), "the ledger has nothing of 2026-09"),
        (("--customer", "acne"), "--customer acne: no customer mapping has this address"),
    ],
)
def test_a_month_or_a_customer_that_is_not_there_is_an_error(
    month: Shop, arguments: tuple[str, ...], message: str
) -> None:
    said = month("usage", "report", *arguments)

    assert said.code == 1
    assert message in said.err


def test_without_a_pull_or_a_write_there_is_nothing_to_report(shop: Shop) -> None:
    said = shop("usage", "report", "--period", "2026-11")

    assert said.code == 1
    assert "reconciler usage pull" in said.err


def test_plots_need_an_extra_and_the_error_names_it(month: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_report, "find_spec", lambda name: None if name == "altair" else name)

    said = month("usage", "report", "--format", "html")
    assert said.code == 1
    assert "plots need the extra [report], and altair is not installed" in said.err
    assert month("usage", "report", "--format", "html", "--no-plots").code == 0
    assert month("usage", "report", "--plots").code == 0


def test_json_and_another_form_exclude_each_other_without_a_file(month: Shop) -> None:
    said = month("--json", "usage", "report", "--format", "csv")

    assert said.code == 1
    assert "--json prints JSON, not csv" in said.json["error"]["message"]
