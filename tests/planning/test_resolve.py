"""The values of declared fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link, Value
from reconciler.manifests.documents import Document
from reconciler.planning.resolve import Resolver
from tests.planning.builders import TABLES, agreement, company, document, integration, login, product


def resolved(document: Document, **links: Link) -> Mapping[str, Value]:
    resolver = Resolver(
        LiveState(links={document.address: {(name,): link for name, link in links.items()}}, tables=TABLES)
    )
    values = resolver.values(document)
    assert resolver.problems == []
    return values


def problems(document: Document) -> list[str]:
    resolver = Resolver(LiveState(links={document.address: {}}, tables=TABLES))
    resolver.values(document)
    return resolver.problems


def test_only_declared_fields_have_values() -> None:
    assert set(resolved(company())) == {"identifier", "name", "city"}


def test_setup_entries_become_links() -> None:
    assert resolved(company(status="active"))["status"] == Link("Active", 1)


def test_lists_of_setup_entries_have_no_order() -> None:
    assert resolved(company(types=["Partner", "Customer"])) == resolved(company(types=["Customer", "Partner"]))


def test_references_become_links() -> None:
    values = resolved(agreement(), company=Link("acme", 5), contact=Link("john", None, "Contact/john"))
    assert values["company"] == Link("acme", 5)
    assert values["contact"] == Link("john", None, "Contact/john")


def test_dates_and_numbers_are_dates_and_decimals() -> None:
    found = document(
        "Agreement",
        "a",
        {
            "name": "Backup",
            "company": {"id": 5},
            "contact": {"id": 7},
            "type": "Managed Service",
            "startDate": date(2026, 11, 1).isoformat(),
            "endDate": None,
            "allowMidMonthStart": True,
        },
    )
    values = resolved(found, company=Link("id 5", 5), contact=Link("id 7", 7))
    assert values["startDate"] == "2026-11-01"
    assert values["endDate"] is None
    assert "allowMidMonthStart" not in values
    assert resolved(product())["price"] == Decimal("0.25")


def test_text_is_trimmed() -> None:
    assert resolved(company(city=" Boston ", website=" "))["city"] == "Boston"
    assert resolved(company(website=" "))["website"] is None


def test_secrets_stay_references() -> None:
    assert resolved(login())["password"] == {"env": "LOGIN_PASSWORD"}
    assert resolved(login(password={"file": "secret.txt"}))["password"] == {"file": "secret.txt"}


def test_lists_of_words_have_no_order() -> None:
    assert resolved(login(apis=["Product", "Company"]))["apis"] == frozenset({"Company", "Product"})


def test_a_category_decides_between_subcategories_of_one_name() -> None:
    tables = {**TABLES, "procurement/categories": [{"id": 2, "name": "Software"}]}
    resolver = Resolver(LiveState(tables=tables))
    assert resolver.values(product(subcategory="Subscription", category="Software"))["subcategory"].id == 33


def test_each_missing_entry_is_a_problem_with_its_place() -> None:
    found = problems(company(types=["Custommer"], status="Actve"))
    assert found == [
        "Company/acme: status: the setup table /company/companies/statuses has no 'Actve'; did you mean 'Active'?",
        "Company/acme: types.0: the setup table /company/companies/types has no 'Custommer'; did you mean 'Customer'?",
    ]


def test_custom_fields_have_the_caption_as_connectwise_spells_it() -> None:
    found = resolved(company(customFields={"region ": " East ", "Score": 7, "KEY ACCOUNT": True}))
    assert found["customFields"] == {"Region": "East", "Score": Decimal(7), "Key account": True}


def test_an_unknown_custom_field_is_a_problem_with_similar_names() -> None:
    (found,) = problems(company(customFields={"Reggion": "East"}))
    assert found == (
        "Company/acme: customFields: the setup table /system/userDefinedFields has no 'Reggion'; did you mean 'Region'?"
    )


def test_a_custom_field_that_is_there_twice_is_a_problem() -> None:
    assert problems(company(customFields={"Region": "East", "region": "West"})) == [
        "Company/acme: customFields: 'Region' appears twice"
    ]


@pytest.mark.parametrize(("caption", "value"), [("Score", "7"), ("Region", 7), ("Key account", "yes")])
def test_a_custom_field_with_a_value_of_another_type_is_a_problem(caption: str, value: Any) -> None:
    (found,) = problems(company(customFields={caption: value}))
    assert found.startswith(f"Company/acme: customFields: {caption!r} is of type ")


def test_any_custom_field_can_be_cleared() -> None:
    assert resolved(company(customFields={"Score": None}))["customFields"] == {"Score": None}


def crossing(**more: Any) -> dict[str, Any]:
    return {"vendorType": "Server", "vendorLevel": "Gold", **more}


def test_cross_references_are_identified_by_type_and_level() -> None:
    found = integration(crossReferences=[crossing(product="gb", agreementType="Managed Service")])
    place = ("crossReferences", 0, "product")
    resolver = Resolver(LiveState(links={found.address: {place: Link("gb", 4)}}, tables=TABLES))
    assert resolver.values(found)["crossReferences"] == {
        "Server/Gold": {
            "vendorType": "Server",
            "vendorLevel": "Gold",
            "agreementType": Link("Managed Service", 3),
            "product": Link("gb", 4),
        }
    }


def test_an_empty_list_of_cross_references_is_an_empty_mapping() -> None:
    assert resolved(integration(crossReferences=[]))["crossReferences"] == {}


def test_a_cross_reference_that_is_there_twice_is_a_problem() -> None:
    assert problems(integration(crossReferences=[crossing(), crossing()])) == [
        "ManagedDevicesIntegration/cove: crossReferences: Server/Gold appears twice"
    ]
