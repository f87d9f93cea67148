"""Numbers, cut words and whole words in names: what they tell apart."""

from __future__ import annotations

import pytest

from reconciler.importing.matching.model import Proposal
from tests.importing.matching.builders import company, customer, only, proposed
from tests.importing.matching.test_pairs import BERLIN

BRANCHES = ["Yodelfit Gym #2765", "Yodelfit Gym #1188", "Yodelfit Gym"]


def among_branches(name: str, *, codes: tuple[str, ...] = ()) -> Proposal:
    """The proposal for a customer of a franchise with numbered branches."""
    firms = [company(9000 + place, each, codes=codes) for place, each in enumerate(BRANCHES)]
    return only(proposed(customer(name), firms))


def test_the_number_of_a_branch_decides() -> None:
    found = among_branches("Yodelfit Gym 1188")
    assert (found.confidence, found.company and found.company.name) == ("likely", "Yodelfit Gym #1188")


@pytest.mark.parametrize("name", ["Yodelfit Gym #4711", "Yodelfit Gym", "Yodelfit Gim"])
def test_another_number_or_none_is_open(name: str) -> None:
    assert among_branches(name).confidence == "open"


def test_numbers_that_other_customers_have_count_too() -> None:
    two = [customer("Yodelfit Gym #2765", "1"), customer("Yodelfit Gym #1188", "2")]
    found = proposed(two, company(9000, "Yodelfit Gym"))
    assert [each.confidence for each in found] == ["open", "open"]


def test_a_number_that_is_the_code_of_the_company_is_no_number_of_a_branch() -> None:
    two = [customer("10009 Yodelfit Gym", "1"), customer("10010 Yodelfit Gym", "2")]
    first, _ = proposed(two, company(9000, "Yodelfit Gym", codes=("10009",)))
    assert (first.confidence, first.company and first.company.id) == ("likely", 9000)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Quibbleton SeniorLiving", "Quibbleton Senior"),
        ("Quibbleton Senior", "Quibbleton SeniorLiving"),
        ("Quibbleton Seniorflexliving", "Quibbleton Senior Living"),
        ("Quibbleton Immobilienmakler", "Quibbleton Immobilien"),
    ],
)
def test_a_whole_word_is_no_beginning_of_another(name: str, other: str) -> None:
    assert only(proposed(customer(name), company(9000, other))).confidence == "open"


@pytest.mark.parametrize("word", ["Beteiligun", "Verwaltun", "Hldg", "Immobilie"])
def test_a_structural_word_counts_though_it_is_cut_or_abbreviated(word: str) -> None:
    ours = company(9000, f"Quillfeather {word}", emails=("office@quillfeather.example",), addresses=(BERLIN,))
    known = customer("Quillfeather GmbH", emails=("info@quillfeather.example",), address=BERLIN)
    proposal = only(proposed(known, ours))
    assert proposal.confidence == "open"
    assert "it may be another one of the same group" in proposal.reasons[0]


def test_an_abbreviation_with_a_dot_is_one_though_another_company_has_it_as_its_word() -> None:
    firms = ["Quibbleton Zimmerei", "Abelard Zimmerei", "Bathilde Zimmerei", "Zimm Trikotagen"]
    companies = [company(9000 + place, each) for place, each in enumerate(firms)]
    dotted, whole = (only(proposed(customer(each), companies)) for each in ("Quibbleton Zimm.", "Quibbleton Zimm"))
    assert (dotted.confidence, dotted.company and dotted.company.id) == ("likely", 9000)
    assert whole.confidence == "open"
