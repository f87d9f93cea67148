"""The bills of a month follow its runs, and a version of a rule is stored once and never changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reconciler.ledger.bill_records import BillRecord, VersionRecord
from reconciler.ledger.bills import bills_of_month, record_bills, versions_of
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.store import Ledger

from .conftest import NOON

FIRST = VersionRecord("sha256:1", {"rules": []}, NOON, "abc")
LINE = {"product": "gb", "quantity": "1", "unit_price": "2", "amount": "2"}


def bill(charge: str = "storage", *, hours: int = 0, digest: str = "sha256:1", **more: Any) -> BillRecord:
    values: dict[str, Any] = {"source": "cove", "customer_id": "77", "mapping": "acme", "lines": [LINE], **more}
    return BillRecord(charge=charge, billed_at=NOON + timedelta(hours=hours), digest=digest, **values)


def record(ledger: Ledger, *bills: BillRecord, charges: set[str] | None = None) -> None:
    names = {each.charge for each in bills} if charges is None else charges
    record_bills(ledger, "test", "acme", "2026-11", bills, [FIRST], {("cove", "77", name) for name in names})


def stored(ledger: Ledger) -> list[BillRecord]:
    return bills_of_month(ledger, "test", "acme", "2026-11")


def test_a_bill_that_is_the_same_gets_the_time_of_the_newest_run(ledger: Ledger) -> None:
    record(ledger, bill())
    record(ledger, bill(hours=1))
    assert stored(ledger) == [bill(hours=1)]
    assert bills_of_month(ledger, "test", "acme", "2026-10") == []


def test_other_lines_or_another_rule_replace_a_bill(ledger: Ledger) -> None:
    record(ledger, bill(), bill("devices"))
    changed = [bill(hours=1, lines=[]), bill("devices", hours=1, digest="sha256:2")]
    record(ledger, *changed)
    assert stored(ledger) == sorted(changed, key=lambda each: each.charge)


def test_a_charge_that_is_not_billed_in_a_run_keeps_its_bill(ledger: Ledger) -> None:
    record(ledger, bill(), bill("devices"))
    record(ledger, bill(hours=1), charges={"storage", "devices"})
    assert stored(ledger) == [bill("devices"), bill(hours=1)]


def test_the_bill_of_a_charge_that_its_customer_no_longer_has_is_deleted(ledger: Ledger) -> None:
    record(ledger, bill(), bill(customer_id="78"), bill("devices"))
    record(ledger, bill(hours=1))
    assert [(each.customer_id, each.charge) for each in stored(ledger)] == [("77", "storage"), ("78", "storage")]


def test_a_version_is_stored_once_with_the_commit_that_used_it_first(ledger: Ledger) -> None:
    record(ledger, bill())
    record_bills(ledger, "test", "acme", "2026-11", [], [VersionRecord("sha256:1", {}, NOON, "later")], ())
    assert versions_of(ledger, "test", ["sha256:1", "sha256:9"]) == {"sha256:1": FIRST}
    assert versions_of(ledger, "other", ["sha256:1"]) == {}
    assert check_ledger(ledger).problems == ()
