"""What connects documents, and the parts of an estate that can be planned alone."""

from __future__ import annotations

import pytest

from reconciler.errors import ReconcilerError
from reconciler.manifests.relations import Relations
from reconciler.manifests.selection import select, targets_of, used_sources

from .conftest import Estate

MAPPED = {
    "CustomerMapping/acme",
    "Agreement/acme-backup",
    "Company/acme",
    "Contact/acme-office",
    "ManagementSolution/acme-backup",
    "Product/gb",
}


def closure(estate: Estate, address: str) -> set[str]:
    return set(select(estate.load(), [address]).by_address)


def exclude(estate: Estate, name: str, device: str = "") -> None:
    more = f"\ndevice: {device!r}" if device else ""
    estate.add("Exclusion", name, f"customer: {{source: cove, id: '1001'}}\nreason: a lab{more}")


def test_a_mapping_needs_all_that_it_refers_to(estate: Estate) -> None:
    assert closure(estate, "CustomerMapping/acme") == MAPPED


def test_a_mapping_needs_no_management_solution_with_another_managed_id(estate: Estate) -> None:
    named = "company: acme\nsolution: Managed Backup\nmanagedId: '8'\nagreement: acme-backup\ndeviceType: BackupStats"
    estate.add("ManagementSolution", "another", named)

    assert closure(estate, "CustomerMapping/acme") == MAPPED


def test_a_management_solution_needs_what_brings_in_its_solution(estate: Estate) -> None:
    estate.add("ManagementItSolution", "backup", "name: Backup\ntype: Custom\nsolutionName: Managed Backup")
    estate.add("ManagementItSolution", "other", "name: Other\ntype: Custom\nsolutionName: Other")

    found = closure(estate, "ManagementSolution/acme-backup")

    assert "ManagementItSolution/backup" in found
    assert "ManagementItSolution/other" not in found


def test_a_mapping_and_the_exclusions_of_its_devices_need_each_other(estate: Estate) -> None:
    exclude(estate, "lab", "d1")

    assert closure(estate, "CustomerMapping/acme") == {*MAPPED, "Exclusion/lab"}
    assert closure(estate, "Exclusion/lab") == {*MAPPED, "Exclusion/lab"}


def test_a_look_up_of_a_declared_object_needs_its_document(estate: Estate) -> None:
    estate.add("Agreement", "looked-up", """
        name: By look-up
        company: {identifier: " acme "}
        contact: acme-office
        type: Managed Service
        startDate: "2026-01-01"
    """)  # fmt: skip

    assert closure(estate, "Agreement/looked-up") == {
        "Agreement/looked-up",
        "Company/acme",
        "Contact/acme-office",
    }


def test_a_look_up_by_name_needs_only_the_agreement_of_the_same_company(estate: Estate) -> None:
    estate.add("Company", "zeta", "identifier: ZETA\nname: Zeta\ncity: Bonn")
    for name in ("acme", "zeta"):
        estate.add("Agreement", f"{name}-same", f"""
            name: The same name
            company: {name}
            contact: {{email: someone@example.com}}
            type: Managed Service
            startDate: "2026-01-01"
        """)  # fmt: skip
    estate.add("CustomerMapping", "zeta", """
        customer: {source: cove, id: "7"}
        company: zeta
        agreement: {name: The same name}
        solution: Managed Backup
        managedId: "7"
        product: gb
    """)  # fmt: skip

    found = closure(estate, "CustomerMapping/zeta")

    assert found == {"CustomerMapping/zeta", "Company/zeta", "Agreement/zeta-same", "Product/gb"}


def test_dependents_are_all_that_refer_to_a_document_directly_or_indirectly(estate: Estate) -> None:
    relations = Relations(estate.load().documents)

    assert relations.dependents({"Product/gb"}) == {"Product/gb", "CustomerMapping/acme"}
    assert relations.dependents({"Company/acme"}) == MAPPED - {"Product/gb"}


def test_the_documents_that_are_left_out_are_counted_by_kind(estate: Estate) -> None:
    whole = estate.load()
    part = select(whole, ["Company/acme"])

    assert not whole.is_partial
    assert part.is_partial
    assert part.elsewhere == {
        "Agreement": 1,
        "Contact": 1,
        "ManagementSolution": 1,
        "Product": 1,
        "CustomerMapping": 1,
    }
    assert part.digest == whole.digest


def test_a_part_without_customers_reads_no_usage_source(estate: Estate) -> None:
    whole = estate.load()

    assert [each.name for each in used_sources(whole)] == [each.name for each in whole.workspace.spec.usage]
    assert used_sources(select(whole, ["Company/acme"])) == []
    assert [each.name for each in used_sources(select(whole, ["CustomerMapping/acme"]))] == ["cove"]


@pytest.mark.parametrize("address", ["Addition/acme.storage:gb", "Addition/acme:gb"])
def test_an_addition_selects_its_mapping(estate: Estate, address: str) -> None:
    found = targets_of(estate.load(), [address, address, "Company/acme"])

    assert found.selected == {"CustomerMapping/acme", "Company/acme"}
    assert found.additions == (address,)


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("Company/acmee", "Did you mean Company/acme"),
        ("Addition/other:gb", "Did you mean"),
        ("Addition/acme", "Did you mean"),
        ("zzzzzzzz", "Write KIND/NAME, such as Company/acme."),
        ("", "Write KIND/NAME, such as Company/acme."),
    ],
)
def test_an_unknown_target_is_an_error_with_a_suggestion(estate: Estate, address: str, advice: str) -> None:
    with pytest.raises(ReconcilerError) as caught:
        targets_of(estate.load(), [address])

    assert caught.value.where == "--target"
    assert advice in caught.value.advice
