"""The live object that each document is matched with, and the objects that its references name."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.match import Matcher
from reconciler.live.problems import MatchError
from reconciler.manifests.documents import Document
from tests.planning.builders import (
    agreement,
    company,
    contact,
    document,
    integration,
    live,
    live_agreement,
    live_company,
    live_contact,
    manifests,
    mapping,
    product,
    solution,
)


def matcher(documents: Iterable[Document], *objects: LiveObject) -> Matcher:
    """Return a matcher for which all kinds of the documents were read, with these objects."""
    documents = tuple(documents)
    found = Matcher(manifests(*documents))
    names = {document.kind.name for document in documents} | {obj.kind for obj in objects}
    for name in sorted(names):
        found.add(kind(name), [obj for obj in objects if obj.kind == name])
    return found


def matched(document: Document, *objects: LiveObject) -> int | None:
    found = matcher([document], *objects)
    obj = found.live_object(document)
    assert found.problems == []
    return None if obj is None else obj.id


def problems(documents: Iterable[Document], *objects: LiveObject) -> list[str]:
    documents = [*documents]
    found = matcher(documents, *objects)
    found.matches(documents)
    for each in documents:
        found.links(each)
    return found.problems


# Natural keys


def test_a_document_is_matched_by_its_natural_key() -> None:
    assert matched(company(), live_company(4, identifier="BOLT"), live_company(5)) == 5


def test_a_natural_key_ignores_outer_spaces_unicode_forms_and_line_breaks() -> None:
    assert matched(company(identifier=" Acme "), live_company(5, identifier="Acme  ")) == 5
    assert matched(company(identifier="Cafe\u0301"), live_company(5, identifier="Caf\u00e9")) == 5
    assert matched(company(identifier="A\nB"), live_company(5, identifier="A B")) == 5


@pytest.mark.parametrize(
    ("declared", "live_one", "spelling"),
    [
        ("acme", "ACME", '"ACME" (id 5), the manifest has "acme"'),
        ("B & C", "B &amp; C", '"B &amp; C" (id 5), the manifest has "B & C"'),
        ("B&C", "B&amp;amp;C", '"B&amp;amp;C"'),
        ("B C", "B\u00a0C", '"B\\u00a0C" (id 5), the manifest has "B C"'),
        ("B  C", "B C", '"B C" (id 5), the manifest has "B  C"'),
        ("BC", "B\u200bC", '"B\\u200bC"'),
        ("fine", "\ufb01ne", '"\\ufb01ne"'),
        ("BC", "\uff22C", '"\\uff22C"'),
        ("B's", "B\u2019s", '"B\\u2019s"'),
        ("B-C", "B\u2013C", '"B\\u2013C"'),
        ("Z\u00fcrich", "z\u00fcrich", '"z\u00fcrich" (id 5), the manifest has "Z\u00fcrich"'),
    ],
)
def test_a_name_that_looks_the_same_is_an_error_with_both_spellings(
    declared: str, live_one: str, spelling: str
) -> None:
    for one, other in ((declared, live_one), (live_one, declared)):
        (found,) = problems([company(identifier=one)], live_company(5, identifier=other))
        assert found.startswith("Company/acme: ConnectWise has this Company in another spelling: identifier ")
        assert "No second one is created" in found
    (found,) = problems([company(identifier=declared)], live_company(5, identifier=live_one))
    assert spelling in found


def test_a_near_miss_is_resolved_by_metadata_previously_or_metadata_id() -> None:
    old = live_company(5, identifier="B &amp; C")
    assert matched(company(identifier="B & C", metadata={"previously": ["B &amp; C"]}), old) == 5
    assert matched(company(identifier="B & C", metadata={"id": 5}), old) == 5


def test_an_inactive_object_is_no_near_miss() -> None:
    documents = [company(), contact(), agreement(name="A  B")]
    cancelled = live_agreement(7, name="A B", cancelledFlag=True)
    assert problems(documents, live_company(5), live_contact(6), cancelled) == []


def test_agreement_names_match_without_case_within_one_company() -> None:
    documents = [company(), contact(), agreement(name="Managed Backup")]
    assert problems(documents, live_company(5), live_contact(6), live_agreement(7, name="managed backup")) == []
    (found,) = problems(documents, live_company(5), live_contact(6), live_agreement(7, name="Managed  Backup"))
    assert 'name "Managed  Backup" (id 7), the manifest has "Managed Backup"' in found
    elsewhere = live_agreement(7, name="Managed  Backup", company={"id": 9})
    assert problems(documents, live_company(5), live_contact(6), elsewhere) == []


def test_a_look_up_ignores_case_and_suggests_similar_names() -> None:
    def looked_up(identifier: str) -> Document:
        return contact(company={"identifier": identifier})

    assert problems([looked_up("acme")], live_company(5, identifier="ACME")) == []
    (found,) = problems([looked_up("B & C")], live_company(5, identifier="B &amp; C"))
    assert found.endswith('no manifest declares it; did you mean "B &amp; C" (id 5)?')


def test_a_run_that_creates_nothing_accepts_a_near_miss() -> None:
    acme = company(identifier="acme")
    found = Matcher(manifests(acme), creating=False)
    found.add(kind("Company"), [live_company(5, identifier="ACME")])
    assert found.live_object(acme) is None
    assert found.problems == []


def test_a_document_without_an_object_matches_nothing() -> None:
    assert matched(company(identifier="NEW"), live_company()) is None


def test_case_counts_in_a_solution_name() -> None:
    documents = [company(), solution(company="acme", solution="Cove")]
    raw = {"groupIdentifier": "1001", "managementSolution": {"id": 1, "name": "cove"}}
    for name, expected in (("cove", []), ("Cove ", [3])):
        report = live("ManagementSolution", 3, {**raw, "managementSolution": {"name": name}}, 5)
        found = matcher(documents, live_company(5), report)
        assert [obj.id for key, obj in found.matches(documents).items() if key != "Company/acme"] == expected
        assert bool(found.problems) is (name == "cove")


def test_a_contact_is_found_by_any_of_its_addresses_at_its_company() -> None:
    items = [
        {"communicationType": "Email", "value": "boss@acme.test", "defaultFlag": True},
        {"communicationType": "Email", "value": "JOHN@acme.test", "defaultFlag": False},
    ]
    other = live_contact(6, company_id=99)
    found = matcher([company(), contact()], live_company(), other, live_contact(7, communicationItems=items))
    assert found.matches([contact()])["Contact/john"].id == 7


def test_one_object_with_several_keys_is_not_ambiguous() -> None:
    items = [{"communicationType": "Email", "value": "john@acme.test"}] * 2
    assert problems([company(), contact()], live_company(), live_contact(communicationItems=items)) == []


def test_two_live_objects_with_one_natural_key_are_an_error_with_both_ids() -> None:
    assert problems([company()], live_company(8), live_company(5)) == [
        "Company/acme: 2 live objects have this natural key (identifier): ids 5 and 8. "
        "Pin the right one with metadata.id"
    ]


def test_an_object_on_two_pages_is_not_ambiguous() -> None:
    assert matched(company(), live_company(5), live_company(5)) == 5


def test_deleted_companies_are_left_out() -> None:
    assert matched(company(), live_company(4, deletedFlag=True), live_company(5)) == 5
    assert matched(company(), live_company(4, deletedFlag=True)) is None


def test_a_cancelled_agreement_is_matched_only_if_no_active_one_has_its_name() -> None:
    documents = [company(), contact(), agreement()]
    old = live_agreement(8, cancelledFlag=True)
    found = matcher(documents, live_company(), live_contact(), old, live_agreement(9))
    assert found.matches(documents)["Agreement/backup"].id == 9
    alone = matcher(documents, live_company(), live_contact(), old)
    assert alone.matches(documents)["Agreement/backup"].id == 8


def test_a_contact_of_a_company_that_does_not_exist_yet_matches_nothing() -> None:
    found = matcher([company(identifier="NEW"), contact()], live_contact())
    assert found.matches([contact()]) == {}
    assert found.problems == []


# metadata


def test_metadata_id_pins_an_object_with_any_key() -> None:
    assert matched(company(identifier="NEW", metadata={"id": 8}), live_company(5), live_company(8)) == 8


def test_a_pinned_id_that_does_not_exist_is_an_error() -> None:
    assert problems([company(metadata={"id": 8})], live_company(5)) == [
        "Company/acme: metadata.id: ConnectWise has no Company with id 8"
    ]


def test_a_pinned_id_of_a_kind_that_was_not_read_is_no_error() -> None:
    pinned = company(metadata={"id": 8})
    found = Matcher(manifests(pinned))
    assert found.live_object(pinned) is None
    assert found.problems == []


def test_metadata_previously_matches_an_object_with_an_old_key() -> None:
    assert matched(company(identifier="NEW", metadata={"previously": ["older", "acme"]}), live_company(5)) == 5


def test_metadata_previously_matches_an_object_with_the_new_key_after_it_was_renamed() -> None:
    assert matched(company(metadata={"previously": ["OLD"]}), live_company(5)) == 5


def test_one_object_with_the_new_key_and_another_with_the_old_key_are_ambiguous() -> None:
    rename_key = company(metadata={"previously": ["OLD"]})
    (found,) = problems([rename_key], live_company(5), live_company(8, identifier="OLD"))
    assert "ids 5 and 8" in found
    assert "metadata.previously" in found


def test_an_old_key_that_another_document_declares_matches_that_document() -> None:
    rename_key = company("renamed", identifier="NEW", metadata={"previously": ["ACME"]})
    documents = [rename_key, company("acme")]
    found = matcher(documents, live_company(5, identifier="NEW"), live_company(8))
    assert {key: obj.id for key, obj in found.matches(documents).items()} == {"Company/renamed": 5, "Company/acme": 8}
    assert found.problems == []


def test_an_object_that_one_document_renames_and_another_one_declares_is_an_error() -> None:
    renaming = company("renamed", identifier="NEW", metadata={"previously": ["ACME"]})
    (found,) = problems([renaming, company("acme")], live_company(5))
    assert found == (
        "Company/renamed: its old identifier 'ACME' of metadata.previously is the present one of Company/acme, and "
        "ConnectWise has one such object, id 5. To rename it, apply that before you declare Company/acme. Otherwise "
        "remove 'ACME' from metadata.previously, or pin Company/acme with metadata.id"
    )


def test_an_object_that_another_document_pins_is_not_renamed() -> None:
    renaming = company("renamed", identifier="NEW", metadata={"previously": ["ACME"]})
    pinned = company("acme", metadata={"id": 5})
    found = matcher([renaming, pinned], live_company(5))
    assert {key: obj.id for key, obj in found.matches([renaming, pinned]).items()} == {"Company/acme": 5}
    assert found.problems == []


def test_an_object_is_renamed_although_a_document_that_is_pinned_elsewhere_takes_its_name() -> None:
    renaming = company("renamed", identifier="NEW", metadata={"previously": ["ACME"]})
    pinned = company("acme", metadata={"id": 8})
    found = matcher([renaming, pinned], live_company(5), live_company(8, identifier="OTHER"))
    assert {key: obj.id for key, obj in found.matches([renaming, pinned]).items()} == {
        "Company/renamed": 5,
        "Company/acme": 8,
    }
    assert found.problems == []


def test_a_retired_document_leaves_its_old_key_to_another_one() -> None:
    gone = company("renamed", identifier="NEW", metadata={"previously": ["ACME"], "ensure": "retired"})
    found = matcher([gone, company("acme")], live_company(5))
    assert {key: obj.id for key, obj in found.matches([gone, company("acme")]).items()} == {"Company/acme": 5}
    assert found.problems == []


def test_a_renamed_contact_is_matched_within_its_company() -> None:
    rename_key = contact(email="new@acme.test", metadata={"previously": ["john@acme.test"]})
    found = matcher([company(), rename_key], live_company(), live_contact(7), live_contact(8, company_id=99))
    assert found.matches([rename_key])["Contact/john"].id == 7


def test_two_documents_with_one_live_object_are_an_error() -> None:
    pinned = company("pinned", identifier="OTHER", metadata={"id": 5})
    assert problems([company(), pinned], live_company(5)) == [
        "Company/pinned and Company/acme match the same Company, id 5"
    ]


# References


def links(wants: Document, *others: Document, objects: Iterable[LiveObject] = ()) -> dict[str, Link]:
    found = matcher([wants, *others], *objects)
    result = {str(path[0]): link for path, link in found.links(wants).items()}
    assert found.problems == []
    return result


def test_a_reference_by_name_is_a_link_with_its_address() -> None:
    found = links(contact(), company(), objects=[live_company(5)])["company"]
    assert (found.name, found.id, found.address) == ("acme", 5, "Company/acme")


def test_a_reference_to_an_object_that_does_not_exist_yet_has_only_an_address() -> None:
    assert links(contact(), company())["company"] == Link("acme", None, "Company/acme")


def test_an_unmanaged_object_is_looked_up_by_identifier_name_email_or_id() -> None:
    wants = agreement(company={"identifier": "acme"}, contact={"email": "JOHN@ACME.test"})
    found = links(wants, objects=[live_company(5), live_contact(7), live_contact(8, company_id=99)])
    assert {name: link.id for name, link in found.items()} == {"company": 5, "contact": 7}
    by_id = links(agreement(company={"id": 5}, contact={"id": 7}), objects=[live_company(5), live_contact(7)])
    assert by_id == {"company": Link("id 5", 5), "contact": Link("id 7", 7)}
    named = solution(company={"id": 5}, agreement={"name": "backup"})
    assert links(named, objects=[live_company(5), live_agreement(9)])["agreement"].id == 9


def test_a_look_up_finds_a_document_whose_object_does_not_exist_yet() -> None:
    found = links(contact(company={"identifier": "ACME"}), company())
    assert found["company"] == Link("ACME", None, "Company/acme")


def test_a_look_up_finds_a_document_of_a_company_that_does_not_exist_yet() -> None:
    wants = agreement(contact={"email": "john@acme.test"})
    assert links(wants, company(), contact())["contact"] == Link("john@acme.test", None, "Contact/john")


def test_a_look_up_that_finds_nothing_is_an_error_with_its_place() -> None:
    wants = agreement(company={"identifier": "GONE"})
    assert problems([wants, contact(), company()]) == [
        "Agreement/backup: company: ConnectWise has no Company 'GONE', and no manifest declares it"
    ]


def test_a_mapping_whose_look_up_finds_nothing_is_refused_and_stops_no_other() -> None:
    wants = mapping(ranges=[{"upTo": 5, "product": {"identifier": "GONE"}}, {"product": "gb"}], product=None)
    documents = [wants, company(), contact(), agreement(), product()]
    found = matcher(documents)
    found.matches(documents)
    for each in documents:
        found.links(each)
    assert found.problems == []
    assert found.refused == {
        "CustomerMapping/acme": ["ranges[0].product: ConnectWise has no Product 'GONE', and no manifest declares it"]
    }


def test_the_error_of_a_look_up_within_a_company_says_so() -> None:
    wants = agreement(contact={"email": "x@acme.test"})
    assert problems([wants, company()], live_company(5), live_contact()) == [
        "Agreement/backup: contact: ConnectWise has no Contact 'x@acme.test' at that company, "
        "and no manifest declares it"
    ]


def test_a_look_up_within_a_missing_company_is_no_second_error() -> None:
    wants = agreement(company={"identifier": "GONE"}, contact={"email": "x@acme.test"})
    assert problems([wants], live_company(5)) == [
        "Agreement/backup: company: ConnectWise has no Company 'GONE', and no manifest declares it"
    ]


def test_an_id_that_does_not_exist_is_an_error() -> None:
    assert problems([agreement(company={"id": 6}, contact={"id": 7})], live_company(5), live_contact(7)) == [
        "Agreement/backup: company: ConnectWise has no Company id 6, and no manifest declares it"
    ]


def test_an_ambiguous_look_up_is_one_error_with_the_ids() -> None:
    wants = contact(company={"identifier": "ACME"})
    assert problems([wants], live_company(5), live_company(8)) == [
        "Contact/john: company: Company 'ACME' is ambiguous: ids 5 and 8. Write the id instead"
    ]


def test_a_look_up_prefers_active_objects() -> None:
    wants = solution(company={"id": 5}, agreement={"name": "Backup"})
    objects = [live_company(5), live_agreement(8, cancelledFlag=True), live_agreement(9)]
    assert links(wants, objects=objects)["agreement"].id == 9


def test_a_kind_that_was_not_read_has_no_links_and_no_errors() -> None:
    wants = agreement(company={"id": 5}, contact={"email": "x@acme.test"})
    found = Matcher(manifests(wants))
    assert found.links(wants) == {("company",): Link("id 5", 5)}
    assert found.problems == []


def test_references_inside_entries_have_their_place() -> None:
    entry = {"vendorType": "Server", "vendorLevel": "Gold", "product": "gb"}
    wants = integration(crossReferences=[entry])
    found = matcher([wants, product()], live("Product", 4, {"identifier": "BACKUP-GB"}))
    assert found.links(wants) == {("crossReferences", 0, "product"): Link("gb", 4, "Product/gb")}


def test_everything_that_was_read_is_returned_by_id() -> None:
    found = matcher([company()], live_company(5), live_company(6, deletedFlag=True))
    assert {name: set(objects) for name, objects in found.objects()} == {"Company": {5}}


def test_kinds_without_objects_in_connectwise_match_nothing() -> None:
    exclusion = document("Exclusion", "lab", {"customer": {"source": "cove", "id": "5"}, "reason": "lab"})
    assert matcher([]).matches([exclusion]) == {}


@pytest.mark.parametrize(("count", "head"), [(1, "1 problem between"), (2, "2 problems between")])
def test_all_problems_are_one_error(count: int, head: str) -> None:
    error = MatchError([f"problem {number}" for number in range(count)])
    assert str(error).startswith(head)
    assert "  - problem 0" in str(error)
    assert "metadata.id" in error.advice
