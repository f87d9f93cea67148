"""Tests of orphans: tagged additions without a mapping, also on agreements that no manifest declares."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger.errors import LedgerError
from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, CEDAR, Shop

ALDER_LINES = "Alder Dental - Managed Backup"
BIRCH_LINES = "Birchwood Legal - Managed Backup"
USAGE = ("--only", "usage")


@prepared
def pair(shop: Shop) -> Shop:
    """Return a shop with two customers after their first apply."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    return shop


def forget(shop: Shop, name: str, customer: int) -> None:
    """Remove a customer from the backup console and the manifests, and leave its addition."""
    (shop.folder / "customers" / f"{name}.yaml").unlink()
    shop.world.remove_customer(customer, shop.time)


def orphans(shop: Shop) -> list[Any]:
    return [row for row in shop.plan(*USAGE)["coverage"] if row["state"] == "orphan"]


def cancel(shop: Shop, agreement: str, **more: Any) -> None:
    found = shop.one("/finance/agreements", name=agreement)
    shop.patch_live(f"/finance/agreements/{found['id']}", **{"cancelledFlag": True, **more})


def path_of(shop: Shop, agreement: str) -> str:
    """Return the path of the only addition of an agreement."""
    number = shop.one("/finance/agreements", name=agreement)["id"]
    (addition,) = shop.get(f"/finance/agreements/{number}/additions")
    return f"/finance/agreements/{number}/additions/{addition['id']}"


def test_an_addition_of_a_removed_customer_keeps_billing_and_is_reported_with_its_amount(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)

    said = pair("plan", *USAGE)

    assert said.code == 5
    assert (
        "still billing a quantity of 461: no mapping has its tag rc:cove/1001002/birchwood-legal/storage; retire it"
        in said.out
    )
    assert said.out.splitlines()[-1].endswith("Monthly total from next month: 82.69 USD.")
    (row,) = orphans(pair)
    assert (row["source"], row["customer"], row["money"]) == ("cove", "1001002", "64.54")


def test_the_first_plan_with_a_new_ledger_searches_all_agreements_once(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)
    for path in pair.ledger.parent.iterdir():
        path.unlink()

    first, second = pair("-v", "plan", *USAGE), pair("-v", "plan", *USAGE)

    assert [said.code for said in (first, second)] == [5, 5]
    counted = [re.search(r"(\d+) GET /finance/agreements\b(?!/)", said.err) for said in (first, second)]
    assert [count and int(count[1]) for count in counted] == [3, 2]
    assert all("no mapping has its tag rc:cove/1001002/birchwood-legal/storage" in said.out for said in (first, second))
    assert pair.apply(*USAGE, "--prune").out.count("retired by this plan") == 1
    assert pair.get(path_of(pair, BIRCH_LINES))["cancelledDate"][:10] == "2026-11-30"


def test_the_report_shows_the_agreement_of_an_orphan_by_its_name_in_connectwise(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)

    rows = pair("--json", "usage", "report").json

    assert [(row["agreement"], row["mapping"], row["source"]) for row in rows] == [
        (ALDER_LINES, "alder-dental", "cove/1001001"),
        (BIRCH_LINES, None, ""),
    ]


def test_a_cancelled_orphan_is_reported_until_its_last_day(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)
    pair.patch_live(path_of(pair, BIRCH_LINES), cancelledDate="2026-11-05T00:00:00Z")

    (row,) = orphans(pair)
    assert row["detail"].startswith("billing a quantity of 461 until its last day, 2026-11-05")
    pair.advance(24 * 30)
    assert orphans(pair) == []


def test_an_orphan_on_a_cancelled_agreement_is_not_reported(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)
    cancel(pair, BIRCH_LINES)

    assert orphans(pair) == []


def test_an_orphan_is_reported_although_the_agreement_of_another_was_deleted(shop: Shop) -> None:
    shop.only(ALDER, BIRCHWOOD, CEDAR)
    shop.apply()
    forget(shop, "birchwood-legal", BIRCHWOOD)
    forget(shop, "cedar-logistics", CEDAR)
    gone = path_of(shop, BIRCH_LINES)
    reports = f"/company/companies/{shop.one('/company/companies', identifier='BirchwoodLegal')['id']}"
    reports += "/managementSummaryReports"
    for path in (gone, f"{reports}/{shop.get(reports)[0]['id']}", gone.partition("/additions")[0]):
        assert shop.http.delete(path).status_code == 204

    assert {row["customer"] for row in orphans(shop)} == {"1001003"}


def test_a_mapping_that_moves_sets_its_addition_on_the_old_agreement_to_zero(pair: Shop) -> None:
    pair.write(
        "customers/new.yaml",
        "apiVersion: reconciler/v1\nkind: Agreement\nmetadata: {name: new}\n"
        "spec: {name: Birchwood Legal - New, company: birchwood-legal, contact: birchwood-legal}\n",
    )
    pair.edit(
        "customers/birchwood-legal.yaml", "agreement: birchwood-legal\n  managedId", "agreement: new\n  managedId"
    )

    pair.apply()

    quantities = {name: pair.additions(name) for name in (BIRCH_LINES, "Birchwood Legal - New")}
    assert quantities == {
        BIRCH_LINES: {"BACKUP-GB-500": (0, Decimal("0.14"))},
        "Birchwood Legal - New": {"BACKUP-GB-500": (461, Decimal("0.14"))},
    }
    assert pair("plan", "--detailed-exitcode").code == 0


