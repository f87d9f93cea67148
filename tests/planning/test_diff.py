"""The changes between declared values and live objects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, plain_text
from reconciler.planning.action import Change
from reconciler.planning.diff import changes_to_create, changes_to_update, is_pending, manifest_values
from tests.planning.builders import live, live_agreement, live_company, live_contact, sent, stored

words = st.text(max_size=12).map(plain_text)
some_words = words.filter(lambda text: text is not None)
numbers = st.decimals(-1000, 1000, places=3) | st.none()
flags = st.booleans() | st.none()
entries = st.builds(Link, some_words, st.integers(1, 60))
dates = st.dates().map(lambda day: day.isoformat())

FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Company": {
        "name": some_words,
        "city": words,
        "status": entries | st.none(),
        "types": st.frozensets(entries, max_size=3),
        "customFields": st.fixed_dictionaries({}, optional={"Region": words, "Score": numbers, "Key account": flags}),
    },
    "Agreement": {
        "type": entries,
        "startDate": dates,
        "endDate": dates | st.none(),
        "prorate": flags,
        "customerPO": words,
    },
    "Product": {"description": some_words, "price": numbers, "cost": numbers, "taxable": flags, "type": entries},
    "IntegratorLogin": {
        "accessAllRecords": st.booleans(),
        "apis": st.frozensets(st.sampled_from(["Company", "Product", "Reporting"])),
    },
}


@st.composite
def declarations(draw: st.DrawFn, of: str) -> dict[str, Any]:
    """Draw some fields of a kind, with values that the fields of a document can have."""
    return draw(st.fixed_dictionaries({}, optional=FIELDS[of]))


kinds = st.sampled_from(sorted(FIELDS)).map(kind)


def made(of: Kind, values: dict[str, Any]) -> LiveObject:
    """Return the object that a create makes."""
    paths = {change.path for change in changes_to_create(of, values)}
    return stored(of, {}, sent(of, values, paths))


@given(st.data())
def test_a_created_object_has_no_changes(data: st.DataObject) -> None:
    of = data.draw(kinds)
    values = data.draw(declarations(of.name))
    assert changes_to_update(of, values, made(of, values)) == ()


@given(st.data())
def test_an_object_with_the_declared_values_has_no_changes(data: st.DataObject) -> None:
    of = data.draw(kinds)
    values = data.draw(declarations(of.name))
    assert changes_to_update(of, values, stored(of, {}, sent(of, values))) == ()


@given(st.data())
def test_after_its_changes_are_applied_an_object_has_no_changes(data: st.DataObject) -> None:
    of = data.draw(kinds)
    before = stored(of, {}, sent(of, data.draw(declarations(of.name))))
    values = data.draw(declarations(of.name))
    changes = changes_to_update(of, values, before)
    desired = {**values}
    if values.get("customFields") is not None:
        touched = {change.path.partition(".")[2] for change in changes if change.path.startswith("customFields.")}
        desired["customFields"] = {name: values["customFields"][name] for name in touched}
    paths = {change.path.partition(".")[0] for change in changes}
    assert changes_to_update(of, values, stored(of, before.raw, sent(of, desired, paths))) == ()


@given(st.data())
def test_fields_that_are_left_out_are_not_managed(data: st.DataObject) -> None:
    of = data.draw(kinds)
    before = stored(of, {}, sent(of, data.draw(declarations(of.name))))
    assert changes_to_update(of, {}, before) == ()


def test_an_unset_price_is_set_to_an_explicit_zero() -> None:
    assert changes_to_update(kind("Product"), {"price": Decimal(0)}, live("Product", 4, {})) == (
        Change(path="price", after="0", number=True),
    )


def test_null_clears_a_field() -> None:
    assert changes_to_update(kind("Company"), {"city": None}, live_company()) == (Change(path="city", before="Boston"),)


def test_trailing_spaces_are_no_difference() -> None:
    assert changes_to_update(kind("Company"), {"name": "Acme Dental"}, live_company(name="Acme Dental   ")) == ()


def test_line_ends_are_no_difference() -> None:
    notes = live_agreement(internalNotes="one\r\ntwo")
    assert changes_to_update(kind("Agreement"), {"internalNotes": "one\ntwo"}, notes) == ()


def test_a_midnight_is_a_date() -> None:
    assert changes_to_update(kind("Agreement"), {"startDate": "2026-11-01"}, live_agreement()) == ()


def test_the_natural_key_of_a_pinned_object_is_renamed() -> None:
    found = changes_to_update(kind("Company"), {"identifier": "ACME2"}, live_company(), keys=True)
    assert found == (Change(path="identifier", before="ACME", after="ACME2"),)


def test_the_parent_of_a_nested_object_is_not_compared() -> None:
    report = live("ManagementSolution", 3, {"groupIdentifier": "1"}, 5)
    assert changes_to_update(kind("ManagementSolution"), {"company": Link("other", 6)}, report, keys=True) == ()


def test_secrets_are_sent_in_a_create_and_never_compared() -> None:
    values = {"username": "billing", "password": {"env": "LOGIN_PASSWORD"}}
    password = changes_to_create(kind("IntegratorLogin"), values)[1]
    assert (password.path, password.after, password.sensitive) == ("password", {"env": "LOGIN_PASSWORD"}, True)
    assert changes_to_update(kind("IntegratorLogin"), values, live("IntegratorLogin", 1, {"username": "billing"})) == ()


def test_a_new_agreement_is_sent_a_null_end_date_and_no_other_nulls() -> None:
    found = changes_to_create(kind("Agreement"), {"endDate": None, "customerPO": None, "prorate": None})
    assert [(change.path, change.after) for change in found] == [("endDate", None)]


def test_the_default_email_address_is_compared() -> None:
    items = [
        {"id": 1, "communicationType": "Email", "value": "old@acme.test", "defaultFlag": False},
        {"id": 2, "communicationType": "Phone", "value": "555"},
        {"id": 3, "communicationType": "Email", "value": "john@acme.test ", "defaultFlag": True},
    ]
    person = live_contact(communicationItems=items)
    assert changes_to_update(kind("Contact"), {"email": "john@acme.test"}, person, keys=True) == ()
    assert manifest_values(kind("Contact"), {"email", "phone"}, person) == {"email": "john@acme.test", "phone": "555"}


def custom(**values: Any) -> LiveObject:
    return live_company(customFields=[{"id": 1, "caption": name, "value": value} for name, value in values.items()])


def test_custom_fields_are_compared_one_by_one_by_caption() -> None:
    found = changes_to_update(
        kind("Company"), {"customFields": {"Region": "East"}}, custom(Region="West", Score=Decimal(3))
    )
    assert found == (Change(path="customFields.Region", before="West", after="East"),)


def test_a_custom_field_of_zero_is_not_empty_and_one_of_false_is() -> None:
    found = changes_to_update(kind("Company"), {"customFields": {"Score": Decimal(0), "Key": False}}, custom())
    assert [(change.path, change.after) for change in found] == [("customFields.Score", "0")]


def test_custom_fields_and_cross_references_are_found_under_normalised_names() -> None:
    found = changes_to_update(kind("Company"), {"customFields": {"Cafe\u0301": "x"}}, custom(**{"Caf\u00e9": "x"}))
    assert found == ()
    references = live(
        "ManagedDevicesIntegration", 4, {"crossReferences": [{"id": 1, "vendorType": "Caf\u00e9", "vendorLevel": "A"}]}
    )
    desired = {"Cafe\u0301/A": {"vendorType": "Cafe\u0301", "vendorLevel": "A"}}
    assert changes_to_update(kind("ManagedDevicesIntegration"), {"crossReferences": desired}, references) == ()


def test_a_custom_field_that_was_never_set_needs_no_clearing() -> None:
    assert changes_to_update(kind("Company"), {"customFields": {"Region": None}}, custom()) == ()


def test_null_for_custom_fields_clears_each() -> None:
    found = changes_to_update(kind("Company"), {"customFields": None}, custom(Region="West", Score=None))
    assert found == (Change(path="customFields.Region", before="West"),)


def test_a_custom_date_is_a_date() -> None:
    field = {"id": 1, "caption": "Since", "type": "Date", "value": "2026-11-01T00:00:00Z"}
    assert (
        changes_to_update(
            kind("Company"), {"customFields": {"Since": "2026-11-01"}}, live_company(customFields=[field])
        )
        == ()
    )


def crossing(**more: Any) -> dict[str, Any]:
    return {"id": 8, "vendorType": "Server", "vendorLevel": "Gold", "product": {"id": 4, "identifier": "GB"}, **more}


def crossings(*subcollection: dict[str, Any]) -> LiveObject:
    return live("ManagedDevicesIntegration", 2, {"crossReferences": [*subcollection]})


SERVER = {"vendorType": "Server", "vendorLevel": "Gold", "product": Link("gb", 4)}
MDI = kind("ManagedDevicesIntegration")


def test_only_declared_fields_of_a_cross_reference_are_compared() -> None:
    assert (
        changes_to_update(
            MDI, {"crossReferences": {"Server/Gold": SERVER}}, crossings(crossing(agreementType={"id": 3}))
        )
        == ()
    )


def test_another_product_of_a_cross_reference_is_a_change_of_that_entry() -> None:
    desired = {**SERVER, "product": Link("tb", None, "Product/tb")}
    (found,) = changes_to_update(MDI, {"crossReferences": {"Server/Gold": desired}}, crossings(crossing()))
    assert found.path == "crossReferences.Server/Gold"
    assert found.before["product"] == {"name": "GB", "id": 4}
    assert found.known_after_apply


def test_a_new_cross_reference_is_added() -> None:
    (found,) = changes_to_update(MDI, {"crossReferences": {"Server/Gold": SERVER}}, crossings())
    assert (found.before, found.after["vendorType"]) == (None, "Server")


@pytest.mark.parametrize("none_left", [{}, None])
def test_cross_references_that_are_not_listed_are_removed_once(none_left: dict[str, Any] | None) -> None:
    (found,) = changes_to_update(MDI, {"crossReferences": none_left}, crossings(crossing()))
    assert (found.path, found.after) == ("crossReferences.Server/Gold", None)
    assert changes_to_update(MDI, {"crossReferences": none_left}, crossings(crossing(inactiveFlag=True))) == ()


def test_a_cross_reference_that_is_listed_again_becomes_active() -> None:
    (found,) = changes_to_update(
        MDI, {"crossReferences": {"Server/Gold": SERVER}}, crossings(crossing(inactiveFlag=True))
    )
    assert (found.before["inactive"], found.after["inactive"]) == (True, False)


def test_a_new_object_is_sent_no_empty_list_of_objects() -> None:
    assert changes_to_create(MDI, {"crossReferences": {}}) == ()


@pytest.mark.parametrize(
    ("value", "pending"),
    [
        (Link("a", None, "Company/a"), True),
        (Link("a", 1), False),
        (frozenset({Link("a", None, "Company/a")}), True),
        ({"product": Link("a", None, "Product/a")}, True),
        ("text", False),
    ],
)
def test_a_link_to_an_object_that_does_not_exist_yet_is_known_after_apply(value: Any, pending: bool) -> None:
    assert is_pending(value) is pending


def test_a_precondition_has_the_declared_and_compared_fields() -> None:
    report = live(
        "ManagementSolution", 3, {"groupIdentifier": "1", "deviceType": "Servers", "managementSolution": {"name": "C"}}
    )
    assert manifest_values(kind("ManagementSolution"), {"company", "managedId", "solution"}, report) == {
        "solution": "C",
        "managedId": "1",
    }


def test_a_name_in_another_case_is_a_change_and_an_email_address_in_another_case_is_not() -> None:
    (found,) = changes_to_update(kind("Agreement"), {"name": "backup"}, live_agreement(name="Backup"))
    assert (found.path, found.before, found.after) == ("name", "Backup", "backup")
    assert changes_to_update(kind("Agreement"), {"name": "Other"}, live_agreement(name="Backup")) == ()
    assert changes_to_update(kind("Contact"), {"email": "JOHN@acme.test"}, live_contact()) == ()
