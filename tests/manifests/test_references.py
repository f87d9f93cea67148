from __future__ import annotations

import pytest

from reconciler.kinds.base import ByIdentifier
from reconciler.manifests.references import index, look_ups
from tests.manifests.conftest import Estate

CONTACT = "firstName: B\nemail: b@x.example\n"


def test_what_each_kind_can_be_looked_up_by_comes_from_the_fields_that_refer_to_it() -> None:
    assert look_ups() == {
        "Agreement": ("name", "id"),
        "Company": ("identifier", "id"),
        "Contact": ("email", "id"),
        "IntegratorLogin": ("name", "id"),
        "Product": ("identifier", "id"),
    }


def test_a_reference_to_nothing_is_guessed_and_the_look_up_is_offered(estate: Estate) -> None:
    found = estate.add("Contact", "b", CONTACT + "company: acmee").error()
    assert (found.line, found.column, found.message) == (7, 12, "there is no Company/acmee")
    assert found.suggestion == (
        "did you mean acme? Or look it up with {identifier: …} or {id: …} if no manifest declares it"
    )


def test_without_anything_near_only_the_look_up_is_offered(estate: Estate) -> None:
    found = estate.add("Contact", "b", CONTACT + "company: zzzzz").error()
    assert found.suggestion == "look it up with {identifier: …} or {id: …} if no manifest declares it"


def test_a_look_up_may_lead_to_what_only_connectwise_knows(estate: Estate) -> None:
    assert estate.add("Contact", "b", CONTACT + "company: {identifier: Elsewhere}").load()


@pytest.mark.parametrize("kind", ["ranges", "crossReferences"])
def test_references_deep_inside_a_spec_are_followed(estate: Estate, kind: str) -> None:
    if kind == "ranges":
        spec = 'customer: {source: cove, id: "2"}\ncompany: acme\nagreement: acme-backup\nsolution: Managed Backup\n'
        estate.add("CustomerMapping", "b", spec + 'managedId: "7"\nranges: [{product: nope}]')
    else:
        spec = "name: M\nsolution: S\nloginBy: Global\ndefaultBillingLevel: Detail\n"
        cross = "crossReferences: [{vendorType: t, vendorLevel: l, product: nope}]"
        estate.add("ManagedDevicesIntegration", "b", spec + cross)
    assert estate.error().message == "there is no Product/nope"


def test_what_may_stand_in_a_broken_document_or_file_is_not_missed_elsewhere(estate: Estate) -> None:
    estate.write("one.yaml", "apiVersion: reconciler/v1\nkind: Compny\nmetadata: {name: beta}\nspec: {}\n")
    estate.write("two.yaml", "kind: Company\nmetadata:\n  name: gamma\nspec: {a: 'open\n")
    (estate.root / "three.yaml").write_bytes(b"kind: Company\nmetadata: {name: delta}\nspec: \xff\n")
    for name in ("beta", "gamma", "delta", "epsilon"):
        estate.add("Contact", name, f"company: {name}\nfirstName: B\nemail: {name}@x.example")
    messages = [item.message for item in estate.errors() if item.file.startswith("contact")]
    assert messages == ["there is no Company/epsilon"]


def test_a_look_up_that_several_documents_answer_to_finds_none(estate: Estate) -> None:
    estate.add("Company", "twin", "identifier: ' ACME'\nname: Twin\ncity: Bonn", metadata=", id: 5")
    assert [item.message.split(",")[0] for item in estate.errors()] == [
        "Company/twin is the same Company (by identifier) as Company/acme"
    ]
    assert index({}).find("Company", ByIdentifier(identifier="ACME")) is None
