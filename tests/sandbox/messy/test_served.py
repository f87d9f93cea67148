"""A messy estate over real HTTP: the truth, and both APIs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.server.starting import new_sandbox, save_sandbox
from reconciler.sandbox.state.sandbox import Sandbox
from tests.sandbox.conftest import Api

CLOCK = "2026-11-10T09:30:00Z"


def started(state: Path | None = None, *, messy: bool = True) -> Sandbox:
    return new_sandbox(customers=30, seed=4, latency_ms=0, faults=[], clock=CLOCK, state=state, messy=messy)


@pytest.fixture
def messy(server: RunningSandbox, http: httpx.Client) -> Api:
    sandbox = started()
    server.show(sandbox)
    return Api(server, http)


def control(api: Api, path: str, status: int = 200) -> Any:
    answer = api.http.get(f"{api.running.url}/sandbox/{path}")
    assert answer.status_code == status
    return answer.json()


def test_the_truth_names_every_customer_with_its_company_in_connectwise(messy: Api) -> None:
    truth = control(messy, "truth")

    assert (truth["population"], truth["seed"], len(truth["customers"])) == ("messy", 4, 30)
    for each in truth["customers"]:
        assert control(messy, f"truth/{each['customer']}") == each
        if each["company"] is not None:
            assert messy.get(f"company/companies/{each['company']}")["name"] == each["company_name"]
        for addition in each["additions"]:
            messy.get(f"finance/agreements/{each['agreement']}/additions/{addition}")


def test_the_truth_does_not_change_with_the_estate(messy: Api) -> None:
    before = control(messy, "truth")
    known = next(each for each in before["customers"] if each["company"] is not None)
    messy.patch(f"company/companies/{known['company']}", name="New Name")

    assert control(messy, "truth") == before


def test_there_is_no_truth_of_an_unknown_customer_or_of_the_example(server: RunningSandbox, messy: Api) -> None:
    assert "names no customer 7" in control(messy, "truth/7", 404)["error"]
    server.show(started(messy=False))
    assert "--population messy" in control(messy, "truth", 404)["error"]


def test_a_saved_messy_sandbox_keeps_its_truth(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first = started()
    save_sandbox(first, path)
    again = started(path, messy=False)

    assert again.truth == first.truth
    save_sandbox(again, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_proposals_are_scored_by_ids_and_identifiers(messy: Api) -> None:
    truth = control(messy, "truth")["customers"]
    known = [
        each
        for each in truth
        if each["agreement"] and not each["recycled"] and not each["inactive"] and len(each["additions"]) < 2
    ]
    identifier = messy.get(f"company/companies/{known[0]['company']}")["identifier"]
    proposals: list[dict[str, Any]] = [
        {
            "customer": str(known[0]["customer"]),
            "confidence": "certain",
            "company": identifier,
            "agreement": known[0]["agreement"],
            "source": "cove",
        },
        {
            "customer": known[1]["customer"],
            "confidence": "likely",
            "company": {"id": known[1]["company"]},
            "agreement": {"id": known[1]["agreement"]},
            "addition": known[1]["addition"],
        },
        {"customer": known[2]["customer"], "confidence": "likely", "company": known[0]["company"]},
    ]

    result = score(messy, proposals)

    assert (result["proposed"], result["decidable"]) == (2, len(known))
    assert [each["customer"] for each in result["mistakes"]] == [known[2]["customer"]]


def score(api: Api, proposals: Any, status: int = 200) -> Any:
    answer = api.http.post(f"{api.running.url}/sandbox/truth/score", json={"proposals": proposals, "more": 1})
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("proposal", "sentence"),
    [
        ({"customer": "x", "confidence": "open"}, "x is not the id of a customer"),
        ({"customer": 1, "confidence": "likely", "company": "NOBODY"}, "no company with the identifier 'NOBODY'"),
        ({"customer": 1}, "cannot read the body"),
    ],
)
def test_proposals_that_cannot_be_read_are_refused(messy: Api, proposal: Any, sentence: str) -> None:
    assert sentence in score(messy, [proposal], 400)["error"]
