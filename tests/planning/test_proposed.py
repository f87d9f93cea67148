"""Tests of proposed setup documents: they are checked and listed, and nothing is done for them."""

from __future__ import annotations

from typing import Any

from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Document
from reconciler.planning.part import Part
from reconciler.planning.retire import Terms
from reconciler.planning.setup import plan_setup
from tests.planning.builders import TABLES, agreement, company, contact, live, live_company, login, mapping, solution

PROPOSED = {"proposed": True}
ACME = {("company",): Link("acme", None, "Company/acme")}


def planned(*documents: Document, links: Any = None, **matches: Any) -> Part:
    found = {key.replace("_", "/"): obj for key, obj in matches.items()}
    return plan_setup(documents, LiveState(matches=found, links=links or {}, tables=TABLES), terms=Terms("2026-11-30"))


def message(part: Part) -> str:
    assert (part.actions, part.unchanged, part.problems) == ((), 0, ())
    (note,) = part.notes
    return note.message


def test_a_proposed_object_is_not_created_and_is_listed_with_what_it_would_have() -> None:
    found = message(planned(company(metadata=PROPOSED)))
    assert found == (
        "proposed: nothing is done for it. It would create it with identifier ACME, name Acme Dental, city Boston; "
        "if this is right, remove `proposed: true` from it"
    )


def test_a_proposed_object_that_exists_is_not_updated() -> None:
    found = message(planned(company(metadata=PROPOSED, city="Salem"), Company_acme=live_company()))
    assert "It would update it (id 5) with city Boston → Salem; if" in found
    as_declared = message(planned(company(metadata=PROPOSED), Company_acme=live_company()))
    assert as_declared == ("proposed, and as declared in ConnectWise; to manage it, remove `proposed: true` from it")


def test_links_lists_and_secrets_are_written_as_a_person_reads_them() -> None:
    links = {"ManagementSolution/acme-cove": {("company",): Link("acme", 5, "Company/acme")}}
    assert "company acme, solution Cove" in message(planned(solution(metadata=PROPOSED), links=links))
    text = message(planned(login(metadata=PROPOSED)))
    assert "password env LOGIN_PASSWORD" in text
    assert "apis Company and Product" in text


def test_a_proposed_document_is_checked_like_any_other() -> None:
    assert planned(company(status="Actve", metadata=PROPOSED)).problems != ()


def test_nothing_may_depend_on_a_proposed_object_that_does_not_exist() -> None:
    links = {"Contact/john": ACME}
    part = planned(company(metadata=PROPOSED), contact(), links=links)
    assert part.problems == (
        "Contact/john: company: Company/acme is only proposed and not in ConnectWise, so nothing can refer to it yet. "
        "Check it and remove `proposed: true` from it, or mark Contact/john as proposed too",
    )


def test_a_proposed_document_may_depend_on_a_proposed_one() -> None:
    links = {"Contact/john": ACME}
    assert planned(company(metadata=PROPOSED), contact(metadata=PROPOSED), links=links).problems == ()


def test_a_document_may_depend_on_a_proposed_object_that_exists() -> None:
    links = {"Contact/john": {("company",): Link("acme", 5, "Company/acme")}}
    there = planned(company(metadata=PROPOSED), contact(), links=links, Company_acme=live_company())
    assert there.problems == ()
    assert [each.address for each in there.actions] == ["Contact/john"]


def test_an_object_of_a_proposed_document_counts_neither_as_changed_nor_as_unchanged() -> None:
    report = live("ManagementSolution", 3, {"groupIdentifier": "1001"}, 5)
    links = {"Agreement/backup": {("company",): Link("acme", 5, "Company/acme")}}
    part = planned(solution(metadata=PROPOSED), agreement(), links=links, **{"ManagementSolution_acme-cove": report})
    assert (len(part.actions), part.unchanged) == (1, 0)


COMPANY_5 = {("company",): Link("acme", 5)}
BOTH = {"ManagementSolution/acme-cove": COMPANY_5, "CustomerMapping/acme": {("company",): Link("Acme", 5)}}


def test_a_proposed_solution_names_the_proposed_mapping_that_needs_it() -> None:
    (note,) = planned(solution(metadata=PROPOSED), mapping(metadata=PROPOSED), links=BOTH).notes
    assert (note.proposed, note.needed_by) == (True, "CustomerMapping/acme")


def test_no_mapping_needs_a_solution_of_another_company_or_managed_id() -> None:
    elsewhere = {**BOTH, "CustomerMapping/acme": {("company",): Link("Acme", 6)}}
    for links, other in ((elsewhere, mapping), (BOTH, lambda **more: mapping(managedId="7", **more)), ({}, mapping)):
        (note,) = planned(solution(metadata=PROPOSED), other(metadata=PROPOSED), links=links).notes
        assert note.needed_by is None
    (note,) = planned(solution(metadata=PROPOSED), mapping(), links=BOTH).notes
    assert note.needed_by is None
