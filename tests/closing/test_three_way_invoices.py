"""The month that an invoice bills follows from its date and from the next invoice date of its agreement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.closing.three_way_invoices import READ_BEFORE, Invoice, Invoices, invoice_of, invoices_of_month
from reconciler.closing.three_way_model import AgreementFacts
from reconciler.errors import ReconcilerError
from tests.closing.checking import BACKUP, NOVEMBER


def invoice(day: str, number: int = 0, **more: Any) -> Invoice:
    values = {"made_at": None, "amount": Decimal(30), **more}
    return Invoice(number or int(day.replace("-", "")), f"I{day}", BACKUP, date.fromisoformat(day), **values)


def facts(next_invoice: str | None = "2026-12-01", begins: str = "2020-01-01", **more: Any) -> AgreementFacts:
    return AgreementFacts(BACKUP, "Backup", next_invoice=next_invoice, begins=begins, **more)


def of_november(about: AgreementFacts, *days: str, running: bool = False) -> Invoices:
    every = [invoice(day, number + 1) for number, day in enumerate(days)]
    return invoices_of_month(about, every, NOVEMBER, running=running)


def days(found: Invoices) -> list[str]:
    return [each.day.isoformat() for each in found.valid]


MONTHS = ("2026-08-01", "2026-09-01", "2026-10-01", "2026-11-01")


def test_the_newest_invoice_bills_the_month_before_the_next_invoice_date() -> None:
    assert days(of_november(facts(), *MONTHS)) == ["2026-11-01"]
    assert days(of_november(facts("2027-01-01"), *MONTHS, "2026-12-01")) == ["2026-11-01"]


def test_invoices_of_other_types_bill_no_month_and_count_on_their_day() -> None:
    every = [
        invoice("2026-11-01", 1),
        *(invoice(day, 2 + number, type="CreditMemo") for number, day in enumerate(("2026-10-31", "2026-11-30"))),
        invoice("2026-11-05", 4, type="Standard"),
        invoice("2026-11-06", 5, type="Standard", status="Void"),
        invoice("2026-12-01", 6, type="Standard"),
    ]
    found = invoices_of_month(facts(), every, NOVEMBER, running=False)
    assert ([each.id for each in found.valid], [each.id for each in found.others]) == ([1], [4, 3])
    quarterly = invoices_of_month(facts(cycle="Quarterly"), every, NOVEMBER, running=False)
    assert (quarterly.state, quarterly.valid, len(quarterly.others)) == ("not due", (), 2)


def test_invoices_in_arrears_bill_the_month_before() -> None:
    assert days(of_november(facts(invoiced="arrears"), *MONTHS[1:], "2026-12-02")) == ["2026-12-02"]


@pytest.mark.parametrize("shift", [15, 45, 80])
def test_invoices_may_be_made_up_to_90_days_before_their_month(shift: int) -> None:
    made = [(date(2026, month, 1).toordinal() - shift, month) for month in (10, 11, 12)]
    found = of_november(facts("2027-01-01"), *(date.fromordinal(day).isoformat() for day, _ in made))
    assert days(found) == [date.fromordinal(made[1][0]).isoformat()]


def test_many_invoices_that_were_made_late_on_one_day_bill_a_month_each() -> None:
    found = of_november(facts(), *["2026-11-20"] * 11)
    assert [each.id for each in found.valid] == [11]


def test_an_invoice_that_was_made_twice_for_a_month_is_a_second_one() -> None:
    assert days(of_november(facts(), *MONTHS, "2026-11-15")) == ["2026-11-01", "2026-11-15"]
    new = facts(begins="2026-10-01")
    assert days(of_november(new, "2026-10-01", "2026-11-01", "2026-11-15")) == ["2026-11-01", "2026-11-15"]


def test_a_month_without_an_invoice_before_the_next_invoice_date_has_none() -> None:
    found = of_november(facts("2027-01-01"), *MONTHS[:3], "2026-12-01")
    assert (days(found), found.state) == ([], "missing")
    new = of_november(facts("2027-01-01", begins="2026-10-01"), "2026-10-01", "2026-12-01")
    assert new.state == "missing"


def test_without_any_invoice_a_month_before_the_next_invoice_date_has_none() -> None:
    assert of_november(facts()).state == "missing"


def test_more_invoices_than_months_are_of_the_first_month() -> None:
    new = facts(begins="2026-11-01")
    assert days(of_november(new, "2026-11-01", "2026-11-02", "2026-11-03")) == [
        "2026-11-01",
        "2026-11-02",
        "2026-11-03",
    ]


def test_a_void_invoice_holds_its_month_and_is_not_valid() -> None:
    void = invoice("2026-11-01", status="Voided")
    found = invoices_of_month(facts(), [*map(invoice, MONTHS[:3]), void], NOVEMBER, running=False)
    assert (found.valid, found.void, found.state) == ((), (void,), "missing")


def test_a_month_from_the_next_invoice_date_on_is_missing_once_it_is_over() -> None:
    assert of_november(facts("2026-11-01"), *MONTHS).state == "missing"
    assert of_november(facts("2026-11-01"), *MONTHS, running=True).state == "not yet"
    assert of_november(facts(None)).state == "missing"


def test_a_month_before_the_agreement_begins_or_after_it_ends_is_not_due() -> None:
    assert of_november(facts("2026-12-15", begins="2026-12-15")).state == "not due"
    assert of_november(facts("2026-11-01", ends="2026-10-31")).state == "not due"


def test_invoices_of_other_agreements_do_not_count() -> None:
    other = Invoice(7, "I7", 77, date(2026, 11, 1), None, Decimal(1))
    assert invoices_of_month(facts(begins=""), [other], NOVEMBER, running=False).state == "missing"


def test_the_time_of_the_first_valid_invoice_counts() -> None:
    made = datetime(2026, 11, 1, 8, tzinfo=UTC)
    found = invoices_of_month(facts(), [invoice("2026-11-01", made_at=made)], NOVEMBER, running=False)
    assert found.made_at == made
    assert Invoices(due=True).made_at is None


RAW = {
    "id": 5,
    "invoiceNumber": " 1005 ",
    "agreement": {"id": 9},
    "date": "2026-11-01T00:00:00Z",
    "agreementAmount": Decimal("30.00"),
    "status": {"name": "Sent"},
    "_info": {"dateEntered": "2026-11-01T08:00:00Z"},
}


def test_an_invoice_is_read_from_the_response() -> None:
    found = invoice_of(RAW)
    assert found.to_json() == {
        "id": 5,
        "number": "1005",
        "date": "2026-11-01",
        "made_at": "2026-11-01T08:00:00+00:00",
        "type": "Agreement",
        "amount": "30",
        "currency": None,
        "status": "Sent",
        "void": False,
    }


def test_without_the_amount_of_the_agreement_the_total_without_tax_counts() -> None:
    raw = {**RAW, "agreementAmount": None, "total": Decimal(33), "salesTax": Decimal(3), "_info": None, "status": None}
    found = invoice_of({**raw, "invoiceNumber": None})
    assert (found.amount, found.made_at, found.number, found.status) == (30, None, "id 5", "")


def test_a_time_without_a_zone_is_in_utc() -> None:
    found = invoice_of({**RAW, "_info": {"dateEntered": "2026-11-01T08:00:00"}})
    assert found.made_at == datetime(2026, 11, 1, 8, tzinfo=UTC)


@given(
    st.sampled_from(["advance", "arrears"]),
    st.integers(0, 28),
    st.integers(1, 24),
    st.integers(0, 5),
)
def test_a_routine_gives_each_month_its_invoice(invoiced: Any, lag: int, months: int, later: int) -> None:
    """Invoices are made a fixed number of days before or after their month. November has exactly its own."""
    newest = 2026 * 12 + 10 + later
    begins = newest - months - later + 1
    first = date((begins) // 12, begins % 12 + 1, 1)

    def day_of(month: int) -> date:
        if invoiced == "advance":
            return date.fromordinal(date(month // 12, month % 12 + 1, 1).toordinal() - lag)
        return date.fromordinal(date((month + 1) // 12, (month + 1) % 12 + 1, 1).toordinal() + lag)

    made: Sequence[Invoice] = [invoice(day_of(month).isoformat(), month) for month in range(begins, newest + 1)]
    read = [each for each in made if each.day >= NOVEMBER.first_day - READ_BEFORE]
    following = newest + 1
    about = facts(date(following // 12, following % 12 + 1, 1).isoformat(), first.isoformat(), invoiced=invoiced)
    found = invoices_of_month(about, read, NOVEMBER, running=False)
    assert [each.id for each in found.valid] == [2026 * 12 + 10]


@pytest.mark.parametrize(
    "field",
    [{"id": "x"}, {"date": "tomorrow"}, {"_info": {"dateEntered": "x"}}, {"agreement": None}, {"agreementAmount": "x"}],
)
def test_an_invoice_with_a_field_that_cannot_be_read_is_an_error_with_its_id(field: dict[str, Any]) -> None:
    with pytest.raises(ReconcilerError, match="has a field that cannot be read"):
        invoice_of({**RAW, **field})
