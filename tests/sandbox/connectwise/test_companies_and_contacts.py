"""Companies, sites, types, contacts and their communications."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api, problems


def test_a_company_needs_one_address_field(api: Api) -> None:
    answer = api.http.post("/company/companies", json={"identifier": "A", "name": "A"})
    assert problems(answer) == [("addressLine1", "MissingRequiredField")]
    country = {"identifier": "B", "name": "B", "country": {"name": "Germany"}}
    assert api.http.post("/company/companies", json=country).status_code == 201


def test_a_company_gets_a_main_site(api: Api) -> None:
    company = api.company()
    sites = api.get(f"/company/companies/{company['id']}/sites")
    assert [(site["name"], site["city"], site["primaryAddressFlag"]) for site in sites] == [("Main", "X", True)]


def test_a_sites_name_is_unique_in_its_company(api: Api) -> None:
    company, other = api.company("A"), api.company("B")
    assert api.http.post(f"/company/companies/{company['id']}/sites", json={"name": "main"}).status_code == 400
    assert api.http.post(f"/company/companies/{other['id']}/sites", json={"name": "Branch"}).status_code == 201


def test_a_company_cannot_be_its_own_parent(api: Api) -> None:
    company = api.company()
    operations = [{"op": "replace", "path": "parentCompany", "value": {"id": company["id"]}}]
    assert api.http.patch(f"/company/companies/{company['id']}", json=operations).status_code == 400


def test_types_given_in_a_post_become_associations(api: Api) -> None:
    company = api.post(
        "/company/companies",
        {"identifier": "A", "name": "A", "city": "X", "types": [{"name": "Vendor"}, {"name": "Vendor"}]},
    )
    assert [each["name"] for each in company["types"]] == ["Vendor"]
    assert company["isVendorFlag"] is True
    assert api.get("/company/companyTypeAssociations/count") == {"count": 1}


def test_types_change_through_associations(api: Api) -> None:
    company = api.company()
    path = f"/company/companies/{company['id']}/typeAssociations"
    made = api.post(path, {"type": {"name": "Customer"}})
    assert made["company"]["identifier"] == "ACME"
    assert [each["name"] for each in api.get(f"/company/companies/{company['id']}")["types"]] == ["Customer"]
    assert problems(api.http.post(path, json={"type": {"name": "Customer"}})) == [("type", "ObjectExists")]
    api.patch(f"{path}/{made['id']}", type={"name": "Prospect"})
    assert [each["name"] for each in api.get(f"/company/companies/{company['id']}")["types"]] == ["Prospect"]
    assert api.http.delete(f"{path}/{made['id']}").status_code == 204
    assert api.get(f"/company/companies/{company['id']}")["types"] == []


def test_associations_are_made_from_the_global_list_too(api: Api) -> None:
    company = api.company()
    body = {"type": {"name": "Customer"}, "company": {"id": company["id"]}}
    made = api.post("/company/companyTypeAssociations", body)
    assert api.get(f"/company/companies/{company['id']}/typeAssociations")[0]["id"] == made["id"]
    assert api.http.delete(f"/company/companyTypeAssociations/{made['id']}").status_code == 204


def test_a_deleted_company_stays_readable_and_frees_its_identifier(api: Api) -> None:
    company = api.company()
    assert api.http.delete(f"/company/companies/{company['id']}").status_code == 204
    gone = api.get(f"/company/companies/{company['id']}")
    assert (gone["deletedFlag"], gone["deletedBy"]) == (True, "API")
    assert api.get("/company/companies/count", conditions="deletedFlag=True") == {"count": 1}
    again = api.company()
    assert again["id"] != company["id"]
    contact = api.post("/company/contacts", {"firstName": "A", "company": {"identifier": "ACME"}})
    assert contact["company"]["id"] == again["id"]


def test_a_company_with_an_agreement_cannot_be_deleted(api: Api) -> None:
    agreement = api.agreement()
    answer = api.http.delete(f"/company/companies/{agreement['company']['id']}")
    assert answer.status_code == 409
    assert f"agreement {agreement['id']}" in answer.json()["message"]


def test_a_contact_needs_a_first_name(api: Api) -> None:
    answer = api.http.post("/company/contacts", json={"lastName": "Smith"})
    assert problems(answer) == [("firstName", "MissingRequiredField")]


def test_the_first_contact_is_its_companys_default(api: Api) -> None:
    company = api.company()
    first, second = api.contact(company), api.contact(company, firstName="Bob", lastName="Roe", defaultFlag=True)
    found = api.get(f"/company/companies/{company['id']}")
    assert found["defaultContact"]["name"] == "Bob Roe"
    assert api.get(f"/company/contacts/{first['id']}")["defaultFlag"] is False
    api.patch(f"/company/contacts/{first['id']}", defaultFlag=True)
    assert api.get(f"/company/contacts/{second['id']}")["defaultFlag"] is False


def test_an_email_is_a_communication_item(api: Api) -> None:
    item = {"type": {"name": "Email"}, "value": "ann@acme.example", "communicationType": "Email", "defaultFlag": True}
    contact = api.post("/company/contacts", {"firstName": "Ann", "communicationItems": [item]})
    (held,) = contact["communicationItems"]
    assert (held["value"], held["communicationType"], held["domain"]) == ("ann@acme.example", "Email", "@acme.example")
    path = f"/company/contacts/{contact['id']}/communications"
    assert api.get(path)[0]["contactId"] == contact["id"]


def test_a_communication_type_alone_picks_the_default_of_its_kind(api: Api) -> None:
    items = [
        {"value": "555", "extension": "9", "communicationType": "Phone"},
        {"value": "1", "communicationType": "Fax"},
    ]
    contact = api.contact(api.company(), communicationItems=items)
    assert [each["type"]["name"] for each in contact["communicationItems"]] == ["Direct", "Fax"]
    assert (contact["defaultPhoneType"], contact["defaultPhoneNbr"], contact["defaultPhoneExtension"]) == (
        "Direct",
        "555",
        "9",
    )


@pytest.mark.parametrize(
    "item",
    [
        {"value": "x", "communicationType": "Pigeon"},
        {"value": "x"},
        {"value": "no address", "communicationType": "Email"},
        {"value": "a@b.example", "type": {"name": "Fax"}, "communicationType": "Email"},
        {"value": "5" * 251, "communicationType": "Phone"},
        {"value": "5", "type": {"name": "Nope"}},
        {"id": "x", "value": "5", "communicationType": "Phone"},
    ],
)
def test_an_invalid_communication_item_is_refused(api: Api, item: Any) -> None:
    answer = api.http.post("/company/contacts", json={"firstName": "Ann", "communicationItems": [item]})
    assert answer.status_code == 400
    assert {name for name, _ in problems(answer)} == {"communicationItems"}
    assert api.get("/company/contacts/count") == {"count": 0}


def test_communications_change_through_their_own_list(api: Api) -> None:
    contact = api.contact(api.company())
    path = f"/company/contacts/{contact['id']}/communications"
    first = api.post(path, {"type": {"name": "Direct"}, "value": "1"})
    second = api.post(path, {"type": {"name": "Mobile"}, "value": "2", "defaultFlag": True})
    assert (first["defaultFlag"], second["defaultFlag"]) == (True, True)
    assert api.get(f"/company/contacts/{contact['id']}")["defaultPhoneNbr"] == "2"
    api.patch(f"{path}/{first['id']}", value="3")
    assert [each["value"] for each in api.get(f"/company/contacts/{contact['id']}")["communicationItems"]] == ["3", "2"]
    assert problems(api.http.post(path, json={"value": "1"})) == [("type", "MissingRequiredField")]
    assert problems(api.http.post(path, json={"type": {"name": "Email"}, "value": "x"})) == [("value", "InvalidField")]
    assert api.http.delete(f"{path}/{second['id']}").status_code == 204
    assert "defaultPhoneNbr" not in api.get(f"/company/contacts/{contact['id']}")


def test_a_patch_of_communication_items_replaces_them_all(api: Api) -> None:
    items = [{"value": "a@b.example", "communicationType": "Email"}, {"value": "1", "communicationType": "Phone"}]
    contact = api.contact(api.company(), communicationItems=items)
    kept = contact["communicationItems"][0]["id"]
    wanted = [{"id": kept, "value": "c@d.example", "communicationType": "Email"}]
    changed = api.patch(f"/company/contacts/{contact['id']}", communicationItems=wanted)
    assert [(each["id"], each["value"]) for each in changed["communicationItems"]] == [(kept, "c@d.example")]
    assert api.patch(f"/company/contacts/{contact['id']}", title="Boss")["communicationItems"][0]["id"] == kept


def test_a_put_of_a_contact_fails_on_its_own_communication_items(api: Api) -> None:
    contact = api.contact(api.company(), communicationItems=[{"value": "1", "communicationType": "Phone"}])
    path = f"/company/contacts/{contact['id']}"
    body = api.http.get(path).json()
    assert api.http.put(path, json=body).status_code == 400
    del body["communicationItems"]
    assert api.http.put(path, json=body).status_code == 200


def test_type_ids_are_stored_in_a_post_only(api: Api) -> None:
    kinds = [kind["id"] for kind in api.get("/company/contacts/types")]
    contact = api.post("/company/contacts", {"firstName": "Ann", "typeIds": kinds[:2]})
    assert [each["id"] for each in contact["types"]] == kinds[:2]
    api.patch(f"/company/contacts/{contact['id']}", typeIds=kinds[2:])
    path = f"/company/contacts/{contact['id']}/typeAssociations"
    assert [each["type"]["id"] for each in api.get(path)] == kinds[:2]
    added = api.post(path, {"type": {"id": kinds[2]}})
    assert added["contact"]["name"] == "Ann"
    assert api.http.post(path, json={"type": {"id": kinds[2]}}).status_code == 400
    assert api.http.delete(f"{path}/{added['id']}").status_code == 204
    assert problems(api.http.post("/company/contacts", json={"firstName": "B", "typeIds": [99]})) == [
        ("typeIds", "InvalidReference")
    ]


def test_a_contact_that_an_agreement_names_cannot_be_deleted(api: Api) -> None:
    agreement = api.agreement()
    assert api.http.delete(f"/company/contacts/{agreement['contact']['id']}").status_code == 409


def test_deleting_a_contact_deletes_its_communications(api: Api) -> None:
    company = api.company()
    api.contact(company)
    other = api.contact(company, communicationItems=[{"value": "1", "communicationType": "Phone"}])
    assert api.http.delete(f"/company/contacts/{other['id']}").status_code == 204
    assert api.http.get(f"/company/contacts/{other['id']}/communications").status_code == 404
    assert api.tenant.tables["contactCommunication"].rows == {}


def test_a_default_contact_cannot_be_deleted(api: Api) -> None:
    contact = api.contact(api.company())
    assert "default contact" in api.http.delete(f"/company/contacts/{contact['id']}").json()["message"]
