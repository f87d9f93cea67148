"""`usage reconcile` holds usage, additions and invoices against each other, over real HTTP."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.cli import reconcile
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from tests.cli.test_adjustments import back_dated, closed
from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_seed_steps import writes

__all__ = ["closed"]

LINES = "Alder Dental - Managed Backup"


@prepared
def billed(shop: Shop) -> Shop:
    """Return a shop with two customers that an apply has billed."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    return shop


def kinds(shop: Shop, *arguments: str) -> list[tuple[str, str | None]]:
    """Return the kind and the amount of each difference. The exit code is 5 if there is one."""
    said = shop("--json", "usage", "reconcile", *arguments)
    found = [(each["kind"], each["amount"]) for each in said.json["findings"]]
    assert said.code == (5 if found else 0), said.err
    return found


def agreement(shop: Shop, name: str = LINES) -> Any:
    return shop.one("/finance/agreements", name=name)


def line(shop: Shop) -> str:
    """Return the path of the first addition of Alder Dental."""
    number = agreement(shop)["id"]
    found = shop.get(f"/finance/agreements/{number}/additions")[0]
    return f"/finance/agreements/{number}/additions/{found['id']}"


def adjustment_of(shop: Shop) -> str:
    """Return the path of the newest addition of Alder Dental."""
    path = line(shop).rpartition("/")[0]
    return f"{path}/{max(each['id'] for each in shop.get(path))}"


def test_a_running_month_without_a_difference(billed: Shop) -> None:
    billed.sandbox.log.clear()
    said = billed("usage", "reconcile")
    assert said.code == 0, said.out
    assert "No differences on 2 agreements." in said.out
    assert "the month is not over" in said.out
    assert writes(billed) == []


def test_a_line_that_was_edited_by_hand_is_found_and_priced(billed: Shop) -> None:
    billed.patch_live(line(billed), quantity=100)
    assert kinds(billed) == [("hand edit", "3.15")]


def test_usage_without_a_line_and_a_customer_without_a_mapping_are_leaks(billed: Shop) -> None:
    assert billed.http.delete(line(billed)).status_code == 204
    gumtree = billed.world.add_customer("Gumtree", billed.time).id
    billed.world.add_device(gumtree, billed.time, 20 * 10**9)
    billed("usage", "pull")
    assert sorted(kinds(billed), key=str) == [("leak", "18.15"), ("leak", "3")]


def test_additions_of_ours_on_undeclared_agreements_are_found_with_all_others_there(billed: Shop) -> None:
    first = agreement(billed)
    refer = {name: {"id": first[name]["id"]} for name in ("type", "company", "contact")}
    answer = billed.post_live(
        "/finance/agreements", name="Copy", noEndingDateFlag=True, startDate="2026-11-01T00:00:00Z", **refer
    )
    assert answer.status_code == 201, answer.text
    copy = answer.json()["id"]
    path = f"/finance/agreements/{copy}/additions"
    ours = billed.get(line(billed))
    common = {
        "product": {"id": ours["product"]["id"]},
        "billCustomer": "Billable",
        "effectiveDate": "2026-11-01T00:00:00Z",
    }
    billed.post_live(path, quantity=10, unitPrice=1, serialNumber=ours["serialNumber"], **common)
    billed.post_live(path, quantity=3, unitPrice=2, **common)
    found = billed("--json", "usage", "reconcile").json
    assert [(each["kind"], each["amount"], each["agreement_name"]) for each in found["findings"]] == [
        ("double", "-10", "Copy")
    ]
    rows = {each["name"]: each["others"]["amount"] for each in found["agreements"]}
    assert rows["Copy"] == "6"


