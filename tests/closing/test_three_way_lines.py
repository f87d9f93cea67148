"""The three-way check names and prices each difference between usage and additions, once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.additions.ownership import Owner
from reconciler.closing.three_way_lines import lines_of
from reconciler.closing.three_way_model import ExpectedCharge, Standing
from reconciler.ledger.snapshot import Snapshot
from tests.closing.checking import (
    ACME,
    BACKUP,
    BOLT,
    NOVEMBER,
    OTHER,
    TB,
    agreements,
    asked,
    checked,
    found,
    sorted_lines,
    standing,
)


def text_of(*arguments: Any, **more: Any) -> str:
    (finding,) = checked(*arguments, **more)["findings"]
    return str(finding["text"])


def test_a_line_as_usage_asks_for_it_is_no_difference() -> None:
    assert found([asked()], standing(1)) == []


def test_a_charge_without_usage_needs_no_line() -> None:
    assert found([asked(quantity=0)]) == []


def test_a_line_without_usage_that_bills_nothing_is_no_difference() -> None:
    assert found([asked(), asked(BOLT, 0)], standing(1), standing(2, BOLT, 0)) == []


def test_usage_without_a_line_is_a_leak() -> None:
    assert found([asked()]) == [("leak", "30")]
    assert text_of([asked()]) == "120 GB of backup-gb are used, and no line bills them"


def test_usage_on_an_agreement_that_does_not_bill_the_month_is_a_leak() -> None:
    ended, later = agreements(ends="2026-10-31"), agreements(begins="2026-12-01")
    assert found([asked()], standing(1), agreements=ended) == [("leak", "30")]
    assert "the agreement ended on 2026-10-31" in text_of([asked()], standing(1), agreements=ended)
    assert "the agreement begins on 2026-12-01" in text_of([asked()], agreements=later)
    assert found([asked(quantity=0)], standing(1, quantity=0), agreements=ended) == []
    assert found([asked()], standing(1), agreements=agreements(ends="2026-11-01")) == []


def test_a_product_that_is_not_in_connectwise_is_a_leak() -> None:
    assert found([asked(product=None)]) == [("leak", "30")]


def test_a_leak_without_a_price_has_an_unknown_amount() -> None:
    assert found([asked(price=None)]) == [("leak", None)]


def test_two_lines_of_one_charge_and_product_are_a_double_and_the_one_as_usage_asks_stays() -> None:
    found_here = found([asked()], standing(1, quantity=100), standing(2))
    assert found_here == [("double", "-25")]
    text = text_of([asked()], standing(1, quantity=100), standing(2))
    assert text == "addition id 1 (BACKUP-GB) is a double: id 2 bills the same charge, and it bills 25.00 USD more"


def test_a_line_that_is_not_ours_beside_ours_with_the_same_product_is_a_double() -> None:
    foreign = standing(7, None, 40)
    assert found([asked()], standing(1), foreign) == [("double", "-10")]
    assert "it is not ours, and bills 10.00 USD beside our line" in text_of([asked()], standing(1), foreign)


def test_a_line_that_is_not_ours_is_no_double_on_another_agreement_or_of_another_product_or_empty() -> None:
    others = [standing(7, None, agreement=OTHER), standing(8, None, product=TB), standing(9, None, 0)]
    assert found([asked()], standing(1), *others) == []


def test_a_customer_on_two_agreements_is_a_double() -> None:
    again = standing(2, agreement=OTHER, quantity=100)
    assert found([asked()], standing(1), again) == [("double", "-25")]
    assert "it also bills 25.00 USD on agreement Old backup" in text_of([asked()], standing(1), again)
    assert "on agreement id 10" in text_of([asked()], standing(1), again, agreements={})


def test_a_line_on_the_old_agreement_of_a_mapping_that_has_moved_bills_it_once() -> None:
    assert found([asked()], standing(1, agreement=OTHER), standing(2, quantity=0)) == []
    assert found([asked(agreement=None)], standing(1, agreement=OTHER)) == []


def test_a_line_on_an_agreement_where_we_have_not_written_it_is_on_the_wrong_agreement() -> None:
    copied = replace(standing(1, agreement=OTHER), sent={})
    leak, away = checked([asked()], copied)["findings"]
    assert (leak["kind"], leak["amount"], away["kind"], away["amount"]) == ("leak", "30", "agreement", "-30")
    assert away["text"].endswith("on agreement Old backup, and its charge belongs on Backup")
    nowhere = checked([asked(agreement=None)], copied)["findings"][-1]
    assert nowhere["text"].endswith("on agreement Old backup")


def test_a_negative_line_that_is_not_ours_beside_ours_is_a_credit() -> None:
    credit = standing(2, None, 20, price=Decimal("-0.25"))
    assert found([asked()], standing(1), credit) == [("credit", "5")]


def test_usage_that_only_a_line_of_somebody_else_bills_is_priced_by_the_difference() -> None:
    theirs = standing(2, None, 100)
    assert found([asked()], theirs) == [("leak", "5")]
    assert found([asked(price=None)], theirs) == [("leak", None)]
    (finding,) = checked([asked()], theirs)["findings"]
    assert (finding["cost"], finding["margin"]) == ("2", "3")
    assert "addition id 2 (BACKUP-GB) bills 25.00 USD, and is not ours" in finding["text"]
    empty, late = standing(2, None, 0), standing(3, None, late=True)
    assert found([asked()], empty, late) == [("leak", "30")]


def test_a_line_of_a_product_beside_the_right_one_is_a_double() -> None:
    assert found([asked()], standing(1), standing(2, product=TB, quantity=3)) == [("double", "-0.75")]


def test_a_line_of_another_product_in_place_of_the_right_one_is_named_so() -> None:
    assert found([asked()], standing(2, product=TB, quantity=100)) == [("product", "5")]
    assert text_of([asked()], standing(2, product=TB)).endswith("and usage asks for product backup-gb")


def test_a_line_at_an_old_price_is_priced() -> None:
    old = standing(1, price=Decimal("0.20"))
    assert found([asked()], old) == [("price", "6")]
    assert text_of([asked()], old) == "addition id 1 (BACKUP-GB) has the price 0.20 USD, and 0.25 USD is in force"
    assert "100 GB stand on it" in text_of([asked()], standing(1, price=Decimal("0.20"), quantity=100))


def test_a_line_at_an_old_cost_has_the_right_amount_and_another_margin() -> None:
    charge = asked()
    (line,) = charge.lines
    dearer = replace(charge, lines=(replace(line, cost=Decimal(18)),))
    (finding,) = checked([dearer], standing(1))["findings"]
    assert (finding["kind"], finding["amount"], finding["margin"]) == ("price", "0", "-6")
    assert finding["text"].endswith(
        "has the right amount at a cost of 12.00 USD, and the cost in force gives 18.00 USD"
    )
    assert found([dearer], standing(1, period="2026-11", last="2026-11-30")) == []


def test_a_price_on_an_empty_line_is_no_difference() -> None:
    assert found([asked(quantity=0)], standing(1, quantity=0, price=Decimal(3))) == []


def test_another_quantity_is_priced() -> None:
    assert found([asked()], standing(1, quantity=121)) == [("quantity", "-0.25")]
    text = text_of([asked()], standing(1, quantity=121))
    assert text.endswith("121 GB stand on it, and usage asks for 120 GB")


def test_another_quantity_of_a_free_product_is_no_difference_in_money() -> None:
    free = Decimal(0)
    assert found([asked(price=free)], standing(1, quantity=121, price=free)) == []


def test_adjustments_of_the_month_count_for_its_line() -> None:
    line = standing(1, quantity=100, period="2026-11", last="2026-11-30")
    first = standing(2, quantity=1, price=Decimal(5), period="2026-11", adjustment=1, first="2026-12-01")
    assert found([asked()], line, first) == []
    assert found([asked(quantity=124)], line, first) == [("quantity", "1")]
    assert "adjustments bill 5.00 USD" in text_of([asked(quantity=124)], line, first)


def test_adjustments_correct_the_amount_of_a_charge_and_not_that_of_one_product() -> None:
    month: dict[str, Any] = {"period": "2026-11", "last": "2026-11-30"}
    both = replace(asked(quantity=100), lines=[*asked(quantity=100).lines, *asked(quantity=20, product=TB).lines])
    lines = [standing(1, quantity=100, **month), standing(2, quantity=10, product=TB, **month)]
    corrects: dict[str, Any] = {"quantity": 1, "period": "2026-11", "adjustment": 1, "first": "2026-12-01"}
    due = standing(3, price=Decimal("2.5"), **corrects)
    assert found([both], *lines, due) == []
    assert found([asked(product=TB)], lines[0], standing(3, price=Decimal(5), **corrects)) == []
    edited = standing(1, quantity=100, edited={"quantity": Decimal(110)}, **month)
    assert ("hand edit", "-5") in found([both], edited, lines[1], due)
    assert sum(Decimal(amount or 0) for _, amount in found([both], lines[1], due)) == 25
    assert None in [amount for _, amount in found([asked(price=None)], lines[0], due)]
    twice = [lines[0], standing(4, quantity=100, **month)]
    assert ("double", "-25") in found([asked(quantity=210)], *twice, due)


def test_an_adjustment_bills_a_month_that_has_no_line() -> None:
    adjustment = standing(2, quantity=1, price=Decimal(30), period="2026-11", adjustment=1, first="2026-12-01")
    assert found([asked()], adjustment) == []
    assert found([asked(quantity=140)], adjustment) == [("leak", "5")]
    assert found([asked(price=None)], adjustment) == [("leak", None)]


def test_an_adjustment_with_an_edit_by_hand_and_a_copy_of_one_are_differences_of_their_own() -> None:
    line = standing(1, quantity=100, period="2026-11", last="2026-11-30")
    known: dict[str, Any] = {"quantity": 1, "price": Decimal(5), "period": "2026-11", "adjustment": 1}
    edited = standing(2, first="2026-12-01", edited={"unitPrice": Decimal(2)}, **known)
    assert found([asked()], line, edited) == [("hand edit", "3")]
    copy = replace(standing(3, first="2026-12-01", **known), sent={})
    assert found([asked()], line, standing(2, first="2026-12-01", **known), copy) == [("double", "-5")]
    assert found([asked()], line, copy) == []


def test_adjustments_of_other_months_and_of_other_customers_do_not_count() -> None:
    others = [
        standing(2, quantity=1, period="2026-10", adjustment=1),
        standing(3, Owner("gone", "cove", "79"), quantity=1, period="2026-11", adjustment=1, first="2026-12-01"),
    ]
    assert found([asked()], standing(1), *others) == []


def test_a_line_of_another_month_does_not_bill_this_one() -> None:
    october = standing(1, period="2026-10", first="2026-10-01", last="2026-10-31")
    assert found([asked()], october) == [("leak", "30")]
    ended = standing(1, first="2026-10-01", last="2026-10-31")
    assert found([asked()], ended) == [("dates", "30")]
    assert "bills 2026-10-01 to 2026-10-31: it does not bill 2026-11" in text_of([asked()], ended)


def test_a_month_whose_line_comes_after_it_has_no_leak_before() -> None:
    of_october = standing(1, period="2026-10")
    assert found([asked(due=False)], of_october) == []
    assert found([asked()], of_october) == [("leak", "30")]
    assert found([asked(due=False)], standing(2, quantity=100, period="2026-11")) == [("quantity", "5")]


def test_a_line_that_begins_later_or_has_ended_does_not_bill_the_month() -> None:
    assert found([asked()], standing(1, first="2026-12-01")) == [("dates", "30")]
    assert "begins on 2026-12-01: it does not bill 2026-11" in text_of([asked()], standing(1, first="2026-12-01"))
    assert found([asked()], standing(1, first="2026-10-01", last="2026-10-31")) == [("dates", "30")]


def test_a_line_that_a_move_has_emptied_does_not_bill_the_month() -> None:
    left = standing(1, quantity=0, first="2026-11-01", last="2026-11-01")
    assert found([asked()], standing(2), left) == []


def test_a_line_that_begins_late_on_an_agreement_that_prorates_bills_less() -> None:
    late = standing(1, first="2026-11-16", share=Fraction(1, 2))
    assert found([asked()], late) == [("dates", "15")]
    assert found([asked(first_day="2026-11-16")], late) == [("quantity", "15")]


@pytest.mark.parametrize(
    ("edited", "amount", "text"),
    [
        ({"quantity": Decimal(99)}, "5.25", "quantity 120 → 99"),
        ({"unitPrice": Decimal("0.30")}, "-6", "unitPrice 0.25 → 0.3"),
        ({"billCustomer": "DoNotBill"}, "30", "billCustomer Billable → DoNotBill"),
        ({"lessIncluded": Decimal(20)}, "5", "lessIncluded 0 → 20"),
        ({"cancelledDate": "2026-11-20T00:00:00Z"}, "0", "cancelledDate (empty) → 2026-11-20"),
        ({"quantity": Decimal(99), "unitPrice": Decimal("0.30")}, "0.3", "quantity 120 → 99, unitPrice 0.25 → 0.3"),
    ],
)
def test_an_edit_by_hand_is_one_difference(edited: dict[str, Any], amount: str, text: str) -> None:
    assert found([asked()], standing(1, edited=edited)) == [("hand edit", amount)]
    assert text in text_of([asked()], standing(1, edited=edited))


def test_a_tag_that_was_cleared_by_hand_is_an_edit_without_money() -> None:
    line = standing(1, edited={"serialNumber": ""})
    assert found([asked()], line, lines=sorted_lines(line, cleared=[1])) == [("hand edit", "0")]


def test_a_line_of_another_product_with_an_edit_by_hand_is_one_difference() -> None:
    line = standing(1, product=TB, edited={"quantity": Decimal(100)})
    assert found([asked()], line) == [("hand edit", "5")]


def test_a_line_of_ours_without_a_mapping_is_an_orphan() -> None:
    gone = standing(3, Owner("gone", "cove", "79"), 40)
    assert found([asked()], standing(1), gone) == [("orphan", "-10")]
    empty = standing(3, Owner("gone", "cove", "79"), 0)
    assert found([asked()], standing(1), empty) == []


def test_a_line_of_another_workspace_is_no_orphan_and_no_double() -> None:
    theirs = standing(7, Owner("gone", "others", "80"))
    lines = lines_of([standing(1), theirs], [ACME], ["cove"], Snapshot(), NOVEMBER)
    assert (lines.orphans, lines.foreign) == ([], [])


def test_an_orphan_with_a_shortened_tag_has_no_customer() -> None:
    long = standing(3, Owner("m" * 60, "cove", "7" * 40), 40)
    (finding,) = checked([], long)["findings"]
    assert (finding["kind"], finding["customer"]) == ("orphan", None)


@pytest.mark.parametrize("state", ["waiting", "ended", "excluded", "trial"])
def test_a_line_of_a_mapping_that_bills_nothing_in_the_month_is_billed_without_use(state: str) -> None:
    charge = asked(held=True, state=state)
    assert found([charge], standing(1)) == [("unused", "-30")]
    assert found([charge], standing(1, quantity=0)) == []


@pytest.mark.parametrize("state", ["refused", "proposed"])
def test_a_mapping_of_which_nothing_is_written_is_a_leak_of_an_unknown_amount(state: str) -> None:
    assert found([asked(held=True, state=state, detail="why")]) == [("leak", None)]
    assert text_of([asked(held=True, state=state, detail="why")]) == f"the mapping is {state}: why"


def test_a_line_of_a_customer_whose_usage_is_unknown_is_not_compared() -> None:
    assert found([asked(held=True, state="stale", detail="old figures")], standing(1)) == [("unknown", None)]


def test_a_second_line_of_a_customer_whose_usage_is_unknown_is_a_double() -> None:
    charge = asked(held=True, state="stale")
    copy = replace(standing(1, quantity=10), sent={})
    assert found([charge], copy, standing(2), standing(3, quantity=0)) == [("unknown", None), ("double", "-2.5")]
    assert found([charge], standing(1), standing(2, agreement=OTHER)) == [("unknown", None), ("double", "-30")]


def test_a_line_with_the_tag_of_another_month_that_we_have_not_written_is_a_double() -> None:
    copy = replace(standing(2, period="2026-10"), sent={})
    assert found([asked()], standing(1), copy) == [("double", "-30")]
    assert "it has our tag of 2026-10, we have not written it, and it bills 30.00 USD" in text_of(
        [asked()], standing(1), copy
    )
    assert found([asked()], standing(1), standing(2, period="2026-10")) == []
    assert found([asked()], standing(1), replace(copy, late=True)) == []


def test_without_a_ledger_no_line_of_another_month_is_suspected() -> None:
    copy = replace(standing(2, period="2026-10"), sent={})
    assert found([asked()], replace(standing(1), sent={}), copy) == []


def test_a_line_of_the_month_that_somebody_moved_to_another_invoice_is_not_billed() -> None:
    moved = {"effectiveDate": "2026-12-01T00:00:00Z", "cancelledDate": "2026-12-31T00:00:00Z"}
    line = standing(1, period="2026-11", last="2026-11-30", edited=moved)
    assert found([asked()], line) == [("hand edit", "30")]
    assert text_of([asked()], line).endswith("the invoice that has the lines of 2026-11 does not have it")
    longer = standing(1, period="2026-11", last="2026-11-30", edited={"cancelledDate": moved["cancelledDate"]})
    assert found([asked()], longer) == [("hand edit", "0")]
    assert found([asked(price=None)], line) == [("hand edit", None)]


def test_a_leak_says_why_it_has_no_line_if_that_is_known() -> None:
    charge = asked(state="proposed", reason="the mapping is proposed")
    assert text_of([charge]) == "120 GB of backup-gb are used, and no line bills them: the mapping is proposed"
    assert found([charge], standing(1)) == []


def test_an_edit_by_hand_of_a_held_line_is_compared_with_what_we_wrote() -> None:
    line = standing(1, edited={"quantity": Decimal(99)})
    assert found([asked(held=True, state="stale")], line) == [("unknown", None), ("hand edit", "5.25")]


def test_an_addition_that_was_deleted_since_is_named_so() -> None:
    assert "was deleted since" in text_of([asked()], standing(1, quantity=100, gone=True))


def test_without_a_ledger_no_edit_by_hand_can_be_told_from_another_quantity() -> None:
    line = replace(standing(1, quantity=121), sent={})
    assert found([asked()], line) == [("quantity", "-0.25")]


CUSTOMERS = st.lists(st.tuples(st.integers(0, 500), st.sampled_from([BACKUP, OTHER])), min_size=1, max_size=8)


def estate(customers: list[tuple[int, int]]) -> tuple[list[ExpectedCharge], list[Standing], tuple[Owner, ...]]:
    """Return clean customers, each with its line."""
    owners = tuple(Owner(f"m{number}", "cove", str(number)) for number in range(len(customers)))
    pairs = list(zip(owners, customers, strict=True))
    charges = [asked(owner, quantity, agreement=number) for owner, (quantity, number) in pairs]
    lines = [standing(i + 1, owner, quantity, agreement=number) for i, (owner, (quantity, number)) in enumerate(pairs)]
    return charges, lines, owners


@given(CUSTOMERS)
def test_clean_customers_have_no_difference(customers: list[tuple[int, int]]) -> None:
    charges, lines, owners = estate(customers)
    assert found(charges, *lines, lines=sorted_lines(*lines, owners=owners)) == []


FAULTS = ("leak", "double", "price", "hand edit", "quantity", "orphan", "untagged", "unused")


@given(CUSTOMERS, st.sampled_from(FAULTS), st.integers(1, 50), st.randoms(use_true_random=False))
def test_one_fault_among_clean_customers_is_its_one_difference(
    customers: list[tuple[int, int]], fault: str, by: int, random: Any
) -> None:
    customers = [(quantity + 1, number) for quantity, number in customers]
    charges, lines, owners = estate(customers)
    at = random.randrange(len(customers))
    owner, (quantity, number) = owners[at], customers[at]
    quarter = Decimal(by) / 4
    expected = {
        "leak": Decimal(quantity) / 4,
        "double": -quarter,
        "price": Decimal(quantity) * Decimal("0.05"),
        "hand edit": -quarter,
        "quantity": -quarter,
        "orphan": -quarter,
        "untagged": -quarter,
        "unused": -Decimal(quantity) / 4,
    }[fault]
    if fault == "leak":
        del lines[at]
    elif fault == "double":
        lines.append(standing(99, owner, by, agreement=number, product=TB))
    elif fault == "price":
        lines[at] = standing(at + 1, owner, quantity, agreement=number, price=Decimal("0.20"))
    elif fault == "hand edit":
        edited = {"quantity": Decimal(quantity + by)}
        lines[at] = standing(at + 1, owner, quantity, agreement=number, edited=edited)
    elif fault == "quantity":
        lines[at] = standing(at + 1, owner, quantity + by, agreement=number)
    elif fault == "orphan":
        lines.append(standing(99, Owner("gone", "cove", "999"), by, agreement=number))
    elif fault == "untagged":
        lines.append(standing(99, None, by, agreement=number))
    else:
        charges[at] = asked(owner, quantity, agreement=number, held=True, state="excluded")
    kind = {"untagged": "double"}.get(fault, fault)
    result = checked(charges, *lines, lines=sorted_lines(*lines, owners=owners))["findings"]
    assert [(each["kind"], Decimal(each["amount"])) for each in result] == [(kind, expected)]
