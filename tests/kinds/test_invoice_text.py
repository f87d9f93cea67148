"""The template of the text on an invoice: what it may have in it, and how it is filled in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.invoice_text import LONGEST, LONGEST_VALUES, check, filled

VALUES = {name: name.upper() for name in LONGEST_VALUES}


def test_each_name_is_filled_in() -> None:
    template = "Backup {period}: {quantity} {unit}, {devices} devices, {allowance} free\n{charge} of {customer}"
    assert check(template) == template
    assert (
        filled(template, VALUES) == "Backup PERIOD: QUANTITY UNI, DEVICES devices, ALLOWANCE free\nCHARGE of CUSTOMER"
    )


def test_a_text_without_names_stays_and_braces_are_doubled() -> None:
    assert filled(check("All {{in}} one"), VALUES) == "All {in} one"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{quantiy}", "there is no {quantiy}: the names are {quantity}, {unit}"),
        ("{}", "there is no {}"),
        ("{0}", "there is no {0}"),
        ("{quantity:>9}", "there is no {quantity:>9}"),
        ("{quantity!r}", "there is no {quantity!r}"),
        ("{charge.name}", "there is no {charge.name}"),
        ("{quantity", "a brace that stands for itself twice"),
        ("a } b", "a brace that stands for itself twice"),
        (" \n ", "the text is empty"),
        ("a\x00b", "the control character U+0000"),
        ("x" * (LONGEST + 1), "up to 6001 characters with the longest values"),
        ("x" * LONGEST + "{unit}", "up to 6003 characters with the longest values"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_an_error(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        check(template)


def test_a_name_from_outside_is_on_one_line_and_is_cut() -> None:
    assert filled("{customer}!", {**VALUES, "customer": "A\r\nB\x1b C"}) == "A B C!"
    assert filled("{customer}!", {**VALUES, "customer": "x" * 300}) == "x" * 100 + "!"


@given(st.dictionaries(st.sampled_from(sorted(LONGEST_VALUES)), st.text()))
def test_no_text_is_longer_than_connectwise_takes(values: dict[str, str]) -> None:
    template = "{customer}" * 59 + "x" * 100
    assert len(filled(check(template), {**VALUES, **values})) <= LONGEST
