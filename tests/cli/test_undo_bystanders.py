"""An undo ends no object that is needed now, bills nothing twice, and names invoiced months, over real HTTP."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from tests.prepared import prepared
from tests.shop import ALDER, Shop

from .test_undo import FILE, SETUP, changed, notes, undo

LINES = "Alder Dental - Managed Backup"
USAGE = ("--only", "usage")
SECOND = """apiVersion: reconciler/v1
kind: Agreement
metadata: {name: second}
spec: {name: Second, company: alder-dental, contact: alder-dental}
"""
MAPPED = "agreement: alder-dental\n  managedId"


@prepared
def small(shop: Shop) -> Shop:
    """Return a shop with one customer of 100 GB. Run 1 has set it up and billed it."""
    shop.only(ALDER)
    shop.uses(ALDER, "100")
    shop.apply()
    return shop


def invoice(shop: Shop, until: str) -> None:
    """Create the invoices of the customer's agreement that begin before a day."""
    agreement = shop.one("/finance/agreements", name=LINES)
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    while shop.one("/finance/agreements", name=LINES)["nextInvoiceDate"][:10] < until:
        assert shop.post_live("/finance/invoices", **body).status_code == 201


def lines(shop: Shop, name: str = LINES) -> list[Any]:
    number = shop.one("/finance/agreements", name=name)["id"]
    return list(shop.get(f"/finance/agreements/{number}/additions"))


def untag(shop: Shop) -> None:
    (line,) = lines(shop)
    shop.patch_live(f"/finance/agreements/{line['agreementId']}/additions/{line['id']}", serialNumber="")


def with_second_agreement(shop: Shop) -> None:
    shop.write("customers/second.yaml", SECOND)
    shop.apply(*SETUP)


# ── what is needed now ───────────────────────────────────────────────────────────────────────────────────


def test_an_object_that_was_protected_at_the_last_apply_stays_although_its_document_is_gone(small: Shop) -> None:
    small.write("customers/second.yaml", SECOND.replace("{name: second}", "{name: second, protect: true}"))
    small.apply(*SETUP)
    (small.folder / "customers/second.yaml").unlink()
    plan = small.plan("--undo", "2")
    assert plan["actions"] == []
    assert "Agreement/second: left out: it is protected" in notes(plan)[0]


def test_an_undo_leaves_protection_as_it_is(small: Shop) -> None:
    small.edit(FILE, *PROTECTED)
    small.edit(FILE, "city: Tampa", "city: Orlando")
    small.apply(*SETUP)
    small.edit(FILE, *PROTECTED[::-1])
    undo(small, 2)
    with closing(sqlite3.connect(small.ledger)) as ledger:
        rows = ledger.execute("SELECT protected FROM declared WHERE address = 'Agreement/alder-dental'").fetchall()
    assert rows == [(1,)]


PROTECTED = (
    "kind: Agreement\nmetadata: {name: alder-dental}",
    "kind: Agreement\nmetadata: {name: alder-dental, protect: true}",
)


def test_an_agreement_that_bills_an_older_mapping_now_is_not_retired(small: Shop) -> None:
    with_second_agreement(small)
    small.edit(FILE, MAPPED, "agreement: second\n  managedId")
    small.advance()
    small.apply()
    plan = small.plan("--undo", "2")
    assert plan["actions"] == []
    assert notes(plan) == ["Agreement/second: left out: CustomerMapping/alder-dental refers to it"]
    assert plan["undo"]["patch"] == ""


def test_an_agreement_with_an_addition_made_by_hand_is_not_retired(small: Shop) -> None:
    with_second_agreement(small)
    number = small.one("/finance/agreements", name="Second")["id"]
    product = small.one("/procurement/catalog", identifier="BACKUP-GB")["id"]
    path = f"/finance/agreements/{number}/additions"
    by_hand = {
        "product": {"id": product},
        "quantity": 1,
        "billCustomer": "Billable",
        "effectiveDate": "2026-11-01T00:00:00Z",
    }
    assert small.post_live(path, **by_hand).status_code == 201
    plan = small.plan("--undo", "2")
    assert plan["actions"] == []
    assert "on it is not ours, and would end" in notes(plan)[0]