def test_a_month_that_is_over_is_compared_as_its_lines_stood_at_its_end(billed: Shop) -> None:
    for hours in (24 * 30 - 5, 24):
        billed.advance(hours)
        billed.uses(ALDER, "90" if hours == 24 else "130")
        billed.apply("--only", "usage")
    found = billed("--json", "usage", "reconcile", "--period", "2026-11").json
    assert {each["kind"] for each in found["findings"]} == {"missing invoice"}
    assert found["totals"]["usage"]["amount"] == found["totals"]["ours"]["amount"]
    (row,) = [each for each in found["agreements"] if each["name"] == LINES]
    assert row["usage"]["amount"] == "19.5"


def test_a_month_that_has_not_begun_is_an_error(billed: Shop) -> None:
    assert billed("usage", "reconcile", "--period", "2027-01").code == 1


# ── with invoices ────────────────────────────────────────────────────────────────────────────────────────────


def control(shop: Shop, method: str, path: str, **body: Any) -> Any:
    answer = shop.http.request(method, f"{shop.running.url}/sandbox/{path}", json=body or None)
    assert answer.status_code < 300, answer.text
    return answer.json()


def invoice(shop: Shop, through: str = "2026-11-01") -> None:
    """Make all invoices of the months until then, today."""
    control(shop, "POST", "invoices", through=through)


def hour(shop: Shop, hours: float = 1, **uses: str) -> None:
    """Let hours pass with the hourly job at their end."""
    control(shop, "POST", "clock", advance_hours=hours)
    for gigabytes in uses.values():
        shop.uses(ALDER, gigabytes)
    shop("apply", "--only", "usage", "--auto-approve")


def test_an_invoice_in_advance_bills_the_level_of_its_day(billed: Shop) -> None:
    invoice(billed)
    hour(billed, alder="200")
    said = billed("--json", "usage", "reconcile")
    assert said.json["findings"] == []
    row = next(each for each in said.json["agreements"] if each["name"] == LINES)
    assert (row["usage"]["amount"], row["amount_invoiced"], row["invoice_state"]) == ("18.15", "18.15", "invoiced")
    assert "Invoices of 2 agreements: 2 invoiced." in billed("usage", "reconcile").out


def test_a_mapping_that_has_ended_asks_for_nothing_of_an_invoice_that_was_made_in_its_last_month(shop: Shop) -> None:
    shop.only(ALDER)
    mapping = "  company: alder-dental\n  agreement: alder-dental\n"
    shop.edit("customers/alder-dental.yaml", mapping, f'{mapping}  end: "2026-11-20"\n')
    shop.apply()
    hour(shop, 24 * 25)
    invoice(shop, "2026-12-01")
    hour(shop, 24 * 10)
    assert kinds(shop) == []


def test_an_edit_by_hand_before_the_invoice_is_found_after_it_was_restored(billed: Shop) -> None:
    billed.patch_live(line(billed), quantity=100)
    control(billed, "POST", "clock", advance_hours=0.5)
    invoice(billed)
    hour(billed)
    assert kinds(billed) == [("hand edit", "3.15")]


def test_an_edit_by_hand_after_the_invoice_is_for_the_next_one(billed: Shop) -> None:
    invoice(billed)
    hour(billed, 0.5)
    billed.patch_live(line(billed), quantity=100)
    (finding,) = billed("--json", "usage", "reconcile").json["findings"]
    assert (finding["kind"], finding["amount"]) == ("hand edit", "3.15")
    assert finding["text"].endswith("the next one bills it")


def test_a_deleted_invoice_is_missing_once_the_month_is_over(billed: Shop) -> None:
    invoice(billed)
    newest = billed.get("/finance/invoices", conditions=f'agreement/name="{LINES}"')[-1]["id"]
    assert billed.http.delete(f"/finance/invoices/{newest}").status_code == 204
    assert kinds(billed) == []
    hour(billed, 24 * 30 - 5)
    hour(billed, 24)
    assert kinds(billed, "--period", "2026-11") == [("missing invoice", "19.35")]


