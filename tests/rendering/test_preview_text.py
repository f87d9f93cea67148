"""The next invoices as text."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.paint import plain
from reconciler.rendering.preview_text import preview_text

INVOICE = {
    "from": "2026-12-01",
    "to": "2026-12-31",
    "invoiced": "advance",
    "made": "by",
    "on": "2026-12-01",
    "due": False,
}
STANDS = {"quantity": "120", "included": "0", "unit_price": "0.25", "amount": "30"}


def agreement(**more: Any) -> dict[str, Any]:
    line = {"id": 99, "address": "Addition/acme.storage:gb", "product": "GB", "stands": STANDS, "after_plan": STANDS}
    return {
        "id": 9,
        "name": "Acme Backup",
        "address": "Agreement/acme",
        "company": "ACME",
        "currency": "USD",
        "invoice": INVOICE,
        "own": "50",
        "lines": [line],
        "follow_usage": 1,
        "stands": "80",
        "after_plan": "82.5",
        "waits": [],
        "uncertain": [],
        **more,
    }


def text(*agreements: dict[str, Any], lines: bool = False) -> str:
    found = {
        "agreements": list(agreements),
        "totals": [{"currency": "USD", "stands": "80", "after_plan": "82.5"}] if agreements else [],
        "uncertain": sum(bool(each["uncertain"]) for each in agreements),
    }
    return "\n".join(preview_text(found, plain, lines=lines))


def test_each_agreement_has_a_row_and_the_total_is_below() -> None:
    found = text(agreement(), agreement(name="Bolt", invoice={**INVOICE, "due": True}), agreement(invoice=None))
    assert "2026-12-01 to 2026-12-31" in found
    assert "by 2026-12-01, due" in found
    assert "none" in found
    assert "Total: 80.00 USD as the lines stand, 82.50 USD after the next plan." in found
    assert "The quantity of 3 lines follows usage until the invoice is made." in found
    assert found.endswith("3 agreements, 0 with uncertain parts.")


def test_uncertain_parts_are_listed_below_the_table() -> None:
    found = text(*[agreement(uncertain=["the invoice is late"])] * 22)
    assert found.count("    Acme Backup: the invoice is late") == 20
    assert "2 more agreements: --json shows all" in found
    assert found.endswith("22 agreements, 22 with uncertain parts.")


def test_without_agreements_only_the_count_is_said() -> None:
    assert text() == "0 agreements, 0 with uncertain parts."


def test_the_lines_of_an_agreement_show_what_the_plan_changes() -> None:
    after = {**STANDS, "quantity": "130", "amount": "32.5"}
    changed = {"id": 99, "address": "Addition/acme.storage:gb", "product": "GB", "stands": STANDS, "after_plan": after}
    new = {**changed, "id": None, "stands": None}
    unpriced = {**STANDS, "unit_price": None}
    other = {**changed, "id": 98, "address": None, "stands": unpriced, "after_plan": unpriced}
    found = text(agreement(lines=[changed, new, other], uncertain=["the invoice is late"]), lines=True)
    head, *_ = found.splitlines()
    covers = "covers 2026-12-01 to 2026-12-31, billed in advance, made by 2026-12-01"
    assert head == f"Acme Backup (Agreement/acme)  {covers}"
    assert "the agreement itself" in found
    assert "120 → 130" in found
    assert "GB, id 98, not ours" in found
    assert "unknown" in found
    assert "    the invoice is late" in found


def test_what_waits_is_below_the_lines_with_its_amount_if_it_is_known() -> None:
    later = {"what": "Addition/acme.storage:gb@2026-12", "why": "begins on 2027-01-01", "amount": "30"}
    unknown = {"what": "CustomerMapping/bolt", "why": "is waiting: billing starts on 2027-02-01", "amount": None}
    found = text(agreement(waits=[later, unknown]), lines=True)
    assert "    waits: Addition/acme.storage:gb@2026-12 begins on 2027-01-01, 30.00 USD" in found
    assert "    waits: CustomerMapping/bolt is waiting: billing starts on 2027-02-01" in found


def test_an_agreement_without_an_invoice_or_an_address_has_no_table() -> None:
    bare = agreement(address=None, invoice=None, own="0", lines=[], uncertain=["ConnectWise gives no date"])
    lines = text(bare, lines=True).splitlines()
    assert lines[:2] == ["Acme Backup  no next invoice", "    ConnectWise gives no date"]
    open_end = agreement(invoice={**INVOICE, "to": None, "on": None})
    assert "covers 2026-12-01 to ?, billed in advance, made by ?" in text(open_end, lines=True)
