"""The order of actions."""

from __future__ import annotations

import pytest

from reconciler.planning.action import Action, Change
from reconciler.planning.order import linked_addresses, with_dependencies
from reconciler.planning.problems import PlanError
from tests.planning.builders import action


def linking(address: str, **fields: object) -> Action:
    changes = tuple(Change(path=name, after=value) for name, value in fields.items())
    return action(address, changes=changes)


def to(address: str) -> dict[str, str]:
    return {"name": "x", "address": address}


COMPANY = action("Company/acme")
CONTACT = linking("Contact/john", company=to("Company/acme"))
AGREEMENT = linking("Agreement/backup", company=to("Company/acme"), contact=to("Contact/john"))


def order(*actions: Action, **also: frozenset[str]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.address, each.depends_on) for each in with_dependencies(actions, also)]


def test_a_referenced_object_comes_first() -> None:
    assert order(AGREEMENT, CONTACT, COMPANY) == [
        ("Company/acme", ()),
        ("Contact/john", ("Company/acme",)),
        ("Agreement/backup", ("Company/acme", "Contact/john")),
    ]


def test_a_reference_to_an_object_outside_the_plan_is_no_dependency() -> None:
    assert order(CONTACT) == [("Contact/john", ())]


def test_references_inside_lists_and_entries_are_dependencies() -> None:
    entry = {"vendorType": "Server", "product": to("Product/gb")}
    assert [*linked_addresses({"Server/Gold": entry})] == ["Product/gb"]
    assert [*linked_addresses([to("Product/gb"), "text"])] == ["Product/gb"]


def test_a_management_solution_comes_after_the_record_of_its_solution_name() -> None:
    integration = linking("ManagedDevicesIntegration/cove", solution="Cove")
    record = linking("ManagementItSolution/cove", solutionName="Cove")
    other = linking("ManagementItSolution/other", solutionName="cove")
    wants = linking("ManagementSolution/acme", solution="Cove")
    found = dict(order(wants, record, integration, other))
    assert found["ManagementSolution/acme"] == ("ManagedDevicesIntegration/cove", "ManagementItSolution/cove")


def test_an_update_of_other_fields_does_not_depend_on_that_record() -> None:
    integration = linking("ManagedDevicesIntegration/cove", solution="Cove")
    assert order(linking("ManagementSolution/acme", deviceType="Servers"), integration)[0][1] == ()


def test_dependencies_that_no_change_shows_are_kept() -> None:
    line = action("Addition/acme:gb")
    found = with_dependencies([line, COMPANY], {"Addition/acme:gb": frozenset({"Company/acme", "Product/gone"})})
    assert [(each.address, each.depends_on) for each in found][1] == ("Addition/acme:gb", ("Company/acme",))


def test_the_order_is_the_same_every_time() -> None:
    many = [linking(f"Contact/c{number:02}", company=to("Company/acme")) for number in range(50)]
    last = linking("Agreement/a", **{f"f{number}": to(f"Contact/c{number:02}") for number in range(50)})
    assert [each.address for each in with_dependencies([last, *many, COMPANY])] == [
        "Company/acme",
        *(each.address for each in sorted(many, key=lambda each: each.address)),
        "Agreement/a",
    ]


def test_an_action_that_refers_to_itself_has_no_dependency() -> None:
    assert order(linking("Company/acme", parent=to("Company/acme"))) == [("Company/acme", ())]


def test_a_cycle_is_named() -> None:
    also = {"Company/acme": frozenset({"Contact/john"})}
    with pytest.raises(PlanError, match="these depend on each other: Company/acme → Contact/john → Company/acme") as no:
        with_dependencies([COMPANY, CONTACT], also)
    assert len(no.value.problems) == 1


def test_two_actions_with_one_address_are_an_error() -> None:
    with pytest.raises(PlanError, match="two actions have the address Company/acme"):
        with_dependencies([COMPANY, COMPANY, CONTACT])
