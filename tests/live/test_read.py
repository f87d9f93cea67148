"""Reading the live state over HTTP: which objects are read, with which requests."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from reconciler.connectwise import NotJson
from reconciler.live.children import _DeclaredValues
from reconciler.live.read import Scope
from reconciler.manifests.documents import Document
from reconciler.planning.retire import Terms
from reconciler.planning.setup import plan_setup
from tests.live.conftest import SETUP, USAGE, Shop
from tests.planning.builders import (
    agreement,
    company,
    contact,
    document,
    integration,
    login,
    mapping,
    product,
    solution,
)

COMPANIES = "GET /company/companies"
CONTACTS = "GET /company/contacts"
AGREEMENTS = "GET /finance/agreements"
PRODUCTS = "GET /procurement/catalog"
SOLUTIONS = "GET /company/companies/{id}/managementSummaryReports"
BUNDLES = "POST /system/bundles"


def customer(number: int) -> Iterator[Document]:
    name = f"c{number}"
    yield company(name, identifier=f"C{number}")
    yield contact(name, company=name, email=f"john@c{number}.test")
    yield agreement(name, company=name, contact=name)


def customers(count: int) -> list[Document]:
    return [each for number in range(1, count + 1) for each in customer(number)]


# As few requests as possible


@pytest.mark.parametrize(("count", "pages", "bundles"), [(3, 1, 1), (120, 1, 3), (1050, 2, 21)])
async def test_a_request_reads_1000_objects_or_the_additions_of_50_agreements(
    shop: Shop, count: int, pages: int, bundles: int
) -> None:
    for number in range(1, count + 1):
        shop.customer(number)
    live_state = await shop.read(*customers(count))
    assert len(live_state.matches) == 3 * count
    assert len(live_state.additions) == count
    assert shop.requests == {
        COMPANIES: pages,
        CONTACTS: pages,
        AGREEMENTS: pages,
        BUNDLES: bundles,
        "GET /finance/agreements/types": 1,
        "GET /company/communicationTypes": 1,
    }


async def test_few_documents_are_read_by_key_and_not_with_the_whole_collection(shop: Shop) -> None:
    for number in range(1, 41):
        shop.customer(number)
    live_state = await shop.read(*customers(2))
    assert {key for key in live_state.objects if key[0] == "Company"} == {("Company", live) for live in ids(live_state)}
    (query,) = shop.queries("/company/companies")
    asked = parse_qs(query)["conditions"]
    assert asked == ['deletedFlag=false and identifier in ("C1","C2")']
    assert parse_qs(shop.queries("/company/contacts")[0])["conditions"] == ['company/identifier in ("C1","C2")']


def ids(live_state: object) -> list[int]:
    matches = getattr(live_state, "matches")
    return [live.id for address, live in matches.items() if address.startswith("Company/")]


async def test_many_documents_are_read_with_the_whole_collection(shop: Shop) -> None:
    await shop.read(*(company(f"c{n}", identifier=f"CUSTOMER-{n}") for n in range(200)))
    assert parse_qs(shop.queries("/company/companies")[0])["conditions"] == ["deletedFlag=false"]


async def test_a_url_stays_below_the_limit_of_tenants(shop: Shop) -> None:
    for count in range(40, 80):
        await shop.read(*(company(f"c{n}", identifier=f"CUSTOMER {n}", website="x") for n in range(count)))
    longest = max(len(query) for query in shop.queries("/company/companies"))
    assert 1300 < longest <= 1745
    assert any("%20in%20" not in query for query in shop.queries("/company/companies"))


async def test_only_declared_fields_are_read(shop: Shop) -> None:
    shop.company()
    await shop.read(company(website="acme.test"))
    (query,) = shop.queries("/company/companies")
    assert parse_qs(query)["fields"] == ["id,identifier,name,city,website,deletedFlag,_info/lastUpdated"]


async def test_billing_reads_only_keys_and_prices(shop: Shop) -> None:
    await shop.read(*customers(1), product(), scope=USAGE)
    assert set(shop.requests) == {COMPANIES, AGREEMENTS, PRODUCTS}
    assert parse_qs(shop.queries("/procurement/catalog")[0])["fields"] == [
        "id,identifier,price,productClass,_info/lastUpdated"
    ]


async def test_setup_reads_no_additions(shop: Shop) -> None:
    shop.customer(1)
    live_state = await shop.read(*customers(1), scope=SETUP)
    assert BUNDLES not in shop.requests
    assert live_state.additions == {}


async def test_a_setup_run_does_not_read_what_only_mappings_look_up(shop: Shop) -> None:
    await shop.read(*customers(1), mapping(company="c1", agreement="c1", product={"identifier": "X"}), scope=SETUP)
    assert PRODUCTS not in shop.requests


async def test_a_setup_table_is_read_once_however_many_documents_need_it(shop: Shop) -> None:
    await shop.read(*(company(f"c{n}", identifier=f"C{n}", types=["Customer"], status="Active") for n in range(30)))
    assert shop.requests["GET /company/companies/types"] == 1
    assert shop.requests["GET /company/companies/statuses"] == 1


async def test_without_documents_nothing_is_read(shop: Shop) -> None:
    live_state = await shop.read()
    assert shop.requests == {}
    assert live_state.matches == {}


async def test_management_solutions_are_read_for_companies_that_declare_one(shop: Shop) -> None:
    shop.integration()
    for number in (1, 2, 3):
        shop.solution(shop.customer(number)[0])
    declared = solution(company="c2")
    live_state = await shop.read(*customers(3), declared)
    assert shop.requests[SOLUTIONS] == 1
    assert live_state.matches[declared.address].parent_id == live_state.matches["Company/c2"].id


async def test_management_solutions_are_read_for_mappings_that_name_an_undeclared_one(shop: Shop) -> None:
    shop.integration()
    acme, _, _ = shop.customer(1)
    shop.customer(2)
    shop.solution(acme)
    shop.product()
    undeclared = mapping("one", company="c1", agreement="c1")
    declared = mapping("two", company="c2", agreement="c2", customer={"source": "cove", "id": "2"})
    live_state = await shop.read(*customers(2), product(), solution(company="c2"), undeclared, declared, scope=USAGE)
    assert shop.requests[SOLUTIONS] == 1
    assert [live.raw["groupIdentifier"] for live in live_state.solutions[acme["id"]]] == ["1001"]


async def test_cross_references_are_read_for_integrations_that_declare_some(shop: Shop) -> None:
    made = shop.integration()
    child = {"vendorType": "Server", "vendorLevel": "Gold"}
    shop.tenant.create("crossReference", child, made["id"])
    live_state = await shop.read(integration(crossReferences=[child]), integration("other", name="Other", solution="x"))
    assert shop.requests["GET /company/managedDevicesIntegrations/{id}/crossReferences"] == 1
    assert shop.requests["GET /finance/agreements/types"] == 1
    (found,) = live_state.matches["ManagedDevicesIntegration/cove"].raw["crossReferences"]
    assert found["vendorType"] == "Server"


async def test_additions_are_read_for_agreements_that_are_declared_or_billed(shop: Shop) -> None:
    _, _, declared = shop.customer(1)
    _, _, billed = shop.customer(2)
    sold = shop.product()
    shop.addition(declared, sold, quantity=1)
    shop.addition(billed, sold, quantity=2)
    bills = mapping(company={"identifier": "C2"}, agreement={"name": "Backup"}, product={"identifier": "BACKUP-GB"})
    live_state = await shop.read(*customers(1), bills)
    assert shop.requests[BUNDLES] == 1
    read = {number: [live.raw["quantity"] for live in lines] for number, lines in live_state.additions.items()}
    assert read == {declared["id"]: [1], billed["id"]: [2]}
    assert live_state.additions[billed["id"]][0].parent_id == billed["id"]


# The live state


async def test_a_plan_is_empty_if_everything_is_as_declared(shop: Shop) -> None:
    shop.integration()
    acme, john, backup = shop.customer(1)
    shop.solution(acme, agreement={"id": backup["id"]})
    shop.product()
    documents = [*customers(1), product(), solution(company="c1", agreement="c1"), integration(name="Cove link")]
    plan = plan_setup(documents, await shop.read(*documents), terms=Terms("2026-11-30"))
    assert (plan.problems, plan.actions, plan.unchanged) == ((), (), 6)
    assert john["company"]["id"] == acme["id"]


async def test_custom_fields_are_read_with_their_captions(shop: Shop) -> None:
    field = {"podId": 1, "caption": "Region", "sequenceNumber": 1, "fieldTypeIdentifier": "Text"}
    made = shop.tenant.create("userDefinedField", {**field, "entryTypeIdentifier": "EntryField"})
    shop.company(customFields=[{"id": made["id"], "value": "West "}])
    declared = company(customFields={"region": "West"})
    live_state = await shop.read(declared)
    assert shop.requests["GET /system/userDefinedFields"] == 1
    assert plan_setup([declared], live_state, terms=Terms("2026-11-30")).actions == ()


async def test_the_time_of_the_last_update_is_read_with_the_fields(shop: Shop) -> None:
    shop.company()
    live_state = await shop.read(company())
    assert live_state.matches["Company/acme"].last_updated == "2026-11-10T12:00:00Z"


async def test_deleted_companies_are_left_out(shop: Shop) -> None:
    row = shop.tenant.tables["company"].rows[shop.company()["id"]]
    row.data["deletedFlag"] = True
    alive = shop.company()
    live_state = await shop.read(company())
    assert live_state.matches["Company/acme"].id == alive["id"]


async def test_a_renamed_company_keeps_its_contacts_and_agreements(shop: Shop) -> None:
    acme = shop.company("OLD")
    john = shop.contact(acme)
    backup = shop.agreement(acme, john)
    for metadata in ({"previously": ["OLD"]}, {"id": acme["id"]}):
        live_state = await shop.read(company(identifier="NEW", metadata=metadata), contact(), agreement())
        assert {live.id for live in live_state.matches.values()} == {acme["id"], john["id"], backup["id"]}


async def test_unmanaged_objects_are_looked_up(shop: Shop) -> None:
    acme = shop.company()
    john = shop.contact(acme)
    made = shop.agreement(acme, john)
    record = shop.tenant.create("integratorLogin", {"username": "cove-login", "password": "x"})
    wants = agreement("other", company={"identifier": "acme"}, contact={"email": "JOHN@acme.test"}, name="Other")
    by_id = agreement("by-id", company={"id": acme["id"]}, contact={"id": john["id"]})
    named = solution(company={"identifier": "ACME"}, agreement={"name": "Backup"})
    link = integration(integratorLogin={"name": "cove-login"})
    live_state = await shop.read(wants, by_id, named, link)
    assert live_state.links[wants.address]["company",].id == acme["id"]
    assert live_state.links[wants.address]["contact",].id == john["id"]
    assert live_state.links[named.address]["agreement",].id == made["id"]
    assert live_state.links[link.address]["integratorLogin",].id == record["id"]
    assert live_state.matches[by_id.address].id == made["id"]


async def test_a_usage_run_ignores_look_ups_of_the_setup_that_find_nothing(shop: Shop) -> None:
    acme = shop.company()
    made = shop.agreement(acme, shop.contact(acme))
    wants = agreement(company={"identifier": "ACME"}, contact={"email": "nobody@acme.test"})
    live_state = await shop.read(wants, scope=USAGE)
    assert live_state.matches[wants.address].id == made["id"]


async def test_one_error_has_everything_that_cannot_be_matched(shop: Shop) -> None:
    shop.company()
    found = await shop.problems(
        agreement(company={"identifier": "GONE"}, contact={"email": "x@y.test"}),
        company(metadata={"id": 99999}),
    )
    assert found == [
        "Agreement/backup: company: ConnectWise has no Company 'GONE', and no manifest declares it",
        "Company/acme: metadata.id: ConnectWise has no Company with id 99999",
    ]


async def test_an_error_of_a_nested_read_is_raised_unchanged(shop: Shop) -> None:
    shop.customer(1)
    shop.running.sandbox.faults.replace(["html@/bundles"])
    with pytest.raises(NotJson):
        await shop.read(*customers(1), login())


async def test_a_setup_run_does_not_read_for_customer_mappings() -> None:
    assert "CustomerMapping" not in Scope().kinds
    assert USAGE.kinds == {"Company", "Agreement", "Product"}


async def test_exclusions_read_nothing(shop: Shop) -> None:
    await shop.read(document("Exclusion", "lab", {"customer": {"source": "cove", "id": "5"}, "reason": "lab"}))
    assert shop.requests == {}


# Unusual objects


async def test_a_product_of_class_bundle_refuses_its_mapping_and_no_other(shop: Shop) -> None:
    shop.customer(1)
    shop.product("SET", productClass="Bundle")
    shop.product()
    bills = {"company": {"identifier": "C1"}, "agreement": {"name": "Backup"}}
    bad = mapping("bad", product={"identifier": "SET"}, **bills)
    good = mapping("good", customer={"source": "cove", "id": "2"}, product={"identifier": "BACKUP-GB"}, **bills)
    live_state = await shop.read(bad, good, scope=USAGE)
    message = "product: Product 'SET' is a product of class Bundle, which ConnectWise does not accept as an addition"
    assert live_state.refused == {bad.address: [message]}


async def test_a_declared_product_that_is_a_bundle_in_connectwise_is_refused_too(shop: Shop) -> None:
    shop.customer(1)
    shop.product("SET", productClass="Bundle")
    ranges = [{"upTo": 5, "product": "gb"}, {"product": "set"}]
    bad = mapping("bad", company={"identifier": "C1"}, agreement={"name": "Backup"}, product=None, ranges=ranges)
    live_state = await shop.read(product("gb"), product("set", identifier="SET"), bad)
    ((reason,),) = live_state.refused.values()
    assert reason.startswith("ranges[1].product: Product 'set' is a product of class Bundle")


async def test_two_contacts_of_one_company_with_one_address_are_ambiguous(shop: Shop) -> None:
    acme = shop.company()
    first, second = shop.contact(acme), shop.contact(acme, firstName="Eve")
    elsewhere = shop.company("BOLT")
    shop.contact(elsewhere)
    found = await shop.problems(company(), contact())
    assert found == [
        "Contact/john: 2 live objects have this natural key (company, email): "
        f"ids {first['id']} and {second['id']}. Pin the right one with metadata.id"
    ]
    (text,) = await shop.problems(company(), agreement(contact={"email": "john@acme.test"}))
    assert text.endswith(f"is ambiguous: ids {first['id']} and {second['id']}. Write the id instead")


async def test_of_two_contacts_the_active_one_is_matched(shop: Shop) -> None:
    acme = shop.company()
    shop.contact(acme, inactiveFlag=True)
    active = shop.contact(acme, firstName="Eve")
    live_state = await shop.read(company(), contact())
    assert live_state.matches["Contact/john"].id == active["id"]


async def test_a_contact_is_found_by_any_of_its_addresses(shop: Shop) -> None:
    acme = shop.company()
    items = [
        {"type": {"name": "Email"}, "value": value, "communicationType": "Email", "defaultFlag": default}
        for value, default in (("j@acme.test", True), ("JOHN@acme.test", False))
    ]
    made = shop.contact(acme, communicationItems=items)
    live_state = await shop.read(company(), contact())
    assert live_state.matches["Contact/john"].id == made["id"]


@pytest.mark.parametrize("broken", [{}, {"communicationItems": None}, {"communicationItems": [{"value": None}]}])
async def test_contacts_without_an_address_match_nothing(shop: Shop, broken: dict[str, object]) -> None:
    acme = shop.company()
    row = shop.tenant.tables["contact"].rows[shop.contact(acme)["id"]]
    row.data.pop("communicationItems")
    row.data |= broken
    live_state = await shop.read(company(), contact())
    assert "Contact/john" not in live_state.matches


@pytest.mark.parametrize("name", [None, "", "   ", "\u00a0", "a" * 3000, 'He said "no" \\ [x] * & é'])
async def test_agreements_with_odd_names_match_nothing(shop: Shop, name: str | None) -> None:
    acme = shop.company()
    john = shop.contact(acme)
    odd = shop.tenant.tables["agreement"].rows[shop.agreement(acme, john, "Odd")["id"]]
    odd.data["name"] = name
    made = shop.agreement(acme, john)
    live_state = await shop.read(company(), contact(), agreement())
    assert live_state.matches["Agreement/backup"].id == made["id"]


async def test_an_active_subcategory_is_preferred_to_an_inactive_one(shop: Shop) -> None:
    table = shop.tenant.tables["subCategory"]
    active = next(row for row in table.rows.values() if row.data["name"] == "Backup")
    body = {"name": "Old", "category": {"id": active.data["category"]["id"]}, "inactiveFlag": True}
    inactive = shop.tenant.create("subCategory", body)
    table.rows[inactive["id"]].data["name"] = "Backup"
    made = shop.product()
    table.rows[inactive["id"]].data["inactiveFlag"] = True
    plan = plan_setup([product(price=None)], await shop.read(product(price=None)), terms=Terms("2026-11-30"))
    assert plan.problems == ()
    assert made["subcategory"]["id"] == active.id


async def test_the_only_entry_with_a_name_is_used_even_if_it_is_inactive(shop: Shop) -> None:
    status = next(row for row in shop.tenant.tables["companyStatus"].rows.values() if row.data["name"] == "Active")
    status.data["inactiveFlag"] = True
    shop.company()
    plan = plan_setup([company(status="Active")], await shop.read(company(status="Active")), terms=Terms("2026-11-30"))
    assert plan.problems == ()


async def test_a_pinned_nested_object_is_found_below_its_company(shop: Shop) -> None:
    shop.integration()
    acme = shop.company()
    made = shop.solution(acme, managed_id="2002")
    live_state = await shop.read(company(), solution(metadata={"id": made["id"]}))
    assert live_state.matches[solution().address].id == made["id"]


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        ("Acme & Sons", "Acme &amp; Sons"),
        ("Acme Dental", "Acme  Dental"),
        ("Acme Dental", "Acme\u00a0Dental"),
        ("ACME", "\uff21\uff23\uff2d\uff25"),
    ],
)
async def test_an_object_with_a_similar_key_is_found_although_no_condition_asks_for_it(
    shop: Shop, declared: str, live: str
) -> None:
    shop.company("OTHER")
    made = shop.company(live)
    (text,) = await shop.problems(company(identifier=declared))
    assert f"(id {made['id']})" in text
    assert "No second one is created" in text
    assert shop.requests[COMPANIES] == 2


async def test_all_keys_of_a_collection_are_read_only_if_a_document_has_no_object_in_it(shop: Shop) -> None:
    shop.customer(1)
    shop.product()
    await shop.read(*customers(1), product(), product("new", identifier="NEW"))
    assert (shop.requests[COMPANIES], shop.requests[PRODUCTS]) == (1, 2)
    assert parse_qs(shop.queries("/procurement/catalog")[1])["fields"] == ["id,identifier,price,productClass"]
    await shop.read(*customers(1), product(), scope=USAGE)
    assert shop.requests[PRODUCTS] == 1


async def test_a_renamed_object_needs_no_keys_of_others(shop: Shop) -> None:
    shop.company("OLD")
    await shop.read(company(identifier="NEW", metadata={"previously": ["OLD"]}))
    assert shop.requests[COMPANIES] == 1


async def test_an_object_in_another_unicode_form_is_matched(shop: Shop) -> None:
    made = shop.company("Cafe\u0301")
    live_state = await shop.read(company(identifier="Caf\u00e9", website="x"))
    assert live_state.matches["Company/acme"].id == made["id"]
    assert live_state.matches["Company/acme"].raw["city"] == "Boston"


async def test_an_object_with_an_old_name_in_another_spelling_is_read_whole(shop: Shop) -> None:
    made = shop.company("Acme &amp; Sons", website="x")
    shop.tenant.tables["company"].rows[made["id"]].data["identifier"] = "ACME &amp;  SONS"
    again = company(identifier="NEW", website="x", metadata={"previously": ["acme &amp;  sons"]})
    live_state = await shop.read(again)
    assert live_state.matches["Company/acme"].raw["website"] == "x"


def test_declared_values_are_collected_once_however_many_mappings_ask() -> None:
    """Each mapping asks whether its management solution is declared. Searching all of them each time would be
    quadratic."""
    asked: list[str] = []

    class Counting:
        def of_kind(self, name: str) -> tuple[Document, ...]:
            asked.append(name)
            return (solution(),)

    declared = _DeclaredValues(Counting())
    for _ in range(3):
        assert ("acme", "Cove", "1001") in declared.of("ManagementSolution", ("company", "solution", "managed_id"))
    assert asked == ["ManagementSolution"]