def test_a_month_on_two_invoices_is_found(billed: Shop) -> None:
    number = agreement(billed)["id"]
    invoice(billed)
    billed.tenant.tables["agreement"].rows[number].data["nextInvoiceDate"] = "2026-11-01T00:00:00Z"
    control(billed, "POST", "invoices", agreement=number)
    assert kinds(billed) == [("double", "-18.15")]


def test_an_agreement_in_arrears_is_compared_with_the_usage_of_its_month(shop: Shop) -> None:
    shop.only(ALDER)
    backup = "name: Alder Dental - Managed Backup"
    shop.edit("customers/alder-dental.yaml", backup, f"{backup}, invoiced: arrears")
    shop.apply()
    control(shop, "POST", "invoices", through="2026-10-01")
    hour(shop, 24 * 30 - 5, alder="130")
    assert [kind for kind, _ in kinds(shop)] == []
    hour(shop, 6)
    found = shop("--json", "usage", "reconcile", "--period", "2026-11").json
    used = found["totals"]["usage"]["amount"]
    assert [(each["kind"], each["amount"]) for each in found["findings"]] == [("missing invoice", used)]
    control(shop, "POST", "invoices", through="2026-11-01")
    assert kinds(shop, "--period", "2026-11") == []


def test_lines_of_each_month_on_an_agreement_in_advance_are_compared_once_their_month_is_over(shop: Shop) -> None:
    shop.only(ALDER)
    mapping = "  company: alder-dental\n  agreement: alder-dental\n"
    shop.edit("customers/alder-dental.yaml", mapping, f"{mapping}  lines: perPeriod\n")
    backup = "name: Alder Dental - Managed Backup"
    shop.edit("customers/alder-dental.yaml", backup, f"{backup}, startDate: '2026-11-01'")
    shop.apply()
    invoice(shop)
    assert kinds(shop) == []
    hour(shop, 24 * 30 - 5, alder="130")
    hour(shop, 6)
    assert kinds(shop) == kinds(shop, "--period", "2026-11") == []
    shop.patch_live(line(shop), quantity=100)
    assert kinds(shop, "--period", "2026-11") == [("hand edit", "4.65")]
    shop.patch_live(line(shop), quantity=131)
    invoice(shop, "2026-12-01")
    assert kinds(shop) == kinds(shop, "--period", "2026-11") == []
    hour(shop, 1)  # a run sees the invoice
    shop.patch_live(line(shop), quantity=100)
    assert kinds(shop, "--period", "2026-11") == []


def test_a_back_dated_price_of_a_closed_month_is_a_difference_until_its_adjustment_is_made(closed: Shop) -> None:
    invoice(closed)
    assert kinds(closed, "--period", "2026-11") == []
    back_dated(closed, "0.20")
    ((kind, amount),) = kinds(closed, "--period", "2026-11")
    assert (kind, amount) == ("price", "6.45")
    (waits,) = [each["waits"] for each in closed("--json", "usage", "preview").json["agreements"]]
    assert [(each["what"], each["amount"]) for each in waits] == [
        ("Addition/alder-dental.storage:backup-gb@2026-11+1", "6.45")
    ]
    closed("apply", "--only", "usage", "--auto-approve", "--approve", "adjustment")
    assert kinds(closed, "--period", "2026-11") == []
    assert kinds(closed) == []
    closed.patch_live(adjustment_of(closed), unitPrice=5)
    assert kinds(closed, "--period", "2026-11") == [("hand edit", "1.45")]


def test_a_late_sample_of_a_closed_month_is_a_difference_until_its_adjustment_is_made(closed: Shop) -> None:
    invoice(closed)
    with closing(sqlite3.connect(closed.ledger)) as ledger:
        ids = "SELECT device_id FROM devices WHERE customer_id = ?"
        devices = [device for (device,) in ledger.execute(ids, [str(ALDER)])]
    at, read_at = datetime(2026, 12, 1, 4, tzinfo=UTC), datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
    late = tuple(Sample("cove", str(ALDER), each, at, 80 * 10**9) for each in devices)
    pull = Pull("cove", read_at, read_at, "whole", (Customer("cove", str(ALDER), "Alder Dental"),), late)
    with Ledger.open(f"sqlite:///{closed.ledger}", now=read_at) as ledger_of_shop:
        record_pull(ledger_of_shop, pull)
    closed.advance(1)
    due = str(Decimal("0.15") * (80 * len(devices) - 129))
    assert kinds(closed, "--period", "2026-11") == [("quantity", due)]
    closed("apply", "--only", "usage", "--auto-approve", "--approve", "adjustment")
    assert kinds(closed, "--period", "2026-11") == []


