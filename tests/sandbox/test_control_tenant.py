"""Writes to ConnectWise by hand: as a person or another integration makes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.conftest import Api


def write(api: Api, path: str, body: Any, status: int = 200) -> Any:
    answer = api.http.post(f"{api.running.url}/sandbox/tenant/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_an_edit_by_hand_changes_the_object_and_names_the_other_login(api: Api) -> None:
    agreement = api.agreement()
    addition = api.addition(agreement, api.product())
    path = f"finance/agreements/{agreement['id']}/additions/{addition['id']}"
    before = api.get(path)["_info"]
    api.sandbox.clock.advance(timedelta(hours=1))

    write(api, path, {"set": {"quantity": 12.5, "serialNumber": None}, "by": "NableSync"})

    after = api.get(path)
    assert (str(after["quantity"]), str(after["extPrice"])) == ("12.50", "3.13")
    assert (after["_info"]["updatedBy"], after["_info"]["enteredBy"]) == ("NableSync", "API")
    assert after["_info"]["lastUpdated"] > before["lastUpdated"]


def test_last_updated_moves_also_while_the_clock_is_frozen(api: Api) -> None:
    company = api.company()
    stamps = [
        write(api, f"company/companies/{company['id']}", {"set": {"city": city}})["_info"]["lastUpdated"]
        for city in ("Rome", "Bern")
    ]

    assert stamps[0] < stamps[1]


def test_an_object_made_by_hand_has_no_tag(api: Api) -> None:
    agreement, product = api.agreement(), api.product()
    body = {"product": {"id": product["id"]}, "billCustomer": "Billable", "quantity": 3}

    made = write(api, f"finance/agreements/{agreement['id']}/additions", {"create": body, "by": "jdoe"})

    row = api.get(made["path"])
    assert "serialNumber" not in row
    assert (row["_info"]["enteredBy"], row["_info"]["updatedBy"]) == ("jdoe", "jdoe")


def test_a_delete_by_hand_removes_an_object_or_marks_it_as_deleted(api: Api) -> None:
    company = api.company()
    agreement = api.agreement(api.company("OTHER"))
    addition = api.addition(agreement, api.product())
    path = f"finance/agreements/{agreement['id']}/additions/{addition['id']}"

    assert write(api, path, {"delete": True}) == {"deleted": path}
    write(api, f"company/companies/{company['id']}", {"delete": True, "by": "Admin1"})

    assert api.http.get(path).status_code == 404
    assert api.get(f"company/companies/{company['id']}")["deletedBy"] == "Admin1"


def test_the_api_stays_the_author_of_its_own_writes(api: Api) -> None:
    company = api.company()
    write(api, f"company/companies/{company['id']}", {"set": {"city": "Rome"}})

    assert api.patch(f"company/companies/{company['id']}", city="Bern")["_info"]["updatedBy"] == "API"


def test_paths_that_end_in_a_slash_can_be_written_without_it(api: Api) -> None:
    body = {"create": {"name": "Tapes", "category": {"name": "Hardware"}}}

    assert write(api, "procurement/subcategories", body)["id"] > 0


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("company/companies", {}, 400, "give exactly one of create, set, delete"),
        ("company/companies", {"delete": True, "set": {}}, 400, "give exactly one of create, set, delete"),
        ("company/companies", {"delete": False}, 400, "cannot read the body"),
        ("company/companies", {"delete": True}, 405, "give the path of one object"),
        ("company/companies/1", {"create": {}}, 405, "give the path of a list"),
        ("company/companies/count", {"create": {}}, 404, "is not the path of a list or an object"),
        ("company/companies/999999", {"set": {"city": "X"}}, 404, "Company 999999 not found"),
        ("finance/agreements/999999/additions", {"create": {}}, 404, "Agreement 999999 not found"),
        ("system/info", {"set": {}}, 404, "is not the path of a list or an object"),
        ("nowhere", {"set": {}}, 404, "is not the path of a list or an object"),
        ("company/companies", {"create": {"name": "x"}}, 400, "identifier: The identifier field is required."),
    ],
)
def test_a_write_that_cannot_be_made_is_refused_with_the_reason(
    api: Api, path: str, body: Any, status: int, sentence: str
) -> None:
    assert sentence in write(api, path, body, status)["error"]


def test_fields_that_connectwise_computes_cannot_be_set(api: Api) -> None:
    company = api.company()

    answer = write(api, f"company/companies/{company['id']}", {"set": {"deletedFlag": True}}, 400)

    assert "ConnectWise sets deletedFlag by itself" in answer["error"]


def test_an_object_in_use_is_not_deleted_by_hand_either(api: Api) -> None:
    company = api.company()
    agreement = api.agreement(company)

    answer = write(api, f"company/companies/{company['id']}", {"delete": True}, 409)

    assert f"in use by agreement {agreement['id']}" in answer["error"]
