"""The page at `/`, and the overview it draws."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from reconciler.sandbox.server.control.overview import SHOWN, gigabytes
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)
NASTY = "<script>alert('&')</script>"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, httpx.Client]]:
    sandbox = Sandbox(clock=Clock(START))
    make = sandbox.tenant.create
    company = make("company", {"identifier": "ALDER", "name": NASTY, "addressLine1": "1 Mill Lane"})
    contact = make("contact", {"firstName": "Ann", "company": {"id": company["id"]}})
    agreement = make(
        "agreement",
        {
            "name": "Managed Backup",
            "type": {"name": "Managed Service"},
            "company": {"id": company["id"]},
            "contact": {"id": contact["id"]},
            "startDate": "2026-11-01T00:00:00Z",
            "noEndingDateFlag": True,
        },
    )
    product = make(
        "catalogItem",
        {
            "identifier": "BACKUP-GB",
            "description": "Backup",
            "customerDescription": "Backup per GB",
            "subcategory": {"id": next(iter(sandbox.tenant.tables["subCategory"].rows))},
            "type": {"id": next(iter(sandbox.tenant.tables["productType"].rows))},
            "price": Decimal("0.35"),
            "cost": 0,
        },
    )
    addition = {"product": {"id": product["id"]}, "billCustomer": "Billable", "unitPrice": Decimal("0.35")}
    make("addition", {**addition, "quantity": 121, "effectiveDate": "2026-11-01T00:00:00Z"}, agreement["id"])
    cancelled = {"effectiveDate": "2026-10-01T00:00:00Z", "cancelledDate": "2026-10-31T00:00:00Z"}
    make("addition", {**addition, **cancelled, "quantity": 500}, agreement["id"])
    with RunningSandbox(sandbox) as running, httpx.Client(base_url=running.url) as http:
        yield sandbox, http


def overview(http: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/sandbox/overview").json()
    return found


def table(http: httpx.Client, title: str) -> list[dict[str, Any]]:
    (found,) = [each for each in overview(http)["tenant"] if each["title"] == title]
    return [dict(zip([each["name"] for each in found["columns"]], row, strict=True)) for row in found["rows"]]


def test_the_page_is_one_document_without_external_files(served: tuple[Sandbox, httpx.Client]) -> None:
    answer = served[1].get("/")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.findall(r"(?:src|href)=\"(?!data:)", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_page_writes_values_as_text_and_never_as_markup(served: tuple[Sandbox, httpx.Client]) -> None:
    document = served[1].get("/").text

    assert "textContent" in document
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", document)


def test_a_name_that_looks_like_markup_is_shown_as_text(served: tuple[Sandbox, httpx.Client]) -> None:
    assert NASTY in [row["Name"] for row in table(served[1], "Companies")]


def test_an_addition_is_shown_with_its_agreement_and_amounts(served: tuple[Sandbox, httpx.Client]) -> None:
    shown = table(served[1], "Additions")[0]

    assert shown["Last update"].startswith("2026-11-01T00:00:0")
    assert {key: shown[key] for key in shown if key != "Last update"} == {
        "Company": NASTY,
        "Agreement": "Managed Backup",
        "Product": "BACKUP-GB",
        "Quantity": "121.00",
        "Included": "0.00",
        "Billed": "121.00",
        "Charge customer": "Billable",
        "Effective": "2026-11-01T00:00:00Z",
        "Unit price": "0.35",
        "Extended price": "42.35",
        "Serial number": None,
        "Cancelled": None,
    }


def test_the_figures_count_billed_additions_and_not_cancelled_ones(
    served: tuple[Sandbox, httpx.Client],
) -> None:
    figures = {each["name"]: each["value"] for each in overview(served[1])["figures"]}

    assert figures == {
        "Customers": "6",
        "GB backed up": "2,256.95",
        "Additions": "2",
        "Billed per month": "42.35",
        "Requests": "0",
    }


def test_an_agreement_shows_its_status_on_the_sandboxs_date(served: tuple[Sandbox, httpx.Client]) -> None:
    sandbox, http = served
    assert table(http, "Agreements")[0]["Status"] == "Active"

    sandbox.clock.set(datetime(2026, 10, 1, tzinfo=UTC))
    try:
        assert table(http, "Agreements")[0]["Status"] != "Active"
    finally:
        sandbox.clock.set(START)


def test_the_newest_requests_are_first(served: tuple[Sandbox, httpx.Client]) -> None:
    sandbox, http = served
    http.post("/jsonapi", content=b"{")
    http.get("/login/companyinfo/sandbox")
    try:
        rows = overview(http)["requests"]["rows"]
        assert [row[1:4] for row in rows] == [["GET", "/login/companyinfo/sandbox", 200], ["POST", "/jsonapi", 200]]
    finally:
        sandbox.log.clear()


def test_every_column_that_is_shown_is_a_field_of_its_table(served: tuple[Sandbox, httpx.Client]) -> None:
    tables = served[0].tenant.tables
    for shown in SHOWN:
        for _, _, path in shown.columns:
            if path.startswith("@"):  # a communication item, and no field of the contact
                continue
            name = path.removeprefix("^").split("/")[0]
            entity = tables[shown.parent if path.startswith("^") else shown.table].entity
            assert entity is not None
            assert name in entity.fields or name == "_info", f"{shown.title}: {path}"


@pytest.mark.parametrize(
    ("used", "shown"),
    [(0, "0.00"), (999_999_999, "0.99"), (120_350_000_000, "120.35"), (1_234_567_890_000_000, "1,234,567.89")],
)
def test_gigabytes_are_cut_and_never_rounded_up(used: int, shown: str) -> None:
    assert gigabytes(used) == shown
