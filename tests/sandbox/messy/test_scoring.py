"""The score of proposals against the truth."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.messy.scoring import Proposed, score
from reconciler.sandbox.messy.truth import Customer, Truth
from tests.sandbox.messy.conftest import Estate


def customer(number: int, **more: Any) -> Customer:
    return Customer(
        number, f"Customer {number}", "matched", "InProduction", more.pop("recycled", False), 1, 10**9, **more
    )


def billed(number: int, **more: Any) -> Customer:
    return customer(number, company=5, agreement=6, additions=[7], addition=7, fits=True, **more)


def of(*customers: Customer) -> Truth:
    return Truth("messy", 1, list(customers))


def test_a_right_proposal_counts() -> None:
    result = score(of(billed(1)), {1: Proposed("likely", 5, 6, 7)})

    assert (result.decidable, result.proposed, result.share) == (1, 1, "100.00")
    assert (result.additions, result.missed, result.mistakes, result.left_open) == (1, 0, [], [])


def test_a_fitting_addition_that_is_not_proposed_is_missed() -> None:
    assert score(of(billed(1)), {1: Proposed("certain", 5, 6)}).missed == 1


@pytest.mark.parametrize(
    ("proposed", "what", "wrong", "true"),
    [
        (Proposed("likely", 4), "company", 4, [5]),
        (Proposed("certain", None), "company", None, [5]),
        (Proposed("likely", 5, 9), "agreement", 9, [6]),
        (Proposed("likely", 5, 6, 9), "addition", 9, [7]),
    ],
)
def test_a_wrong_proposal_is_a_mistake(proposed: Proposed, what: str, wrong: int | None, true: list[int]) -> None:
    result = score(of(billed(1)), {1: proposed})

    [mistake] = result.mistakes
    assert (mistake.what, mistake.proposed, mistake.true) == (what, wrong, true)
    assert result.proposed == 0


def test_any_company_is_wrong_for_a_customer_without_one() -> None:
    ambiguous = customer(1, ambiguous=True, candidates=[5, 6])

    assert [each.what for each in score(of(ambiguous), {1: Proposed("likely", 5)}).mistakes] == ["company"]
    assert score(of(ambiguous), {1: Proposed("open", 5)}).mistakes == []


def test_either_of_two_equal_agreements_is_right() -> None:
    truth = of(customer(1, company=5, agreements=[6, 8]))

    assert score(truth, {1: Proposed("likely", 5, 8)}).mistakes == []
    assert score(truth, {}).decidable == 0


def test_an_open_proposal_lowers_the_share() -> None:
    split = customer(6, company=5, agreement=6, additions=[7, 8], fits=True)
    not_decidable = billed(4, recycled=True), billed(5, inactive=True), split
    result = score(of(billed(1), billed(2), billed(3), *not_decidable), {1: Proposed("likely", 5, 6)})

    assert (result.decidable, result.proposed, result.share) == (3, 1, "33.33")
    assert result.left_open == [2, 3]
    assert result.confidences == {"likely": 1, "none": 5}


def test_a_company_without_its_agreement_is_no_mistake_and_is_left_open() -> None:
    result = score(of(billed(1)), {1: Proposed("certain", 5)})

    assert (result.mistakes, result.share, result.left_open) == ([], "0.00", [1])


def test_the_truth_scores_itself_with_all_points(estate: Estate) -> None:
    proposals = {
        each.customer: Proposed("certain", each.company, each.agreement, each.addition)
        for each in estate.truth.customers
        if each.company is not None
    }
    result = score(estate.truth, proposals)

    assert (result.share, result.mistakes, result.left_open, result.missed) == ("100.00", [], [], 0)


def test_nothing_is_decidable_in_an_empty_estate() -> None:
    assert score(of(), {}).share == "0.00"
