"""An invoice is shown with the lines that were on it, as they stood when it was made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from reconciler.additions.live_additions import addition_of
from reconciler.closing.invoiced_lines import InvoicedMonth, invoiced_json
from reconciler.closing.three_way_invoices import Invoice, Invoices
from reconciler.closing.three_way_model import AgreementFacts, Standing
from reconciler.kinds.live_state import LiveObject
from tests.closing.checking import NOVEMBER

INVOICE = Invoice(1, "1001", 9, date(2026, 11, 1), None, Decimal(58))


def standing(begins: str = "2026-11-01", *, late: bool = False) -> Standing:
    raw = {
        "id": 99,
        "quantity": 120,
        "unitPrice": Decimal("0.25"),
        "effectiveDate": begins,
        "serialNumber": "rc:a/b/c/d",
    }
    return Standing(addition_of(LiveObject("Addition", 99, raw, 9), "USD"), late=late)


def told(*invoices: Invoice, **lines: Standing) -> dict[str, object]:
    agreement = AgreementFacts(9, "Managed Backup", next_invoice="2026-12-01")
    found = Invoices(due=True, invoiced=True, valid=invoices)
    return invoiced_json(InvoicedMonth(NOVEMBER, agreement, found, lines, "USD"))


def test_a_line_has_its_amount_and_one_of_another_month_is_left_out() -> None:
    found = told(INVOICE, gb=standing(), later=standing("2026-12-01"))
    assert (found["agreement"], found["month"], found["state"]) == ("Managed Backup", "2026-11", "invoiced")
    assert found["lines"] == [
        {"address": "gb", "quantity": "120", "unit_price": "0.25", "amount": "30", "late": False},
    ]


def test_a_line_that_was_made_after_the_invoice_says_so() -> None:
    (line,) = told(INVOICE, gb=standing(late=True))["lines"]  # type: ignore[misc]  # JSON has no types
    assert line["late"] is True


def test_without_an_invoice_there_are_no_lines() -> None:
    found = told()
    assert (found["state"], found["invoices"], found["lines"], found["next_invoice"]) == (
        "missing",
        [],
        [],
        "2026-12-01",
    )
