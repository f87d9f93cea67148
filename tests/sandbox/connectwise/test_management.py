"""Managed devices, Management IT, and the management solutions of companies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api, problems

INTEGRATIONS = "/company/managedDevicesIntegrations"
IT = "/company/managementItSolutions"


def path_of(company: Any) -> str:
    return f"/company/companies/{company['id']}/managementSummaryReports"


def test_an_integration_needs_name_solution_login_and_level(api: Api) -> None:
    assert [name for name, _ in problems(api.http.post(INTEGRATIONS, json={}))] == [
        "name",
        "solution",
        "loginBy",
        "defaultBillingLevel",
    ]


def test_an_integrations_check_boxes_start_as_the_reference_says(api: Api) -> None:
    made = api.solution()
    assert (made["disableNewCrossReferencesFlag"], made["matchOnSerialNumberFlag"]) == (False, True)


def test_an_integration_names_its_login(api: Api) -> None:
    api.tenant.create("integratorLogin", {"username": "bridge"})
    made = api.patch(f"{INTEGRATIONS}/{api.solution()['id']}", integratorLogin={"name": "bridge"})
    assert made["integratorLogin"]["name"] == "bridge"


@pytest.mark.parametrize("child", ["crossReferences", "logins", "notifications"])
def test_children_of_an_integration_show_it(api: Api, child: str) -> None:
    path = f"{INTEGRATIONS}/{api.solution()['id']}/{child}"
    made = api.post(path, {"logins": {"username": "u"}, "notifications": {"logType": "All"}}.get(child, {}))
    assert made["managedDevicesIntegration"]["name"] == "Cove link"
    assert api.get(f"{path}/count") == {"count": 1}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Custom", ["managementSolutionName"]),
        ("NAble", ["nAbleUsername", "nAblePassword"]),
        ("Continuum", ["continuumApiUsername", "continuumApiPassword"]),
    ],
)
def test_a_management_it_record_needs_the_fields_of_its_type(api: Api, kind: str, fields: list[str]) -> None:
    body = {"name": "Cove", "managementItSolutionType": kind}
    assert problems(api.http.post(IT, json=body)) == [(field, "MissingRequiredField") for field in fields]
    made = api.post(IT, {**body, **dict.fromkeys(fields, "x")})
    assert not {field for field in made if field.endswith("Password")}
    assert api.patch(f"{IT}/{made['id']}", name="Renamed")["name"] == "Renamed"


def test_products_belong_to_a_management_it_record(api: Api) -> None:
    made = api.post(IT, {"name": "C", "managementItSolutionType": "Custom", "managementSolutionName": "Cove"})
    product = api.product()
    child = api.post(f"{IT}/{made['id']}/managementProducts", {"serverProduct": {"identifier": "backup"}})
    assert child["serverProduct"]["id"] == product["id"]


def test_the_name_of_a_solution_is_compared_with_case(api: Api) -> None:
    company, record = api.company(), api.solution("Cove")
    body = {"groupIdentifier": "1001", "managementSolution": {"name": "cove"}}
    assert problems(api.http.post(path_of(company), json=body)) == [("managementSolution", "InvalidReference")]
    made = api.post(path_of(company), {**body, "managementSolution": {"name": "Cove"}})
    shown = made["managementSolution"]
    assert (shown["id"], shown["name"], shown["setupName"]) == (record["id"], "Cove", "Cove link")
    assert made["company"]["identifier"] == "ACME"


@pytest.mark.parametrize("given", [{"id": True}, {"name": True}, {"setupName": True}, {"id": True, "name": True}])
def test_a_solution_is_found_by_any_part_of_its_reference(api: Api, given: dict[str, bool]) -> None:
    record = api.solution()
    known = {"id": record["id"], "name": "Cove", "setupName": "Cove link"}
    body = {"groupIdentifier": "1", "managementSolution": {name: known[name] for name in given}}
    assert api.post(path_of(api.company()), body)["managementSolution"]["id"] == record["id"]


@pytest.mark.parametrize("wrong", [{"name": "Other"}, {"id": 1}, {}])
def test_the_parts_of_a_solutions_reference_must_agree(api: Api, wrong: dict[str, Any]) -> None:
    record = api.solution()
    given = {"id": record["id"], **wrong} if wrong else {}
    body = {"groupIdentifier": "1", "managementSolution": given}
    assert api.http.post(path_of(api.company()), json=body).status_code == 400


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"managementItSolutionType": "Custom", "managementSolutionName": "Own"}, "Own"),
        ({"managementItSolutionType": "NAble", "nAbleUsername": "x", "nAblePassword": "y"}, "NAble"),
    ],
)
def test_a_management_it_record_provides_a_solution(api: Api, record: dict[str, str], name: str) -> None:
    made = api.post(IT, {"name": "Record", **record})
    body = {"groupIdentifier": "1", "managementSolution": {"name": name}}
    assert api.post(path_of(api.company()), body)["managementSolution"]["id"] == made["id"]


def test_a_renamed_solution_shows_everywhere(api: Api) -> None:
    company, record = api.company(), api.solution()
    api.post(path_of(company), {"groupIdentifier": "1", "managementSolution": {"name": "Cove"}})
    api.patch(f"{INTEGRATIONS}/{record['id']}", solution="Cove 2", name="Link 2")
    (shown,) = api.get(path_of(company), fields="managementSolution/name,managementSolution/setupName")
    assert shown == {"managementSolution": {"name": "Cove 2", "setupName": "Link 2"}}


def test_a_managed_id_is_required_and_has_a_maximum_length(api: Api) -> None:
    path = path_of(api.company())
    assert problems(api.http.post(path, json={})) == [("groupIdentifier", "MissingRequiredField")]
    assert problems(api.http.post(path, json={"groupIdentifier": "1" * 101})) == [("groupIdentifier", "InvalidField")]


def test_a_company_has_a_managed_id_once_per_solution(api: Api) -> None:
    company, other = api.company("A"), api.company("B")
    api.solution("Cove")
    api.solution("Other")
    body = {"groupIdentifier": "1", "managementSolution": {"name": "Cove"}}
    api.post(path_of(company), body)
    assert problems(api.http.post(path_of(company), json=body)) == [("groupIdentifier", "ObjectExists")]
    api.post(path_of(other), body)
    api.post(path_of(company), {**body, "managementSolution": {"name": "Other"}})


def test_the_agreement_of_a_solution_must_belong_to_its_company(api: Api) -> None:
    agreement, other = api.agreement(), api.company("OTHER")
    body = {"groupIdentifier": "1", "agreement": {"id": agreement["id"]}, "deviceType": "Servers"}
    assert problems(api.http.post(path_of(other), json=body)) == [("agreement", "InvalidField")]
    made = api.post(path_of(agreement["company"]), body)
    assert made["agreement"]["name"] == "Backup"
    assert made["agreement"]["type"] == "Managed Service"


@pytest.mark.parametrize("table", ["integration", "it"])
def test_a_record_whose_solution_is_in_use_cannot_be_deleted(api: Api, table: str) -> None:
    record = {"name": "R", "managementItSolutionType": "Custom", "managementSolutionName": "Cove"}
    path = f"{INTEGRATIONS}/{api.solution()['id']}" if table == "integration" else f"{IT}/{api.post(IT, record)['id']}"
    company = api.company()
    made = api.post(path_of(company), {"groupIdentifier": "1", "managementSolution": {"name": "Cove"}})
    assert api.http.delete(f"/company/companies/{company['id']}").status_code == 409
    assert api.http.delete(path).status_code == 409
    assert api.http.delete(f"{path_of(company)}/{made['id']}").status_code == 204
    assert api.http.delete(path).status_code == 204


def test_reports_of_a_company_are_set_up(api: Api) -> None:
    company = api.company()
    base = f"/company/companies/{company['id']}"
    assert api.post(f"{base}/managementReportNotifications", {"email": "a@b.example"})["company"]["id"] == company["id"]
    made = api.post(f"{base}/managementReportSetup", {"scheduledReportDisabledFlag": True})
    assert api.patch(f"{base}/managementReportSetup/{made['id']}", scheduledReportDisabledFlag=False)
    assert api.http.get(f"{base}/managementReportSetup/{made['id']}").status_code == 405
