"""With the lines of an invoice, each difference is named at its line, and the prices add up to that of the totals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.closing.three_way_file import parse_lines
from reconciler.closing.three_way_invoice_lines import FileLines, check_names, file_lines
from reconciler.closing.three_way_invoices import Invoice, Invoices
from reconciler.errors import ReconcilerError
from tests.closing.checking import (
    ACME,
    BACKUP,
    BOLT,
    OTHER,
    TB,
    agreements,
    asked,
    checked,
    sorted_lines,
    standing,
)

LINE = "1001,BACKUP-GB,120,0.25,30"


def read(*rows: str, header: str = "invoice,product,quantity,price,amount") -> FileLines:
    return file_lines(parse_lines("\n".join([header, *rows]), "lines.csv", "USD"))


def found(total: str | int, file: FileLines, *every: Any, own: int = 0, **more: Any) -> list[tuple[str, str, str]]:
    """Return the kind, amount and text of each difference of the invoices."""
    invoice = Invoice(1, "1001", BACKUP, date(2026, 11, 1), None, Decimal(total))
    values = {
        "agreements": agreements(own=Decimal(own)),
        "invoices": {BACKUP: Invoices(due=True, invoiced=True, valid=(invoice,))},
        "lines": sorted_lines(*every),
        "file": file,
    }
    document = checked([], *every, **{**values, **more})
    return [(each["kind"], each["amount"], each["text"]) for each in document["findings"]]


def kinds(*arguments: Any, **more: Any) -> list[tuple[str, str]]:
    return [(kind, amount) for kind, amount, _ in found(*arguments, **more)]


def test_an_invoice_with_exactly_its_lines_has_no_difference() -> None:
    assert found(30, read(LINE), standing(1)) == []


def test_the_agreements_own_amount_is_a_line_of_its_own() -> None:
    assert found(80, read(LINE, "1001,Support,1,50,50"), standing(1), own=50) == []
    assert kinds(30, read(LINE), standing(1), own=50) == [("not invoiced", "50")]


def test_an_addition_without_a_line_is_not_invoiced() -> None:
    ((kind, amount, text),) = found(30, read(LINE), standing(1), standing(2, BOLT, 4, product=TB))
    assert (kind, amount) == ("not invoiced", "1")
    assert text == "invoice 1001: addition id 2 (BACKUP-TB) of 1.00 USD is not on it"


def test_another_quantity_on_the_invoice_is_named_at_its_line() -> None:
    ((kind, amount, text),) = found(25, read("1001,BACKUP-GB,100,0.25,25"), standing(1))
    assert (kind, amount) == ("quantity", "5")
    assert text == "invoice 1001: lines.csv:2 (BACKUP-GB) bills a quantity of 100, and addition id 1 had 120"


def test_another_price_on_the_invoice_is_named_at_its_line() -> None:
    ((kind, amount, text),) = found(24, read("1001,BACKUP-GB,120,0.20,24"), standing(1))
    assert (kind, amount) == ("price", "6")
    assert "has the price 0.20 USD, and addition id 1 had 0.25 USD" in text


def test_another_amount_of_the_same_quantity_and_price_is_named_at_its_line() -> None:
    ((kind, amount, text),) = found(29, read("1001,BACKUP-GB,120,0.25,29"), standing(1))
    assert (kind, amount) == ("invoice", "1")
    assert "bills 29.00 USD, and addition id 1 has 30.00 USD" in text


def test_a_second_line_of_a_product_is_a_double() -> None:
    ((kind, amount, text),) = found(60, read(LINE, LINE), standing(1))
    assert (kind, amount) == ("double", "-30")
    assert text == "invoice 1001: lines.csv:3 (BACKUP-GB) of 30.00 USD bills a second time what another line bills"


def test_a_line_that_was_split_in_two_is_no_difference() -> None:
    split = read("1001,BACKUP-GB,100,0.25,25", "1001,BACKUP-GB,20,0.25,5")
    assert found(30, split, standing(1)) == []
    assert found(30, read(LINE), standing(1, quantity=100), standing(2, BOLT, quantity=20)) == []
    by_id = "invoice,product,quantity,price,amount,addition"
    assert found(30, read("1001,A,100,0.25,25,1", "1001,B,20,0.25,5,1", header=by_id), standing(1)) == []
    by_tag = "invoice,product,quantity,price,amount,serial"
    rows = [f"1001,BACKUP-GB,{number},0.25,{number // 4},{standing(1).addition.serial}" for number in (100, 20)]
    assert found(30, read(*rows, header=by_tag), standing(1)) == []


def test_two_lines_and_two_additions_of_one_product_are_compared_one_by_one() -> None:
    lines = read("1001,BACKUP-GB,100,0.25,25", "1001,BACKUP-GB,120,0.25,30")
    assert kinds(55, lines, standing(1, quantity=110), standing(2, BOLT, quantity=110)) == [
        ("quantity", "2.5"),
        ("quantity", "-2.5"),
    ]


def test_a_line_of_another_product_has_no_addition() -> None:
    ((kind, amount, text),) = found(37, read(LINE, "1001,CABLE,1,7,7"), standing(1))
    assert (kind, amount) == ("invoice", "-7")
    assert text.endswith("has no addition on this agreement")


def test_an_empty_line_without_an_addition_is_no_difference() -> None:
    assert found(30, read(LINE, "1001,CABLE,0,7,0"), standing(1), standing(2, BOLT, 0)) == []


def test_a_line_of_another_agreement_is_named() -> None:
    away = standing(8, BOLT, 40, agreement=OTHER)
    header = "invoice,product,quantity,amount,addition"
    file = read("1001,BACKUP-GB,120,30,1", "1001,BACKUP-GB,40,10,8", header=header)
    ((kind, amount, text),) = found(40, file, standing(1), away)
    assert (kind, amount) == ("invoice", "-10")
    assert text.endswith("is addition id 8 of another agreement, Old backup")
    header = "invoice,product,quantity,amount,serial"
    file = read(f"1001,BACKUP-GB,120,30,{ACME.tag}", f"1001,BACKUP-GB,40,10,{BOLT.tag}", header=header)
    assert found(40, file, standing(1), away)[0][2].endswith("of another agreement, Old backup")
    named = {BACKUP: agreements()[BACKUP]}
    assert found(40, file, standing(1), away, agreements=named)[0][2].endswith("of another agreement, id 10")


def test_lines_are_matched_by_their_tags_before_their_amounts() -> None:
    header = "invoice,product,quantity,amount,serial"
    file = read(f"1001,BACKUP-GB,40,10,{ACME.tag}", f"1001,BACKUP-GB,120,30,{BOLT.tag}", header=header)
    assert kinds(40, file, standing(1, ACME, 120), standing(2, BOLT, 40)) == [("quantity", "20"), ("quantity", "-20")]


def test_lines_that_do_not_add_up_to_the_total_are_named() -> None:
    ((kind, amount, text),) = found(25, read(LINE), standing(1))
    assert (kind, amount) == ("invoice", "5")
    assert text == "invoice 1001: its lines in the file add up to 30.00 USD, and its total is 25.00 USD"


def test_a_file_may_name_the_agreement_instead_of_the_invoice() -> None:
    header = "agreement,product,quantity,price"
    assert found(30, read("BACKUP,Backup-GB,120,0.25", header=header), standing(1)) == []


def test_an_invoice_that_is_not_in_the_file_is_compared_by_its_total() -> None:
    assert kinds(25, read("999,GB,1,1,1"), standing(1)) == [("invoice", "5")]
    assert read(LINE, "999,GB,1,1,1").count == 2


QUANTITIES = st.lists(st.integers(1, 300), min_size=1, max_size=6)


@given(QUANTITIES, st.permutations(range(6)), st.data())
def test_any_clean_invoice_has_no_difference_and_one_changed_line_has_exactly_one(
    quantities: list[int], order: list[int], data: st.DataObject
) -> None:
    every = [standing(number + 1, None, each) for number, each in enumerate(quantities)]
    rows = [f"1001,BACKUP-GB,{each},0.25,{Decimal(each) / 4}" for each in quantities]
    mixed = [rows[index] for index in order if index < len(rows)]
    total = sum((each.addition.monthly for each in every), Decimal(0))
    assert found(str(total), read(*mixed), *every) == []
    at = data.draw(st.integers(0, len(rows) - 1))
    del rows[at]
    left = total - every[at].addition.monthly
    ((kind, amount),) = kinds(str(left), read(*rows, "1001,NOTE,1,0,0"), *every)
    assert (kind, Decimal(amount)) == ("not invoiced", every[at].addition.monthly)


@given(QUANTITIES, st.lists(st.tuples(st.integers(0, 300), st.integers(0, 400)), max_size=6), st.integers(0, 9999))
def test_the_prices_of_all_differences_add_up_to_that_of_the_totals(
    quantities: list[int], lines: list[tuple[int, int]], cents: int
) -> None:
    every = [standing(number + 1, None, each) for number, each in enumerate(quantities)]
    rows = [f"1001,BACKUP-GB,{quantity},0.25,{amount}" for quantity, amount in lines] or ["1001,X,0,0,0"]
    invoice = Decimal(cents) / 100
    expected = sum((each.addition.monthly for each in every), Decimal(0))
    amounts = [Decimal(amount) for _, amount in kinds(str(invoice), read(*rows), *every)]
    assert sum(amounts, Decimal(0)) == expected - invoice


def test_the_check_of_usage_stays_beside_that_of_the_lines() -> None:
    assert [each["kind"] for each in checked([asked()], file=read(LINE))["findings"]] == ["leak"]


def test_a_name_that_several_agreements_have_is_an_error_at_its_line() -> None:
    file = read("backup,BACKUP-GB,120,0.25,30", header="agreement,product,quantity,price,amount")
    check_names(file, agreements().values())
    with pytest.raises(ReconcilerError, match=r"lines\.csv:2: 2 agreements have the name backup"):
        check_names(file, agreements(name="Backup").values())
    check_names(read(LINE), agreements(name="Backup").values())
