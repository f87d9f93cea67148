"""Which collections and setup tables a run reads, with which filters and fields."""

from __future__ import annotations

from typing import Any

from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.query import LAST_UPDATED, Query, fields_to_read
from reconciler.live.what_to_read import queries_for, tables_for
from reconciler.manifests.documents import Document
from tests.planning.builders import agreement, company, contact, integration, login, manifests, mapping, product

ALL = frozenset(all_kinds())


def queries(*documents: Document, kinds: frozenset[str] = ALL, compare: bool = True) -> dict[str, Query]:
    found = queries_for(documents, manifests(*documents), kinds, compare=compare)
    return {query.kind.name: query for query in found}


def filters(query: Query) -> dict[str, set[Any]]:
    return {path: set(values) for path, values in query.filters.items()}


def test_documents_are_read_by_their_natural_key() -> None:
    assert filters(queries(product())["Product"]) == {"identifier": {"BACKUP-GB"}}
    assert filters(queries(login())["IntegratorLogin"]) == {"username": {"billing"}}


def test_documents_are_read_by_their_old_keys_too() -> None:
    assert filters(queries(product(metadata={"previously": ["GB"]}))["Product"]) == {"identifier": {"BACKUP-GB", "GB"}}


def test_a_key_that_unicode_can_write_in_two_forms_is_read_in_both() -> None:
    both = {"M\u00fcller", "Mu\u0308ller"}
    for identifier in both:
        found = queries(company(identifier=identifier), contact(), agreement(contact={"email": "ann@acme.test"}))
        assert filters(found["Company"]) == {"identifier": both}
        assert filters(found["Contact"]) == {"company/identifier": both}


def test_pinned_objects_are_read_by_id() -> None:
    assert filters(queries(product(metadata={"id": 4}))["Product"]) == {"id": {4}}


def test_contacts_and_agreements_are_read_by_their_company() -> None:
    found = queries(
        company(), contact(), contact("other", company={"identifier": "BOLT"}), agreement(company={"id": 5})
    )
    assert filters(found["Contact"]) == {"company/identifier": {"ACME", "BOLT"}}
    assert filters(found["Agreement"]) == {"company/id": {5}}
    assert filters(found["Company"]) == {"identifier": {"ACME", "BOLT"}, "id": {5}}


def test_contacts_of_a_company_that_will_be_renamed_are_read_by_its_old_identifier_or_its_id() -> None:
    found = queries(company(identifier="NEW", metadata={"previously": ["OLD"]}), contact())
    assert filters(found["Contact"]) == {"company/identifier": {"NEW", "OLD"}}
    assert filters(queries(company(metadata={"id": 5}), contact())["Contact"]) == {"company/id": {5}}


def test_look_ups_are_filters_of_the_same_query() -> None:
    found = queries(
        company(),
        agreement(contact={"email": "john@acme.test"}),
        mapping(agreement={"name": "Backup"}, product={"identifier": "GB"}),
        integration(integratorLogin={"name": "cove"}),
    )
    assert filters(found["Contact"]) == {"company/identifier": {"ACME"}}
    assert filters(found["Agreement"]) == {"company/identifier": {"ACME"}}
    assert filters(found["Product"]) == {"identifier": {"GB"}}
    assert filters(found["IntegratorLogin"]) == {"username": {"cove"}}


def test_look_ups_by_id_are_read_by_id() -> None:
    assert filters(queries(mapping(company={"id": 5}, agreement={"id": 9}))["Agreement"]) == {"id": {9}}


def test_kinds_out_of_scope_are_not_read() -> None:
    found = queries(company(), agreement(contact={"email": "x@y.test"}), kinds=frozenset({"Agreement"}))
    assert set(found) == {"Agreement"}


def test_compared_fields_are_read_and_whether_an_object_is_retired() -> None:
    assert queries(product())["Product"].fields == (
        "id",
        "identifier",
        "description",
        "customerDescription",
        "subcategory/id",
        "subcategory/name",
        "type/id",
        "type/name",
        "price",
        "inactiveFlag",
        "productClass",
        LAST_UPDATED,
    )


def test_billing_reads_keys_and_the_fields_that_it_bills_by() -> None:
    assert queries(product(), compare=False)["Product"].fields == (
        "id",
        "identifier",
        "price",
        "productClass",
        LAST_UPDATED,
    )


def test_secrets_and_subcollections_are_not_in_the_fields_of_a_list() -> None:
    assert fields_to_read(kind("IntegratorLogin"), {"password", "username"}) == ("id", "username", LAST_UPDATED)
    assert fields_to_read(kind("ManagedDevicesIntegration"), {"crossReferences"}) == ("id", "name", LAST_UPDATED)


def test_each_setup_table_is_read_once_with_all_fields_that_documents_need() -> None:
    found = {table.path: table.fields for table in tables_for([company(types=["Customer"]), agreement(), product()])}
    assert found == {
        "company/companies/types": ("id", "name"),
        "finance/agreements/types": ("id", "inactiveFlag", "name"),
        "procurement/subcategories/": ("category/id", "category/name", "id", "inactiveFlag", "name"),
        "procurement/types": ("id", "inactiveFlag", "name"),
    }


def test_cross_references_need_the_agreement_types() -> None:
    assert [table.path for table in tables_for([integration(crossReferences=[])])] == ["finance/agreements/types"]


def test_fields_without_a_setup_table_read_none() -> None:
    assert tables_for([company()]) == ()


def test_the_first_and_the_last_day_of_additions_are_always_read() -> None:
    of = kind("Addition")
    assert {"effectiveDate", "cancelledDate"} <= set(fields_to_read(of, of.by_name))
    assert {"effectiveDate", "cancelledDate"} <= set(fields_to_read(of, ()))


def test_fields_that_matching_needs_are_always_read() -> None:
    """Matching leaves out or refuses objects by fields that no document declares."""
    for name, paths in {
        "Company": {"deletedFlag"},
        "Contact": {"inactiveFlag"},
        "Agreement": {"cancelledFlag"},
        "Product": {"productClass"},
    }.items():
        assert paths <= set(fields_to_read(kind(name), ()))
