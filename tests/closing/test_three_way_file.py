"""The lines of invoices come from a CSV file that a person exported. Every bad row is named."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.closing.three_way_csv import Row
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
        ("1,GB,one,1,1", "lines.csv:2:6: quantity is not a number: 'one'"),
        (
            '1,GB,1,"1,000",1',
            "lines.csv:2:8: price has two meanings: 1,000 is 1.000 or 1000, and no other figure shows",
        ),
        ("1,GB,1,1,5 pcs", "lines.csv:2:10: amount is not a number: '5 pcs'"),
        ("1,GB,--1,1,5", "lines.csv:2:6: quantity is not a number: '--1'"),
        ("1,GB,1", "lines.csv:2: it has 3 cells, and the header has 5"),
        (",GB,1,1,1", "lines.csv:2: it names no invoice and no agreement"),
        ("1,GB,1,,", "it has no amount, and not both quantity and price"),
        ('1,"GB,1,1,1', "this is not CSV"),
        ('1,GB,"1,5",1.25,1', "decimals are written in two ways: 1.25 at lines.csv:2:12, and 1,5 at lines.csv:2:6"),
        ("1,GB,(5,1,1", "quantity is not a number: '(5'"),
        ('1,GB,"1,23,456",1,1', "quantity is not a number: '1,23,456'"),
        ('1,GB,"1,234,56",1,1', "quantity is not a number"),
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
        ("invoice,product,quantity,price,Unit Price\n", "lines.csv:1:32: price and Unit Price both mean price"),
        ("invoice;product;quantity;amount\n", "lines.csv has no line"),
        ("invoice;product;menge;amount\n1;GB;1;1\n", "lines.csv:1: the header has no column quantity"),
    ],
)
def test_a_header_that_does_not_fit_is_an_error_with_advice(text: str, problem: str) -> None:
    assert problem in refused(text)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_of_cells_is_the_one_that_gives_the_columns(separator: str) -> None:
    text = (HEADER + "1001,GB,2,5,10\n").replace(",", separator)
    assert [line.amount for line in parsed(text)] == [10]
    assert [line.amount for line in parsed(f"sep={separator}\r\n{text}")] == [10]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.5"),
        ("$1,234.50", "1234.50"),
        ("1,234,567.00 USD", "1234567.00"),
        ("(5.00)", "-5.00"),
        ("($1,234.50)", "-1234.50"),
        ("-5", "-5"),
        ("5.00-", "-5.00"),
        ("\u22125.00", "-5.00"),
        ("US$ 5", None),
        ("1\u202f234.50", "1234.50"),
        ("1'234.50", "1234.50"),
        (".5", "0.5"),
        ("0,1", None),
    ],
)
def test_a_figure_may_have_marks_of_thousands_and_a_currency(text: str, amount: str | None) -> None:
    row = f'1001,GB,1,0.25,"{text}"\n'
    if amount is None:
        refused(HEADER + row)
    else:
        assert [line.amount for line in parsed(HEADER + row)] == [Decimal(amount)]


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1.234,50 €", "1234.50"), ("1.234", "1234"), ("1,234", "1.234"), ("(5,00)", "-5.00"), ("EUR 0,5", "0.5")],
)
def test_the_other_figures_of_a_file_show_how_it_writes_decimals(text: str, amount: str) -> None:
    header = HEADER.replace(",", ";")
    assert [line.amount for line in parsed(f"{header}1001;GB;1;0,25;{text}\n")] == [Decimal(amount)]


def test_a_figure_with_two_meanings_that_no_other_one_decides_is_an_error() -> None:
    header = HEADER.replace(",", ";")
    assert "lines.csv:2:11: price has two meanings: 1.234 is 1.234 or 1234" in refused(f"{header}1001;GB;1;1.234;5\n")
    assert [line.price for line in parsed(HEADER + "1001,GB,1,1.234,5\n")] == [Decimal("1.234")]
    assert [line.price for line in parsed(HEADER + '1001,GB,1,"1,234",5.00\n')] == [1234]


def test_titles_above_the_header_and_rows_of_totals_are_left_out() -> None:
    rows = "1001,GB,1,5,5\nTotal,,1,,5\nTotal for invoice 1001,,,,5\n,Grand Total:,,,5\n"
    assert [line.amount for line in parsed(f"Invoices of November\nmade by,Ada\n{HEADER}{rows}")] == [5]


def test_a_product_or_a_line_whose_name_begins_with_total_is_no_row_of_totals() -> None:
    header = "invoice,product,quantity,amount,text\n"
    assert len(parsed(f"{header}1,TOTAL-CARE,1,5,\n1,,1,5,Total care\n")) == 2


def test_a_cell_may_have_line_breaks_and_a_place_counts_them() -> None:
    header = "invoice,product,text,quantity,amount\n"
    text = f'{header}1001,GB,"two\r\nlines",1,5\n1001,GB,"two ""\nmore"" lines",x,5\n'
    assert "lines.csv:5:15: quantity is not a number: 'x'" in refused(text)
    (line,) = parsed(text.replace("x,5", "1,5").partition('\n1001,GB,"two "')[0])
    assert line.where == "lines.csv:2"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_place_of_a_cell_is_its_line_and_its_column(separator: str) -> None:
    raw = 'a,,"b""\n,c", d,5" disk,\n'.replace(",", separator)
    row = Row([""] * 6, 3, raw, separator)
    assert [row.place(index) for index in range(6)] == ["3:1", "3:3", "3:4", "4:6", "4:8", "4:16"]


def test_no_name_means_two_columns() -> None:
    names = [each for several in SYNONYMS.values() for each in several]
    assert len(names) == len(set(names))
    assert all(name == name.casefold() and name.isalnum() for name in names)


@given(st.text())
def test_any_text_is_lines_or_a_plain_error(text: str) -> None:
    with suppress(ReconcilerError):
        assert parsed(text) == []
