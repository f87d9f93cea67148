"""Access: credentials, routes, media types and the rate limit."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.conftest import Api


def test_company_info_names_the_codebase_with_a_trailing_slash(api: Api) -> None:
    info = httpx.get(f"{api.running.url}/login/companyinfo/sandbox").json()
    assert info["Codebase"] == "v4_6_release/"
    assert info["IsCloud"] is True
    assert {"CompanyName", "CompanyID", "VersionCode", "SiteUrl"} <= info.keys()


def test_company_info_of_an_unknown_company_is_null(api: Api) -> None:
    answer = httpx.get(f"{api.running.url}/login/companyinfo/nobody")
    assert (answer.status_code, answer.json()) == (200, None)


def test_company_info_accepts_only_get(api: Api) -> None:
    assert httpx.post(f"{api.running.url}/login/companyinfo/sandbox").status_code == 405


def test_after_an_upgrade_only_the_new_api_root_works(api: Api) -> None:
    api.tenant.codebase = "v2026_5/"
    assert api.http.get("/system/info").status_code == 404
    root = f"{api.running.url}/v2026_5/apis/3.0"
    assert httpx.get(f"{root}/system/info", auth=api.http.auth, headers=api.http.headers).status_code == 200


def test_system_info_returns_version_and_time_zone(api: Api) -> None:
    info = api.get("/system/info")
    assert info["version"].startswith("v2026.4")
    assert info["serverTimeZone"]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("sandbox+SandboxPublicKey", "wrong"),
        ("other+SandboxPublicKey", "SandboxPrivateKey"),
        ("SandboxPublicKey", "SandboxPrivateKey"),
    ],
)
def test_wrong_credentials_get_401(api: Api, user: str, password: str) -> None:
    answer = api.http.get("/system/info", auth=(user, password))
    assert (answer.status_code, answer.json()["code"]) == (401, "Unauthorized")


@pytest.mark.parametrize("header", ["Bearer x", "Basic %%%", ""])
def test_a_header_without_basic_auth_gets_401(api: Api, header: str) -> None:
    headers = {"authorization": header, "clientId": api.http.headers["clientId"]}
    assert httpx.get(f"{api.http.base_url}system/info", headers=headers).status_code == 401


def test_wrong_credentials_get_404_with_the_fault_auth_404(api: Api) -> None:
    api.sandbox.faults.replace(["auth-404"])
    assert api.http.get("/system/info", auth=("a", "b")).status_code == 404
    assert api.http.get("/system/info").status_code == 200


@pytest.mark.parametrize("client", ["", "00000000-0000-0000-0000-000000000000"])
def test_a_missing_or_unknown_client_id_gets_403(api: Api, client: str) -> None:
    answer = api.http.get("/system/info", headers={"clientId": client})
    assert (answer.status_code, answer.json()["code"]) == (403, "Forbidden")


def test_an_unknown_route_gets_connectwises_error_body(api: Api) -> None:
    answer = api.http.get("/company/nothing")
    assert (answer.status_code, answer.json()) == (
        404,
        {"code": "ConnectWiseApi", "message": "The endpoint does not exist."},
    )


def test_there_is_no_global_list_of_additions(api: Api) -> None:
    assert api.http.get("/finance/additions").status_code == 404


def test_the_list_of_subcategories_needs_a_trailing_slash(api: Api) -> None:
    assert api.http.get("/procurement/subcategories/").status_code == 200
    assert api.http.get("/procurement/subcategories").status_code == 404


def test_an_unknown_object_gets_404_with_its_kind(api: Api) -> None:
    answer = api.http.get("/company/contacts/57919")
    assert (answer.status_code, answer.json()) == (404, {"code": "NotFound", "message": "Contact 57919 not found"})


def test_an_object_under_another_parent_is_not_found(api: Api) -> None:
    company, other = api.company("A"), api.company("B")
    assert api.http.get(f"/company/companies/{other['id']}/sites/{company['site']['id']}").status_code == 404


def test_a_method_that_a_route_does_not_accept_gets_405_with_allow(api: Api) -> None:
    answer = api.http.delete("/company/companies")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert api.http.post("/system/info/members", json={}).status_code == 405
    assert api.http.request("OPTIONS", "/company/companies").status_code == 405


def test_a_body_of_another_media_type_gets_415(api: Api) -> None:
    answer = api.http.post("/company/companies", content=b"identifier=A", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


def test_a_body_that_is_not_json_gets_400(api: Api) -> None:
    answer = api.http.post("/company/companies", content=b'{"id', headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidObject")


def test_a_request_for_the_versioned_media_type_gets_it(api: Api) -> None:
    pinned = "application/vnd.connectwise.com+json; version=2026.4"
    answer = api.http.get("/system/info", headers={"accept": pinned})
    assert answer.headers["content-type"].startswith("application/vnd.connectwise.com+json; version=2026.4")


def test_a_client_that_accepts_no_json_gets_406(api: Api) -> None:
    assert api.http.get("/system/info", headers={"accept": "text/html"}).status_code == 406


def test_a_target_above_2000_characters_gets_414(api: Api) -> None:
    answer = api.http.get("/company/companies", params={"conditions": 'name="' + "x" * 2000 + '"'})
    assert answer.status_code == 414


def test_requests_above_the_rate_limit_get_429_with_retry_after(api: Api) -> None:
    api.sandbox.rate_per_second = 0
    answer = api.http.get("/system/info")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_requests_are_logged_by_route(api: Api) -> None:
    company = api.company()
    api.get(f"/company/companies/{company['id']}")
    api.get("/company/companies", pageSize=5)
    assert api.sandbox.log.by_route == {
        "GET /v4_6_release/apis/3.0/company/companies/{id}": 1,
        "GET /v4_6_release/apis/3.0/company/companies": 1,
    }
    assert api.sandbox.log.entries[-1].query == "pageSize=5"
    api.sandbox.log.clear()
    assert api.sandbox.log.total == 0
