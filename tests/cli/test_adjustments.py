"""What comes late for a closed month waits as an adjustment, over real HTTP, and is billed once when it is approved."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.prepared import prepared
from tests.shop import ALDER, Shop

EXCLUSION = """apiVersion: reconciler/v1
kind: Exclusion
metadata: {name: lab}
spec: {customer: {source: cove, id: "1001001"}, device: "2000021", reason: a laboratory}
"""
CREDIT_PRODUCT = """
---
apiVersion: reconciler/v1
kind: Product
metadata: {name: backup-credit}
spec: {identifier: backup-credit, description: Backup credit, customerDescription: Backup credit}
"""


@prepared
def closed(shop: Shop) -> Shop:
    """Return a shop in December. November of Alder is closed, with 18.15 USD on an addition of its own."""
    shop.only(ALDER)
    shop.edit("customers/alder-dental.yaml", "contact: alder-dental}\n", "contact: alder-dental, invoiced: arrears}\n")
    shop.apply()
    shop.advance(24 * 29 + 14)
    shop("apply", "--only", "usage", "--auto-approve")
    shop.advance(10)
    shop("apply", "--only", "usage", "--auto-approve")
    assert shop("usage", "close", "--period", "2026-11", "--accept", "cove=pulls began in this test").code == 0
    return shop


def back_dated(shop: Shop, price: str) -> None:
    """Declare a price of the product from November on."""
    path = shop.folder / "products.yaml"
    text = path.read_text()
    before, _, rest = text.partition("  price: 0.15\n")
    after = rest.partition("---")[2]
    dated = f'  prices: [{{from: "2026-11-01", price: {price}}}]\n'
    if not after:
        raise AssertionError(text)
    path.write_text(f"{before}  price: 0.15\n{dated}---{after}")


def adjustments(shop: Shop) -> Iterator[tuple[Any, ...]]:
    """Yield number, quantity, amount and days of each adjustment."""
    (agreement,) = shop.get("/finance/agreements", conditions='name contains "Alder"')
    for each in shop.get(f"/finance/agreements/{agreement['id']}/additions"):
        if "+" in (each.get("serialNumber") or ""):
            number = each["serialNumber"].rpartition("/")[2]
            days = (each["effectiveDate"][:10], each["cancelledDate"][:10])
            yield number, each["product"]["identifier"], each["quantity"], round(each["unitPrice"], 2), *days


def test_an_adjustment_waits_is_approved_and_is_made_once(closed: Shop) -> None:
    back_dated(closed, "0.20")
    closed("apply", "--only", "usage", "--auto-approve")
    assert list(adjustments(closed)) == []
    said = closed("plan", "--only", "usage", "--detailed-exitcode")
    address = "Addition/alder-dental.storage:backup-gb@2026-11+1"
    assert said.code == 5
    assert f"--approve adjustment={address}" in said.out
    assert "adjustment cove/1001001 Alder Dental, 6.45 USD once: 2026-11 is billed with 19.35 USD" in said.out
    plan = closed.plan("--only", "usage")
    (held,) = plan["held"]
    billed = Decimal(held["money"]["after"])
    assert (held["address"], held["money"]["once"], billed > 0) == (address, True, True)
    assert "2026-11 is billed with" in held["reason"]
    assert closed.apply("--only", "usage", "--approve", f"adjustment={address}").code == 0
    (made,) = adjustments(closed)
    assert made == ("2026-11+1", "BACKUP-GB", 1, billed, "2026-12-01", "2026-12-31")
    for what in ((), ("cove/1001001",), ("Addition/alder-dental:backup-gb@2026-11",)):
        events = closed("--json", "history", *what).json["events"]
        assert [each["what"] for each in events] == ["close", "approval", "adjustment"]
        assert [each["period"] for each in events] == ["2026-11"] * 3
        assert events[1]["address"] == events[2]["address"] == address
    assert "2026-11 closed: 1 charge, 19.35 USD billed" in closed("history").out
    assert closed("--json", "history", "Company/alder-dental").json["events"] == []
    assert closed("--json", "history", "Addition/alder-dental:backup-gb@2026-12").json["events"] == []
    again = closed("plan", "--only", "usage", "--detailed-exitcode")
    assert again.code == 0, again.out
    assert "it corrects 2026-11" in closed("show", address).out
    explained = closed("usage", "explain", address).out  # without --period: in the month that it corrects
    for part in (
        "Closed 2026-12-01 06:00 UTC by",
        "next plan   closed: its month is closed, so no plan changes it",
        "frozen at the close of 2026-11, 2026-12-01 06:00 UTC by",
        "for one GB of product backup-gb, in force from 2026-11-01",
        "at the close of 2026-11, 129 GB for 19.35 USD",
        f"{address}: 6.45 USD for 2026-11, made",
        "cause      price",
        "Adjustment for 2026-11, storage: price",
        "rated with 25.80 USD now: nothing is due",
        f"create {address}, after this month",
    ):
        assert part in explained
    (correction,) = closed("--json", "usage", "explain", "cove/1001001").json["adjustments"]
    assert (correction["address"], correction["corrects"], correction["run"]) == (address, "2026-11", 5)
    report = closed("--json", "usage", "report", "--period", "2026-11", "--format", "json").json
    assert "difference" not in [each["kind"] for each in report["exceptions"]]
    assert report["customers"][0]["charges"][0]["corrections"] == held["money"]["after"]
    rows = closed("usage", "export", "--period", "2026-12", "--format", "focus").out.splitlines()
    assert [",Correction," in row for row in rows] == [False, False, True]
    (agreement,) = closed.get("/finance/agreements", conditions='name contains "Alder"')
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    while closed.get("/finance/agreements", conditions='name contains "Alder"')[0]["nextInvoiceDate"] < "2026-12":
        assert closed.http.post("/finance/invoices", json=body).status_code == 201
    found = closed("--json", "usage", "explain", "cove/1001001", "--period", "2026-11").json
    november, december = found["invoices"]
    assert [(each["address"], each["amount"]) for each in november["lines"]] == [
        ("Addition/alder-dental.storage:backup-gb@2026-11", "19.35")
    ]
    assert (november["invoices"][0]["amount"], december["state"]) == ("19.35", "not yet")
    assert closed("--json", "usage", "explain", "cove/1001001").json["charges"][0]["before"]["amount"] == "19.35"


def test_an_exclusion_that_is_written_after_the_close_changes_nothing_of_the_month(closed: Shop) -> None:
    closed.write("lab.yaml", EXCLUSION)
    plan = closed.plan("--only", "usage")
    assert (plan.get("held", []), plan.get("guardrails", [])) == ([], [])
    assert "owed" not in [row["state"] for row in plan["coverage"]]


def test_too_much_is_given_back_on_the_credit_product(closed: Shop) -> None:
    back_dated(closed, "0.10")
    owed = closed("plan", "--only", "usage")
    assert owed.code == 5
    assert "the workspace names no `creditProduct`" in owed.out
    closed.edit("workspace.yaml", "    currency: USD", "    creditProduct: backup-credit\n    currency: USD")
    closed.write("credit.yaml", CREDIT_PRODUCT.lstrip("\n-"))
    closed("apply", "--only", "setup", "--auto-approve")
    assert closed.apply("--only", "usage", "--approve", "credit").code == 0
    (made,) = adjustments(closed)
    assert (made[1], made[2], made[3] < 0) == ("backup-credit", 1, True)
    assert closed("plan", "--only", "usage", "--detailed-exitcode").code == 0


def test_an_owed_amount_is_accepted_by_name_and_then_no_longer_listed(closed: Shop) -> None:
    back_dated(closed, "0.10")
    address = "Addition/alder-dental.storage:credit@2026-11+1"
    assert closed("apply", "--only", "usage", "--auto-approve", "--approve", "credit").code == 5
    assert closed("apply", "--only", "usage", "--auto-approve", "--approve", f"credit={address}").code == 0
    assert closed("plan", "--only", "usage", "--detailed-exitcode").code == 0
    assert list(adjustments(closed)) == []
    assert closed("ledger", "check").code == 0


def test_a_credit_product_that_does_not_exist_is_an_error_of_validate(closed: Shop) -> None:
    closed.edit("workspace.yaml", "    currency: USD", "    creditProduct: nothing\n    currency: USD")
    said = closed("validate")
    assert said.code == 1
    assert "there is no Product/nothing" in said.err + said.out