def test_an_addition_written_from_a_plan_file_is_adopted_after_its_tag_is_cleared(pair: Shop, tmp_path: Path) -> None:
    pair.uses(ALDER, "130")
    file = str(tmp_path / "plan.json")
    pair("plan", *USAGE, "--out", file)
    assert pair("apply", file).code == 0

    pair.patch_live(path_of(pair, ALDER_LINES), serialNumber="")
    (action,) = pair.plan(*USAGE)["actions"]
    assert (action["action"], action["reason"].partition(";")[0]) == ("adopt", "drift: its tag was removed by hand")


def test_an_apply_exits_with_0_if_the_ledger_cannot_record_the_additions(
    pair: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_about: object, **_more: object) -> None:
        raise LedgerError("the disk is full", where="ledger")

    monkeypatch.setattr("reconciler.cli.recording.record_billed_additions", full)
    monkeypatch.setattr("reconciler.cli.recording.record_observed_additions", full)
    pair.uses(ALDER, "130")
    said = pair("apply", *USAGE, "--auto-approve")
    assert said.code == 0
    assert "the state of the additions after the apply could not be recorded: ledger: the disk is full" in said.err
    assert "the additions that were read could not be recorded" in said.err


def test_an_orphan_on_an_undeclared_agreement_is_found_with_a_new_ledger(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)
    for file in pair.folder.parent.glob(".reconciler/ledger.sqlite*"):
        file.unlink()
    assert [row["customer"] for row in orphans(pair)] == ["1001002"]
    pair("apply", *USAGE, "--auto-approve", "--prune")
    assert [row["detail"].partition(",")[0] for row in orphans(pair)] == [
        "billing a quantity of 461 until its last day"
    ]


def test_a_plan_and_an_explanation_of_one_customer_have_its_orphans_and_read_no_other_company(pair: Shop) -> None:
    for agreement, customer in ((ALDER_LINES, "1001001/alder-dental"), (BIRCH_LINES, "1001002/birchwood-legal")):
        path = path_of(pair, agreement)
        kept = {name: pair.get(path)[name] for name in ("product", "quantity", "billCustomer", "effectiveDate")}
        pair.post_live(path.rpartition("/")[0], **kept, unitPrice=1, serialNumber=f"rc:cove/{customer}/old")
    other = pair.one("/finance/agreements", name=BIRCH_LINES)

    found = pair.plan(*USAGE, "--target", "CustomerMapping/alder-dental")["coverage"]
    pair.sandbox.log.clear()
    explained = pair("--json", "usage", "explain", "cove/1001001").json

    assert [row["customer"] for row in found if row["state"] == "orphan"] == ["1001001"]
    assert [line["mapping"] for line in explained["lines"]].count(None) == 1
    asked = [f"{each.path}?{each.query}" for each in pair.sandbox.log.entries]
    others = ("Birchwood", f"/agreements/{other['id']}", f"/companies/{other['company']['id']}/")
    assert not [each for each in asked if any(part in each for part in others)]


def test_an_addition_with_the_tag_of_an_undeclared_source_is_not_an_orphan(pair: Shop) -> None:
    forget(pair, "birchwood-legal", BIRCHWOOD)
    pair.patch_live(path_of(pair, BIRCH_LINES), serialNumber="rc:others/1001002/birchwood-legal/storage")
    for file in pair.folder.parent.glob(".reconciler/ledger.sqlite*"):
        file.unlink()
    assert orphans(pair) == []


def test_a_billing_cycle_is_looked_up_by_its_id(pair: Shop) -> None:
    agreement = pair.one("/finance/agreements", name=ALDER_LINES)
    cycle = next(each for each in pair.get("/finance/billingCycles") if each["billingOptions"] == "Quarterly")
    pair.patch_live(f"/finance/agreements/{agreement['id']}", billingCycle={"id": cycle["id"]})
    (row,) = (each for each in pair.plan(*USAGE)["coverage"] if each["customer"] == "1001001")
    assert row["state"] == "refused"
    assert "which is not one calendar month" in row["detail"]


def test_an_addition_on_a_copied_agreement_goes_to_zero_in_the_next_month(pair: Shop) -> None:
    """A copied agreement has additions with the same tags, and ConnectWise has no list of all additions."""
    agreement = pair.one("/finance/agreements", name=ALDER_LINES)
    (line,) = pair.get(f"/finance/agreements/{agreement['id']}/additions")
    same = {name: {"id": agreement[name]["id"]} for name in ("type", "company", "contact")}
    body = {"name": "A copy", "startDate": agreement["startDate"], "noEndingDateFlag": True, **same}
    copy = pair.http.post("/finance/agreements", json=body).json()["id"]
    names = ("serialNumber", "effectiveDate", "billCustomer")
    body = {"product": {"id": line["product"]["id"]}, "quantity": 121, **{name: line[name] for name in names}}
    assert pair.http.post(f"/finance/agreements/{copy}/additions", json=body).status_code == 201

    pair.advance(24 * 31)
    pair.apply(*USAGE)

    (copied,) = pair.get(f"/finance/agreements/{copy}/additions")
    (kept,) = pair.get(f"/finance/agreements/{agreement['id']}/additions")
    assert (copied["quantity"], kept["quantity"] > 0) == (0, True)
