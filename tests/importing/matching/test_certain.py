"""Tags, Managed IDs and exact ids name a company for certain, unless they contradict each other."""

from __future__ import annotations

import pytest

from reconciler.importing.matching.model import ManagedId, TaggedAddition
from tests.importing.matching.builders import addition, agreement, company, customer, only, proposed

ACME = company(9000, "Acme Smelting", identifier="ACME", codes=("4711",))
OTHER = company(9001, "Quixote Windmills", identifier="QUIX", codes=("4712",))


def test_our_tag_names_the_company_and_the_agreement() -> None:
    tag = TaggedAddition(("cove", "9001"), 9001, 90010, 812)
    proposal = only(proposed(customer("Entirely other name"), [ACME, OTHER], tagged=[tag]))
    assert (proposal.confidence, proposal.company, proposal.agreement) == ("certain", OTHER, OTHER.agreements[0])
    assert proposal.evidence[0] == "tag: addition 812 has our tag of this customer"


def test_a_tag_of_another_customer_or_of_an_unknown_company_says_nothing() -> None:
    tags = [TaggedAddition(("cove", "7"), 9001, 90010, 812), TaggedAddition(("cove", "9001"), 1, 2, 3)]
    assert only(proposed(customer("Entirely other name"), [ACME, OTHER], tagged=tags)).confidence == "open"


def test_a_managed_id_that_is_the_customers_id_names_the_company() -> None:
    managed = ManagedId(9001, 90010, "Cove", "9001")
    proposal = only(proposed(customer("Former Name Ltd"), [ACME, OTHER], [managed]))
    assert (proposal.confidence, proposal.company) == ("certain", OTHER)
    assert "Managed ID: 9001 of solution 'Cove' is the customer's id" in proposal.evidence
    assert "agreement: 'Managed Services' is named by a tag or a management solution" in proposal.evidence


def test_a_managed_id_at_two_companies_is_open_and_lists_both() -> None:
    managed = [ManagedId(9000, None, "Cove", "9001"), ManagedId(9001, None, "Cove", "9001")]
    proposal = only(proposed(customer("Whoever"), [ACME, OTHER], managed))
    assert (proposal.confidence, proposal.company) == ("open", None)
    assert {each.company.id for each in proposal.candidates} == {9000, 9001}
    assert proposal.reasons == (
        "certain evidence names 2 companies: 'Acme Smelting' (ACME) and 'Quixote Windmills' (QUIX)",
    )


def test_a_managed_id_against_the_very_name_of_another_company_is_open() -> None:
    proposal = only(proposed(customer("Acme Smelting"), [ACME, OTHER], [ManagedId(9001, None, "Cove", "9001")]))
    assert proposal.confidence == "open"
    assert "the customer has the name of 'Acme Smelting'" in proposal.reasons[0]


def test_an_empty_managed_id_and_one_of_a_missing_company_say_nothing() -> None:
    managed = [ManagedId(9001, None, "Cove", " "), ManagedId(5, None, "Cove", "9001")]
    assert only(proposed(customer("Whoever", number=""), [ACME, OTHER], managed)).confidence == "open"


def test_a_tool_whose_numbers_fit_by_chance_is_not_believed() -> None:
    companies = [company(9000 + place, f"{word} Smelting") for place, word in enumerate(WORDS)]
    customers = [customer(f"{word} Weaving", str(100 + place)) for place, word in enumerate(reversed(WORDS))]
    managed = [ManagedId(each.id, None, "RMM", str(100 + place)) for place, each in enumerate(companies)]
    assert {each.confidence for each in proposed(customers, companies, managed)} == {"open"}


WORDS = ("Aquila", "Borealis", "Cygnus", "Draco", "Equuleus", "Fornax")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("acme", "exact id: its external code 'acme' is the company's identifier"),
        ("4711", "exact id: its external code '4711' is the company's account number or other code"),
        ("9000", "exact id: its external code '9000' is the company's id in ConnectWise"),
    ],
)
def test_an_exact_id_names_the_company(code: str, text: str) -> None:
    proposal = only(proposed(customer("ACME Smeltng", external_codes=(code,)), [ACME, OTHER]))
    assert (proposal.confidence, proposal.company) == ("certain", ACME)
    assert text in proposal.evidence


