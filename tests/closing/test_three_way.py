"""The three-way check of a month as JSON: the money of each side, and the differences in order."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from reconciler.additions.ownership import Owner
from reconciler.metering.coverage import Coverage, CoverageRow
from tests.closing.checking import BACKUP, BOLT, OTHER, asked, checked, found, standing


def row(customer: str = "79", **more: object) -> CoverageRow:
    values = {"source": "cove", "customer_id": customer, "name": "Cedar", "state": "unmapped", "effect": "none"}
    return CoverageRow(**{**values, "detail": "no mapping", "accounted": False, **more})  # type: ignore[arg-type] - test values


def test_each_side_has_its_amount_cost_and_margin() -> None:
    document = checked([asked()], standing(1), standing(7, None, 8, agreement=OTHER))
    totals = document["totals"]
    assert totals["usage"] == {"amount": "30", "cost": "12", "margin": "18", "without_cost": "0"}
    assert totals["ours"] == {"amount": "30", "cost": "12", "margin": "18", "without_cost": "0"}
    assert totals["others"] == {"amount": "2", "cost": "0.8", "margin": "1.2", "without_cost": "0"}
    assert totals["expected"] == "32"


def test_an_unknown_cost_is_not_zero() -> None:
    line = standing(1, edited={"unitCost": Decimal(0)})
    ours = checked([], line)["totals"]["ours"]
    assert (ours["cost"], ours["margin"], ours["without_cost"]) == ("0", "0", "30")


def test_a_line_of_half_a_month_bills_and_costs_half() -> None:
    line = standing(1, first="2026-11-16", share=Fraction(1, 2))
    ours = checked([asked(quantity=60, first_day="2026-11-16")], line)["totals"]["ours"]
    assert (ours["amount"], ours["cost"]) == ("15", "6")


def test_the_invoice_of_an_agreement_has_its_own_amount_and_all_its_additions() -> None:
    document = checked([asked()], standing(1), standing(2, None, 4), standing(3, BOLT, 4, first="2026-12-01"))
    rows = {each["id"]: each for each in document["agreements"]}
    assert (rows[BACKUP]["expected"], rows[OTHER]["expected"]) == ("31", "0")


def test_differences_are_in_the_order_of_their_money_and_those_without_come_first() -> None:
    kinds = [kind for kind, _ in found([asked(), asked(BOLT, price=None)], standing(9, Owner("x", "cove", "1"), 2))]
    assert kinds == ["leak", "leak", "orphan"]
    amounts = [
        amount for _, amount in found([asked(), asked(BOLT, price=None)], standing(9, Owner("x", "cove", "1"), 2))
    ]
    assert amounts == [None, "30", "-0.5"]


def test_the_sums_are_by_direction() -> None:
    document = checked([asked(), asked(BOLT, price=None)], standing(9, Owner("x", "cove", "1"), 2))
    sums = {key: document["totals"][key] for key in ("not_billed", "billed_too_much", "unknown_amounts")}
    assert sums == {"not_billed": "30", "billed_too_much": "0.5", "unknown_amounts": 1}


def test_usage_that_no_mapping_bills_is_a_leak_with_its_money_at_risk() -> None:
    rows = (
        row(money=Decimal("4.5")),
        row("80", mapping="acme", state="unknown"),
        row("81", state="excluded", accounted=True),
        row("82", name=""),
    )
    document = checked([], coverage=Coverage(rows))
    assert [(each["kind"], each["customer"], each["amount"]) for each in document["findings"]] == [
        ("leak", "cove/82", None),
        ("leak", "cove/79", "4.5"),
    ]
    assert document["findings"][1]["text"] == "cove/79 (Cedar) is unmapped: no mapping"


def test_usage_without_a_mapping_is_a_leak_also_where_a_run_only_warns() -> None:
    document = checked([], coverage=Coverage((row(accounted=True, money=Decimal(4)),)))
    assert [(each["kind"], each["amount"]) for each in document["findings"]] == [("leak", "4")]


def test_a_failed_source_is_named_once_and_not_for_each_of_its_customers() -> None:
    charges = [asked(held=True, state="unknown", detail="the pull failed"), asked(BOLT, held=True, state="unknown")]
    document = checked(charges, coverage=Coverage((), {"cove": "the pull failed; 2 customers are held"}))
    assert [each["text"] for each in document["findings"]] == ["the pull failed; 2 customers are held"]


def test_many_customers_that_are_unknown_for_one_reason_are_one_difference() -> None:
    charges = [
        asked(Owner(f"m{number}", "cove", str(number)), held=True, state="stale", detail="old") for number in range(4)
    ]
    assert [each["text"] for each in checked(charges)["findings"]] == ["4 customers: the mapping is stale: old"]
    assert len(checked(charges[:3])["findings"]) == 3


def test_a_month_is_running_until_its_end() -> None:
    assert checked([], at=datetime(2026, 11, 20, tzinfo=UTC))["period"]["running"]
    assert not checked([])["period"]["running"]
