"""Which collections are listed, by what, with which fields."""

from __future__ import annotations

from typing import Any

from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.needed import tables, wants
from reconciler.live.query import LAST_UPDATED, Query, needed_fields
from reconciler.manifests.documents import Document
from tests.planning.builders import agreement, company, contact, integration, login, manifests, mapping, product

ALL = frozenset(all_kinds())


def wanted(*documents: Document, kinds: frozenset[str] = ALL, compare: bool = True) -> dict[str, Query]:
    found = wants(documents, manifests(*documents), kinds, compare=compare)
    return {want.kind.name: want for want in found}


def by(want: Query) -> dict[str, set[Any]]:
    return {path: set(values) for path, values in want.by.items()}


def test_documents_are_asked_for_by_their_natural_key() -> None:
    assert by(wanted(product())["Product"]) == {"identifier": {"BACKUP-GB"}}
    assert by(wanted(login())["IntegratorLogin"]) == {"username": {"billing"}}


def test_old_keys_are_asked_for_too() -> None:
    assert by(wanted(product(metadata={"previously": ["GB"]}))["Product"]) == {"identifier": {"BACKUP-GB", "GB"}}


def test_pinned_objects_are_asked_for_by_id() -> None:
    assert by(wanted(product(metadata={"id": 4}))["Product"]) == {"id": {4}}


def test_what_belongs_to_a_company_is_asked_for_by_the_company() -> None:
    found = wanted(company(), contact(), contact("other", company={"identifier": "BOLT"}), agreement(company={"id": 5}))
    assert by(found["Contact"]) == {"company/identifier": {"ACME", "BOLT"}}
    assert by(found["Agreement"]) == {"company/id": {5}}
    assert by(found["Company"]) == {"identifier": {"ACME", "BOLT"}, "id": {5}}


def test_what_belongs_to_a_company_yet_to_be_renamed_is_asked_for_by_what_the_company_is_called_now() -> None:
    found = wanted(company(identifier="NEW", metadata={"previously": ["OLD"]}), contact())
    assert by(found["Contact"]) == {"company/identifier": {"NEW", "OLD"}}
    assert by(wanted(company(metadata={"id": 5}), contact())["Contact"]) == {"company/id": {5}}


def test_look_ups_are_asked_for_with_the_rest() -> None:
    found = wanted(
        company(),
        agreement(contact={"email": "john@acme.test"}),
        mapping(agreement={"name": "Backup"}, product={"identifier": "GB"}),
        integration(integratorLogin={"name": "cove"}),
    )
    assert by(found["Contact"]) == {"company/identifier": {"ACME"}}
    assert by(found["Agreement"]) == {"company/identifier": {"ACME"}}
    assert by(found["Product"]) == {"identifier": {"GB"}}
    assert by(found["IntegratorLogin"]) == {"username": {"cove"}}


def test_look_ups_by_id_are_asked_for_by_id() -> None:
    assert by(wanted(mapping(company={"id": 5}, agreement={"id": 9}))["Agreement"]) == {"id": {9}}


def test_kinds_that_are_not_looked_at_are_not_asked_for() -> None:
    found = wanted(company(), agreement(contact={"email": "x@y.test"}), kinds=frozenset({"Agreement"}))
    assert set(found) == {"Agreement"}


def test_only_what_is_compared_is_read() -> None:
    assert wanted(product())["Product"].fields == (
        "id",
        "identifier",
        "description",
        "customerDescription",
        "subcategory/id",
        "subcategory/name",
        "type/id",
        "type/name",
        "price",
        "productClass",
        LAST_UPDATED,
    )


def test_billing_reads_keys_and_what_it_bills_by() -> None:
    assert wanted(product(), compare=False)["Product"].fields == (
        "id",
        "identifier",
        "price",
        "productClass",
        LAST_UPDATED,
    )


def test_secrets_and_collections_of_their_own_are_not_read() -> None:
    assert needed_fields(kind("IntegratorLogin"), {"password", "username"}) == ("id", "username", LAST_UPDATED)
    assert needed_fields(kind("ManagedDevicesIntegration"), {"crossReferences"}) == ("id", "name", LAST_UPDATED)


def test_each_setup_table_is_wanted_once_with_all_fields_that_somebody_needs() -> None:
    found = {table.path: table.fields for table in tables([company(types=["Customer"]), agreement(), product()])}
    assert found == {
        "company/companies/types": ("id", "name"),
        "finance/agreements/types": ("id", "inactiveFlag", "name"),
        "procurement/subcategories/": ("category/id", "category/name", "id", "inactiveFlag", "name"),
        "procurement/types": ("id", "inactiveFlag", "name"),
    }


def test_cross_references_look_into_the_agreement_types() -> None:
    assert [table.path for table in tables([integration(crossReferences=[])])] == ["finance/agreements/types"]


def test_fields_without_a_table_want_none() -> None:
    assert tables([company()]) == ()


def test_the_first_and_the_last_day_of_additions_are_always_read() -> None:
    of = kind("Addition")
    assert {"effectiveDate", "cancelledDate"} <= set(needed_fields(of, of.by_name))
    assert {"effectiveDate", "cancelledDate"} <= set(needed_fields(of, ()))


def test_what_matching_looks_at_is_always_read() -> None:
    """A live object is left out, set aside or refused by fields that nobody declares."""
    for name, paths in {
        "Company": {"deletedFlag"},
        "Contact": {"inactiveFlag"},
        "Agreement": {"cancelledFlag"},
        "Product": {"productClass"},
    }.items():
        assert paths <= set(needed_fields(kind(name), ()))
