"""Lines that somebody changes by hand, in more than one way at once, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import ALDER, Shop

USAGE = ("--only", "usage")
LINES = "Alder Dental - Managed Backup"
GUARDRAILS = "quantity: {percent: 50, amount: 200}\n    money: 2000"
OTHER_PRODUCT = ('managedId: "1001001"\n  #', 'managedId: "1001001"\n  product: backup-gb-above\n  #')


@pytest.fixture
def small(shop: Shop) -> Shop:
    """One customer of 1,000 GB, set up and billed."""
    shop.only(ALDER)
    shop.edit("workspace.yaml", GUARDRAILS, "zero: true")
    shop.uses(ALDER, "1000")
    shop.apply("--only", "setup")
    shop.apply(*USAGE)
    return shop


def rows(shop: Shop) -> list[Any]:
    number = shop.one("/finance/agreements", name=LINES)["id"]
    return list(shop.get(f"/finance/agreements/{number}/additions"))


def lines(shop: Shop) -> list[tuple[str, int]]:
    return [(row["product"]["identifier"], int(row["quantity"])) for row in rows(shop)]


def edit(shop: Shop, **values: Any) -> None:
    (row,) = rows(shop)
    shop.patch_live(f"/finance/agreements/{row['agreementId']}/additions/{row['id']}", **values)


def copied(shop: Shop, **values: Any) -> None:
    """Somebody copies the line in ConnectWise."""
    (row,) = rows(shop)
    names = ("quantity", "unitPrice", "serialNumber", "effectiveDate", "billCustomer")
    body = {"product": {"id": row["product"]["id"]}, **{name: row[name] for name in names}, **values}
    body |= {name: float(body[name]) for name in ("quantity", "unitPrice")}
    answer = shop.http.post(f"/finance/agreements/{row['agreementId']}/additions", json=body)
    assert answer.status_code == 201, answer.text


def test_a_line_whose_tag_and_product_were_changed_by_hand_bills_nothing_twice(small: Shop) -> None:
    other = small.one("/procurement/catalog", identifier="BACKUP-GB-ABOVE")
    edit(small, serialNumber="", product={"id": other["id"]})
    small.apply(*USAGE)
    assert lines(small) == [("BACKUP-GB-ABOVE", 0), ("BACKUP-GB", 1000)]


@pytest.mark.parametrize("last", ["2026-11-01", "2027-03-05"])
def test_a_line_with_a_last_day_bills_nothing_beside_the_one_of_a_new_product(small: Shop, last: str) -> None:
    edit(small, cancelledDate=f"{last}T00:00:00Z")
    small.edit("customers/alder-dental.yaml", *OTHER_PRODUCT)
    small.apply(*USAGE)
    assert lines(small) == [("BACKUP-GB", 0), ("BACKUP-GB-ABOVE", 1000)]


def test_a_line_that_was_cancelled_and_lost_its_tag_is_taken_up_again(small: Shop) -> None:
    edit(small, serialNumber="", cancelledDate="2026-11-01T00:00:00Z")
    small.apply(*USAGE)
    (row,) = rows(small)
    assert (row["serialNumber"], row.get("cancelledDate")) == ("rc:cove/1001001/alder-dental/storage", None)


def test_a_copy_under_an_old_name_that_ends_in_a_later_month_is_not_accounted_for(small: Shop) -> None:
    copied(small, serialNumber="rc:cove/1001001/old/storage", cancelledDate="2027-03-05T00:00:00Z")
    said = small("plan", *USAGE)
    assert said.code == 5
    assert "alder-dental.storage has another line" in said.out or "has another line for that agreement" in said.out


def test_a_copy_that_was_cancelled_is_named_with_what_it_bills_until_its_last_day(small: Shop) -> None:
    copied(small, cancelledDate="2026-11-01T00:00:00Z")
    plan = small.plan(*USAGE)
    told = [note["message"] for note in plan["warnings"] if note["address"] == "CustomerMapping/alder-dental"]
    assert told == [
        f"addition id {rows(small)[1]['id']}, a copy of its line, bills 150 USD more until its last day, 2026-11-01"
    ]
    assert plan["summary"]["money"]["before"] == "300"


def test_a_hand_edit_that_refuses_the_run_is_approved_by_the_short_address_too(small: Shop) -> None:
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: fail")
    edit(small, quantity=7)
    assert small("apply", *USAGE, "--auto-approve").code == 3
    small.apply(*USAGE, "--approve", "drift=Addition/alder-dental:backup-gb")
    assert lines(small) == [("BACKUP-GB", 1000)]


def test_a_hand_edit_that_is_accepted_trips_no_guardrail(small: Shop) -> None:
    small.edit("workspace.yaml", "graceHours: 24", "graceHours: 24\n    onDrift: accept")
    edit(small, quantity=7)
    plan = small.plan(*USAGE)
    assert (plan["guardrails"], plan["actions"]) == ([], [])
    small.uses(ALDER, "5000")
    assert small.plan(*USAGE)["guardrails"] == []


def test_a_customer_that_two_guardrails_hold_is_told_both_approvals(small: Shop) -> None:
    small.uses(ALDER, "0")
    said = small("plan", *USAGE)
    both = "--approve quantity=CustomerMapping/alder-dental --approve zero=CustomerMapping/alder-dental"
    assert (said.code, both in said.out) == (5, True)


def test_an_agreement_of_another_cycle_is_refused_by_the_very_plan_that_makes_it(shop: Shop) -> None:
    shop.only(ALDER)
    shop.edit(
        "customers/alder-dental.yaml", "contact: alder-dental}", "contact: alder-dental, billingCycle: Quarterly}"
    )
    said = shop("apply", "--auto-approve")
    assert said.code == 5
    assert "has the billing cycle Quarterly, which is not one calendar month" in said.out
    assert shop.quantities() == []
