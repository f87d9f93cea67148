"""Tests of a customer who leaves, over real HTTP and with the invoices of ConnectWise."""

from __future__ import annotations

import pytest

from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop

FILE = "customers/alder-dental.yaml"
LINES = "Alder Dental - Managed Backup"
RANGES = "Birchwood Legal - Managed Backup"
USAGE = ("--only", "usage")
MANAGED = 'managedId: "1001001"\n  #'


def end(shop: Shop, day: str) -> None:
    shop.edit(FILE, MANAGED, f'end: "{day}"\n  {MANAGED}')


@prepared
def small(shop: Shop) -> Shop:
    """Return a shop with one customer of 100 GB, set up and billed."""
    shop.only(ALDER)
    shop.uses(ALDER, "100")
    shop.apply()
    return shop


def invoice(shop: Shop, month: str, name: str = LINES) -> int:
    """Make the agreement's invoices up to that of a month, and return the amount of that one."""
    agreement = shop.one("/finance/agreements", name=name)
    company = {"id": agreement["company"]["id"]}
    body = {"type": "Agreement", "company": company, "agreement": {"id": agreement["id"]}}
    amount = 0
    while shop.one("/finance/agreements", name=name)["nextInvoiceDate"][:7] <= month:
        answer = shop.post_live("/finance/invoices", **body)
        assert answer.status_code == 201, answer.text
        amount = answer.json()["total"]
    return amount


def test_a_customer_who_leaves_is_billed_for_the_last_month_and_never_again(small: Shop) -> None:
    end(small, "2026-11-15")
    small.uses(ALDER, "200")
    small.apply(*USAGE)
    small.advance(24 * 20)
    small.uses(ALDER, "900")
    small.apply(*USAGE)
    assert small.additions(LINES)["BACKUP-GB"][0] == 200
    assert invoice(small, "2026-11") == 30
    small.advance(24 * 15)
    said = small("plan", *USAGE)
    assert said.code == 0
    assert "GB, which nothing bills" in " ".join(said.out.split())
    assert invoice(small, "2026-12") == 0
    small.advance(24 * 10)
    assert small("usage", "coverage").code == 5
    small.world.remove_customer(ALDER, small.time)
    assert small("usage", "pull", "--approve", "shrink").code == 0
    quiet = small("plan", *USAGE)
    assert quiet.code == 0
    assert "ended" not in quiet.out


def test_an_addition_that_begins_after_the_end_bills_nothing(small: Shop) -> None:
    end(small, "2026-10-15")

    plan = small.plan(*USAGE)
    (action,) = plan["actions"]

    assert "it bills nothing for 2026-11 any more" in action["reason"]
    assert {each["path"]: each["after"] for each in action["changes"]} == {
        "quantity": "0",
        "cancelledDate": "2026-11-01",
    }
    assert action["money"]["after"] == "0"
    small.apply(*USAGE)
    assert invoice(small, "2026-11") == 0
    assert small.plan(*USAGE)["actions"] == []


def test_an_end_before_the_start_is_an_error(small: Shop) -> None:
    small.edit(FILE, MANAGED, f'start: "2026-11-10"\n  end: "2026-11-09"\n  {MANAGED}')
    said = small("validate")
    assert said.code == 1
    assert "end 2026-11-09 is before start 2026-11-10" in said.out


def test_two_mappings_of_one_customer_are_an_error_also_if_their_months_differ(small: Shop) -> None:
    text = (small.folder / FILE).read_text(encoding="utf-8").rpartition("---")[2]
    small.write("customers/again.yaml", text.replace("{name: alder-dental}", "{name: again}"))
    end(small, "2026-11-09")
    said = small("validate")
    assert said.code == 1
    assert "a customer who came back has one mapping with a new start" in " ".join(said.out.split())


NEW = "Alder Dental - New"


def move(shop: Shop, name: str = "alder-dental", to: str = NEW) -> None:
    """Move the mapping of a customer to a second agreement that starts this month."""
    spec = f'{{name: {to}, company: {name}, contact: {name}, startDate: "2026-11-01"}}'
    shop.write("new.yaml", f"apiVersion: reconciler/v1\nkind: Agreement\nmetadata: {{name: new}}\nspec: {spec}\n")
    shop.edit(f"customers/{name}.yaml", f"  agreement: {name}\n  managedId", "  agreement: new\n  managedId")
    shop.apply("--only", "setup")


@pytest.mark.parametrize("invoiced", [False, True])
def test_a_mapping_that_moves_is_billed_once_for_each_month(small: Shop, *, invoiced: bool) -> None:
    if invoiced:
        assert invoice(small, "2026-11") == 15
    move(small)
    small.advance()
    small.uses(ALDER, "100")
    small.apply(*USAGE)
    small.advance()
    small.uses(ALDER, "100")
    assert small.plan(*USAGE)["actions"] == []
    old, new = invoice(small, "2026-11"), invoice(small, "2026-11", NEW)
    assert (old, new) == ((0, 0) if invoiced else (0, 15))
    small.advance(24 * 30)
    small.uses(ALDER, "100")
    small.apply(*USAGE)
    assert (invoice(small, "2026-12"), invoice(small, "2026-12", NEW)) == (0, 15)


def test_the_old_line_bills_the_usage_of_its_invoice_day(small: Shop) -> None:
    """The new agreement is invoiced for November already, so the old one bills that month."""
    shop = small
    first = shop.one("/finance/agreements", name=LINES)["id"]
    move(shop)
    assert invoice(shop, "2026-11", NEW) == 0
    for used in ("100", "180"):
        shop.advance()
        shop.uses(ALDER, used)
        shop.apply(*USAGE)
    (old,) = shop.get(f"/finance/agreements/{first}/additions")
    assert (old["quantity"], old["effectiveDate"][:10], old["cancelledDate"][:10]) == (180, "2026-11-01", "2026-11-30")
    assert shop.plan(*USAGE)["actions"] == []
    assert invoice(shop, "2026-11") == 27
    shop.advance(24 * 30)
    shop.uses(ALDER, "200")
    shop.apply(*USAGE)
    assert (invoice(shop, "2026-12"), invoice(shop, "2026-12", NEW)) == (0, 30)


def test_the_old_agreement_gets_a_line_of_another_range_that_usage_reaches(shop: Shop) -> None:
    shop.only(BIRCHWOOD)
    shop.uses(BIRCHWOOD, "480")
    shop.apply()
    first = shop.one("/finance/agreements", name=RANGES)["id"]
    move(shop, "birchwood-legal", "Birchwood - New")
    invoice(shop, "2026-11", "Birchwood - New")
    for used in ("480", "510"):
        shop.advance()
        shop.uses(BIRCHWOOD, used)
        shop.apply(*USAGE)
    lines = shop.get(f"/finance/agreements/{first}/additions")
    assert [(row["quantity"], row["effectiveDate"][:10], row["cancelledDate"][:10]) for row in lines] == [
        (0, "2026-11-01", "2026-11-30"),
        (510, "2026-11-01", "2026-11-30"),
    ]
    assert shop.plan(*USAGE)["actions"] == []