def test_a_company_with_an_agreement_made_by_hand_is_not_retired(small: Shop) -> None:
    text = (small.folder / FILE).read_text(encoding="utf-8")
    company, contact = (
        each.replace("name: alder-dental}", "name: other}").replace("AlderDental", "Other").replace("office@", "two@")
        for each in text.split("---\n")[:2]
    )
    small.write("customers/other.yaml", f"{company}---\n{contact.replace('company: alder-dental', 'company: other')}")
    small.apply(*SETUP)
    (ours,) = small.get("/company/companies", conditions='identifier="Other"')
    agreement = small.one("/finance/agreements", name=LINES)
    by_hand = {"name": "By hand", "type": {"id": agreement["type"]["id"]}, "startDate": "2026-11-01T00:00:00Z"}
    person = small.one("/company/contacts", company__identifier="Other")
    answer = small.post_live(
        "/finance/agreements",
        **by_hand,
        company={"id": ours["id"]},
        contact={"id": person["id"]},
        noEndingDateFlag=True,
    )
    assert answer.status_code == 201, answer.text
    plan = small.plan("--undo", "2")
    assert "Company/other" not in {action["address"] for action in plan["actions"]}
    assert f"Company/other: left out: agreement id {answer.json()['id']} belongs to it" in notes(plan)


def test_an_agreement_that_a_later_document_needs_does_not_end_again(small: Shop) -> None:
    with_second_agreement(small)
    small.edit("customers/second.yaml", "{name: second}", "{name: second, ensure: retired}")
    small.apply(*SETUP)
    undo(small, 3)
    small.edit("customers/second.yaml", "{name: second, ensure: retired}", "{name: second}")
    (action,) = small.plan("--undo", "4")["actions"]
    assert (action["address"], action["action"]) == ("Agreement/second", "retire")
    small.edit(FILE, MAPPED, "agreement: second\n  managedId")
    plan = small.plan("--undo", "4")
    assert plan["actions"] == []
    assert notes(plan) == ["Agreement/second: left out: CustomerMapping/alder-dental refers to it"]


# ── additions ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_whose_tag_was_removed_is_left_alone(small: Shop) -> None:
    changed(small, "price: 0.15", "price: 0.18", "products.yaml")
    small.advance()
    small.apply()
    untag(small)
    plan = small.plan("--undo", "3")
    assert "Addition/alder-dental.storage:backup-gb" not in {action["address"] for action in plan["actions"]}
    assert any("its tag was removed in ConnectWise, so it is not ours" in note for note in notes(plan))


def test_a_price_on_an_invoiced_line_is_put_back_and_the_invoice_named(small: Shop) -> None:
    small.edit("products.yaml", "price: 0.15", "price: 0.18")
    small.advance()
    small.apply()
    invoice(small, "2026-12-01")
    plan = undo(small, 2)
    assert {action["address"] for action in plan["actions"]} == {
        "Product/backup-gb",
        "Addition/alder-dental.storage:backup-gb",
    }
    (told,) = [note for note in notes(plan) if "invoiced" in note]
    assert "is invoiced through 2026-11-30. No undo changes an invoice: if one has billed this unitPrice, " in told
    assert told.endswith("credit the difference by hand, 3.03 USD a month")


def test_a_line_that_moved_does_not_bill_again_beside_its_successor(small: Shop) -> None:
    with_second_agreement(small)
    invoice(small, "2026-12-01")
    small.edit(FILE, MAPPED, "agreement: second\n  managedId")
    small.advance()
    small("apply", "--auto-approve")
    plan = undo_any(small, 3)
    assert plan["actions"] == []
    assert any("bills its charge now, and both would bill it" in note for note in notes(plan)), notes(plan)


def undo_any(shop: Shop, run: int) -> Any:
    return shop("--json", "plan", "--undo", str(run)).json


def test_a_mapping_that_ended_bills_again_and_the_invoice_without_it_is_named(small: Shop) -> None:
    small.edit(FILE, 'managedId: "1001001"\n  #', 'end: "2026-11-15"\n  managedId: "1001001"\n  #')
    small.apply(*USAGE)
    assert lines(small)[0]["cancelledDate"][:10] == "2026-11-30"
    assert notes(small.plan("--undo", "2")) == []
    invoice(small, "2027-01-01")
    plan = undo(small, 2)
    assert any("is invoiced through 2026-12-31, without this line after 2026-11-30" in note for note in notes(plan))
    assert lines(small)[0].get("cancelledDate") is None
    again = small.plan("--undo", "3")
    assert again["actions"] == []
    assert any("its last day cannot become 2026-11-30 again" in note for note in notes(again))


# ── what cannot be undone ────────────────────────────────────────────────────────────────────────────────


def test_a_deleted_object_is_named(small: Shop) -> None:
    solution = "apiVersion: reconciler/v1\nkind: ManagementItSolution\nmetadata: {name: other}\n"
    small.write("other.yaml", f"{solution}spec: {{name: Other, type: Custom, solutionName: Other}}\n")
    small.apply(*SETUP)
    small.edit("other.yaml", "{name: other}", "{name: other, ensure: retired}")
    small.apply(*SETUP)
    plan = small.plan("--undo", "3")
    assert plan["actions"] == []
    assert any("was deleted, and ConnectWise cannot bring it back" in note for note in notes(plan))
