"""The rules about retired documents: no document that is not retired may still need one."""

from __future__ import annotations

from tests.manifests.conftest import Estate

RETIRED = ", ensure: retired"


def test_a_protected_object_cannot_be_retired(estate: Estate) -> None:
    metadata = ", ensure: retired, protect: true"
    found = estate.add("Company", "b", "identifier: B\nname: B\ncity: X", metadata=metadata).error()
    assert found.message == "protect: true and ensure: retired contradict each other"


def test_a_kind_without_objects_in_connectwise_cannot_be_retired(estate: Estate) -> None:
    customer = 'customer: {source: cove, id: "2"}\nreason: ours'
    found = estate.add("Exclusion", "one", customer, metadata=", ensure: retired").error()
    assert found.message == "Exclusion has no object in ConnectWise, so nothing can be retired"
    assert (found.line, found.column) == (3, 31)


def test_defaults_cannot_be_retired(estate: Estate) -> None:
    spec = "Product: {category: Services}"
    found = estate.add("Defaults", "all", spec, metadata=", ensure: retired").error()
    assert found.message == "Defaults have no object in ConnectWise, so nothing can be retired"


def test_a_document_that_is_not_retired_cannot_refer_to_a_retired_one(estate: Estate) -> None:
    """By its manifest name or by a look-up: both mean the same document."""
    retired = ", ensure: retired"
    estate.add("Company", "gone", "identifier: GONE\nname: Gone\ncity: X", metadata=retired)
    contact = "company: {}\nfirstName: A\nemail: a@b.example"
    estate.add("Contact", "one", contact.format("gone"))
    estate.add("Contact", "two", contact.format("{identifier: gone}").replace("a@", "b@"))
    one, two = estate.errors()
    assert one.message == "Contact/one still needs Company/gone, which is retired at company-gone.yaml:3:32"
    assert one.suggestion == "retire or remove Contact/one too, or let it refer to another Company"
    assert two.message.startswith("Contact/two still needs Company/gone")


def test_retired_documents_may_refer_to_each_other(estate: Estate) -> None:
    retired = ", ensure: retired"
    estate.add("Company", "gone", "identifier: GONE\nname: Gone\ncity: X", metadata=retired)
    estate.add("Contact", "one", "company: gone\nfirstName: A\nemail: a@b.example", metadata=retired).load()


def test_only_a_kind_that_is_retired_by_a_setup_table_entry_has_an_entry_in_retired_as(estate: Estate) -> None:
    text = (estate.root / "workspace.yaml").read_text(encoding="utf-8")
    estate.write("workspace.yaml", text.replace("spec:\n", "spec:\n  retiredAs: {Agreement: Old}\n"))
    found = estate.error()
    assert found.message == "no setup-table entry says that an object of kind Agreement is retired"


INTEGRATION = "name: {0}\nsolution: Managed Backup\nloginBy: Global\ndefaultBillingLevel: Detail"


def test_a_mapping_needs_the_management_solution_that_it_names(estate: Estate) -> None:
    text = (estate.root / "acme.yaml").read_text(encoding="utf-8")
    name = "kind: ManagementSolution\nmetadata: {name: acme-backup"
    assert name in text
    estate.write("acme.yaml", text.replace(name, f"{name}{RETIRED}"))
    found = estate.error()
    assert found.message.startswith("CustomerMapping/acme still needs ManagementSolution/acme-backup, which is retired")


def test_a_management_solution_needs_a_record_that_brings_its_solution_in(estate: Estate) -> None:
    """One of two records is enough."""
    estate.add("ManagedDevicesIntegration", "one", INTEGRATION.format("One"), metadata=RETIRED)
    assert estate.error().message.startswith("ManagementSolution/acme-backup still needs ManagedDevicesIntegration/one")
    estate.add("ManagedDevicesIntegration", "two", INTEGRATION.format("Two")).load()
