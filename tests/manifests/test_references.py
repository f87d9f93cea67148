"""References between documents."""

from __future__ import annotations

import pytest

from reconciler.kinds.fields import ByIdentifier
from reconciler.manifests.references import index, lookup_fields
from tests.manifests.conftest import Estate

CONTACT = "firstName: B\nemail: b@x.example\n"


def test_the_lookup_fields_of_a_kind_come_from_the_fields_that_refer_to_it() -> None:
    assert lookup_fields() == {
        "Agreement": ("name", "id"),
        "Company": ("identifier", "id"),
        "Contact": ("email", "id"),
        "IntegratorLogin": ("name", "id"),
        "Product": ("identifier", "id"),
    }


def test_a_missing_document_gives_a_suggestion_and_the_lookup_fields(estate: Estate) -> None:
    found = estate.add("Contact", "b", CONTACT + "company: acmee").error()
    assert (found.line, found.column, found.message) == (7, 12, "there is no Company/acmee")
    assert found.suggestion == (
        "did you mean acme? Otherwise, if it exists in ConnectWise without a manifest, "
        "look it up with {identifier: …} or {id: …}"
    )


def test_a_strange_name_gives_only_the_lookup_fields(estate: Estate) -> None:
    found = estate.add("Contact", "b", CONTACT + "company: zzzzz").error()
    assert found.suggestion == (
        "if it exists in ConnectWise without a manifest, look it up with {identifier: …} or {id: …}"
    )


def test_a_lookup_needs_no_document(estate: Estate) -> None:
    assert estate.add("Contact", "b", CONTACT + "company: {identifier: Elsewhere}").load()


@pytest.mark.parametrize("kind", ["ranges", "crossReferences"])
def test_references_in_nested_models_are_checked(estate: Estate, kind: str) -> None:
    if kind == "ranges":
        spec = 'customer: {source: cove, id: "2"}\ncompany: acme\nagreement: acme-backup\nsolution: Managed Backup\n'
        estate.add("CustomerMapping", "b", spec + 'managedId: "7"\nranges: [{product: nope}]')
    else:
        spec = "name: M\nsolution: S\nloginBy: Global\ndefaultBillingLevel: Detail\n"
        cross = "crossReferences: [{vendorType: t, vendorLevel: l, product: nope}]"
        estate.add("ManagedDevicesIntegration", "b", spec + cross)
    assert estate.error().message == "there is no Product/nope"


def test_a_document_that_is_probably_in_a_broken_file_is_not_reported_as_missing(estate: Estate) -> None:
    estate.write("one.yaml", "apiVersion: reconciler/v1\nkind: Compny\nmetadata: {name: beta}\nspec: {}\n")
    estate.write("two.yaml", "kind: Company\nmetadata:\n  name: gamma\nspec: {a: 'open\n")
    (estate.root / "three.yaml").write_bytes(b"kind: Company\nmetadata: {name: delta}\nspec: \xff\n")
    for name in ("beta", "gamma", "delta", "epsilon"):
        estate.add("Contact", name, f"company: {name}\nfirstName: B\nemail: {name}@x.example")
    messages = [item.message for item in estate.errors() if item.file.startswith("contact")]
    assert messages == ["there is no Company/epsilon"]


def test_a_lookup_that_matches_several_documents_finds_none(estate: Estate) -> None:
    estate.add("Company", "twin", "identifier: ' ACME'\nname: Twin\ncity: Bonn", metadata=", id: 5")
    assert [item.message.split(",")[0] for item in estate.errors()] == [
        "Company/twin has the same identifier as Company/acme"
    ]
    assert index({}).find("Company", ByIdentifier(identifier="ACME")) is None
