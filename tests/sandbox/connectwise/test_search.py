"""`POST …/search`, and wildcards in conditions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api

COMPANIES = "/company/companies"


@pytest.fixture
def named(api: Api) -> Api:
    for number, name in enumerate(["A[1]", "A1", "A*B", "AXXB", "A B", "A%B"]):
        api.sandbox.tenant.create("company", {"identifier": f"S{number}", "name": name, "city": "Bern"})
    return api


def found(api: Api, conditions: str) -> list[str]:
    answer = api.http.get(COMPANIES, params={"conditions": conditions, "pageSize": 1000})
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()]


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ('name="A[[]1]"', ["A[1]"]),
        ('name in ("A[[]1]","A1")', ["A[1]", "A1"]),
        ('name="A[1]"', ["A1"]),
        ('name="A[^X]"', ["A1"]),
        ('name="A*B"', ["A*B", "AXXB", "A B", "A%B"]),
        ('name in ("A*B","A1")', ["A1", "A*B", "AXXB", "A B", "A%B"]),
        ('name!="A*" and identifier like "S%"', []),
        ('name="A%B"', ["A%B"]),
        ('name like "A%B"', ["A*B", "AXXB", "A B", "A%B"]),
        ('name like "A[X]*"', ["AXXB"]),
        ('name contains "[[]1"', ["A[1]"]),
        ('name contains "A[X]"', ["AXXB"]),
        ('name="A\nB"', ["A B"]),
        ('name="A\r\nB"', ["A B"]),
    ],
)
def test_brackets_asterisks_and_line_breaks(named: Api, conditions: str, names: list[str]) -> None:
    assert [name for name in found(named, conditions) if name[:1] == "A" and len(name) < 5] == names


@pytest.mark.parametrize("conditions", ['name > "A*"', 'id = "A*"', "name contains 7"])
def test_a_wildcard_is_allowed_where_texts_are_compared(api: Api, conditions: str) -> None:
    assert api.http.get(COMPANIES, params={"conditions": conditions}).status_code == 400


def test_a_search_accepts_conditions_that_are_too_long_for_a_url(named: Api) -> None:
    conditions = f'name in ("{"x" * 3000}","A1")'
    answer = named.http.post(f"{COMPANIES}/search", json={"conditions": conditions}, params={"fields": "name"})
    assert [row["name"] for row in answer.json()] == ["A1"]
    assert named.http.get(COMPANIES, params={"conditions": conditions}).status_code == 414


def test_a_search_is_paged_in_its_query_and_its_links_leave_the_conditions_out(named: Api) -> None:
    asked: dict[str, Any] = {"json": {"conditions": "id > 0", "orderBy": "id desc"}, "params": {"pageSize": 2}}
    answer = named.http.post(f"{COMPANIES}/search", **asked)
    assert answer.links["next"]["url"].endswith("/company/companies/search?pageSize=2&page=2")
    assert [row["id"] for row in answer.json()] == sorted((row["id"] for row in answer.json()), reverse=True)
    forward = named.http.post(
        f"{COMPANIES}/search",
        json={"conditions": "id > 0"},
        params={"pageSize": 2},
        headers={"pagination-type": "forward-only"},
    )
    assert "pageId=" in forward.links["next"]["url"]


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ({"conditions": "id > 0"}, {"conditions": "id > 1"}),
        ({"condition": "id > 0"}, {}),
        ({"conditions": 7}, {}),
        ({"childConditions": "types/id = 1"}, {}),
        ([], {}),
    ],
)
def test_a_search_accepts_only_filter_values(api: Api, body: Any, params: dict[str, str]) -> None:
    assert api.http.post(f"{COMPANIES}/search", json=body, params=params).status_code == 400


def test_a_search_below_a_parent_needs_an_existing_parent(api: Api) -> None:
    assert api.http.post("/finance/agreements/999999/additions/search", json={}).status_code == 404


def test_there_is_no_search_with_the_fault_no_search(api: Api) -> None:
    api.sandbox.faults.replace(["no-search"])
    assert api.http.post(f"{COMPANIES}/search", json={}).status_code == 404
