"""What comes after a real close, over HTTP: the sum of what was billed stays what the month gives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.prepared import prepared
from tests.shop import ALDER, Shop

USAGE = ("apply", "--only", "usage", "--auto-approve")
D = Decimal


def file(shop: Shop, *more: tuple[int, str]) -> None:
    """Write the file: 100 GB at the present time, and a row for each (gigabytes, moment) of `more`."""
    rows = (f"{ALDER},Alder Dental,a,{used},GB,{moment}\n" for used, moment in ((100, shop.now), *more))
    shop.write("usage.csv", "customer_id,customer_name,device_id,used,unit,as_of\n" + "".join(rows))


@prepared
def ended(shop: Shop) -> Shop:
    """Return a shop in December. A file measures Alder by its peak, and November stands with 100 GB at 0.15."""
    shop.only(ALDER)
    shop.world.remove_customer(ALDER, shop.time)
    shop.world.add_device(shop.world.add_customer("Nobody", shop.time).id, shop.time, 10**9)
    shop.edit("customers/alder-dental.yaml", "contact: alder-dental}\n", "contact: alder-dental, invoiced: arrears}\n")
    shop.edit(
        "workspace.yaml",
        "    - name: cove\n",
        "    - {name: files, type: csv, unit: GB, path: usage.csv}\n    - name: cove\n",
    )
    shop.edit("workspace.yaml", "unmapped: error", "unmapped: warn")
    shop.edit("customers/alder-dental.yaml", "source: cove", "source: files")
    shop.edit(
        "customers/alder-dental.yaml",
        "  agreement: alder-dental\n  managedId",
        "  agreement: alder-dental\n  measure: peak\n  managedId",
    )
    file(shop)
    shop.apply()
    for hours in (24 * 29 + 14, 10):
        shop.advance(hours)
        file(shop)
        shop(*USAGE)
    return shop


@prepared
def closed(ended: Shop) -> Shop:
    """Return the shop after the close of November."""
    close(ended, "2026-11")
    return ended


def close(shop: Shop, period: str, **options: Any) -> list[str]:
    """Close a month, accept what is unknown of others than Alder, and return the amounts that are frozen."""
    close = ("--json", "usage", "close", "--period", period)
    unknown = {each["address"] for each in shop(*close, **options).json["error"]["unknown"]}
    assert f"files/{ALDER}" not in unknown
    found = shop(*close, *(f"--accept={each}=in this test" for each in sorted(unknown)), **options)
    assert found.code in {0, 5}, found.out
    return [each["amount"] for each in found.json["charges"]]


def late(shop: Shop, size: int, as_of: str = "2026-11-20T10:30:00Z") -> None:
    """Let an hour pass, in which the file gets a row of an earlier hour beside that of now."""
    shop.advance()
    file(shop, (size, as_of))


def agreement(shop: Shop) -> Any:
    (found,) = shop.get("/finance/agreements", conditions='name contains "Alder"')
    return found


def november(shop: Shop) -> dict[str, Any]:
    """Return the addition of November."""
    rows = shop.get(f"/finance/agreements/{agreement(shop)['id']}/additions")
    (found,) = [each for each in rows if (each.get("serialNumber") or "").endswith("/2026-11")]
    return dict(found)


def billed(shop: Shop) -> Decimal:
    """Return what the addition and the adjustments of November bill."""
    rows = shop.get(f"/finance/agreements/{agreement(shop)['id']}/additions")
    ours = [each for each in rows if "/2026-11" in (each.get("serialNumber") or "")]
    return sum((round(D(each["quantity"]) * D(each["unitPrice"]), 2) for each in ours), D(0))


def edit(shop: Shop, quantity: int) -> None:
    line = november(shop)
    shop.patch_live(f"/finance/agreements/{line['agreementId']}/additions/{line['id']}", quantity=quantity)


def invoice(shop: Shop) -> None:
    """Make the invoices of the agreement up to that of November."""
    found = agreement(shop)
    body = {"type": "Agreement", "company": {"id": found["company"]["id"]}, "agreement": {"id": found["id"]}}
    while agreement(shop)["nextInvoiceDate"] < "2026-12":
        assert shop.http.post("/finance/invoices", json=body).status_code == 201


def waiting(shop: Shop) -> list[Decimal]:
    return [D(each["money"]["after"]) for each in shop.plan("--only", "usage").get("held", ())]


def test_a_late_row_of_a_file_is_billed_once_by_an_adjustment(closed: Shop) -> None:
    late(closed, 140)
    assert closed(*USAGE).code == 5
    assert (billed(closed), waiting(closed)) == (D("15.00"), [D("6.00")])
    assert closed(*USAGE, "--approve", "adjustment").code == 0
    closed.advance()
    assert closed(*USAGE).code == 0
    assert (billed(closed), waiting(closed)) == (D("21.00"), [])


def test_an_edit_of_a_closed_addition_counts_until_it_is_invoiced(closed: Shop) -> None:
    edit(closed, 80)
    closed(*USAGE)
    assert waiting(closed) == [D("3.00")]
    edit(closed, 100)
    invoice(closed)
    closed(*USAGE)
    edit(closed, 70)
    said = closed("plan", "--only", "usage")
    assert "was invoiced with 15.00 USD" in said.out
    assert waiting(closed) == []


def test_a_closed_month_whose_invoice_is_deleted_stays_as_it_is(closed: Shop) -> None:
    invoice(closed)
    closed(*USAGE)
    newest = closed.get("/finance/invoices")[-1]["id"]
    assert closed.http.delete(f"/finance/invoices/{newest}").status_code == 204
    late(closed, 140)
    closed(*USAGE)
    assert (billed(closed), waiting(closed)) == (D("15.00"), [D("6.00")])
    invoice(closed)
    assert closed(*USAGE, "--approve", "adjustment").code == 0
    assert billed(closed) == D("21.00")


def test_a_close_at_another_moment_freezes_the_same_amount(ended: Shop) -> None:
    later = (ended.time + timedelta(minutes=3)).isoformat()
    assert close(ended, "2026-11", now=later) == ["15"]
    late(ended, 140)
    ended(*USAGE)
    assert waiting(ended) == [D("6.00")]


def test_a_month_before_the_start_closes_without_a_charge_and_bills_nothing(closed: Shop) -> None:
    closed.edit("customers/alder-dental.yaml", "  measure: peak\n", '  measure: peak\n  start: "2026-11-01"\n')
    assert close(closed, "2026-09") == []
    late(closed, 140, "2026-09-20T10:30:00Z")
    closed(*USAGE)
    assert (billed(closed), waiting(closed)) == (D("15.00"), [])


def test_what_comes_late_for_a_month_that_was_closed_without_an_addition_waits(closed: Shop) -> None:
    assert close(closed, "2026-09") == [None]
    late(closed, 140, "2026-09-20T10:30:00Z")
    closed(*USAGE)
    assert (billed(closed), waiting(closed)) == (D("15.00"), [D("21.00")])


def test_another_workspace_has_closes_and_ratings_of_its_own(closed: Shop) -> None:
    closed(*USAGE)
    with closing(sqlite3.connect(closed.ledger)) as connection:
        for table in ("closes", "month_ratings"):
            rows = connection.execute(f"SELECT DISTINCT workspace FROM {table}").fetchall()
            assert len(rows) == 1
            connection.execute(f"UPDATE {table} SET workspace = 'other'")  # as if another workspace had closed it
        connection.commit()
    late(closed, 140)
    closed(*USAGE)
    assert (billed(closed), waiting(closed)) == (D("21.00"), [])
