"""Tests of the customer that each action belongs to."""

from __future__ import annotations

from typing import Any

from reconciler.planning.action import Action, Change, Customer, Precondition
from reconciler.planning.customers import declared_companies, with_customers
from tests.planning.builders import (
    action,
    addition,
    company,
    live_agreement,
    live_company,
    live_contact,
    product,
)

ACME = Customer(address="Company/acme", name="Acme Dental")
OBJECTS = {
    (each.kind, each.id): each
    for each in (live_company(5), live_agreement(9, company_id=5), live_contact(7, company_id=5), addition(99))
}


def customer(*actions: Action, objects: Any = OBJECTS, declared: Any = None) -> Customer | None:
    """Return the customer of the first of these actions."""
    return with_customers(actions, objects, {5: ACME} if declared is None else declared)[0].customer


def links(**fields: Any) -> tuple[Change, ...]:
    return tuple(Change(path=name, after=value) for name, value in fields.items())


def before(number: int, **fields: Any) -> Precondition:
    return Precondition(id=number, last_updated=None, fields=fields)


def test_a_company_is_its_own_customer() -> None:
    new = action("Company/acme", changes=links(identifier="ACME", name="Acme"))
    assert customer(new) == Customer(address="Company/acme", name="Acme")


def test_a_renamed_company_has_its_new_name_and_another_change_keeps_the_name() -> None:
    renamed = action(
        "Company/acme",
        action="update",
        id=5,
        changes=(Change(path="name", before="Acme Dental", after="Acme Teeth"),),
        precondition=before(5, name="Acme Dental"),
    )
    moved = renamed.model_copy(update={"changes": links(city="Boston")})

    assert customer(renamed) == Customer(address="Company/acme", name="Acme Teeth")
    assert customer(moved) == ACME


def test_a_new_contact_belongs_to_the_company_that_it_names() -> None:
    assert customer(action("Contact/john", changes=links(company={"name": "ACME", "id": 5}))) == ACME


def test_an_object_of_a_company_that_the_same_plan_creates_has_its_name() -> None:
    contact = action("Contact/john", changes=links(company={"name": "acme", "address": "Company/acme"}))
    new = action("Company/acme", changes=links(identifier="ACME", name="Acme"))

    assert customer(contact, new) == Customer(address="Company/acme", name="Acme")


def test_a_changed_contact_belongs_to_the_company_that_it_has() -> None:
    changed = action(
        "Contact/john",
        action="update",
        id=7,
        changes=links(title="CEO"),
        precondition=before(7, company={"name": "ACME", "id": 5}),
    )
    assert customer(changed) == ACME


def test_a_management_solution_belongs_to_the_company_in_its_path() -> None:
    path = "company/companies/5/managementSummaryReports/17"
    retired = action(
        "ManagementSolution/acme", action="retire", id=17, endpoint=path, changes=(), precondition=before(17)
    )
    assert customer(retired) == ACME


def test_an_addition_belongs_to_the_company_of_its_agreement() -> None:
    path = "finance/agreements/9/additions/99"
    changed = action("Addition/acme.storage:gb", action="update", id=99, endpoint=path, changes=links(quantity="3"))
    new = action("Addition/acme.storage:gb", changes=links(agreement={"name": "Backup", "id": 9}))

    assert customer(changed) == customer(new) == ACME


def test_an_addition_on_a_new_agreement_belongs_to_the_company_of_that() -> None:
    line = action("Addition/acme.storage:gb", changes=links(agreement={"name": "b", "address": "Agreement/backup"}))
    agreement = action("Agreement/backup", changes=links(company={"name": "ACME", "id": 5}))

    assert customer(line, agreement) == ACME


def test_an_addition_on_an_agreement_that_was_not_read_has_no_customer() -> None:
    assert customer(action("Addition/a:gb", endpoint="finance/agreements/8/additions/1", changes=())) is None
    assert customer(action("Addition/a:gb", changes=())) is None


def test_an_agreement_whose_company_is_unknown_has_no_customer() -> None:
    objects = {("Agreement", 9): live_agreement(9, company=None)}
    line = action("Addition/a:gb", endpoint="finance/agreements/9/additions/1", changes=())

    assert customer(line, objects=objects) is None


def test_a_company_that_is_not_declared_has_its_path_as_address() -> None:
    contact = action("Contact/john", changes=links(company={"name": "ACME", "id": 5}))

    assert customer(contact, declared={}) == Customer(address="company/companies/5", name="Acme Dental")
    assert customer(contact, declared={}, objects={}) == Customer(address="company/companies/5", name="ACME")


def test_a_company_that_the_same_plan_retires_has_the_address_of_its_action() -> None:
    path = "company/companies/5/managementSummaryReports/17"
    solution = action("ManagementSolution/old", action="retire", id=17, endpoint=path, changes=())
    gone = action("Company/old", action="retire", id=5, changes=(), precondition=before(5, name="Old Ltd"))

    assert customer(solution, gone, declared={}) == Customer(address="Company/old", name="Old Ltd")


def test_products_belong_to_no_customer() -> None:
    assert customer(action("Product/gb")) is None


def test_a_declared_company_has_the_name_of_its_document() -> None:
    contact = action("Contact/john", changes=links(company={"name": "ACME", "id": 5}))
    declared = {5: Customer(address="Company/acme", name="Acme of the manifest")}

    assert customer(contact, objects={}, declared=declared) == declared[5]


def test_declared_companies_are_found_by_id() -> None:
    documents = (company("acme"), company("bolt", identifier="BOLT"), product())
    matches = {"Company/acme": live_company(5, name="Old name"), "Product/gb": live_company(4)}

    assert declared_companies(documents, matches) == {5: ACME}
