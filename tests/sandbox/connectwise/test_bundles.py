"""Bundles: many reads in one request, each with its own result."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api, read

PATH = "/system/bundles"


def item(number: int = 1, kind: str = "addition", **asked: Any) -> dict[str, Any]:
    return {"version": "2020.1", "sequenceNumber": number, "resourceType": kind, "apiRequest": asked}


def results(api: Api, *items: Any, path: str = PATH) -> list[Any]:
    answer = api.http.post(path, json={"requests": items})
    assert answer.status_code == 200, answer.text
    return list(read(answer)["results"])


def two_additions(api: Api) -> Any:
    agreement, product = api.agreement(), api.product()
    api.addition(agreement, product, quantity=1)
    api.addition(agreement, product, quantity=2, cancelledDate="2026-12-31")
    return agreement


def test_one_bundle_returns_the_additions_of_several_agreements(api: Api) -> None:
    agreement = two_additions(api)
    empty = api.agreement(api.company("OTHER"))
    first, second = results(api, item(7, parentId=agreement["id"]), item(8, parentId=empty["id"]))
    assert (first["sequenceNumber"], first["success"], first["statusCode"], first["count"]) == (7, True, 200, 2)
    assert [each["quantity"] for each in first["entities"]] == [1, 2]
    assert (second["entities"], second["count"]) == ([], 0)


def test_filters_pages_fields_and_order_work_in_a_bundle(api: Api) -> None:
    agreement = two_additions(api)
    parent = agreement["id"]
    filters = {"conditions": "cancelledDate=null"}
    (found,) = results(api, item(parentId=parent, filters=filters, fields="quantity"))
    assert found["entities"] == [{"quantity": 1}]
    (found,) = results(
        api, item(parentId=parent, filters={"orderBy": "quantity desc"}, page={"page": 1, "pageSize": 1}, fields="id")
    )
    assert len(found["entities"]) == 1
    (found,) = results(api, item(parentId=parent, page={"pageId": found["entities"][0]["id"]}))
    assert found["entities"] == []


def test_agreements_are_read_by_bundle(api: Api) -> None:
    agreement = api.agreement()
    (found,) = results(api, item(kind="Agreement", fields="id,name"))
    assert found["entities"] == [{"id": agreement["id"], "name": "Backup"}]


def test_one_object_is_read_by_its_id(api: Api) -> None:
    agreement = two_additions(api)
    other = api.agreement(api.company("OTHER"))
    key = api.tenant.children("addition", agreement["id"])[1].id
    good, strange, unknown = results(
        api,
        item(parentId=agreement["id"], id=key, fields="id"),
        item(parentId=other["id"], id=key),
        item(parentId=other["id"], id="x"),
    )
    assert good["entities"] == [{"id": key}]
    assert (strange["statusCode"], unknown["statusCode"]) == (404, 404)


def test_there_are_no_configurations(api: Api) -> None:
    (found,) = results(api, item(kind="configuration"))
    assert (found["success"], found["entities"]) == (True, [])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (item(), 404),
        (item(parentId=99), 404),
        (item(parentId="1"), 404),
        (item(kind="unicorn"), 400),
        (item(kind="agreement", filters={"conditions": "nonsense=1"}), 400),
        (item(kind="agreement", filters="x"), 400),
        (item(kind="agreement", page={"pageSize": 1001}), 400),
        (item(kind="agreement", fields="nonsense"), 400),
    ],
)
def test_a_bad_item_fails_alone(api: Api, asked: dict[str, Any], status: int) -> None:
    bad, good = results(api, asked, item(2, "agreement"))
    assert (bad["success"], bad["statusCode"], bad["entities"]) == (False, status, [])
    assert bad["error"]["message"]
    assert good["success"] is True


def test_a_bundle_accepts_50_requests(api: Api) -> None:
    assert len(results(api, *[item(n, "agreement") for n in range(50)])) == 50
    answer = api.http.post(PATH, json={"requests": [item(n, "agreement") for n in range(51)]})
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [{}, [], {"requests": {}}, {"requests": [1]}])
def test_a_body_that_is_not_a_bundle_is_refused(api: Api, body: Any) -> None:
    assert api.http.post(PATH, json=body).status_code == 400


def test_a_bundle_can_return_counts(api: Api) -> None:
    agreement = two_additions(api)
    (found,) = results(api, item(parentId=agreement["id"]), path=f"{PATH}/count")
    assert (found["count"], "entities" in found) == (2, False)


def test_bundles_are_refused_with_the_fault_bundles_off(api: Api) -> None:
    api.sandbox.faults.replace(["bundles-off"])
    assert api.http.post(PATH, json={"requests": []}).status_code == 403
