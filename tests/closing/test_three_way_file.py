"""The lines of invoices come from a CSV file that a person exported. Every bad row is named."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.closing.three_way_file import SYNONYMS, InvoiceLine, parse_lines
from reconciler.errors import ReconcilerError

HEADER = "invoice,product,quantity,price,amount\n"


def parsed(text: str) -> list[InvoiceLine]:
    return parse_lines(text, "lines.csv", "USD")


def refused(text: str) -> str:
    with pytest.raises(ReconcilerError) as raised:
        parsed(text)
    return f"{raised.value.where}: {raised.value.what} {raised.value.advice}"


def test_a_row_is_a_line_of_an_invoice_with_its_place() -> None:
    (line,) = parsed(HEADER + "1001, BACKUP-GB ,120,0.25,30.00\n")
    assert line == InvoiceLine("lines.csv:2", "1001", "", "BACKUP-GB", Decimal(120), Decimal("0.25"), Decimal("30.00"))


def test_without_an_amount_it_is_quantity_times_price() -> None:
    (line,) = parsed("Invoice Number,Item ID,Qty,Unit Price\n1001,BACKUP-GB,3,0.335\n")
    assert line.amount == Decimal("1.01")


def test_a_file_may_name_agreements_instead_of_invoices() -> None:
    (line,) = parsed("Agreement Name,Product,Quantity,Ext. Price,Serial Number,Addition ID\nBackup,GB,1,5,rc:x,7\n")
    assert (line.invoice, line.agreement, line.amount, line.serial, line.addition_id) == ("", "Backup", 5, "rc:x", 7)
    assert line.price is None


def test_other_columns_blank_rows_and_a_byte_order_mark_are_no_error() -> None:
    assert len(parsed("\ufeffinvoice,product,quantity,note,amount\n\n1,GB,1,x,5\n , , , ,\n")) == 1


def test_a_row_without_a_quantity_has_its_amount() -> None:
    (line,) = parsed(HEADER + "1001,Support,,,50\n")
    assert (line.quantity, line.amount) == (None, 50)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1,GB,one,1,1", "lines.csv:2: quantity is not a number: 'one'"),
        ('1,GB,1,"1,000",1', "price is not a number: '1,000'; write digits, and a point before decimals"),
        ("1,GB,1,1,$5", "amount is not a number: '$5'"),
        ("1,GB,1", "lines.csv:2: it has 3 cells, and the header has 5"),
        (",GB,1,1,1", "lines.csv:2: it names no invoice and no agreement"),
        ("1,GB,1,,", "it has no amount, and not both quantity and price"),
        ('1,"GB,1,1,1', "this is not CSV"),
        ('1,GB,"1,5",1,1', "quantity is not a number: '1,5'"),
        ("1,GB,(5),1,1", "quantity is not a number: '(5)'"),
        ("1,GB,1e9,1,1", "quantity is not a number: '1e9'"),
        ("1,GB,\u0661,1,1", "quantity is not a number"),
        (f"1,GB,{'9' * 5000},1,1", f"quantity is not a number: '{'9' * 40}…'"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_line(row: str, problem: str) -> None:
    assert problem in refused(HEADER + row + "\n")


def test_an_addition_that_is_no_id_is_named() -> None:
    header = "invoice,product,quantity,amount,addition\n"
    assert "addition is not an id: 'x'" in refused(f"{header}1,GB,1,1,x\n")
    assert "addition is not an id: '9999" in refused(f"{header}1,GB,1,1,{'9' * 5000}\n")


def test_a_negative_line_is_a_credit() -> None:
    (line,) = parsed(HEADER + "1,GB,1,-5,\n")
    assert line.amount == -5


def test_all_bad_rows_are_named_at_once_up_to_a_hundred() -> None:
    text = refused(HEADER + "1,GB,x,1,1\n1,GB,1,1,1\n1,GB,y,1,1\n")
    assert "lines.csv:2" in text
    assert "lines.csv:4" in text
    assert "and 3 more" in refused(HEADER + "1,GB,x,1,1\n" * 103)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "lines.csv is empty"),
        ("\n\n", "lines.csv is empty"),
        (HEADER, "lines.csv has no line"),
        ("a,b\n", "the header has no column product, quantity, invoice or agreement, amount or price"),
        ("invoice,product,quantity,price,Unit Price\n", "price and Unit Price both mean price"),
        ("invoice;product;quantity;amount\n", "the columns are not separated by commas"),
    ],
)
def test_a_header_that_does_not_fit_is_an_error_with_advice(text: str, problem: str) -> None:
    assert problem in refused(text)


def test_no_name_means_two_columns() -> None:
    names = [each for several in SYNONYMS.values() for each in several]
    assert len(names) == len(set(names))
    assert all(name == name.casefold() and name.isalnum() for name in names)


@given(st.text())
def test_any_text_is_lines_or_a_plain_error(text: str) -> None:
    with suppress(ReconcilerError):
        assert parsed(text) == []
