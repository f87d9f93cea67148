"""The cases of a messy estate, and the truth about them."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from rapidfuzz.distance import OSA

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.messy import legal, spelling
from reconciler.sandbox.messy.cases import CASES, deck
from reconciler.sandbox.messy.setup import COVE
from reconciler.sandbox.messy.truth import Customer
from tests.sandbox.messy.conftest import Estate, made


def company(estate: Estate, key: int) -> dict[str, Any]:
    return estate.tenant.tables["company"].rows[key].data


def managed_ids(estate: Estate) -> dict[str, list[int]]:
    """Return the companies of each Managed ID of the console's solution."""
    found: dict[str, list[int]] = {}
    for row in estate.tenant.tables["managementSummary"].rows.values():
        if row.data["managementSolution"]["name"] == COVE:
            found.setdefault(row.data["groupIdentifier"], []).append(row.parent or 0)
    return found


def row(estate: Estate, table: str, key: int) -> Row:
    return estate.tenant.tables[table].rows[key]


def test_the_console_has_exactly_the_asked_customers() -> None:
    for customers in (0, 1, 2, 7, 50):
        estate = made(3, customers)
        ids = [each.customer for each in estate.truth.customers]
        assert ids == list(range(1_001_001, 1_001_001 + customers))
        assert {row.id for row in estate.world.usage(estate.world.started)} >= set(ids)


def test_two_hundred_cards_have_every_case_in_its_proportion() -> None:
    cards = deck(Random(1))
    for _ in range(2):
        assert Counter(next(cards) for _ in range(200)) == {name: count for name, (count, _, _) in CASES.items()}


def test_every_case_is_in_the_estate(estate: Estate) -> None:
    assert {each.case for each in estate.truth.customers} == set(CASES)


def test_most_customers_have_one_company(estate: Estate) -> None:
    known = sum(each.company is not None for each in estate.truth.customers)

    assert 0.8 < known / len(estate.truth.customers) < 0.95


def test_the_truth_names_objects_that_belong_together(estate: Estate) -> None:
    for each in estate.truth.customers:
        if each.company is not None:
            assert company(estate, each.company)["name"] == each.company_name
            assert not company(estate, each.company)["deletedFlag"]
        if each.agreement is not None:
            assert row(estate, "agreement", each.agreement).data["company"]["id"] == each.company
        for key in each.additions:
            assert row(estate, "addition", key).parent == each.agreement
        assert each.addition == (each.additions[0] if len(each.additions) == 1 else None)


def test_the_lines_of_a_customer_fit_its_usage_if_the_truth_says_so(estate: Estate) -> None:
    for each in estate.truth.customers:
        lines = [row(estate, "addition", key).data for key in each.additions]
        off = abs(sum((line["quantity"] for line in lines), Decimal(0)) * 10**9 - each.used_bytes)
        assert each.fits == (bool(lines) and off * 20 <= each.used_bytes)
        assert all("cancelledDate" not in line for line in lines)


def test_no_addition_has_our_tag(estate: Estate) -> None:
    serials = (each.data.get("serialNumber", "") for each in estate.tenant.tables["addition"].rows.values())

    assert not any(serial.startswith("rc:") for serial in serials)


def test_an_agreement_that_no_longer_bills_is_not_in_the_truth(estate: Estate) -> None:
    own = {each.agreement for each in estate.truth.customers} - {None}
    statuses = {row(estate, "agreement", key).data["agreementStatus"] for key in own if key is not None}

    assert statuses == {"Active"}


def test_two_equal_agreements_are_left_open(estate: Estate) -> None:
    open_ones = [each for each in estate.truth.customers if each.agreements]
    for each in open_ones:
        names = {row(estate, "agreement", key).data["name"] for key in each.agreements}
        assert (each.agreement, len(each.agreements), len(names)) == (None, 2, 1)
    assert open_ones