def test_a_customers_id_may_be_the_identifier_of_its_company() -> None:
    proposal = only(proposed(customer("Some name", number="Quix"), [ACME, OTHER]))
    assert (proposal.confidence, proposal.company) == ("certain", OTHER)


def test_a_number_that_fits_another_name_is_a_chance() -> None:
    for code in ("4712", "9001"):
        proposal = only(proposed(customer("Zebra Weaving", external_codes=(code,)), [ACME, OTHER]))
        assert (proposal.confidence, proposal.company) == ("open", None)


def test_numbers_are_believed_if_they_fit_the_names_of_most_others() -> None:
    companies = [company(9000 + place, f"{word} Smelting", codes=(f"77{place}",)) for place, word in enumerate(WORDS)]
    customers = [customer(f"{word} Smelting", f"x{place}", external_codes=(f"77{place}",))
                 for place, word in enumerate(WORDS[:5])]  # fmt: skip
    customers.append(customer("Renamed Since", "x5", external_codes=("775",)))
    assert {each.confidence for each in proposed(customers, companies)} == {"certain"}


def test_a_code_of_several_customers_is_a_plan_and_no_company() -> None:
    customers = [customer("Zebra", "1", external_codes=("QUIX",)), customer("Gnu", "2", external_codes=("quix",))]
    assert {each.confidence for each in proposed(customers, [ACME, OTHER])} == {"open"}


def test_two_customers_whose_ids_name_one_company_are_open() -> None:
    customers = [customer("A", "1", external_codes=("ACME",)), customer("B", "2", external_codes=("C-77",))]
    both = company(9000, "Acme Smelting", identifier="ACME", codes=("C-77",))
    proposals = proposed(customers, [both])
    assert [(each.confidence, each.company) for each in proposals] == [("open", None), ("open", None)]
    assert proposals[0].reasons == ("company 'Acme Smelting' is also wanted by 'B' (cove 2)",)


def test_two_managed_ids_of_one_company_are_two_customers_of_it() -> None:
    managed = [ManagedId(9000, 90000, "Cove", "1"), ManagedId(9000, 90000, "Cove", "2")]
    proposals = proposed([customer("Head office", "1"), customer("Warehouse", "2")], [ACME], managed)
    assert [(each.confidence, each.company) for each in proposals] == [("certain", ACME)] * 2


def test_an_inactive_company_is_never_proposed() -> None:
    gone = company(9000, "Acme Smelting", active=False)
    by_id = only(proposed(customer("Acme Smelting"), [gone], [ManagedId(9000, None, "Cove", "9001")]))
    by_name = only(proposed(customer("Acme Smelting"), [gone]))
    assert (by_id.confidence, by_id.company, by_name.confidence, by_name.company) == ("open", None, "open", None)
    assert by_id.reasons == ("certain evidence names 'Acme Smelting' (C-9000), which is inactive or deleted",)
    assert by_name.reasons == ("the nearest company, 'Acme Smelting' (C-9000), is inactive or deleted",)
    assert "the company is inactive or deleted" in by_name.candidates[0].evidence


def test_a_customer_that_an_id_names_leaves_its_company_to_nobody_else() -> None:
    customers = [customer("Renamed", "1"), customer("Acme Smelting", "2")]
    first, second = proposed(customers, [ACME], [ManagedId(9000, 90000, "Cove", "1")])
    assert (first.confidence, second.confidence) == ("certain", "open")


def test_a_tagged_addition_is_not_adopted_again() -> None:
    tagged = company(9002, "Acme Foundry", agreements=(agreement(3, addition(812, "100", tagged=True)),))
    proposal = only(
        proposed(
            customer("Acme Foundry", usage="100"), [tagged], tagged=[TaggedAddition(("cove", "9001"), 9002, 3, 812)]
        )
    )
    assert (proposal.confidence, proposal.addition) == ("certain", None)


def test_a_managed_id_at_the_wrong_company_is_open_also_if_the_name_has_errors() -> None:
    managed = ManagedId(9001, 90010, "Cove", "9001")
    proposal = only(proposed(customer("Acme Smetling Group"), [ACME, OTHER], [managed]))
    assert proposal.confidence == "open"
    assert {each.company for each in proposal.candidates} == {ACME, OTHER}
