"""POST, PUT, PATCH and DELETE: what is stored, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Api, problems

COMPANIES = "/company/companies"


def post_company(api: Api, **fields: Any) -> Any:
    return api.http.post(COMPANIES, json={"identifier": "ACME", "name": "Acme", "city": "X", **fields})


def test_a_post_returns_201_and_the_object(api: Api) -> None:
    answer = post_company(api)
    assert answer.status_code == 201
    assert answer.json()["id"] == 1
    assert answer.json()["status"]["name"] == "Active"


def test_one_response_lists_all_missing_fields(api: Api) -> None:
    answer = api.http.post(COMPANIES, json={})
    assert answer.status_code == 400
    assert answer.json()["code"] == "InvalidObject"
    assert answer.json()["message"] == "company object is invalid"
    assert problems(answer) == [("identifier", "MissingRequiredField"), ("name", "MissingRequiredField")]
    assert answer.json()["errors"][0]["resource"] == "company"


def test_an_empty_required_text_counts_as_missing(api: Api) -> None:
    assert problems(post_company(api, name="  ")) == [("name", "MissingRequiredField")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nonsense", 1),
        ("Name", "Acme"),
        ("name", 5),
        ("name", "x" * 157),
        ("phoneNumber", "5" * 31),
        ("city", "a\u0000b"),
        ("leadFlag", "true"),
        ("leadFlag", 1),
        ("numberOfEmployees", "5"),
        ("numberOfEmployees", 1.5),
        ("numberOfEmployees", True),
        ("numberOfEmployees", 2**31),
        ("annualRevenue", "12"),
        ("annualRevenue", 10**15),
        ("annualRevenue", False),
        ("dateAcquired", "yesterday"),
        ("dateAcquired", "2026-02-30"),
        ("dateAcquired", 5),
        ("types", {"id": 1}),
        ("types", [1]),
        ("status", 1),
        ("status", "Active"),
        ("status", {"id": "1"}),
        ("status", {"colour": "x"}),
        ("integratorTags", "x"),
        ("integratorTags", [1]),
        ("customFields", [{"id": 99, "value": 1}]),
        ("customFields", [{"value": 1}]),
        ("customFields", [5]),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(api: Api, field: str, value: Any) -> None:
    answer = post_company(api, **{field: value})
    assert answer.status_code == 400
    assert field in {name for name, _ in problems(answer)}
    assert api.get(f"{COMPANIES}/count") == {"count": 0}


@pytest.mark.parametrize("value", [{"id": 999}, {"name": "Nope"}, {"id": 0}, {}, {"name": ""}])
def test_a_reference_must_exist(api: Api, value: Any) -> None:
    assert problems(post_company(api, status=value)) == [("status", "InvalidReference")]


def test_a_reference_by_id_or_name_is_returned_in_full(api: Api) -> None:
    status = api.get("/company/companies/statuses", conditions='name="Inactive"')[0]
    for number, value in enumerate(({"id": status["id"]}, {"name": "inactive"}, {"id": status["id"], "_info": {}})):
        made = post_company(api, identifier=f"C{number}", status=value).json()
        assert (made["status"]["id"], made["status"]["name"]) == (status["id"], "Inactive")
        assert made["status"]["_info"]["status_href"].endswith(f"/company/companies/statuses/{status['id']}")


def test_a_body_that_is_not_an_object_is_refused(api: Api) -> None:
    assert api.http.post(COMPANIES, json=[1]).status_code == 400


def test_unique_fields_are_compared_without_case(api: Api) -> None:
    api.company("ACME")
    assert problems(post_company(api, identifier="acme ")) == [("identifier", "ObjectExists")]


def test_numbers_keep_their_digits(api: Api) -> None:
    answer = api.http.post(
        COMPANIES,
        content=b'{"identifier":"A","name":"A","city":"X","annualRevenue":0.1234567890123456789}',
        headers={"content-type": "application/json"},
    )
    assert b'"annualRevenue":0.1234567890123456789' in answer.content


def test_dates_come_back_as_midnight_utc(api: Api) -> None:
    for text in ("2026-11-01", "2026-11-01T00:00:00Z", "2026-11-01T17:30:00Z", "2026-11-01T00:00:00.000Z"):
        made = post_company(api, identifier=text, dateAcquired=text).json()
        assert made["dateAcquired"] == "2026-11-01T00:00:00Z"


def test_text_comes_back_as_sent_except_names(api: Api) -> None:
    made = post_company(api, identifier=" PAD ", city="X ").json()
    assert (made["identifier"], made["city"]) == ("PAD", "X ")


def test_computed_fields_are_ignored_in_a_post(api: Api) -> None:
    made = post_company(api, id=77, deletedFlag=True, _info={"lastUpdated": "x"}).json()
    assert (made["id"], made["deletedFlag"]) == (1, False)


def test_a_patch_accepts_paths_with_and_without_a_slash(api: Api) -> None:
    api.company()
    operations = [
        {"op": "replace", "path": "/name", "value": "New"},
        {"op": "add", "path": "website", "value": "new.example"},
    ]
    changed = api.http.patch(f"{COMPANIES}/1", json=operations).json()
    assert (changed["name"], changed["website"]) == ("New", "new.example")


def test_a_patch_clears_by_remove_or_null(api: Api) -> None:
    api.company(website="a.example", phoneNumber="1")
    operations = [{"op": "remove", "path": "website"}, {"op": "replace", "path": "phoneNumber", "value": None}]
    changed = api.http.patch(f"{COMPANIES}/1", json=operations).json()
    assert not {"website", "phoneNumber"} & changed.keys()


def test_a_cleared_flag_gets_its_default(api: Api) -> None:
    api.company(leadFlag=True)
    assert api.patch(f"{COMPANIES}/1", leadFlag=None)["leadFlag"] is False


@pytest.mark.parametrize("path", ["status/name", "/status/id", "types", "types/0"])
def test_a_patch_of_a_sub_path_or_a_post_only_field_returns_200_and_stores_nothing(api: Api, path: str) -> None:
    before = api.company()
    before = api.get(f"{COMPANIES}/1")
    operations = [{"op": "replace", "path": path, "value": "Inactive"}]
    answer = api.http.patch(f"{COMPANIES}/1", json=operations)
    assert answer.status_code == 200
    assert api.get(f"{COMPANIES}/1") == before


@pytest.mark.parametrize(
    "body",
    [
        {"name": "New"},
        {"op": "replace", "path": "name", "value": "New"},
        ["name"],
        [{"op": "replace", "value": "New"}],
        [{"op": "move", "path": "name", "value": "New"}],
        [{"op": "replace", "path": "name"}],
        [{"op": "replace", "path": "Name", "value": "New"}],
        [{"op": "replace", "path": "nonsense", "value": "New"}],
        [{"op": "replace", "path": "id", "value": 5}],
        [{"op": "replace", "path": "deletedFlag", "value": True}],
        [{"op": "remove", "path": "name"}],
        [{"op": "replace", "path": "name", "value": "x" * 200}],
        [{"op": "replace", "path": "status", "value": {"name": "Nope"}}],
        [{"op": "remove", "path": "city"}],
    ],
)
def test_a_patch_that_cannot_be_carried_out_changes_nothing(api: Api, body: Any) -> None:
    api.company()
    before = api.get(f"{COMPANIES}/1")
    assert api.http.patch(f"{COMPANIES}/1", json=body).status_code == 400
    assert api.get(f"{COMPANIES}/1") == before


def test_every_write_moves_last_updated_also_with_a_frozen_clock(api: Api) -> None:
    seen = [api.company()["_info"]["lastUpdated"]]
    seen += [api.patch(f"{COMPANIES}/1", name=f"N{n}")["_info"]["lastUpdated"] for n in range(2)]
    assert seen == ["2026-11-10T12:00:00Z", "2026-11-10T12:00:01Z", "2026-11-10T12:00:02Z"]
    api.sandbox.clock.advance(timedelta(hours=1))
    changed = api.patch(f"{COMPANIES}/1", name="Later")["_info"]
    assert (changed["lastUpdated"], changed["dateEntered"]) == ("2026-11-10T13:00:00Z", "2026-11-10T12:00:00Z")


def test_a_put_replaces_the_whole_object(api: Api) -> None:
    api.company(website="a.example")
    body = {"identifier": "ACME", "name": "Put", "city": "Y"}
    assert "website" not in api.http.put(f"{COMPANIES}/1", json=body).json()
    assert problems(api.http.put(f"{COMPANIES}/1", json={"name": "x"})) == [("identifier", "MissingRequiredField")]


def test_an_object_that_was_read_can_be_put(api: Api) -> None:
    api.company(website="a.example")
    before = api.get(f"{COMPANIES}/1")
    after = api.http.put(f"{COMPANIES}/1", content=api.http.get(f"{COMPANIES}/1").content, headers=JSON).json()
    assert {**after, "_info": 0, "annualRevenue": 0} == {**before, "_info": 0, "annualRevenue": 0}


JSON = {"content-type": "application/json"}


def test_a_delete_returns_204_and_removes_the_object(api: Api) -> None:
    kind = api.post("/company/companies/types", {"name": "Fleeting"})
    assert api.http.delete(f"/company/companies/types/{kind['id']}").status_code == 204
    assert api.http.get(f"/company/companies/types/{kind['id']}").status_code == 404


def test_an_object_in_use_cannot_be_deleted(api: Api) -> None:
    company = api.company()
    answer = api.http.delete(f"/company/companies/statuses/{company['status']['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "ObjectInUse")


def test_custom_fields_are_merged_by_id_and_an_entry_left_out_is_kept(api: Api) -> None:
    api.company()
    field = {"podId": 1, "caption": "Tier", "sequenceNumber": 2, "fieldTypeIdentifier": "Text"}
    tier = api.post("/system/userDefinedFields", field)["id"]
    key = api.post("/system/userDefinedFields", {**field, "caption": "Key", "sequenceNumber": 1})["id"]
    shown = api.get(f"{COMPANIES}/1")["customFields"]
    assert [(each["caption"], "value" in each) for each in shown] == [("Key", False), ("Tier", False)]
    api.patch(f"{COMPANIES}/1", customFields=[{"id": tier, "value": "Gold"}])
    changed = api.patch(f"{COMPANIES}/1", customFields=[{"id": key, "value": "k"}])
    assert {each["caption"]: each["value"] for each in changed["customFields"]} == {"Tier": "Gold", "Key": "k"}
    wrong = [{"op": "replace", "path": "customFields", "value": [{"id": tier, "value": 5}]}]
    assert problems(api.http.patch(f"{COMPANIES}/1", json=wrong)) == [("customFields", "InvalidField")]
    api.patch(f"/system/userDefinedFields/{key}", caption="Code")
    assert api.http.delete(f"/system/userDefinedFields/{tier}").status_code == 204
    assert [each["caption"] for each in api.get(f"{COMPANIES}/1")["customFields"]] == ["Code"]


def test_custom_fields_accept_values_of_their_type_only(api: Api) -> None:
    api.company()
    field = {"podId": 1, "caption": "N", "sequenceNumber": 1, "fieldTypeIdentifier": "Number"}
    number = api.post("/system/userDefinedFields", field)["id"]
    box = {**field, "caption": "B", "fieldTypeIdentifier": "Checkbox", "options": [{"optionValue": "x"}]}
    flag = api.post("/system/userDefinedFields", box)["id"]
    given = [{"id": number, "value": 3}, {"id": flag, "value": True}]
    assert [each["value"] for each in api.patch(f"{COMPANIES}/1", customFields=given)["customFields"]] == [3, True]


@pytest.mark.parametrize("more", [{"sequenceNumber": 501}, {"podId": 99}, {"options": [5]}, {"caption": "x" * 26}])
def test_a_custom_field_needs_a_known_screen_and_position(api: Api, more: dict[str, Any]) -> None:
    field = {"podId": 1, "caption": "Tier", "sequenceNumber": 2, "fieldTypeIdentifier": "Text", **more}
    assert api.http.post("/system/userDefinedFields", json=field).status_code == 400


def test_a_password_is_never_returned(api: Api) -> None:
    login = api.post("/system/integratorlogins", {"username": "bridge", "password": "s3cret"})
    assert "password" not in login
    assert "s3cret" not in api.http.get("/system/integratorlogins").text
    assert "password" not in api.patch(f"/system/integratorlogins/{login['id']}", password="n3w")
    row = api.tenant.get("integratorLogin", login["id"])
    assert row.secrets == {"password": "n3w"}
    assert "n3w" not in repr(row)
    for query in ({"fields": "password"}, {"conditions": 'password="n3w"'}):
        assert api.http.get("/system/integratorlogins", params=query).status_code == 400


def test_an_integrator_login_can_be_given_all_apis(api: Api) -> None:
    login = api.post("/system/integratorlogins", {"username": "bridge", "canAccessAllApisFlag": True})
    assert login["managedServicesApiFlag"]
    assert login["reportingApiFlag"]


def test_an_inactive_login_shows_since_when(api: Api) -> None:
    login = api.post("/system/integratorlogins", {"username": "bridge", "inactiveFlag": True})
    assert login["dateInactivated"] == "2026-11-10T00:00:00Z"
    assert "dateInactivated" not in api.patch(f"/system/integratorlogins/{login['id']}", inactiveFlag=False)


def test_a_communication_type_needs_one_flag(api: Api) -> None:
    body = {"description": "Pigeon", "iphoneXref": "", "androidXref": "x"}
    answer = api.http.post("/company/communicationTypes", json=body)
    assert problems(answer) == [("iphoneXref", "MissingRequiredField")]
    answer = api.http.post("/company/communicationTypes", json={**body, "iphoneXref": "x"})
    assert problems(answer) == [("phoneFlag", "MissingRequiredField")]


def test_lists_of_numbers_are_stored(api: Api) -> None:
    made = api.post("/procurement/categories", {"name": "New", "locationIds": [1, Decimal("2")] and [1, 2]})
    assert made["locationIds"] == [Decimal("1.00"), Decimal("2.00")]
    body = {"name": "T", "exclusionWorkRoleIds": ["x"]}
    assert ("exclusionWorkRoleIds", "InvalidField") in problems(api.http.post("/finance/agreements/types", json=body))


def test_an_object_can_be_created_by_path_or_by_table(api: Api) -> None:
    company = api.tenant.create("company/companies", {"identifier": "A", "name": "A", "city": "X"})
    site = api.tenant.create(f"company/companies/{company['id']}/sites", {"name": "Branch"})
    assert site["company"]["identifier"] == "A"
    with pytest.raises(KeyError, match="no collection"):
        api.tenant.create("company/nonsense", {})
