"""A management solution is recognised by company, solution and Managed ID, even if ConnectWise stores another name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.applying.test_recover import Meddle, dies_at
from tests.shop import ALDER, Send, Shop

REPORTS = "/managementSummaryReports"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def stored(change: Change, inner: Meddle | None = None) -> Meddle:
    """Return a tenant that stores another reference in a management solution than was sent."""

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await (send(request) if inner is None else inner(request, send))
        if REPORTS not in request.url.path or answer.status_code >= 300:
            return answer
        body = json.loads(await answer.aread())
        for row in body if isinstance(body, list) else [body]:
            change(row)
        headers = {name: value for name, value in answer.headers.items() if name.lower() == "link"}
        return httpx.Response(answer.status_code, headers=headers, json=body, request=request)

    return meddle


def another_name(row: dict[str, Any]) -> None:
    row["managementSolution"]["name"] = "Managed Backup by Cove"


def another_name_alone(row: dict[str, Any]) -> None:
    """Return another name, without the record's id."""
    row["managementSolution"] = {"id": row["managementSolution"]["id"], "name": "Data Protection 365"}


def the_record_s_name(row: dict[str, Any]) -> None:
    row["managementSolution"] = {"id": 99999, "name": row["managementSolution"]["setupName"]}


def nothing(row: dict[str, Any]) -> None:
    row.pop("managementSolution", None)


def strange(row: dict[str, Any]) -> None:
    row["managementSolution"] = {"id": 99999, "name": "Managed Backup Premium"}


def solutions(shop: Shop) -> list[dict[str, Any]]:
    company = shop.one("/company/companies", identifier="AlderDental")["id"]
    found: list[dict[str, Any]] = shop.get(f"/company/companies/{company}{REPORTS}")
    return found


OTHER_NAMES = [another_name, another_name_alone, the_record_s_name]


@pytest.mark.parametrize("change", OTHER_NAMES)
def test_another_name_of_the_same_record_is_no_failure_and_no_change(small: Shop, change: Change) -> None:
    with small.meddled(stored(change)):
        small.apply()
        assert small("plan", "--detailed-exitcode").code == 0

    assert len(solutions(small)) == 1


@pytest.mark.parametrize("change", OTHER_NAMES)
def test_a_lost_response_or_a_killed_run_creates_no_second_one_under_another_name(small: Shop, change: Change) -> None:
    dying = dies_at(REPORTS, asyncio.CancelledError, taken=True)
    with small.meddled(stored(change, dying)), pytest.raises(asyncio.CancelledError):
        small("apply", "--auto-approve")

    with small.meddled(stored(change)):
        small.apply()
        assert small("plan", "--detailed-exitcode").code == 0

    assert len(solutions(small)) == 1


