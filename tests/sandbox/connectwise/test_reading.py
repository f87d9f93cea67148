"""Lists: pages, links, fields, order, counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api

LIST = "/company/companies"


def fill(api: Api, count: int) -> None:
    for number in range(1, count + 1):
        api.company(f"C{number:03}")


def test_a_page_has_25_objects_by_default(api: Api) -> None:
    fill(api, 30)
    assert len(api.get(LIST)) == 25
    assert len(api.get(LIST, pageSize=28)) == 28


def test_a_page_has_at_most_1000_objects(api: Api) -> None:
    assert api.http.get(LIST, params={"pageSize": 1000}).status_code == 200
    assert api.http.get(LIST, params={"pageSize": 1001}).status_code == 400


@pytest.mark.parametrize("query", [{"pageSize": "0"}, {"page": "0"}, {"page": "-1"}, {"pageSize": "x"}])
def test_a_page_that_is_not_a_number_is_refused(api: Api, query: dict[str, str]) -> None:
    assert api.http.get(LIST, params=query).status_code == 400


def test_a_page_past_the_end_is_empty(api: Api) -> None:
    fill(api, 3)
    assert api.get(LIST, page=2) == []


def test_links_point_to_the_other_pages_and_keep_the_query(api: Api) -> None:
    fill(api, 5)
    middle = api.http.get(LIST, params={"pageSize": 2, "page": 2, "orderBy": "id desc"})
    assert set(middle.links) == {"first", "prev", "next", "last"}
    following = api.http.get(middle.links["next"]["url"])
    assert [each["identifier"] for each in following.json()] == ["C001"]
    assert set(following.links) == {"first", "prev"}


def test_a_list_on_one_page_has_no_link(api: Api) -> None:
    fill(api, 2)
    assert "link" not in api.http.get(LIST).headers


def test_forward_only_pages_continue_after_the_last_id(api: Api) -> None:
    fill(api, 5)
    forward = {"pagination-type": "forward-only"}
    answer = api.http.get(LIST, params={"pageSize": 2}, headers=forward)
    seen = [answer.json()]
    while "next" in answer.links:
        assert set(answer.links) == {"next"}
        answer = api.http.get(answer.links["next"]["url"], headers=forward)
        seen.append(answer.json())
    assert [[each["id"] for each in page] for page in seen] == [[1, 2], [3, 4], [5]]


def test_forward_only_pages_refuse_an_order(api: Api) -> None:
    answer = api.http.get(LIST, params={"orderBy": "name"}, headers={"pagination-type": "forward-only"})
    assert answer.status_code == 400


def test_lists_send_no_link_with_the_fault_no_link(api: Api) -> None:
    fill(api, 3)
    api.sandbox.faults.replace(["no-link"])
    assert "link" not in api.http.get(LIST, params={"pageSize": 1}).headers


def test_a_count_applies_conditions(api: Api) -> None:
    fill(api, 12)
    assert api.get(f"{LIST}/count") == {"count": 12}
    assert api.get(f"{LIST}/count", conditions='identifier like "C00%"') == {"count": 9}


def test_fields_select_fields_and_leave_info_out(api: Api) -> None:
    fill(api, 1)
    assert api.get(LIST, fields="id,status/name") == [{"id": 1, "status": {"name": "Active"}}]
    assert set(api.get(f"{LIST}/1", fields="id,_info/lastUpdated")["_info"]) == {"lastUpdated"}


def test_fields_select_parts_of_list_entries(api: Api) -> None:
    items = [{"value": "a@b.example", "communicationType": "Email"}]
    contact = api.contact(api.company(), communicationItems=items)
    found = api.get(f"/company/contacts/{contact['id']}", fields="communicationItems/value")
    assert found == {"communicationItems": [{"value": "a@b.example"}]}


def test_fields_select_parts_of_references_in_lists(api: Api) -> None:
    items = [{"value": "a@b.example", "communicationType": "Email"}]
    company = api.company(types=[{"name": "Vendor"}])
    contact = api.contact(company, communicationItems=items)
    fields = "communicationItems/type/name,communicationItems/id,company/_info/company_href,_info"
    found = api.get(f"/company/contacts/{contact['id']}", fields=fields)
    assert found["communicationItems"][0]["type"] == {"name": "Email"}
    assert found["company"]["_info"]["company_href"].endswith(f"/company/companies/{company['id']}")
    assert found["_info"]["enteredBy"] == "API"
    shown = api.get(f"/company/companies/{company['id']}", fields="types/name,types/_info/type_href,customFields/value")
    assert shown["types"][0]["name"] == "Vendor"


def test_a_field_named_whole_and_in_part_is_shown_whole(api: Api) -> None:
    fill(api, 1)
    found = api.get(f"{LIST}/1", fields="status,status/name")
    assert set(found["status"]) == {"id", "name", "_info"}


def test_an_order_can_use_a_path_of_two_steps(api: Api) -> None:
    for name in ("A", "B"):
        api.contact(api.company(name))
    found = api.get("/company/contacts", orderBy="company/_info/company_href desc", fields="company/identifier")
    assert [each["company"]["identifier"] for each in found] == ["B", "A"]


@pytest.mark.parametrize(
    "name", ["nonsense", "Name", "status/colour", "_info/colour", "name/deeper", "types/colour", "customFields/a/b"]
)
def test_a_field_that_the_endpoint_does_not_know_is_refused(api: Api, name: str) -> None:
    assert api.http.get(LIST, params={"fields": name}).status_code == 400
    assert api.http.get(LIST, params={"orderBy": name}).status_code == 400


def test_an_order_can_have_several_keys_and_paths(api: Api) -> None:
    api.company("A", status={"name": "Inactive"})
    api.company("B")
    api.company("C")
    found = api.get(LIST, orderBy="status/name asc, identifier desc", fields="identifier")
    assert [each["identifier"] for each in found] == ["C", "B", "A"]


def test_missing_values_come_first_in_order(api: Api) -> None:
    api.company("A", website="z.example")
    api.company("B")
    assert [each["identifier"] for each in api.get(LIST, orderBy="website")] == ["B", "A"]


@pytest.mark.parametrize("order", ["name sideways", "name asc desc", "status", "types"])
def test_an_invalid_order_is_refused(api: Api, order: str) -> None:
    assert api.http.get(LIST, params={"orderBy": order}).status_code == 400


def test_fields_without_a_value_are_left_out(api: Api) -> None:
    assert "website" not in api.company()


def test_info_lists_show_few_fields(api: Api) -> None:
    first = api.get("/finance/agreements/types/info", pageSize=1)[0]
    assert set(first) == {"id", "name", "inactiveFlag", "applicationUnits", "_info"}
    assert api.get(f"/finance/agreements/types/{first['id']}/info") == first
    assert (
        api.get("/finance/agreements/types/info/count")["count"] == api.get("/finance/agreements/types/count")["count"]
    )


def test_a_renamed_field_of_a_view_is_requested_by_its_shown_name(api: Api) -> None:
    found = api.get("/company/companies/info/types", conditions="isVendor=True", fields="name,isVendor")
    assert found == [{"name": "Vendor", "isVendor": True}]


def test_subcategories_are_listed_below_their_category(api: Api) -> None:
    category = api.get("/procurement/categories", conditions='name="Managed Services"')[0]
    found = api.get(f"/procurement/categories/{category['id']}/subcategories/", fields="name")
    assert {"name": "Backup"} in found
    made = api.post(f"/procurement/categories/{category['id']}/subcategories/", {"name": "Archive"})
    assert api.get(f"/procurement/subcategories/{made['id']}")["category"]["id"] == category["id"]


def test_links_in_info_point_to_the_object(api: Api) -> None:
    agreement = api.get(f"/finance/agreements/{api.agreement()['id']}")
    assert api.http.get(agreement["company"]["_info"]["company_href"]).json()["identifier"] == "ACME"
    assert api.http.get(agreement["_info"]["additions_href"]).json() == []


@pytest.mark.parametrize(
    "path",
    [
        "/company/companies/statuses",
        "/company/companies/types",
        "/company/contacts/types",
        "/company/communicationTypes",
        "/company/countries",
        "/finance/agreements/types",
        "/finance/billingCycles",
        "/finance/billingTerms",
        "/procurement/categories",
        "/procurement/subcategories/",
        "/procurement/types",
        "/procurement/unitOfMeasures",
        "/system/info/members",
        "/system/info/locations",
    ],
)
def test_a_new_tenant_has_filled_setup_tables(api: Api, path: str) -> None:
    assert api.get(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/finance/agreements/types", "Managed Service"),
        ("/procurement/categories", "Managed Services"),
        ("/procurement/unitOfMeasures", "Each"),
        ("/company/companies/types", "Customer"),
        ("/finance/billingCycles", "Monthly"),
    ],
)
def test_a_new_tenant_has_the_entries_that_the_vendors_guide_names(api: Api, path: str, name: str) -> None:
    assert name in api.names(path, pageSize=1000)


@pytest.mark.parametrize("path", ["/company/companies/default", "/company/contacts/default"])
def test_the_defaults_of_a_new_object_can_be_read(api: Api, path: str) -> None:
    assert "id" not in api.get(path)


def test_an_index_finds_the_same_rows_as_a_scan(api: Api) -> None:
    fill(api, 150)
    wanted = 'identifier in ("c005","C140","nobody") and deletedFlag=False'
    assert [each["id"] for each in api.get(LIST, conditions=wanted)] == [5, 140]
    api.patch(f"{LIST}/7", identifier="C900")
    assert [each["id"] for each in api.get(LIST, conditions='identifier="C900"')] == [7]
    found: Any = api.get(LIST, conditions='id in (3,4) and status/name="Active"', fields="id")
    assert found == [{"id": 3}, {"id": 4}]
