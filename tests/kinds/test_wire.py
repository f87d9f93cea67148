"""The field mappings of particular kinds, in both directions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.contact import COMMUNICATION_TYPES, communication_type
from reconciler.kinds.custom_fields import CUSTOM_FIELDS, TABLE
from reconciler.kinds.field_mapping import FieldMapping, Subcollection
from reconciler.kinds.integrator_login import API_FLAGS
from reconciler.kinds.management_solution import solution_reference
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link

TYPES = [
    {"id": 1, "description": "Direct", "phoneFlag": True, "defaultFlag": True},
    {"id": 2, "description": "Cell", "phoneFlag": True},
    {"id": 3, "description": "Email", "emailFlag": True},
]
TABLES: dict[str, list[dict[str, Any]]] = {COMMUNICATION_TYPES: TYPES}


def mapping(of: str, field: str) -> FieldMapping:
    return kind(of).by_name[field].mapping


def subcollection(of: str, field: str) -> Subcollection:
    found = mapping(of, field).subcollection
    assert found is not None
    return found


class TestCompany:
    def test_types_are_a_set_of_links(self) -> None:
        types = {"types": [{"id": 2, "name": "Vendor"}, {"id": 1, "name": "Customer"}]}
        assert mapping("Company", "types").decode(types) == frozenset({Link("Customer", 1), Link("Vendor", 2)})
        assert mapping("Company", "types").decode({}) == frozenset()
        value = frozenset({Link("Vendor", 2), Link("Customer", 1)})
        assert mapping("Company", "types").encode(value, {}) == {"types": [{"id": 1}, {"id": 2}]}
        assert mapping("Company", "types").encode(None, {}) == {"types": []}

    def test_types_are_changed_through_type_associations(self) -> None:
        found = subcollection("Company", "types")
        assert found.identify({"id": 9, "type": {"id": 2, "name": "Vendor"}}) == Link("Vendor", 2)
        assert found.encode(Link("Vendor", 2), None, {}) == {"type": {"id": 2}}

    @pytest.mark.parametrize("name", ["Company", "Contact", "Agreement", "Product", "Addition"])
    def test_a_deleted_object_is_ignored(self, name: str) -> None:
        assert kind(name).ignore({"deletedFlag": True})
        assert not kind(name).ignore({"deletedFlag": False})
        assert not kind(name).ignore({})


class TestContact:
    def test_an_e_mail_address_is_the_default_item_of_its_type(self) -> None:
        items = [
            {"communicationType": "Email", "value": "b@x.example", "defaultFlag": False},
            {"communicationType": "Email", "value": " a@x.example ", "defaultFlag": True},
            {"communicationType": "Phone", "value": "555"},
        ]
        assert mapping("Contact", "email").decode({"communicationItems": items}) == "a@x.example"
        assert mapping("Contact", "phone").decode({"communicationItems": items}) == "555"
        assert mapping("Contact", "phone").decode({}) is None

    def test_an_e_mail_address_is_sent_as_an_item_with_its_type(self) -> None:
        item = {"type": {"id": 1}, "value": "555", "communicationType": "Phone", "defaultFlag": True}
        assert mapping("Contact", "phone").encode("555", TABLES) == {"communicationItems": [item]}
        assert mapping("Contact", "phone").encode(None, TABLES) == {}
        assert subcollection("Contact", "phone").encode("Phone", "555", TABLES) == item

    def test_only_the_default_item_of_its_type_is_changed(self) -> None:
        identify = subcollection("Contact", "email").identify
        assert identify({"communicationType": "Email", "defaultFlag": True}) == "Email"
        assert identify({"communicationType": "Email"}) is None
        assert identify({"communicationType": "Phone", "defaultFlag": True}) is None

    def test_the_communication_type_is_the_default_or_the_only_one(self) -> None:
        assert communication_type("Phone", TABLES) == 1
        assert communication_type("Email", TABLES) == 3

    @pytest.mark.parametrize(
        ("rows", "names"),
        [
            ([], "none"),
            ([{"id": id_, "description": name, "phoneFlag": True} for id_, name in ((1, "A"), (2, "B"))], "A, B"),
        ],
    )
    def test_several_default_types_are_an_error_that_lists_them(self, rows: list[dict[str, Any]], names: str) -> None:
        with pytest.raises(ValueError, match=names):
            communication_type("Phone", {COMMUNICATION_TYPES: rows})

    def test_types_are_sent_by_id_on_create_and_by_association_afterwards(self) -> None:
        types = mapping("Contact", "types")
        assert types.decode({"types": [{"id": 4, "name": "Billing"}]}) == frozenset({Link("Billing", 4)})
        assert types.encode(frozenset({Link("b", 5), Link("a", 4)}), {}) == {"typeIds": [4, 5]}
        assert types.encode(None, {}) == {"typeIds": []}
        found = subcollection("Contact", "types")
        assert found.identify({"type": {"id": 4, "name": "Billing"}}) == Link("Billing", 4)
        assert found.encode(Link("Billing", 4), None, {}) == {"type": {"id": 4}}

    def test_each_address_is_a_natural_key(self) -> None:
        items = [{"communicationType": "Email", "value": value} for value in (" A@x.example", "b@x.example")]
        keys_of = kind("Contact").keys_of
        assert keys_of is not None
        assert keys_of({"company": {"id": 7, "name": "x"}, "communicationItems": items}, None) == (
            (7, "a@x.example"),
            (7, "b@x.example"),
        )


class TestCustomFields:
    FIELDS: tuple[dict[str, Any], ...] = (
        {"id": 1, "caption": " Size ", "type": "Number", "value": 5},
        {"id": 2, "caption": "Name", "type": "Text", "value": " x "},
        {"id": 3, "caption": "Since", "type": "Date", "value": "2026-01-01T00:00:00Z"},
        {"id": 4, "caption": "On", "type": "Checkbox", "value": True},
        {"id": 5, "caption": "Empty", "type": "Text", "value": " "},
        {"id": 6, "caption": "None", "type": "Text", "value": None},
    )

    def test_custom_fields_are_decoded_by_caption(self) -> None:
        assert CUSTOM_FIELDS.decode({"customFields": self.FIELDS}) == {
            "Size": Decimal(5),
            "Name": "x",
            "Since": "2026-01-01",
            "On": True,
            "Empty": None,
            "None": None,
        }
        assert CUSTOM_FIELDS.decode({}) == {}

    def test_only_declared_custom_fields_are_sent_by_id(self) -> None:
        rows = [{"id": 1, "caption": "Size", "fieldTypeIdentifier": "Number"}, {"id": 2, "caption": "Name"}]
        sent = CUSTOM_FIELDS.encode({"Size": "5.5", "Name": "7"}, {TABLE: rows})
        assert sent == {"customFields": [{"id": 2, "value": "7"}, {"id": 1, "value": Decimal("5.5")}]}
        assert CUSTOM_FIELDS.encode(None, {}) == {"customFields": []}


class TestIntegratorLogin:
    def test_apis_are_decoded_from_the_flags_that_are_on(self) -> None:
        apis = mapping("IntegratorLogin", "apis")
        assert apis.decode({"companyApiFlag": True, "productApiFlag": False}) == frozenset({"Company"})
        sent = apis.encode(("Company",), {})
        assert sent.pop("companyApiFlag") is True
        assert set(sent.values()) == {False}
        assert len(sent) == len(API_FLAGS) - 1
        assert not any(apis.encode(None, {}).values())

    def test_the_password_is_sent_and_never_read_or_compared(self) -> None:
        password = mapping("IntegratorLogin", "password")
        assert password.decode({"password": "x", "id": 1}) is None
        assert password.encode("x", {}) == {"password": "x"}
        assert password.sensitive
        assert not password.compared


class TestManagedDevicesIntegration:
    CROSS = "crossReferences"

    def test_the_integrator_login_is_a_link(self) -> None:
        login = mapping("ManagedDevicesIntegration", "integratorLogin")
        assert login.decode({"integratorLogin": {"id": 3, "name": "backup"}}) == Link("backup", 3)
        assert login.encode(Link("backup", 3), {}) == {"integratorLogin": {"id": 3}}

    def test_the_global_password_is_write_only(self) -> None:
        password = mapping("ManagedDevicesIntegration", "globalLoginPassword")
        assert password.decode({"id": 1}) is None
        assert password.encode("x", {}) == {"globalLoginPassword": "x"}

    def test_cross_references_are_decoded_by_type_and_level(self) -> None:
        child = {"vendorType": "Server ", "vendorLevel": "Gold", "product": {"id": 5, "identifier": "GB"}}
        decoded = mapping("ManagedDevicesIntegration", self.CROSS).decode({"crossReferences": [child]})
        assert decoded == {
            "Server/Gold": {
                "vendorType": "Server",
                "vendorLevel": "Gold",
                "agreementType": None,
                "product": Link("GB", 5),
                "inactive": False,
            }
        }
        assert mapping("ManagedDevicesIntegration", self.CROSS).encode(decoded, {}) == {}

    def test_a_cross_reference_is_encoded_for_its_subcollection(self) -> None:
        found = subcollection("ManagedDevicesIntegration", self.CROSS)
        assert found.identify({"vendorType": " Server", "vendorLevel": None}) == "Server/"
        value = {"vendorType": "Server", "vendorLevel": "Gold", "product": Link("GB", 5)}
        assert found.encode("Server/Gold", value, {}) == {
            "vendorType": "Server",
            "vendorLevel": "Gold",
            "product": {"id": 5},
        }


class TestManagementSolution:
    def test_the_solution_is_decoded_to_its_exact_name(self) -> None:
        solution = mapping("ManagementSolution", "solution")
        assert solution.decode({"managementSolution": {"id": 1, "name": "Managed Backup "}}) == "Managed Backup"
        assert solution.decode({}) is None
        assert solution.exact

    @pytest.mark.parametrize("value", ["Managed Backup", Link("Managed Backup", 5)])
    def test_the_solution_is_sent_by_name(self, value: object) -> None:
        assert solution_reference(value, {}) == {"managementSolution": {"name": "Managed Backup"}}


class TestAddition:
    def test_the_agreement_of_an_addition_comes_from_agreement_id(self) -> None:
        agreement = mapping("Addition", "agreement")
        assert agreement.decode({"agreementId": 5}) == Link("5", 5)
        assert agreement.decode({}) is None
        assert agreement.encode(Link("5", 5), {}) == {}

    def test_an_addition_is_sent_as_billable(self) -> None:
        assert mapping("Addition", "billCustomer").encode("Billable", {}) == {"billCustomer": "Billable"}