AMBIGUOUS = {
    "one of the branches": 2,
    "doubled company": 2,
    "equally near": 2,
    "sisters": 2,
    "rivals": 1,
    "shared Managed ID": 2,
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_an_ambiguous_customer_has_candidates_and_no_company(estate: Estate, case: str) -> None:
    for each in estate.of(case):
        assert each.ambiguous
        assert (each.company, each.agreement, each.addition) == (None, None, None)
        assert len(set(each.candidates)) == AMBIGUOUS[case]


def test_no_other_case_is_ambiguous(estate: Estate) -> None:
    assert {each.case for each in estate.truth.customers if each.ambiguous or each.candidates} == AMBIGUOUS.keys()


def test_no_data_decides_between_the_candidates_of_an_ambiguous_customer(estate: Estate) -> None:
    ids = managed_ids(estate)
    for each in estate.truth.customers:
        if each.ambiguous:
            partner = estate.world.partners[each.customer]
            assert (partner.external_code, partner.profile and partner.profile.website) == ("", "")
            assert sorted(ids.get(str(each.customer), each.candidates)) == sorted(each.candidates)
            agreements = Counter(row.data["company"]["id"] for row in estate.tenant.tables["agreement"].rows.values())
            assert {agreements[key] for key in each.candidates} == {1}


def test_a_doubled_company_has_one_name_and_two_identifiers(estate: Estate) -> None:
    for each in estate.of("doubled company"):
        one, other = (company(estate, key) for key in each.candidates)
        assert (one["name"], one["identifier"] != other["identifier"]) == (other["name"], True)


def test_rivals_have_one_name_and_one_company(estate: Estate) -> None:
    wanted: dict[int, set[str]] = {}
    for each in estate.of("rivals"):
        wanted.setdefault(each.candidates[0], set()).add(each.name)

    assert {len(names) for names in wanted.values()} == {1}


def test_sisters_differ_by_their_legal_form(estate: Estate) -> None:
    for each in estate.of("sisters"):
        names = {company(estate, key)["name"] for key in each.candidates}
        assert len(names) == 2
        assert all(name.startswith(each.name) for name in names)


def test_a_look_alike_is_another_company(estate: Estate) -> None:
    names = [each.data["name"] for each in estate.tenant.tables["company"].rows.values()]
    for each in estate.of("only a look-alike"):
        assert each.company is None
        bare = each.name.split(",")[0].split()[:2]
        assert [name for name in names if name.split()[:2] == bare]


@pytest.mark.parametrize("case", ["renamed", "twins by Managed ID", "doubled company, decided"])
def test_a_managed_id_decides(estate: Estate, case: str) -> None:
    for each in estate.of(case):
        assert managed_ids(estate)[str(each.customer)] == [each.company]
        assert "managed-id" in each.evidence


def test_a_deleted_company_is_the_company_of_no_customer(estate: Estate) -> None:
    deleted = {row.data["name"] for row in estate.tenant.tables["company"].rows.values() if row.data["deletedFlag"]}
    for each in estate.of("deleted company"):
        assert (each.company, each.name in deleted) == (None, True)


def test_an_inactive_company_is_still_the_company_of_its_customer(estate: Estate) -> None:
    statuses = {company(estate, each.company or 0)["status"]["name"] for each in estate.of("inactive company")}

    assert statuses <= {"Inactive", "Former Customer"}
    assert {each.case for each in estate.truth.customers if each.inactive} == {"inactive company"}


def said(estate: Estate, what: str) -> list[Customer]:
    found = [each for each in estate.truth.customers if what in each.evidence]
    assert found
    return found


def test_evidence_by_managed_id_code_domain_and_address_is_really_there(estate: Estate) -> None:
    ids, tables = managed_ids(estate), estate.tenant.tables
    for each in said(estate, "managed-id"):
        assert ids[str(each.customer)] == [each.company]
    for each in said(estate, "external-code"):
        own = company(estate, each.company or 0)
        assert estate.world.partners[each.customer].external_code in {own["identifier"], own.get("accountNumber")}
    for each in said(estate, "domain"):
        profile = estate.world.partners[each.customer].profile
        assert profile is not None
        [domain] = {part.lower().rpartition("@")[2].strip("/").removeprefix("https://").removeprefix("www.")
                    for part in (profile.website, profile.mail_from) if part}  # fmt: skip
        mails = [
            item["value"]
            for contact in tables["contact"].rows.values()
            if contact.data["company"]["id"] == each.company
            for item in contact.data["communicationItems"]
        ]
        assert any(mail.endswith(domain) for mail in mails)
    for each in said(estate, "address"):
        profile = estate.world.partners[each.customer].profile
        assert profile is not None
        assert company(estate, each.company or 0)["zip"] == profile.zip_code


FORM = re.compile(
    "|".join(
        re.escape(form) + r"\b" if form[-1].isalnum() else re.escape(form)
        for form in sorted(
            {form.casefold() for pair in legal.SPELLINGS.items() for form in (pair[0], *pair[1])}, key=len, reverse=True
        )
    )
)


def bare(name: str) -> str:
    """Return a name without what the simplest damages change: case, accents, blanks, HTML and legal form."""
    text = " ".join(unicodedata.normalize("NFC", html.unescape(name)).split()).casefold()
    return spelling.ascii_letters(FORM.sub("", text)) or text


def test_no_other_company_has_the_name_of_a_customer(estate: Estate) -> None:
    companies: dict[str, set[int]] = {}
    for each in estate.tenant.tables["company"].rows.values():
        if not each.data["deletedFlag"]:
            companies.setdefault(bare(each.data["name"]), set()).add(each.id)
    customers = Counter(bare(each.name) for each in estate.truth.customers)

    for each in estate.truth.customers:
        known = {each.company, *each.candidates}
        if each.case not in {"twins by Managed ID", "doubled company, decided"}:
            assert companies.get(bare(each.name), set()) <= known, each
        if each.case not in {"twins by Managed ID", "rivals"}:
            assert customers[bare(each.name)] == 1, each


@pytest.mark.parametrize("case", ["branches", "numbered", "one letter apart"])
def test_two_firms_that_look_alike_are_two_companies_at_different_places(estate: Estate, case: str) -> None:
    found = estate.of(case)
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert one.company != other.company
        assert one.name != other.name


def test_the_only_firm_that_is_one_letter_apart_is_somewhere_else(estate: Estate) -> None:
    companies = list(estate.tenant.tables["company"].rows.values())
    for each in estate.of("only one letter apart"):
        profile = estate.world.partners[each.customer].profile
        near = [row.data for row in companies if OSA.distance(row.data["name"], each.name) == 1]
        assert each.company is None
        assert near
        assert all(profile is not None and row.get("zip") != profile.zip_code for row in near)


def test_no_company_id_is_the_name_of_an_ambiguous_customer(estate: Estate) -> None:
    for each in estate.truth.customers:
        for key in each.candidates:
            identifier = company(estate, key)["identifier"]
            assert spelling.ascii_letters(identifier) != spelling.ascii_letters(each.name)
            assert "website" not in company(estate, key)
