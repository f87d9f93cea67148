"""Which agreement bills a customer's backup, and which addition is to be adopted."""

from __future__ import annotations

from typing import Any

from reconciler.importing.matching.model import Proposal
from tests.importing.matching.builders import addition, agreement, company, customer, only, proposed


def billed(*agreements: Any, usage: str | None = "460.4") -> Proposal:
    """The proposal for a customer of a company with these agreements."""
    return only(
        proposed(customer("Acme Smelting", usage=usage), company(9000, "Acme Smelting Inc", agreements=agreements))
    )


def test_the_only_agreement_that_bills_now_is_chosen() -> None:
    proposal = billed(agreement(1, name="Old", active=False), agreement(2))
    assert (proposal.confidence, proposal.agreement and proposal.agreement.id) == ("likely", 2)


def test_without_an_agreement_the_company_is_given_and_the_proposal_is_open() -> None:
    proposal = billed(agreement(1, active=False))
    assert (proposal.confidence, proposal.company_confidence) == ("open", "likely")
    assert proposal.company is not None
    assert proposal.reasons == ("company 'Acme Smelting Inc' has no agreement that bills now",)


def test_of_two_agreements_the_one_with_a_fitting_addition_is_chosen_and_the_addition_adopted() -> None:
    proposal = billed(agreement(1, addition(11, "90")), agreement(2, addition(12, "462")))
    assert proposal.agreement is not None
    assert proposal.addition is not None
    assert (proposal.agreement.id, proposal.addition.id) == (2, 12)
    assert "addition 12 bills 462 GB; usage is 460.4 GB (0.3 % off)" in proposal.evidence


def test_of_two_agreements_the_one_that_bills_storage_is_chosen() -> None:
    proposal = billed(agreement(1, addition(11, "460", "M365-BKP Backup per user")), agreement(2, addition(12, "9")))
    assert (proposal.agreement and proposal.agreement.id, proposal.addition) == (2, None)
    assert any(
        "none fits, but one may bill the same thing: addition 12 bills 9 GB" in text for text in proposal.evidence
    )


def test_of_two_agreements_the_one_for_backup_is_chosen() -> None:
    assert billed(agreement(1), agreement(2, name="Cloud Backup")).agreement == agreement(2, name="Cloud Backup")
    by_type = agreement(2, name="Contract 7", type="Backup")
    assert billed(agreement(1), by_type).agreement == by_type
    both = billed(agreement(1, name="Support & Backup"), agreement(2, name="Datensicherung"))
    assert both.agreement == agreement(2, name="Datensicherung")
    lines = agreement(2, addition(12, "9"), name="Support & Backup")
    assert billed(agreement(1, name="Backup & IT service"), lines).agreement == lines


def test_two_equal_agreements_are_open_and_listed() -> None:
    proposal = billed(agreement(1), agreement(2))
    assert (proposal.confidence, proposal.company_confidence, proposal.agreement) == ("open", "likely", None)
    assert [each.id for each in proposal.agreements] == [1, 2]
    assert proposal.reasons == (
        "company 'Acme Smelting Inc' has 2 agreements that come into question: 'Managed Services' (1), "
        "'Managed Services' (2)",
    )


def test_lines_in_one_agreement_and_the_name_of_another_are_open() -> None:
    assert billed(agreement(1, addition(11, "9")), agreement(2, name="Cloud Backup")).confidence == "open"


def test_two_additions_that_fit_are_not_chosen_from() -> None:
    proposal = billed(agreement(1, addition(11, "460"), addition(12, "461", product_id=6)))
    assert (proposal.confidence, proposal.addition) == ("likely", None)
    assert "addition: 11, 12 fit the usage; none is chosen" in proposal.evidence


def test_an_addition_beside_another_of_its_product_is_not_adopted() -> None:
    proposal = billed(agreement(1, addition(11, "460"), addition(12, "3")))
    assert proposal.addition is None
    assert "addition: 11 fits, but 11, 12 have the same product; end all but one" in proposal.evidence


def test_seats_ended_and_tagged_lines_are_not_adopted() -> None:
    lines = (
        addition(11, "460", "AV-SEAT Endpoint security"),
        addition(12, "460", live=False),
        addition(13, "460", tagged=True),
        addition(14, None),
    )
    assert billed(agreement(1, *lines)).addition is None


def test_a_quantity_that_is_the_usage_rounded_up_fits() -> None:
    proposal = billed(agreement(1, addition(11, "4")), usage="3.2")
    assert proposal.addition is not None


def test_without_usage_nothing_is_adopted() -> None:
    assert billed(agreement(1, addition(11, "460")), usage=None).addition is None
    assert billed(agreement(1, addition(11, "460")), usage="0").addition is None


def test_an_addition_that_two_customers_fit_is_adopted_by_neither() -> None:
    shared = company(9000, "Acme Smelting", agreements=(agreement(1, addition(11, "460")),))
    customers = [customer("Acme Smelting", "1", "460", source=source) for source in ("cove", "file")]
    proposals = proposed(customers, shared)
    assert [(each.confidence, each.addition) for each in proposals] == [("likely", None)] * 2
    assert "addition: 11 fits another customer of the company too" in proposals[0].evidence


def test_a_product_whose_quantities_follow_the_usage_bills_storage_whatever_its_name() -> None:
    names = [f"{word} {trade}" for word in ("Quokka", "Zebu", "Ibex") for trade in ("Orthodontics", "Joinery", "Kilns")]
    usage = [str(100 + 37 * place) for place in range(len(names))]
    firms = [
        company(
            9000 + place,
            name,
            agreements=(
                agreement(
                    place + 1,
                    addition(100 + place, usage[place], "SKU-1204", product_id=70),
                    addition(200 + place, "1", "SKU-0001", product_id=71),
                ),
            ),
        )
        for place, name in enumerate(names)
    ]
    found = proposed([customer(name, str(place), usage[place]) for place, name in enumerate(names)], firms)
    assert [each.addition and each.addition.product_id for each in found] == [70] * len(names)
    few = proposed([customer(name, str(place), usage[place]) for place, name in enumerate(names[:3])], firms)
    assert [each.addition for each in few] == [None] * 3
    tiny = proposed([customer(name, str(place), "0.4") for place, name in enumerate(names)], firms)
    assert [each.addition for each in tiny] == [None] * len(names)
