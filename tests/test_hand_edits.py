"""Tests of additions that are changed by hand in several ways at once, over real HTTP."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Send, Shop

USAGE = ("--only", "usage")
LINES = "Alder Dental - Managed Backup"
GUARDRAILS = "quantity: {percent: 50, amount: 200}\n    money: 2000"
OTHER_PRODUCT = ('managedId: "1001001"\n  #', 'managedId: "1001001"\n  product: backup-gb-above\n  #')


@prepared
def small(shop: Shop) -> Shop:
    """Return a shop with one customer of 1,000 GB, set up and billed."""
    shop.only(ALDER)
    shop.edit("workspace.yaml", GUARDRAILS, "zero: true")
    shop.uses(ALDER, "1000")
    shop.apply("--only", "setup")
    shop.apply(*USAGE)
    return shop


def rows(shop: Shop) -> list[Any]:
    number = shop.one("/finance/agreements", name=LINES)["id"]
    return list(shop.get(f"/finance/agreements/{number}/additions"))


def billed(shop: Shop) -> list[tuple[str, int]]:
    return [(row["product"]["identifier"], int(row["quantity"])) for row in rows(shop)]


def edit(shop: Shop, **values: Any) -> None:
    (row,) = rows(shop)
    shop.patch_live(f"/finance/agreements/{row['agreementId']}/additions/{row['id']}", **values)


def duplicate(shop: Shop, **values: Any) -> None:
    """Create a duplicate of the addition in ConnectWise."""
    (row,) = rows(shop)
    names = ("quantity", "unitPrice", "serialNumber", "effectiveDate", "billCustomer")
    body = {"product": {"id": row["product"]["id"]}, **{name: row[name] for name in names}, **values}
    answer = shop.post_live(f"/finance/agreements/{row['agreementId']}/additions", **body)
    assert answer.status_code == 201, answer.text


def test_an_addition_with_tag_and_product_changed_by_hand_is_not_billed_twice(small: Shop) -> None:
    other = small.one("/procurement/catalog", identifier="BACKUP-GB-ABOVE")
    edit(small, serialNumber="", product={"id": other["id"]})
    small.apply(*USAGE)
    assert billed(small) == [("BACKUP-GB-ABOVE", 0), ("BACKUP-GB", 1000)]


@pytest.mark.parametrize("last", ["2026-11-01", "2027-03-05"])
def test_an_addition_with_a_last_day_goes_to_zero_when_the_product_changes(small: Shop, last: str) -> None:
    edit(small, cancelledDate=f"{last}T00:00:00Z")
    small.edit("customers/alder-dental.yaml", *OTHER_PRODUCT)
    small.apply(*USAGE)
    assert billed(small) == [("BACKUP-GB", 0), ("BACKUP-GB-ABOVE", 1000)]


def test_a_cancelled_addition_without_its_tag_is_used_again(small: Shop) -> None:
    edit(small, serialNumber="", cancelledDate="2026-11-01T00:00:00Z")
    small.apply(*USAGE)
    (row,) = rows(small)
    assert (row["serialNumber"], row.get("cancelledDate")) == ("rc:cove/1001001/alder-dental/storage", None)


def test_a_duplicate_with_an_old_name_that_ends_later_is_not_accounted_for(small: Shop) -> None:
    duplicate(small, serialNumber="rc:cove/1001001/old/storage", cancelledDate="2027-03-05T00:00:00Z")
    said = small("plan", *USAGE)
    assert said.code == 5
    assert "CustomerMapping/alder-dental has another addition for that agreement and product" in said.out


def test_a_cancelled_duplicate_is_named_with_its_amount_and_is_not_in_the_total(small: Shop) -> None:
    duplicate(small, cancelledDate="2026-11-01T00:00:00Z")
    number = rows(small)[1]["id"]
    body = {"product": rows(small)[1]["product"], "serialNumber": rows(small)[1]["serialNumber"], "quantity": 0}
    body = {**body, "product": {"id": body["product"]["id"]}, "billCustomer": "Billable"}
    path = f"/finance/agreements/{rows(small)[1]['agreementId']}/additions"
    assert small.http.post(path, json={**body, "cancelledDate": "2026-11-02T00:00:00Z"}).status_code == 201
    plan = small.plan(*USAGE)
    messages = [note["message"] for note in plan["warnings"] if note["address"] == "CustomerMapping/alder-dental"]
    assert messages == [
        f"addition id {number} is a duplicate, and bills 150.00 USD more until its last day, 2026-11-01"
    ]
    assert plan["summary"]["money"]["before"] == "150"


def test_a_hand_edit_can_be_approved_by_the_short_address(small: Shop) -> None:
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: fail")
    edit(small, quantity=7)
    assert small("apply", *USAGE, "--auto-approve").code == 3
    small.apply(*USAGE, "--approve", "drift=Addition/alder-dental:backup-gb")
    assert billed(small) == [("BACKUP-GB", 1000)]


def test_a_hand_edit_that_is_accepted_trips_no_guardrail(small: Shop) -> None:
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: accept")
    edit(small, quantity=7)
    plan = small.plan(*USAGE)
    assert (plan["guardrails"], plan["actions"]) == ([], [])
    small.uses(ALDER, "5000")
    assert small.plan(*USAGE)["guardrails"] == []


def test_a_customer_held_by_two_guardrails_lists_both_approvals(small: Shop) -> None:
    small.uses(ALDER, "0")
    said = small("plan", *USAGE)
    both = "--approve quantity=CustomerMapping/alder-dental --approve zero=CustomerMapping/alder-dental"
    assert (said.code, both in said.out) == (5, True)


def test_an_agreement_with_another_cycle_is_refused_by_the_plan_that_creates_it(shop: Shop) -> None:
    shop.only(ALDER)
    shop.edit(
        "customers/alder-dental.yaml", "contact: alder-dental}", "contact: alder-dental, billingCycle: Quarterly}"
    )
    said = shop("apply", "--auto-approve")
    assert said.code == 5
    assert "has the billing cycle Quarterly, which is not one calendar month" in said.out
    assert shop.quantities() == []


@pytest.mark.parametrize("also", [{}, {"serialNumber": "", "quantity": 7}])
def test_a_first_day_that_was_moved_into_a_later_month_is_moved_back(small: Shop, also: dict[str, Any]) -> None:
    edit(small, effectiveDate="2027-03-01T00:00:00Z", **also)
    assert '"2027-03-01" → "2026-11-01"' in small.apply(*USAGE).out
    (row,) = rows(small)
    assert (row["effectiveDate"][:10], int(row["quantity"])) == ("2026-11-01", 1000)
    assert small("plan", *USAGE, "--detailed-exitcode").code == 0


def test_a_first_day_that_was_moved_is_moved_back_by_a_plan_file_too(small: Shop, tmp_path: Path) -> None:
    edit(small, effectiveDate="2027-03-01T00:00:00Z")
    file = str(tmp_path / "plan.json")
    small("plan", *USAGE, "--out", file)
    assert (small("apply", file).code, rows(small)[0]["effectiveDate"][:10]) == (0, "2026-11-01")
    edit(small, effectiveDate="2027-04-01T00:00:00Z")
    assert small("apply", file).code == 3


def test_a_first_day_that_the_ledger_did_not_record_is_kept_with_a_gap(small: Shop) -> None:
    edit(small, effectiveDate="2027-03-01T00:00:00Z")
    shutil.rmtree(small.ledger.parent)
    said = small("apply", *USAGE, "--auto-approve")
    assert said.code == 5
    assert "its addition begins on 2027-03-01; no invoice of 2026-11 bills its 150.00 USD" in said.out


def test_an_earlier_or_accepted_first_day_is_kept(small: Shop) -> None:
    edit(small, effectiveDate="2026-10-01T00:00:00Z")
    assert small("plan", *USAGE, "--detailed-exitcode").code == 0
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: accept")
    edit(small, effectiveDate="2027-03-01T00:00:00Z")
    said = small("plan", *USAGE)
    assert (said.code, "effectiveDate 2026-11-01 → 2027-03-01" in said.out) == (5, True)
    assert "no invoice of 2026-11 bills its 150.00 USD" in said.out


def test_an_edit_beside_a_cleared_tag_is_accepted_and_the_tag_is_written_again(small: Shop) -> None:
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: accept")
    edit(small, serialNumber="", quantity=7)
    for _ in range(2):
        said = small.apply(*USAGE)
        assert "hand edit accepted until 2026-11-30: quantity 1000 → 7" in said.out
        assert billed(small) == [("BACKUP-GB", 7)]
        assert rows(small)[0]["serialNumber"] == "rc:cove/1001001/alder-dental/storage"
    small.advance(24 * 30)
    small.uses(ALDER, "1000")
    small.apply(*USAGE)
    assert billed(small) == [("BACKUP-GB", 1000)]


def test_all_edits_of_an_addition_without_its_tag_are_reported(small: Shop) -> None:
    edit(small, serialNumber="", quantity=7)
    messages = [note["message"] for note in small.plan(*USAGE)["warnings"]]
    assert any("the tag of addition id" in each for each in messages)
    assert "edited by hand: quantity 1000 → 7" in messages


def test_an_edit_of_a_superseded_addition_can_refuse_the_run(small: Shop) -> None:
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: fail")
    small.edit("customers/alder-dental.yaml", *OTHER_PRODUCT)
    edit(small, unitPrice=9)
    assert small("apply", *USAGE, "--auto-approve").code == 3
    small.apply(*USAGE, "--approve", "drift=CustomerMapping/alder-dental")
    assert billed(small) == [("BACKUP-GB", 0), ("BACKUP-GB-ABOVE", 1000)]


def test_an_accepted_last_day_is_reported_in_plain_words(small: Shop) -> None:
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: accept")
    edit(small, cancelledDate="2026-11-20T00:00:00Z")
    assert "usage would give cancelledDate (empty), 150.00 USD a month" in small.apply(*USAGE).out


def test_an_addition_of_a_killed_run_is_found_after_its_documents_are_removed(shop: Shop) -> None:
    """Only the journal has the addition, and no manifest refers to its agreement any more."""
    shop.only(ALDER)
    shop.uses(ALDER, "1000")
    shop.apply("--only", "setup")
    made: list[bool] = []

    async def ended(request: httpx.Request, send: Send) -> httpx.Response:
        if made:
            raise KeyboardInterrupt
        answer = await send(request)
        if request.method == "POST" and request.url.path.endswith("/additions"):
            made.append(True)
            raise KeyboardInterrupt
        return answer

    with shop.meddled(ended):
        assert shop("apply", *USAGE, "--auto-approve").code == 4
    (shop.folder / "customers" / "alder-dental.yaml").unlink()
    said = shop("apply", *USAGE, "--auto-approve")
    assert said.code == 5
    assert "still billing a quantity of 1000: no mapping has its tag" in said.out
    assert shop("apply", *USAGE, "--auto-approve", "--prune").code == 5  # the customer is unmapped
    assert rows(shop)[0]["cancelledDate"][:10] == "2026-11-30"


def test_a_customer_approved_in_a_plan_file_is_unaccounted_for_if_its_addition_begins_too_late(
    small: Shop, tmp_path: Path
) -> None:
    edit(small, effectiveDate="2026-12-01T00:00:00Z")
    shutil.rmtree(small.ledger.parent)
    small("apply", *USAGE, "--auto-approve")
    small.uses(ALDER, "5000")
    file = str(tmp_path / "plan.json")
    assert small("plan", *USAGE, "--out", file).code == 5
    assert small("apply", file, "--approve", "quantity").code == 5
    assert billed(small) == [("BACKUP-GB", 5000)]


def test_a_start_moved_after_the_first_bill_reports_what_keeps_billing(small: Shop) -> None:
    waits = ('managedId: "1001001"\n  #', 'managedId: "1001001"\n  start: "2026-12-20"\n  #')
    small.edit("customers/alder-dental.yaml", *waits)
    said = small.apply(*USAGE)
    message = "CustomerMapping/alder-dental: waits for its start, and its additions keep billing 150.00 USD a month"
    assert message in said.out


def test_a_new_addition_beside_a_foreign_one_reports_it(shop: Shop) -> None:
    shop.only(ALDER)
    shop.uses(ALDER, "1000")
    shop.apply("--only", "setup")
    agreement = shop.one("/finance/agreements", name=LINES)["id"]
    product = shop.one("/procurement/catalog", identifier="BACKUP-GB")["id"]
    body = {"product": {"id": product}, "quantity": 100, "unitPrice": 0.2, "billCustomer": "Billable"}
    for more in ({}, {"cancelledDate": "2026-11-20T00:00:00Z"}, {"quantity": 0}):
        answer = shop.http.post(f"/finance/agreements/{agreement}/additions", json={**body, **more})
        assert answer.status_code == 201
    number = rows(shop)[0]["id"]
    notes = [
        note for note in shop.plan(*USAGE)["warnings"] if note["address"] == "Addition/alder-dental.storage:backup-gb"
    ]
    assert [note["message"] for note in notes] == [
        f"addition id {number} of the same agreement and product is not ours, and bills 20.00 USD a month as well; "
        "take it over with `adopt: true`"
    ]
    shop.apply(*USAGE)
    assert shop.plan(*USAGE)["warnings"] == []


def test_after_a_lost_ledger_a_peak_is_kept_and_the_run_exits_with_5(small: Shop) -> None:
    small.edit("customers/alder-dental.yaml", OTHER_PRODUCT[0], 'managedId: "1001001"\n  measure: peak\n  #')
    small.apply(*USAGE)
    shutil.rmtree(small.ledger.parent)
    small.uses(ALDER, "300")
    said = small("apply", *USAGE, "--auto-approve")
    assert said.code == 5
    assert (
        "held at 1000 GB: the ledger has no samples from the start of 2026-11, and the samples that it has give 300 GB"
        in said.out
    )
    assert billed(small) == [("BACKUP-GB", 1000)]


def test_a_line_that_another_integration_keeps_changing_is_held_until_it_is_approved(small: Shop) -> None:
    for code in (0, 5):
        edit(small, quantity=77)
        small.advance()
        small.uses(ALDER, "1000")
        small.apply(*USAGE, code=code)
    assert billed(small) == [("BACKUP-GB", 77)]
    (row,) = small.plan(*USAGE)["coverage"]
    assert row["state"] == "held"
    assert "switch off the other writer, often the integration of the backup console" in row["detail"]
    small.apply(*USAGE, "--approve", "rival=CustomerMapping/alder-dental")
    assert billed(small) == [("BACKUP-GB", 1000)]
    small.advance()
    small.uses(ALDER, "1000")
    assert small("plan", *USAGE).code == 0
