"""Two documents must not describe the same object."""

from __future__ import annotations

import pytest

from tests.manifests.conftest import Estate

AGREEMENT = "contact: acme-office\ntype: T\nstartDate: '2026-01-01'\n"


@pytest.mark.parametrize(
    ("kind", "spec", "field"),
    [
        ("Company", "identifier: 'ACME '\nname: Other\ncity: Bonn", "identifier"),
        ("Contact", "email: ANN@acme.example\ncompany: acme\nfirstName: B", "email"),
        ("Contact", "email: ann@acme.example\ncompany: {identifier: Acme}\nfirstName: B", "email"),
        ("Agreement", "name: backup\ncompany: acme\n" + AGREEMENT, "name"),
        ("Product", "identifier: ' GB'\ndescription: d\ncustomerDescription: c\nsubcategory: s\ntype: t", "identifier"),
        ("ManagementSolution", 'managedId: "7"\ncompany: acme\nsolution: Managed Backup', "managedId"),
    ],
)
def test_two_documents_with_the_same_natural_key_are_an_error_that_names_both(
    estate: Estate, kind: str, spec: str, field: str
) -> None:
    found = estate.add(kind, "second", spec).error()
    assert found.message.startswith(f"{kind}/second has the same ")
    assert ", at acme.yaml:" in found.message
    assert found.line == 5
    assert found.text.strip().startswith(field)


def test_a_customer_is_mapped_once_even_under_two_names(estate: Estate) -> None:
    spec = 'company: acme\nagreement: acme-backup\nsolution: Managed Backup\nmanagedId: "7"\nproduct: gb\n'
    found = estate.add("CustomerMapping", "b", spec + 'customer: {source: cove, id: "1001", name: Other}').error()
    assert found.message.startswith("CustomerMapping/b has the same customer as")


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Agreement", "name: Other\ncompany: acme\n" + AGREEMENT),
        ("Agreement", "name: Backup\ncompany: {identifier: ELSEWHERE}\n" + AGREEMENT),
        ("ManagementSolution", 'managedId: "07"\ncompany: acme\nsolution: Managed Backup'),
    ],
)
def test_documents_that_differ_in_one_part_of_the_key_are_two_objects(estate: Estate, kind: str, spec: str) -> None:
    assert estate.add(kind, "second", spec).load()


def test_a_lookup_by_id_and_a_manifest_name_can_refer_to_the_same_company(estate: Estate) -> None:
    estate.add("Company", "pinned", "identifier: P\nname: P\ncity: Bonn", metadata=", id: 77")
    estate.add("Contact", "one", "company: pinned\nfirstName: A\nemail: x@p.example")
    estate.add("Contact", "two", "company: {id: 77}\nfirstName: B\nemail: x@p.example")
    assert "has the same company and email as Contact/" in estate.error().message


@pytest.mark.parametrize(
    ("kind", "spec", "field", "shown"),
    [
        (
            "Company",
            "identifier: acme\nname: Other\ncity: Bonn",
            "identifier",
            'identifier "acme" looks the same as "ACME"',
        ),
        (
            "Company",
            'identifier: "AC\u200bME"\nname: O\ncity: Bonn',
            "identifier",
            '"AC\\u200bME" looks the same as "ACME"',
        ),
        (
            "Product",
            "identifier: gb\ndescription: d\ncustomerDescription: c\nsubcategory: s\ntype: t",
            "identifier",
            '"gb"',
        ),
        (
            "ManagementSolution",
            'managedId: "7"\ncompany: acme\nsolution: managed backup',
            "solution",
            '"managed backup"',
        ),
        ("Agreement", 'name: "Back\u00adup"\ncompany: {identifier: ACME}\n' + AGREEMENT, "name", '"Back\\u00adup"'),
    ],
)
def test_natural_keys_that_look_the_same_are_an_error_that_shows_both_spellings(
    estate: Estate, kind: str, spec: str, field: str, shown: str
) -> None:
    found = estate.add(kind, "second", spec).error()
    assert shown in found.message
    assert ", at acme.yaml:" in found.message
    assert found.text.strip().startswith(field)
    assert "pin each with metadata.id" in found.suggestion


def test_two_documents_with_pinned_ids_may_look_the_same(estate: Estate) -> None:
    estate.add("Company", "one", "identifier: B & C\nname: B\ncity: Bonn", metadata=", id: 6")
    estate.add("Company", "two", "identifier: B &amp; C\nname: B\ncity: Bonn", metadata=", id: 7")
    assert estate.load()
