"""What differs, and what only looks as if it did."""

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
from reconciler.planning.diff import as_it_stands, changed, created, is_pending
from reconciler.planning.plan import Change
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
    """Some of a kind's fields, with values that manifests can resolve to."""
    return draw(st.fixed_dictionaries({}, optional=FIELDS[of]))


kinds = st.sampled_from(sorted(FIELDS)).map(kind)


def made(of: Kind, values: dict[str, Any]) -> LiveObject:
    """The object that the changes of a create make."""
    paths = {change.path for change in created(of, values)}
    return stored(of, {}, sent(of, values, paths))


@given(st.data())
def test_an_object_made_from_its_create_differs_from_the_manifest_in_nothing(data: st.DataObject) -> None:
    of = data.draw(kinds)
    values = data.draw(declarations(of.name))
    assert changed(of, values, made(of, values)) == ()


@given(st.data())
def test_an_object_that_holds_the_values_has_no_diff(data: st.DataObject) -> None:
    of = data.draw(kinds)
    values = data.draw(declarations(of.name))
    assert changed(of, values, stored(of, {}, sent(of, values))) == ()


@given(st.data())
def test_after_the_diff_is_applied_there_is_none(data: st.DataObject) -> None:
    of = data.draw(kinds)
    before = stored(of, {}, sent(of, data.draw(declarations(of.name))))
    values = data.draw(declarations(of.name))
    changes = changed(of, values, before)
    wanted = {**values}
    if values.get("customFields") is not None:
        touched = {change.path.partition(".")[2] for change in changes if change.path.startswith("customFields.")}
        wanted["customFields"] = {name: values["customFields"][name] for name in touched}
    paths = {change.path.partition(".")[0] for change in changes}
    assert changed(of, values, stored(of, before.raw, sent(of, wanted, paths))) == ()


@given(st.data())
def test_fields_that_are_left_out_are_not_managed(data: st.DataObject) -> None:
    of = data.draw(kinds)
    before = stored(of, {}, sent(of, data.draw(declarations(of.name))))
    assert changed(of, {}, before) == ()


def test_an_unset_price_is_set_to_an_explicit_zero() -> None:
    assert changed(kind("Product"), {"price": Decimal(0)}, live("Product", 4, {})) == (
        Change(path="price", after="0", number=True),
    )


def test_null_clears_a_field() -> None:
    assert changed(kind("Company"), {"city": None}, live_company()) == (Change(path="city", before="Boston"),)


def test_trailing_spaces_are_no_difference() -> None:
    assert changed(kind("Company"), {"name": "Acme Dental"}, live_company(name="Acme Dental   ")) == ()


def test_line_ends_are_no_difference() -> None:
    notes = live_agreement(internalNotes="one\r\ntwo")
    assert changed(kind("Agreement"), {"internalNotes": "one\ntwo"}, notes) == ()


def test_a_midnight_is_a_date() -> None:
    assert changed(kind("Agreement"), {"startDate": "2026-11-01"}, live_agreement()) == ()


def test_the_natural_key_of_a_pinned_object_is_renamed() -> None:
    found = changed(kind("Company"), {"identifier": "ACME2"}, live_company(), keys=True)
    assert found == (Change(path="identifier", before="ACME", after="ACME2"),)


def test_the_parent_of_a_nested_object_is_its_place_and_no_field_of_it() -> None:
    report = live("ManagementSolution", 3, {"groupIdentifier": "1"}, 5)
    assert changed(kind("ManagementSolution"), {"company": Link("other", 6)}, report, keys=True) == ()


def test_secrets_are_sent_once_and_never_compared() -> None:
    values = {"username": "billing", "password": {"env": "LOGIN_PASSWORD"}}
    password = created(kind("IntegratorLogin"), values)[1]
    assert (password.path, password.after, password.sensitive) == ("password", {"env": "LOGIN_PASSWORD"}, True)
    assert changed(kind("IntegratorLogin"), values, live("IntegratorLogin", 1, {"username": "billing"})) == ()


def test_no_end_is_sent_to_a_new_agreement_and_other_nulls_are_not() -> None:
    found = created(kind("Agreement"), {"endDate": None, "customerPO": None, "prorate": None})
    assert [(change.path, change.after) for change in found] == [("endDate", None)]


def test_the_default_email_address_is_the_one_that_counts() -> None:
    items = [
        {"id": 1, "communicationType": "Email", "value": "old@acme.test", "defaultFlag": False},
        {"id": 2, "communicationType": "Phone", "value": "555"},
        {"id": 3, "communicationType": "Email", "value": "john@acme.test ", "defaultFlag": True},
    ]
    person = live_contact(communicationItems=items)
    assert changed(kind("Contact"), {"email": "john@acme.test"}, person, keys=True) == ()
    assert as_it_stands(kind("Contact"), {"email", "phone"}, person) == {"email": "john@acme.test", "phone": "555"}


def custom(**values: Any) -> LiveObject:
    return live_company(customFields=[{"id": 1, "caption": name, "value": value} for name, value in values.items()])