def test_a_plan_file_continues_with_one_that_has_another_name(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    with small.meddled(stored(another_name)):
        assert small("plan", "--out", str(file)).code == 0
        assert small("apply", str(file)).code == 0
        said = small("apply", str(file))

    assert (said.code, said.out) == (0, "Applied: 12 already.\n")


def test_a_management_solution_stored_without_its_solution_fails_and_is_not_created_twice(small: Shop) -> None:
    with small.meddled(stored(nothing)):
        said = small.apply(code=4)
        assert "reported success, but solution is" in said.out + said.err
        plan = small.plan("--only", "setup")
        (action,) = [each for each in plan["actions"] if each["kind"] == "ManagementSolution"]
        assert action["action"] == "update"
        assert [(each["path"], each["before"], each["after"]) for each in action["changes"]] == [
            ("solution", None, "Managed Backup")
        ]
        small.apply(code=4)
    assert len(solutions(small)) == 1

    assert small.apply().code == 0
    assert len(solutions(small)) == 1


def test_a_management_solution_without_a_name_that_two_documents_may_declare_is_an_error_with_both(small: Shop) -> None:
    small.apply()
    number = solutions(small)[0]["id"]
    small.edit(
        "customers/alder-dental.yaml",
        "kind: CustomerMapping",
        "kind: ManagementSolution\nmetadata: {name: second}\n"
        'spec: {company: alder-dental, solution: Other, managedId: "1001001"}\n---\n'
        "apiVersion: reconciler/v1\nkind: CustomerMapping",
    )
    with small.meddled(stored(nothing)):
        said = small("plan")

    assert said.code == 1
    assert f"match the same ManagementSolution, id {number}" in said.err


def test_a_name_that_contains_the_declared_one_and_belongs_to_no_record_is_an_error_with_its_id(small: Shop) -> None:
    small.apply()
    number = solutions(small)[0]["id"]
    with small.meddled(stored(strange)):
        said = small("plan")

    assert said.code == 1
    assert "ManagementSolution/alder-dental: no live object has this natural key" in said.err
    assert f"id {number} (solution 'Managed Backup Premium'" in said.err
    assert "pin it with metadata.id" in said.err


def test_two_solutions_of_one_company_with_one_managed_id_remain_two(small: Shop) -> None:
    small.apply()
    company = small.one("/company/companies", identifier="AlderDental")["id"]
    body = {"name": "Rival link", "solution": "Rival", "loginBy": "Global", "defaultBillingLevel": "Summary"}
    small.tenant.create("managedDevicesIntegration", body)
    body = {"groupIdentifier": "1001001", "managementSolution": {"name": "Rival"}}
    rival = small.tenant.create("managementSummary", body, company)
    (mine,) = [row for row in solutions(small) if row["id"] != rival["id"]]
    assert small("plan", "--detailed-exitcode").code == 0

    small.http.delete(f"/company/companies/{company}{REPORTS}/{mine['id']}")
    small.apply()

    assert sorted(row["managementSolution"]["name"] for row in solutions(small)) == ["Managed Backup", "Rival"]


def test_two_records_of_one_solution_are_distinguished_by_setup_name(small: Shop) -> None:
    body = {"name": "Second link", "solution": "Managed Backup", "loginBy": "Global", "defaultBillingLevel": "Summary"}
    small.tenant.create("managedDevicesIntegration", body)
    small.edit(
        "customers/alder-dental.yaml",
        "solution: Managed Backup, ",
        "solution: Managed Backup, setupName: Second link, ",
    )

    small.apply()

    (made,) = solutions(small)
    assert made["managementSolution"]["setupName"] == "Second link"
    assert small("plan", "--detailed-exitcode").code == 0

    company = small.one("/company/companies", identifier="AlderDental")["id"]
    other = next(
        row
        for row in small.tenant.tables["managedDevicesIntegration"].rows.values()
        if row.data["name"] != "Second link"
    )
    body = {"groupIdentifier": "1001001", "managementSolution": {"id": other.id}}
    small.tenant.create("managementSummary", body, company)
    assert small("plan", "--detailed-exitcode").code == 0

    small.edit("customers/alder-dental.yaml", "setupName: Second link, ", "")
    said = small("plan")
    assert said.code == 1
    assert "2 live objects have this natural key" in said.err


def undeclared(shop: Shop) -> None:
    """Remove the management solution from the manifests. It remains in ConnectWise."""
    file = shop.folder / "customers/alder-dental.yaml"
    documents = file.read_text(encoding="utf-8").split("---\n")
    file.write_text(
        "---\n".join(each for each in documents if "kind: ManagementSolution" not in each), encoding="utf-8"
    )


@pytest.mark.parametrize("change", OTHER_NAMES)
def test_a_mapping_is_billed_if_its_solution_has_another_name(small: Shop, change: Change) -> None:
    small.apply()
    undeclared(small)
    small.advance()
    small.uses(ALDER, "130")

    with small.meddled(stored(change)):
        said = small.apply("--only", "usage")

    assert "130 GB billed" in said.out


@pytest.mark.parametrize("change", [nothing, strange])
def test_a_mapping_is_not_billed_if_its_solution_cannot_be_recognised(small: Shop, change: Change) -> None:
    small.apply()
    undeclared(small)

    with small.meddled(stored(change)):
        said = small("plan", "--only", "usage")

    assert "refused cove/1001001" in said.out
