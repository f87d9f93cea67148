"""What speaks for a company besides its name, who gets no proposal, and who wants the same company."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from reconciler.importing.matching.model import Address, Estate, ManagedId
from reconciler.importing.matching.propose import propose
from reconciler.ledger.records import IN_RECYCLE_BIN
from tests.importing.matching.builders import addition, agreement, company, customer, only, proposed
from tests.importing.matching.estates import world

BERLIN = Address("Hauptstraße 12", "10115", "Berlin")
BERLIN_TOO = Address("Hauptstr. 12", "D-10115", "BERLIN")
HAMBURG = Address("Hauptstraße 12", "20095", "Hamburg")


def test_mapped_and_excluded_customers_get_no_proposal() -> None:
    customers = [customer("Acme", "1"), customer("Bolt", "2"), customer("Coil", "3")]
    left = proposed(customers, [], mapped={("cove", "1"): None}, excluded=frozenset({("cove", "2")}))
    assert [each.customer.id for each in left] == ["3"]


def test_devices_of_no_customer_and_customers_in_a_recycle_bin_are_open() -> None:
    customers = [customer("Acme", "1", attributed=False), customer("Acme", "2", state=IN_RECYCLE_BIN)]
    first, second = proposed(customers, company(9000, "Acme"))
    assert first.reasons == ("its devices belong to no end customer in the console; move them there",)
    assert second.reasons == ("it is in a recycle bin of the console",)
    assert not first.candidates + second.candidates


def test_without_anything_similar_the_proposal_says_so() -> None:
    assert only(proposed(customer("Ypsilanti Krill"), [])).reasons == (
        "no company has a similar name, domain or address",
    )
    assert propose(Estate((customer("Ypsilanti Krill"),), ()))[0].confidence == "open"


def test_the_address_decides_between_two_companies_of_one_name() -> None:
    twins = [company(9000, "City Dental", addresses=(BERLIN,)), company(9001, "City Dental", addresses=(HAMBURG,))]
    proposal = only(proposed(customer("City Dental", address=BERLIN_TOO), twins))
    assert (proposal.confidence, proposal.company) == ("likely", twins[0])
    assert "address: both are at Hauptstr. 12, D-10115" in proposal.evidence
    assert "against: address: D-10115 BERLIN is not 20095 Hamburg" in proposal.candidates[1].evidence


@pytest.mark.parametrize("address", [Address(zip="10115"), Address(city="berlin"), Address(street="Hauptstraße 12")])
def test_parts_of_an_address_are_evidence_too(address: Address) -> None:
    proposal = only(
        proposed(customer("City Dental", address=address), company(9000, "City Dental", addresses=(BERLIN,)))
    )
    assert proposal.confidence == "likely"
    assert any(text.startswith("address: both") for text in proposal.evidence) is not bool(address.street)


def test_the_domain_decides_between_two_companies_of_one_name() -> None:
    twins = [
        company(9000, "City Dental", emails=("info@city-dental.example",)),
        company(9001, "City Dental", domains=("https://www.dental-city.example/",)),
    ]
    proposal = only(proposed(customer("City Dental", emails=("it@mail.dental-city.example",)), twins))
    assert (proposal.confidence, proposal.company) == ("likely", twins[1])
    assert "domain: both have dental-city.example, and no other company or customer has it" in proposal.evidence


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.co.uk", "t-online.de", "acme.onmicrosoft.com"])
def test_a_free_mail_provider_is_no_evidence(domain: str) -> None:
    twins = [company(9000, "City Dental", emails=(f"a@{domain}",)), company(9001, "City Dental")]
    proposal = only(proposed(customer("City Dental", emails=(f"b@{domain}",)), twins))
    assert (proposal.confidence, [text for text in proposal.evidence if "domain" in text]) == ("open", [])


def test_a_domain_of_several_companies_does_not_decide() -> None:
    emails = ("a@holding.example",)
    twins = [company(9000 + place, "City Dental", emails=emails * (place < 2)) for place in range(3)]
    proposal = only(proposed(customer("City Dental", emails=emails), twins))
    assert proposal.confidence == "open"
    assert "domain: both have holding.example, but so have 1 more companies" in proposal.candidates[0].evidence


def test_a_domain_of_several_customers_does_not_decide() -> None:
    customers = [
        customer("City Dental", "1", emails=("it@msp.example",)),
        customer("Gnu", "2", emails=("x@msp.example",)),
    ]
    twins = [company(9000, "City Dental", emails=("a@msp.example",)), company(9001, "City Dental")]
    assert proposed(customers, twins)[0].confidence == "open"


def test_the_domain_of_another_company_speaks_against_a_name() -> None:
    companies = [company(9000, "Acme Smelting"), company(9001, "Zebra Weaving", emails=("a@zebra.example",))]
    proposal = only(proposed(customer("Acme Smelting", emails=("it@zebra.example",)), companies))
    assert proposal.confidence == "open"
    assert {each.company.id for each in proposal.candidates} == {9000, 9001}
    assert proposal.reasons[0].endswith("but its domain is that of 'Zebra Weaving' (C-9001)")


def test_a_domain_and_a_street_are_not_enough_for_a_company_with_another_name() -> None:
    ours = company(9000, "Zebra Weaving", emails=("a@zebra.example",), addresses=(BERLIN,))
    proposal = only(proposed(customer("Umbrella", emails=("it@zebra.example",), address=BERLIN), ours))
    assert (proposal.confidence, proposal.candidates[0].company) == ("open", ours)


def test_of_two_companies_of_one_name_a_clue_at_only_one_does_not_tell() -> None:
    twins = [company(9000, "City Dental", emails=("info@city-dental.example",)), company(9001, "City Dental")]
    ours = customer("City Dental", emails=("it@city-dental.example",))
    assert only(proposed(ours, twins)).confidence == "open"


def test_an_identifier_that_is_the_cut_name_of_the_company_says_no_more_than_the_name() -> None:
    branch = company(9000, "Quokka Orthodontics Ballarat", identifier="QuokkaOrthodontics")
    assert only(proposed(customer("Quokka Orthodontics"), branch)).confidence == "open"


@pytest.mark.parametrize("identifier", ["QuokkaOrtho", "QUOKKA"])
def test_an_identifier_that_is_the_first_words_of_the_company_says_no_more_than_they_do(identifier: str) -> None:
    branch = company(9000, "Quokka Ortho Ballarat", identifier=identifier)
    assert only(proposed(customer(identifier), branch)).confidence == "open"
    assert only(proposed(customer(identifier[:-1]), replace(branch, identifier=identifier[:-1]))).company is not None


def test_two_sources_may_have_one_customer_with_an_error_in_its_name() -> None:
    both = [customer("Quokka Orthodontics", "1"), customer("Quokka Orthodotnics", "2", source="other")]
    assert [each.confidence for each in proposed(both, company(9000, "Quokka Orthodontics"))] == ["likely", "likely"]


def test_an_inactive_company_of_the_same_name_is_no_rival() -> None:
    twins = [company(9000, "City Dental", active=False), company(9001, "City Dental")]
    proposal = only(proposed(customer("City Dental"), twins))
    assert (proposal.confidence, proposal.company) == ("likely", twins[1])


def test_a_customer_may_go_by_the_name_of_the_web_site_or_by_the_identifier() -> None:
    site = company(9000, "A. D. Partners", domains=("www.acme-smelting.example",), addresses=(BERLIN,))
    code = company(9001, "Zebra Weaving", identifier="ZEBWEAV")
    first, second = proposed([customer("Acme Smelting", "1", address=BERLIN), customer("zebweav", "2")], [site, code])
    assert (first.confidence, first.company, second.confidence, second.company) == ("likely", site, "likely", code)
    assert "name: 'Acme Smelting' is the name of the company's web site" in first.evidence
    assert "name: 'zebweav' is the company's identifier" in second.evidence
    alone = only(proposed(customer("Acme Smelting"), site))
    assert (alone.confidence, alone.candidates[0].company) == ("open", site)


def test_an_identifier_does_not_tell_companies_of_one_name_apart() -> None:
    twins = [company(9000, "Acme Smelter Works", identifier="ACMESMELTING"), company(9001, "Acme Smelter Works")]
    assert only(proposed(customer("Acme Smelting"), twins)).confidence == "open"


def test_a_code_in_the_name_is_evidence() -> None:
    twins = [company(9000 + place, "City Dental", codes=(f"8800{place}",)) for place in range(2)]
    proposal = only(proposed(customer("88001 City Dental"), twins))
    assert "name: it has the company's code 88001" in proposal.candidates[0].evidence
    assert proposal.candidates[0].company == twins[1]


def test_a_rare_quantity_counts_more_than_a_common_one_and_neither_decides_alone() -> None:
    lines = (agreement(1, addition(11, "8123")), agreement(2, addition(12, "50")))
    companies = [company(9000 + place, "City Dental", agreements=(line,), addresses=(BERLIN,) * (place == 0))
                 for place, line in enumerate(lines)]  # fmt: skip
    companies += [company(9100 + n, f"Filler{n:03}x", agreements=(agreement(500 + n, addition(600 + n, "51")),))
                  for n in range(200)]  # fmt: skip
    rare, common = (only(proposed(customer("City Dental", usage=usage), companies)) for usage in ("8100", "51"))
    assert (rare.company, common.company) == (None, None)
    assert "addition 11 bills 8123 GB; usage is 8100 GB (0.3 % off)" in rare.candidates[0].evidence
    with_city = customer("City Dental", usage="8100", address=Address(city="Berlin"))
    assert only(proposed(with_city, companies)).company == companies[0]


def test_two_customers_that_want_one_company_are_both_open() -> None:
    customers = [customer("City Dental", "1"), customer("CITY DENTAL Inc.", "2")]
    first, second = proposed(customers, company(9000, "City Dental"))
    assert (first.confidence, second.confidence) == ("open", "open")
    assert first.reasons == ("company 'City Dental' is also wanted by 'CITY DENTAL Inc.' (cove 2)",)


def test_two_sources_may_have_the_same_customer() -> None:
    customers = [customer("City Dental", "1"), customer("CITY DENTAL Inc.", "2", source="file")]
    assert {each.confidence for each in proposed(customers, company(9000, "City Dental"))} == {"likely"}


def test_a_company_that_a_mapping_bills_is_not_proposed_to_another_customer_of_the_source() -> None:
    ours = company(9000, "City Dental")
    assert only(proposed(customer("City Dental"), ours, mapped={("cove", "77"): 9000})).confidence == "open"
    assert only(proposed(customer("City Dental"), ours, mapped={("cove", "77"): None})).confidence == "likely"


def test_a_look_alike_that_is_nearer_to_another_customer_is_no_rival() -> None:
    companies = [company(9000, "Miller Orthodontics Tamsin"), company(9001, "Miller Orthodontics Tamson")]
    customers = [customer("Miller Orthodontics Tamsin", "1"), customer("Miller Orthodontics Tamson", "2")]
    assert [each.company for each in proposed(customers, companies)] == companies
    assert only(proposed(customers[0], companies)).company is None


@pytest.mark.parametrize("more", ["Care", "Holdings", "Services", "Ballarat"])
@pytest.mark.parametrize("name", ["Miller Orthodontics", "Miler Orthodontics", "ORTHODONTICS, MILLER"])
def test_the_company_with_the_very_words_goes_before_a_sister_with_one_more(name: str, more: str) -> None:
    companies = [company(9000, "Miller Orthodontics Ltd"), company(9001, f"Miller Orthodontics {more} Ltd")]
    assert only(proposed(customer(name), companies)).company == companies[0]
    assert only(proposed(customer(f"{name} {more}"), companies)).company == companies[1]


def test_a_look_alike_that_an_id_gives_to_another_customer_is_no_rival() -> None:
    companies = [company(9000, "Miller Orthodontics"), company(9001, "Miller Orthodontics Care")]
    customers = [customer("Miller Orthodontics", "1"), customer("Renamed since", "2")]
    proposals = proposed(customers, companies, [ManagedId(9001, None, "Cove", "2")])
    assert [each.company for each in proposals] == companies


def test_a_name_of_many_misspelled_words_is_found_by_its_pairs_of_words() -> None:
    stems = ("mora", "luna", "pika")
    companies = [company(9000 + place, " ".join(stem[0] + letter + stem[2:] for stem in stems))
                 for place, letter in enumerate("aeiou")]  # fmt: skip
    proposal = only(proposed(customer("mxra lxna pxka"), companies))
    assert (proposal.confidence, len(proposal.candidates)) == ("open", 5)


def test_a_domain_that_many_companies_have_finds_none_of_them() -> None:
    companies = [company(9000 + place, f"{name} Foundry", emails=("a@holding.example",))
                 for place, name in enumerate(("Ab", "Cd", "Ef", "Gh", "Ij", "Kl"))]  # fmt: skip
    assert not only(proposed(customer("Zebra", emails=("b@holding.example",)), companies)).candidates


def test_a_company_without_an_agreement_is_a_lesser_rival() -> None:
    companies = [company(9000, "Miller Orthodontics"), company(9001, "Miller Orthodontics Care", agreements=())]
    assert only(proposed(customer("Miller Orthodontics"), companies)).company == companies[0]
    swapped = [company(9000, "Miller Orthodontics", agreements=()), company(9001, "Miller Orthodontics Care")]
    assert only(proposed(customer("Miller Orthodontics"), swapped)).company is None


@pytest.mark.parametrize("clue", [{"emails": ("b@quokka.example",)}, {"address": BERLIN}, {"usage": "8100"}])
@pytest.mark.parametrize("filler", ["Group", "Services", "Solutions"])
def test_an_extra_word_that_says_nothing_needs_other_evidence(filler: str, clue: dict[str, Any]) -> None:
    lines = (agreement(1, addition(11, "8123")),)
    ours = company(
        9000, f"Quokka Orthodontics {filler}", addresses=(BERLIN,), emails=("a@quokka.example",), agreements=lines
    )
    others = [company(9100 + n, f"Filler{n:03}x", agreements=(agreement(500 + n, addition(600 + n, "51")),))
              for n in range(200)]  # fmt: skip
    alone = only(proposed(customer("Quokka Orthodontics"), [ours, *others]))
    assert alone.reasons[0].endswith("but it has another word, and too little else speaks for it")
    assert only(proposed(customer("Quokka Orthodontics", **clue), [ours, *others])).company == ours


@pytest.mark.parametrize("word", ["Ballarat", "International", "UK", "Dental", "Anna"])
def test_a_word_that_may_name_a_sister_company_is_open_whatever_else_they_share(word: str) -> None:
    known: dict[str, Any] = {"emails": ("a@quokka.example",), "addresses": (BERLIN,), "domains": ("quokka.example",)}
    theirs: dict[str, Any] = {"emails": ("b@quokka.example",), "address": BERLIN}
    for mine, other in (("Quokka", f"Quokka {word}"), (f"Quokka {word}", "Quokka")):
        proposal = only(proposed(customer(mine, **theirs), company(9000, other, **known)))
        assert proposal.confidence == "open"
        assert proposal.reasons[0].endswith("it has another word, and domain and address do not say which it is")


def test_words_that_nobody_has_in_common_say_too_little() -> None:
    ours = company(9000, "Dental Group", addresses=(BERLIN,))
    proposal = only(proposed(customer("Dental", address=replace(BERLIN, street="")), ours))
    assert proposal.reasons[0].endswith("but what both names have in common says too little")


def test_a_code_of_the_company_outweighs_another_word() -> None:
    ours = company(9000, "Quokka Orthodontics Ballarat", codes=("QOB77",))
    assert only(proposed(customer("Quokka Orthodontics QOB77"), ours)).company == ours
    assert only(proposed(customer("Quokka Orthodontics"), ours)).company is None


def test_a_name_with_a_typing_error_at_another_address_is_another_company() -> None:
    ours = company(9000, "Quillery Joinery", addresses=(HAMBURG,))
    assert only(proposed(customer("Quilery Joinery"), ours)).confidence == "likely"
    proposal = only(proposed(customer("Quilery Joinery", address=BERLIN), ours))
    assert proposal.reasons == (
        "the nearest company is 'Quillery Joinery' (C-9000), but its name differs, and its domain or its address too",
    )


def test_surnames_that_are_one_letter_apart_are_two_companies() -> None:
    assert only(proposed(customer("Stewart Joinery"), company(9000, "Steward Joinery"))).confidence == "open"


def test_a_surname_one_letter_from_another_is_one_company_only_if_its_domain_or_street_says_so() -> None:
    known: dict[str, Any] = {"emails": ("a@quilts.example",), "addresses": (BERLIN,)}
    ours = company(9000, "Jacobs Quilts", **known)
    others = [company(9001 + place, f"Jacobs {each}") for place, each in enumerate(("Weaving", "Krill", "Dyes"))]
    for theirs, expected in (
        ({}, None),
        ({"address": Address(city="Berlin")}, None),
        ({"emails": ("b@quilts.example",)}, ours),
    ):
        assert only(proposed(customer("Jacob Quilts", **theirs), [ours, *others])).company == expected


@pytest.mark.parametrize("name", ["Quillery Joinery A", "Quillery Joinery A/", "Quillery Joinery BG"])
def test_a_short_word_that_may_be_the_legal_form_needs_other_evidence(name: str) -> None:
    ours = company(9000, "Quillery Joinery AG", emails=("a@quillery.example",))
    expected = ours if name.endswith("BG") else None
    assert only(proposed(customer(name), ours)).company == expected
    assert only(proposed(customer(name, emails=("b@quillery.example",)), ours)).company == ours


def test_a_city_is_no_typing_error_of_another() -> None:
    bolton, boston = (Address(city=each) for each in ("Bolton", "Boston"))
    ours = company(9000, "Quillery Joinery Bolton", addresses=(bolton,))
    others = [company(9001, "Zebra Weaving", addresses=(boston,))]
    assert only(proposed(customer("Quillery Joinery Boltn"), [ours, *others])).company == ours
    assert only(proposed(customer("Quillery Joinery Boston"), [ours])).company == ours
    assert only(proposed(customer("Quillery Joinery Boston"), [ours, *others])).company is None


def test_branches_of_one_company_are_rivals() -> None:
    there = Address(zip="5211 AA", city="'s-Hertogenbosch")
    branches = [company(9000, "Quillery Joinery - Hamburg", addresses=(HAMBURG,)),
                company(9001, "Quillery Joinery - 's-Hertogenbosch", addresses=(there,))]  # fmt: skip
    assert only(proposed(customer("Quillery Joinery"), branches)).confidence == "open"
    assert only(proposed(customer("Quillery Joinery", address=HAMBURG), branches)).company == branches[0]


@pytest.mark.parametrize("name", ["Quillery Joinery - Bochum", "Quillery Joinery, Boch.", "Quillery Joinery (nights)"])
def test_a_word_at_the_end_against_another_one_names_another_branch(name: str) -> None:
    ours = company(9000, "Quillery Joinery - Hamburg", addresses=(HAMBURG,))
    assert only(proposed(customer(name), ours)).confidence == "open"


@pytest.mark.parametrize(
    "name", ["Quillery Joinery Ltd Hamburg", "Quillery Joinery - Hamburg", "QUILLERY JOINERY HAMBRUG"]
)
def test_the_city_of_the_company_may_be_added_to_its_name(name: str) -> None:
    ours = company(9000, "Quillery Joinery Ltd", addresses=(HAMBURG,))
    assert only(proposed(customer(name), ours)).company == ours


def test_a_city_may_follow_the_legal_form_if_that_of_the_company_is_not_known() -> None:
    others = [company(9001, "Zebra Weaving", addresses=(HAMBURG,))]
    name = "Quillery Joinery Ltd Hamburg"
    unknown, elsewhere = (
        company(9000, "Quillery Joinery Ltd"),
        company(9000, "Quillery Joinery Ltd", addresses=(BERLIN,)),
    )
    assert only(proposed(customer(name), [unknown, *others])).company == unknown
    assert only(proposed(customer(name), [elsewhere, *others])).company is None
    assert only(proposed(customer("Quillery Joinery Hamburg"), [unknown, *others])).company is None


def test_an_inactive_company_with_the_same_words_in_another_order_is_no_rival() -> None:
    old = company(9000, "Joinery Quillery - inactive", active=False)
    ours = company(9001, "Quillery Joinery Ltd")
    assert only(proposed(customer("Joinery Quilery"), [old, ours])).company == ours


def test_the_order_of_the_input_does_not_matter() -> None:
    made = world(11, 80).estate
    dice = Random(3)
    customers, companies = list(made.customers), list(made.companies)
    dice.shuffle(customers)
    dice.shuffle(companies)
    assert propose(replace(made, customers=tuple(customers), companies=tuple(companies))) == propose(made)
