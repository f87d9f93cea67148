"""The total of an invoice is compared with the agreement's own amount and all its additions of the month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.closing.three_way_invoices import Invoice, Invoices
from reconciler.closing.three_way_model import Standing
from tests.closing.checking import ACME, BACKUP, BOLT, OTHER, agreements, asked, checked, found, sorted_lines, standing


def invoice(amount: str | int, number: int = 1, **more: Any) -> Invoice:
    return Invoice(number, f"100{number}", BACKUP, date(2026, 11, number), None, Decimal(amount), **more)


def of(*valid: Invoice, **more: Any) -> dict[int, Invoices]:
    return {BACKUP: Invoices(due=True, invoiced=True, valid=valid, **more)}


def text_of(*every: Standing, **more: Any) -> str:
    (finding,) = checked([asked()], *every, **more)["findings"]
    return str(finding["text"])


def test_an_invoice_with_the_expected_total_is_no_difference() -> None:
    assert found([asked()], standing(1), invoices=of(invoice(30))) == []


def test_the_agreement_itself_and_additions_that_are_not_ours_are_on_the_invoice() -> None:
    others = [standing(1), standing(2, None, 4), standing(3, None, 4, first="2026-12-01")]
    more = {"agreements": agreements(own=Decimal(50)), "lines": sorted_lines(*others)}
    assert found([asked()], *others, invoices=of(invoice(80)), **more) == [("double", "-1"), ("invoice", "1")]


def test_another_total_is_named_with_the_agreement_and_priced() -> None:
    assert found([asked()], standing(1), invoices=of(invoice(25))) == [("invoice", "5")]
    assert found([asked()], standing(1), invoices=of(invoice(31))) == [("invoice", "-1")]
    text = text_of(standing(1), invoices=of(invoice(25)))
    assert text == "invoice 1001 of 2026-11-01 has 25.00 USD, and the agreement and its additions have 30.00 USD"


def test_a_line_of_exactly_the_missing_amount_is_named() -> None:
    text = text_of(standing(1), invoices=of(invoice(0)))
    assert text.endswith(": addition id 1 (BACKUP-GB) has exactly this amount")


def test_a_line_that_was_deleted_since_or_created_later_is_named() -> None:
    assert "was deleted since" in text_of(standing(1, gone=True), invoices=of(invoice(0)))
    foreign = standing(7, None, 4, product=6, late=True)
    assert text_of(standing(1), foreign, invoices=of(invoice(30))).endswith("was created after the invoice")


def test_a_line_of_ours_that_was_created_after_the_invoice_is_not_invoiced() -> None:
    late = standing(1, late=True)
    assert found([asked()], late, invoices=of(invoice(0))) == [("not invoiced", "30")]
    assert "was created after the invoice was made" in text_of(late, invoices=of(invoice(0)))
    of_december = standing(1, late=True, first="2026-12-01")
    assert found([asked()], of_december, invoices=of(invoice(0))) == [("leak", "30")]


def test_a_late_line_without_a_mapping_or_beside_ours_is_no_double_of_this_month() -> None:
    gone = standing(3, replace(ACME, mapping="gone", customer_id="9"), 40, late=True)
    assert found([asked()], standing(1), gone, invoices=of(invoice(30))) == []
    beside = standing(7, None, 40, late=True)
    assert found([asked()], standing(1), beside, invoices=of(invoice(30))) == [("invoice", "10")]


def test_a_month_on_two_invoices_is_a_double_of_the_second_one() -> None:
    assert found([asked()], standing(1), invoices=of(invoice(30), invoice(28, 2))) == [("double", "-28")]
    text = text_of(standing(1), invoices=of(invoice(30), invoice(30, 2)))
    assert text == "invoice 1002 of 2026-11-02 bills 2026-11 a second time, beside invoice 1001"


def test_a_credit_memo_of_the_month_takes_money_off() -> None:
    memo = invoice(-5, 3, type="CreditMemo")
    assert found([asked()], standing(1), invoices=of(invoice(30), others=(memo,))) == [("credit", "5")]
    assert text_of(standing(1), invoices=of(invoice(30), others=(memo,))) == (
        "credit memo 1003 of 2026-11-03 takes 5.00 USD off"
    )
    foreign = invoice(-5, 3, type="CreditMemo", currency="EUR")
    assert found([asked()], standing(1), invoices=of(invoice(30), others=(foreign,))) == [("credit", None)]
    before = {BACKUP: Invoices(due=True, running=True, others=(memo, invoice(0, 4, type="CreditMemo")))}
    assert found([asked()], standing(1), invoices=before) == [("credit", "5")]


def test_an_invoice_of_another_type_with_the_same_amount_is_a_double() -> None:
    same, other = invoice(30, 3, type="Standard"), invoice(29, 4, type="Standard")
    assert found([asked()], standing(1), invoices=of(invoice(30), others=(same, other))) == [("double", "-30")]
    text = text_of(standing(1), invoices=of(others=(same, other)))
    assert text.endswith("; invoice 1003 of 2026-11-03, whose type is Standard, has this amount")


def test_an_invoice_that_combines_the_agreements_of_a_company_bills_them_together() -> None:
    lines = [standing(1), standing(2, BOLT, 40, agreement=OTHER)]
    charges = [asked(), asked(BOLT, 40, agreement=OTHER)]
    missing = {number: Invoices(due=True, invoiced=True) for number in (BACKUP, OTHER)}

    def kinds(*combined: Invoice, **more: Any) -> list[tuple[str, str | None]]:
        return found(charges, *lines, invoices=missing, combined={"ACME": combined}, **more)

    whole = invoice(40, 5, type="Consolidated")
    assert kinds(whole) == []
    assert kinds() == [("missing invoice", "30"), ("missing invoice", "10")]
    assert len(kinds(invoice(30, 5, type="Consolidated"))) == 2
    assert len(kinds(replace(whole, day=date(2026, 12, 1)))) == 2
    assert kinds(replace(whole, day=date(2026, 12, 1)), agreements=agreements(invoiced="arrears")) == []
    assert len(kinds(replace(whole, status="Void"))) == len(kinds(replace(whole, currency="EUR"))) == 2
    assert found(charges, *lines, invoices=missing, combined={"BOLT": [whole]}) == kinds()
    text = text_of(standing(1), invoices=of(), combined={"ACME": [whole]})
    assert text.endswith("invoice 1005 of 2026-11-05, whose type is Consolidated, may bill it, and has another amount")


def test_an_invoice_in_another_currency_is_named_and_its_amount_is_not_compared() -> None:
    foreign = invoice(30, 2, currency="EUR")
    assert found([asked()], standing(1), invoices=of(foreign)) == [("invoice", None)]
    document = checked([asked()], standing(1), invoices=of(invoice(30, currency="USD"), foreign))
    assert [each["text"] for each in document["findings"]] == [
        "invoice 1002 of 2026-11-02 is in EUR, and the agreement is in USD"
    ]
    assert document["totals"]["amount_invoiced"] == "30"


def test_the_own_amount_of_an_agreement_that_the_invoice_lacks_is_named() -> None:
    own = agreements(own=Decimal(50))
    text = text_of(standing(1), invoices=of(invoice(30)), agreements=own)
    assert text.endswith(": the agreement's own 50.00 USD are not on it, or were another amount then")


def test_a_month_that_is_over_without_an_invoice_is_priced() -> None:
    missing = {BACKUP: Invoices(due=True)}
    assert found([asked()], standing(1), invoices=missing) == [("missing invoice", "30")]
    assert "it was not made, or it was deleted" in text_of(standing(1), invoices=missing)
    assert "it is on another agreement" in text_of(standing(1), invoices=of())


def test_a_void_invoice_is_a_missing_one() -> None:
    void = of(void=(invoice(30, status="Void"),))
    assert found([asked()], standing(1), invoices=void) == [("missing invoice", "30")]
    assert "invoice 1001 of 2026-11 is Void" in text_of(standing(1), invoices=void)


def test_an_agreement_that_bills_nothing_or_is_not_due_misses_no_invoice() -> None:
    assert found([], invoices={BACKUP: Invoices(due=True)}) == []
    assert found([], standing(1, None), invoices={BACKUP: Invoices(due=False)}) == []


def test_in_a_running_month_an_invoice_may_still_be_made() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    document = checked([asked()], standing(1), invoices={BACKUP: Invoices(due=True, running=True)}, at=at)
    assert document["findings"] == []
    assert document["totals"]["invoice_states"] == {"invoiced": 0, "missing": 0, "not yet": 1, "not due": 1}


def test_the_invoices_of_an_agreement_are_in_its_row() -> None:
    document = checked([asked()], standing(1), invoices=of(invoice(30)))
    (row,) = [each for each in document["agreements"] if each["id"] == BACKUP]
    assert [each["number"] for each in row["invoices"]] == ["1001"]
    assert (row["invoice_state"], row["amount_invoiced"], document["totals"]["amount_invoiced"]) == (
        "invoiced",
        "30",
        "30",
    )


def test_an_edit_after_the_invoice_of_a_running_month_counts_for_the_next_one() -> None:
    edited = standing(1, edited={"quantity": Decimal(99)})
    more = {"invoices": of(invoice(30)), "now": ([asked()], sorted_lines(edited))}
    assert found([asked()], standing(1), **more) == [("hand edit", "5.25")]
    assert "the invoice of 2026-11 was made before, the next one bills it" in text_of(standing(1), **more)


def test_a_difference_that_stood_then_and_stands_now_is_named_once() -> None:
    wrong = standing(1, quantity=121)
    more = {"invoices": of(invoice("30.25")), "now": ([asked()], sorted_lines(wrong))}
    assert found([asked()], wrong, **more) == [("quantity", "-0.25")]


LINES = st.lists(st.integers(1, 500), min_size=1, max_size=6)


@given(LINES, st.integers(0, 100))
def test_an_invoice_of_exactly_its_lines_has_no_difference(quantities: list[int], own: int) -> None:
    lines = [standing(number + 1, None, quantity) for number, quantity in enumerate(quantities)]
    total = Decimal(own) + sum((each.addition.monthly for each in lines), Decimal(0))
    more = {"agreements": agreements(own=Decimal(own)), "invoices": of(invoice(str(total)))}
    assert found([], *lines, **more) == []


@given(LINES, st.integers(0, 5), st.integers(1, 100))
def test_an_invoice_without_one_line_or_with_another_amount_has_exactly_that_difference(
    quantities: list[int], at: int, cents: int
) -> None:
    lines = [standing(number + 1, None, quantity) for number, quantity in enumerate(quantities)]
    total = sum((each.addition.monthly for each in lines), Decimal(0))
    missing = lines[at % len(lines)].addition.monthly
    ((kind, amount),) = found([], *lines, invoices=of(invoice(str(total - missing))))
    assert (kind, Decimal(str(amount))) == ("invoice", missing)
    ((kind, amount),) = found([], *lines, invoices=of(invoice(str(total + Decimal(cents) / 100))))
    assert (kind, Decimal(str(amount))) == ("invoice", -Decimal(cents) / 100)
