"""Documents that exchange their names are an error, because ConnectWise has the same names before and after."""

from __future__ import annotations

import pytest

from tests.manifests.conftest import Estate

TERMS = "\ncontact: acme-office\ntype: T\nstartDate: '2026-01-01'\n"


def company(estate: Estate, name: str, old: str, metadata: str = "") -> None:
    """Add a company with the identifier of its name in capitals, and with an old one."""
    spec = f"identifier: {name.upper()}\nname: N\ncity: Bonn"
    estate.add("Company", name, spec, metadata=f", previously: [{old}]{metadata}")


def test_two_documents_that_exchange_their_identifiers_are_an_error(estate: Estate) -> None:
    company(estate, "one", "TWO")
    company(estate, "two", "ONE")

    found = estate.error()

    assert found.message == (
        "Company/one and Company/two exchange the values of identifier, and ConnectWise has the same values before "
        "and after that"
    )
    assert "metadata.id" in str(found.suggestion)


def test_three_documents_that_exchange_their_identifiers_are_an_error(estate: Estate) -> None:
    company(estate, "one", "TWO")
    company(estate, "two", "THREE")
    company(estate, "three", "ONE")

    assert estate.error().message.startswith("Company/one, Company/three and Company/two exchange")


@pytest.mark.parametrize("pins", [(", id: 5", ", id: 6"), (", id: 5", "")])
def test_a_document_with_a_pinned_id_may_take_the_name_of_another_one(estate: Estate, pins: tuple[str, str]) -> None:
    company(estate, "one", "TWO", pins[0])
    company(estate, "two", "ONE", pins[1])

    assert estate.load()


def test_names_that_move_on_in_a_row_are_no_ring(estate: Estate) -> None:
    company(estate, "one", "TWO")
    company(estate, "two", "THREE")
    company(estate, "three", "FOUR")

    assert estate.load()


def test_the_present_name_among_the_former_ones_is_no_ring(estate: Estate) -> None:
    company(estate, "one", "ONE, TWO")

    assert estate.load()


def test_agreements_of_one_company_exchange_their_names_and_those_of_two_companies_do_not(estate: Estate) -> None:
    old = ", previously: [{}]"
    estate.add("Agreement", "one", "name: One\ncompany: acme" + TERMS, metadata=old.format("Two"))
    estate.add("Agreement", "two", "name: Two\ncompany: {id: 9}" + TERMS, metadata=old.format("One"))
    assert estate.load()

    estate.add("Agreement", "three", "name: Two\ncompany: acme" + TERMS, metadata=old.format("One"))
    assert estate.error().message.startswith("Agreement/one and Agreement/three exchange the values of name")


@pytest.mark.parametrize("metadata", [", id: 0", ", id: '5'", ", previously: ONE, id: 1.5", ", previously: 7"])
def test_mistakes_in_metadata_are_reported_alone(estate: Estate, metadata: str) -> None:
    estate.add("Company", "one", "identifier: ONE\nname: N\ncity: Bonn", metadata=metadata)

    assert all("metadata." in found.message or found.line == 3 for found in estate.errors())