def test_custom_fields_are_compared_one_by_one_by_caption() -> None:
    found = changed(kind("Company"), {"customFields": {"Region": "East"}}, custom(Region="West", Score=Decimal(3)))
    assert found == (Change(path="customFields.Region", before="West", after="East"),)


def test_a_custom_field_of_zero_is_not_an_empty_one_and_one_of_false_is() -> None:
    found = changed(kind("Company"), {"customFields": {"Score": Decimal(0), "Key": False}}, custom())
    assert [(change.path, change.after) for change in found] == [("customFields.Score", "0")]


def test_custom_fields_and_cross_references_are_found_under_names_that_a_server_has_normalised() -> None:
    found = changed(kind("Company"), {"customFields": {"Cafe\u0301": "x"}}, custom(**{"Caf\u00e9": "x"}))
    assert found == ()
    references = live(
        "ManagedDevicesIntegration", 4, {"crossReferences": [{"id": 1, "vendorType": "Caf\u00e9", "vendorLevel": "A"}]}
    )
    wanted = {"Cafe\u0301/A": {"vendorType": "Cafe\u0301", "vendorLevel": "A"}}
    assert changed(kind("ManagedDevicesIntegration"), {"crossReferences": wanted}, references) == ()


def test_a_custom_field_that_was_never_set_needs_no_clearing() -> None:
    assert changed(kind("Company"), {"customFields": {"Region": None}}, custom()) == ()


def test_null_in_place_of_custom_fields_clears_each() -> None:
    found = changed(kind("Company"), {"customFields": None}, custom(Region="West", Score=None))
    assert found == (Change(path="customFields.Region", before="West"),)


def test_a_custom_date_is_a_date() -> None:
    field = {"id": 1, "caption": "Since", "type": "Date", "value": "2026-11-01T00:00:00Z"}
    assert changed(kind("Company"), {"customFields": {"Since": "2026-11-01"}}, live_company(customFields=[field])) == ()


def crossing(**more: Any) -> dict[str, Any]:
    return {"id": 8, "vendorType": "Server", "vendorLevel": "Gold", "product": {"id": 4, "identifier": "GB"}, **more}


def crossings(*subcollection: dict[str, Any]) -> LiveObject:
    return live("ManagedDevicesIntegration", 2, {"crossReferences": [*subcollection]})


SERVER = {"vendorType": "Server", "vendorLevel": "Gold", "product": Link("gb", 4)}
MDI = kind("ManagedDevicesIntegration")


def test_a_cross_reference_is_compared_over_its_declared_fields() -> None:
    assert (
        changed(MDI, {"crossReferences": {"Server/Gold": SERVER}}, crossings(crossing(agreementType={"id": 3}))) == ()
    )


def test_a_cross_reference_that_bills_to_another_product_is_shown_as_that_ones_change() -> None:
    wanted = {**SERVER, "product": Link("tb", None, "Product/tb")}
    (found,) = changed(MDI, {"crossReferences": {"Server/Gold": wanted}}, crossings(crossing()))
    assert found.path == "crossReferences.Server/Gold"
    assert found.before["product"] == {"name": "GB", "id": 4}
    assert found.known_after_apply


def test_a_new_cross_reference_is_added() -> None:
    (found,) = changed(MDI, {"crossReferences": {"Server/Gold": SERVER}}, crossings())
    assert (found.before, found.after["vendorType"]) == (None, "Server")


@pytest.mark.parametrize("none_left", [{}, None])
def test_cross_references_that_are_not_listed_go_once(none_left: dict[str, Any] | None) -> None:
    (found,) = changed(MDI, {"crossReferences": none_left}, crossings(crossing()))
    assert (found.path, found.after) == ("crossReferences.Server/Gold", None)
    assert changed(MDI, {"crossReferences": none_left}, crossings(crossing(inactiveFlag=True))) == ()


def test_a_cross_reference_that_is_listed_again_is_switched_on_again() -> None:
    (found,) = changed(MDI, {"crossReferences": {"Server/Gold": SERVER}}, crossings(crossing(inactiveFlag=True)))
    assert (found.before["inactive"], found.after["inactive"]) == (True, False)


def test_a_new_object_is_sent_no_empty_list_of_objects() -> None:
    assert created(MDI, {"crossReferences": {}}) == ()


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
def test_what_links_to_something_yet_to_be_made_is_known_after_apply(value: Any, pending: bool) -> None:
    assert is_pending(value) is pending


def test_a_precondition_remembers_what_is_declared_and_compared() -> None:
    report = live(
        "ManagementSolution", 3, {"groupIdentifier": "1", "deviceType": "Servers", "managementSolution": {"name": "C"}}
    )
    assert as_it_stands(kind("ManagementSolution"), {"company", "managedId", "solution"}, report) == {
        "solution": "C",
        "managedId": "1",
    }


def test_a_name_in_another_case_is_a_change_and_an_address_is_none() -> None:
    (found,) = changed(kind("Agreement"), {"name": "backup"}, live_agreement(name="Backup"))
    assert (found.path, found.before, found.after) == ("name", "Backup", "backup")
    assert changed(kind("Agreement"), {"name": "Other"}, live_agreement(name="Backup")) == ()
    assert changed(kind("Contact"), {"email": "JOHN@acme.test"}, live_contact()) == ()
