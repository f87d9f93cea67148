"""Invoices that are made as time passes, and the lines that each one billed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.state.sandbox import Sandbox
from reconciler.sandbox.state.saved import load, save
from tests.sandbox.conftest import Api


def control(api: Api, path: str, body: Any = None, status: int = 200) -> Any:
    url = f"{api.running.url}/sandbox/{path}"
    answer = api.http.get(url) if body is None else api.http.post(url, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def made(api: Api) -> list[tuple[str, str, str]]:
    """Return date, first day of the period and total of each invoice."""
    return [(each["date"], each["period"]["first"], each["total"]) for each in control(api, "invoices")]


@pytest.fixture
def agreement(api: Api) -> Any:
    """Return an agreement from 1 November on with a line of 4.00, on 10 November."""
    agreement = api.agreement()
    api.addition(agreement, api.product(), quantity=4, unitPrice=1, effectiveDate="2026-11-01")
    return agreement


def test_at_first_no_invoice_is_made_as_time_passes(api: Api, agreement: Any) -> None:
    control(api, "clock", {"advance_months": 3})
    assert made(api) == []
    assert control(api, "invoicing") == {
        "usual": None,
        "agreements": [
            {
                "agreement": agreement["id"],
                "name": "Backup",
                "routine": None,
                "next": {"first": "2026-11-01", "last": "2026-11-30"},
                "due": None,
                "over": None,
            }
        ],
    }


@pytest.mark.usefixtures("agreement")
def test_in_advance_an_invoice_is_made_before_its_period(api: Api) -> None:
    shown = control(api, "invoicing", {"timing": "advance", "days": 10})
    assert shown["agreements"][0]["due"] == "2026-11-21"
    assert made(api) == [("2026-10-22", "2026-11-01", "4.00")]
    control(api, "clock", {"advance_days": 10.25})
    assert made(api)[1:] == []
    control(api, "clock", {"advance_days": 0.25})
    assert made(api)[1:] == [("2026-11-21", "2026-12-01", "4.00")]


@pytest.mark.usefixtures("agreement")
def test_in_arrears_an_invoice_is_made_after_its_period(api: Api) -> None:
    control(api, "invoicing", {"timing": "arrears", "days": 2})
    control(api, "clock", {"advance_months": 2})
    assert made(api) == [("2026-12-03", "2026-11-01", "4.00"), ("2027-01-03", "2026-12-01", "4.00")]
    assert [each["made"] for each in control(api, "invoices")] == ["2026-12-03T00:00:00Z", "2027-01-03T00:00:00Z"]


def test_a_clock_that_runs_by_itself_makes_the_invoices_before_the_next_request(api: Api, agreement: Any) -> None:
    control(api, "invoicing", {"timing": "arrears"})
    api.sandbox.clock.advance(timedelta(days=30))
    line = api.get(f"/finance/agreements/{agreement['id']}/additions")[0]
    api.patch(f"/finance/agreements/{agreement['id']}/additions/{line['id']}", quantity=9)
    assert made(api) == [("2026-12-01", "2026-11-01", "4.00")]
    assert api.get(f"/finance/agreements/{agreement['id']}")["nextInvoiceDate"] == "2026-12-01T00:00:00Z"


def test_one_agreement_can_have_its_own_timing(api: Api, agreement: Any) -> None:
    other = api.agreement(api.company("OTHER"))
    control(api, "invoicing", {"timing": "advance"})
    control(api, "invoicing", {"timing": "none", "agreement": other["id"]})
    control(api, "clock", {"advance_months": 1})
    assert {each["agreement"] for each in control(api, "invoices")[2:]} == {agreement["id"]}
    control(api, "invoicing", {"timing": "none"})
    control(api, "clock", {"advance_months": 1})
    assert len(control(api, "invoices")) == 3


def test_an_agreement_that_has_ended_gets_no_more_invoices(api: Api) -> None:
    api.agreement(noEndingDateFlag=False, endDate="2026-12-15")
    control(api, "invoicing", {"timing": "arrears"})
    control(api, "clock", {"advance_months": 6})
    assert [first for _, first, _ in made(api)] == ["2026-11-01", "2026-12-01"]
    over = control(api, "invoicing")["agreements"][0]
    assert (over["next"], over["due"]) == (None, None)
    assert "ends on 2026-12-15" in over["over"]


def test_a_deleted_invoice_is_made_again(api: Api, agreement: Any) -> None:
    control(api, "invoicing", {"timing": "arrears"})
    control(api, "clock", {"advance_months": 1})
    control(api, "invoicing", {"timing": "none"})
    first = control(api, "invoices")[0]
    assert api.http.delete(f"/finance/invoices/{first['id']}").status_code == 204
    assert control(api, "invoices") == []
    again = control(api, "invoices", {"agreement": agreement["id"]})
    assert [(each["period"], each["date"]) for each in again] == [(first["period"], "2026-12-10")]


def test_invoices_are_made_on_request_through_a_day(api: Api, agreement: Any) -> None:
    api.agreement(api.company("OTHER"), cancelledFlag=True, dateCancelled="2026-11-02")
    assert len(control(api, "invoices", {"through": "2027-01-01"})) == 4
    assert [each["agreement"] for each in control(api, "invoices", {})] == [agreement["id"]]
    assert control(api, "invoices", {"agreement": agreement["id"], "through": "2027-01-01"}) == []


def test_an_invoice_keeps_the_lines_of_the_day_on_which_it_was_made(api: Api, agreement: Any) -> None:
    line = api.get(f"/finance/agreements/{agreement['id']}/additions")[0]
    path = f"/finance/agreements/{agreement['id']}/additions/{line['id']}"
    api.patch(path, quantity=5, serialNumber="rc:tag", cancelledDate="2026-12-31T00:00:00Z")
    number = control(api, "invoices", {})[0]["id"]
    api.patch(path, quantity=7)
    shown = control(api, f"invoices/{number}")
    assert shown["total"] == "5.00"
    assert shown["lines"] == [
        {
            "addition": line["id"],
            "product": "BACKUP",
            "serialNumber": "rc:tag",
            "invoiceDescription": "Backup storage",
            "quantity": "5.00",
            "unitPrice": "1.00",
            "unitCost": "0.10",
            "effectiveDate": "2026-11-01",
            "cancelledDate": "2026-12-31",
            "share": "1",
            "amount": "5.00",
        }
    ]
    assert api.get(f"/finance/invoices/{number}")["total"] == Decimal("5.00")


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("invoicing", {"timing": "late"}, 400, "cannot read the body"),
        ("invoicing", {"timing": "advance", "days": 91}, 400, "cannot read the body"),
        ("invoicing", {"timing": "advance", "agreement": 1}, 404, "there is no agreement 1"),
        ("invoices", {"agreement": 1}, 404, "there is no agreement 1"),
        ("invoices/1", None, 404, "there is no invoice 1 of a period"),
    ],
)
def test_an_invalid_request_for_invoices_is_refused(api: Api, path: str, body: Any, status: int, sentence: str) -> None:
    assert sentence in control(api, path, body, status)["error"]


def test_an_invoice_that_connectwise_refuses_names_the_reason(api: Api) -> None:
    agreement = api.agreement(cancelledFlag=True, dateCancelled="2026-11-02")
    control(api, "invoices", {"agreement": agreement["id"]})
    refused = control(api, "invoices", {"agreement": agreement["id"]}, 400)
    assert "is cancelled on 2026-11-02; the period begins on 2026-12-01" in refused["error"]


def test_a_state_file_keeps_the_timing_and_the_lines(api: Api, agreement: Any, tmp_path: Path) -> None:
    control(api, "invoicing", {"timing": "arrears", "days": 1})
    control(api, "invoicing", {"timing": "none", "agreement": agreement["id"]})
    control(api, "invoices", {})
    before = control(api, "invoices")
    save(api.sandbox, tmp_path / "state.json")
    again = load(tmp_path / "state.json")
    api.running.show(Sandbox(clock=again.clock, tenant=again.tenant, console=again.console, invoicing=again.invoicing))
    assert control(api, "invoices") == before
    assert control(api, "invoicing")["usual"] == {"timing": "arrears", "days": 1}
    assert control(api, "invoicing")["agreements"][0]["routine"] is None