def test_the_requests_are_bulk(billed: Shop) -> None:
    invoice(billed)
    billed.sandbox.log.clear()
    billed("usage", "reconcile")
    invoices = [each for each in billed.sandbox.log.entries if "/finance/invoices" in each.path]
    assert len(invoices) == 1
    assert len(billed.sandbox.log.entries) < 25


def test_the_lines_of_an_invoice_from_a_file_are_compared_one_by_one(billed: Shop) -> None:
    invoice(billed)
    number = agreement(billed)["id"]
    (made,) = [each for each in control(billed, "GET", "invoices") if each["agreement"] == number and each["lines"]]
    path = billed.folder.parent / "lines.csv"
    (sold,) = made["lines"]
    row = f"{made['number']},{sold['product']},{sold['quantity']},{sold['unitPrice']},{sold['amount']}"
    header = "Invoice Number,Product ID,Qty,Unit Price,Amount"
    path.write_text(f"{header}\n{row}\n", encoding="utf-16")
    assert kinds(billed, "--invoice-lines", str(path)) == []
    said = billed("usage", "reconcile", "--invoice-lines", str(path))
    assert "the file has no line of 1 invoice" in " ".join(said.out.split())
    path.write_text(f"{header}\n{row}\n{row}\n", encoding="utf-8")
    assert sorted(kinds(billed, "--invoice-lines", str(path))) == [("double", "-18.15"), ("invoice", "18.15")]


def test_an_agreement_in_another_currency_is_named_and_not_compared(billed: Shop) -> None:
    row = billed.tenant.tables["agreement"].rows[agreement(billed)["id"]]
    row.data["currency"] = {"id": 2, "currencyCode": "EUR"}
    found = billed("--json", "usage", "reconcile").json
    assert f"agreement {LINES} is in EUR: it is not compared, because amounts are not converted" in found["notes"]
    assert [each["name"] for each in found["agreements"]] == ["Birchwood Legal - Managed Backup"]
    (refused,) = found["findings"]
    assert (refused["kind"], refused["amount"]) == ("leak", None)
    assert refused["text"].endswith(f"agreement {LINES} is in EUR, but the workspace bills in USD")


def test_a_file_of_lines_that_cannot_be_read_is_an_error_with_its_place(billed: Shop) -> None:
    path = billed.folder.parent / "lines.csv"
    path.write_text("invoice,product,quantity,price\n1001,GB,many,1\n", encoding="utf-8")
    said = billed("usage", "reconcile", "--invoice-lines", str(path))
    assert said.code == 1
    assert "lines.csv:2:9: quantity is not a number: 'many'" in said.err
    path.write_bytes(b"\xff\x80")
    assert "is not UTF-8" in billed("usage", "reconcile", "--invoice-lines", str(path)).err
    assert "this is not a file" in billed("usage", "reconcile", "--invoice-lines", str(path.parent)).err
    with billed.patch.context() as patch:
        patch.setattr(reconcile, "_LARGEST", 2**20)
        path.write_bytes(b" " * (2**20 + 1))
        assert "it is larger than 1 MiB" in billed("usage", "reconcile", "--invoice-lines", str(path)).err

    def denied(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    with billed.patch.context() as patch:
        patch.setattr(Path, "read_bytes", denied)
        assert "Permission denied" in billed("usage", "reconcile", "--invoice-lines", str(path)).err
