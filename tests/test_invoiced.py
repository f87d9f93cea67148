"""Tests of agreements that are already invoiced when usage arrives, over real HTTP."""

from __future__ import annotations

from typing import Any

from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop

USAGE = ("--only", "usage")
LINES = "Alder Dental - Managed Backup"
RANGES = "Birchwood Legal - Managed Backup"


@prepared
def small(shop: Shop) -> Shop:
    """Return a shop with one customer, set up but not billed yet."""
    shop.only(ALDER)
    shop.apply("--only", "setup")
    return shop


def invoice(shop: Shop, name: str = LINES) -> None:
    """Create the invoices up to that of the running month."""
    agreement = shop.one("/finance/agreements", name=name)
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    while shop.one("/finance/agreements", name=name)["nextInvoiceDate"] < "2026-12":
        assert shop.http.post("/finance/invoices", json=body).status_code == 201


def billed(shop: Shop, name: str = LINES) -> list[Any]:
    number = shop.one("/finance/agreements", name=name)["id"]
    return [
        (addition["effectiveDate"][:10], int(addition["quantity"]))
        for addition in shop.get(f"/finance/agreements/{number}/additions")
    ]


def test_in_an_invoiced_month_an_addition_begins_on_the_next_invoice_date_with_a_gap(small: Shop) -> None:
    invoice(small)

    said = small("plan", *USAGE)
    assert said.code == 5
    assert "is invoiced through 2026-11-30 and does not prorate; no invoice of 2026-11 bills its 18.15 USD" in said.out

    assert small("apply", *USAGE, "--auto-approve").code == 5
    assert billed(small) == [("2026-12-01", 121)]


def test_later_hours_update_an_addition_that_begins_next_month(small: Shop) -> None:
    invoice(small)
    small("apply", *USAGE, "--auto-approve")
    small.advance()
    small.uses(ALDER, "130")
    assert small("apply", *USAGE, "--auto-approve").code == 5
    assert billed(small) == [("2026-12-01", 130)]

    small.advance(24 * 30)
    small.uses(ALDER, "140")
    assert small("apply", *USAGE, "--auto-approve").code == 0
    assert billed(small) == [("2026-12-01", 140)]
    assert small("plan", "--detailed-exitcode").code == 0


def test_an_agreement_that_prorates_accepts_an_addition_in_an_invoiced_month(small: Shop) -> None:
    agreement = small.one("/finance/agreements", name=LINES)
    small.patch_live(f"/finance/agreements/{agreement['id']}", prorateFlag=True)
    invoice(small)
    small.apply(*USAGE)
    assert billed(small) == [("2026-11-01", 121)]


def test_an_addition_begins_no_earlier_than_the_agreement_bills(small: Shop) -> None:
    agreement = small.one("/finance/agreements", name=LINES)
    small.patch_live(f"/finance/agreements/{agreement['id']}", billStartDate="2026-12-15T00:00:00Z")
    said = small("apply", *USAGE, "--auto-approve")
    assert said.code == 5
    assert "bills from 2026-12-15 on" in said.out
    assert billed(small) == [("2026-12-15", 121)]


def test_the_first_invoice_of_a_month_bills_the_quantities_at_its_date(small: Shop) -> None:
    small.apply(*USAGE)
    invoice(small)
    totals = [float(each["total"]) for each in small.get("/finance/invoices")]
    assert totals[-1] == 18.15
    assert not any(totals[:-1])


def test_usage_that_moves_to_another_product_after_the_invoice_is_invoiced(shop: Shop) -> None:
    """An invoice bills the quantities of its own date. The new product begins with the next invoice."""
    shop.only(BIRCHWOOD)
    shop.uses(BIRCHWOOD, "480")
    shop.apply("--only", "setup")
    shop.apply(*USAGE)
    invoice(shop, RANGES)
    shop.uses(BIRCHWOOD, "510")
    shop.apply(*USAGE)
    shop.apply(*USAGE)
    assert billed(shop, RANGES) == [("2026-11-01", 0), ("2026-12-01", 510)]

    newest = shop.get("/finance/invoices")[-1]["id"]
    assert shop.http.delete(f"/finance/invoices/{newest}").status_code == 204
    said = shop("plan", *USAGE)
    assert said.code == 5
    assert "its addition begins on 2026-12-01; no invoice of 2026-11 bills its 61.20 USD" in said.out
