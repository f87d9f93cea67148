"""Requests of every kind, compared with recordings; `conftest.py` says how to record."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reconciler.connectwise import Forbidden, Invalid, NotFound, Unauthorized, UnknownCompany
from reconciler.connectwise import conditions as c
from reconciler.sandbox.shared.environment import Credentials

from .conftest import Tenant
from .servers import read_back

STATUSES = "/company/companies/statuses"
COMPANIES = "/company/companies"
ADDITIONS = "/finance/agreements/{parent_id}/additions"
CASSETTES = Path(__file__).parent / "cassettes" / "test_wire_format"


def record(test: Any) -> Any:
    """Play back the recording, and fail for any access to the network."""
    return pytest.mark.vcr(pytest.mark.block_network(test))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read pages of three objects, so that a recording of several pages stays readable."""
    monkeypatch.setattr("reconciler.connectwise.lists.PAGE_SIZE", 3)


async def nothing() -> None:
    """Find nothing; no response is lost in these tests, so it is not called."""


@record
async def test_finding_the_codebase_and_the_server_s_version(tenant: Tenant) -> None:
    async with tenant.client() as connectwise:
        assert (await connectwise.info())["version"].startswith("v")


@record
async def test_an_unknown_company(writable: Tenant) -> None:
    async with writable.client(company="nobody") as connectwise:
        with pytest.raises(UnknownCompany):
            await connectwise.info()


@record
async def test_a_list_paged_forward_only(tenant: Tenant, small_pages: None) -> None:
    async with tenant.client() as connectwise:
        found = await connectwise.list(STATUSES, fields=("name",))
        assert connectwise.requests.by_route["GET /company/companies/statuses"] > 1
    ids = [each["id"] for each in found]
    assert len(ids) > 3
    assert len(set(ids)) == len(ids)


@record
async def test_a_list_ordered_and_paged_by_number(tenant: Tenant, small_pages: None) -> None:
    async with tenant.client() as connectwise:
        found = await connectwise.list(STATUSES, fields=("name",), order_by="name asc")
        assert connectwise.requests.by_route["GET /company/companies/statuses"] > 1
    names = [each["name"].lower() for each in found]
    assert names == sorted(names)


@record
async def test_a_list_with_conditions_of_every_kind(tenant: Tenant) -> None:
    wanted = c.all_of(
        c.equals("deletedFlag", value=False),
        c.compare("id", ">=", 0),
        c.any_of(c.like("name", "%a%"), c.contains("name", 'say "x"'), c.equals("website", None)),
        c.negate(c.one_of("identifier", ["A, B", 'C "D"', "E\\F", "Söhne & Co + 1%"])),
        c.compare("dateAcquired", ">=", date(2000, 1, 1)),
    )
    async with tenant.client() as connectwise:
        assert all(
            each.keys() == {"id"} for each in await connectwise.list(COMPANIES, conditions=wanted, fields=("id",))
        )


@record
async def test_a_list_by_a_condition_on_children(tenant: Tenant) -> None:
    async with tenant.client() as connectwise:
        await connectwise.list(COMPANIES, child_conditions=c.equals("types/id", 1), fields=("id",))


@record
async def test_a_long_list_of_values_split_over_several_requests(tenant: Tenant) -> None:
    async with tenant.client(max_concurrency=1) as connectwise:
        values = [f"RECORDED {number:04} {'x' * 20}" for number in range(90)]
        assert await connectwise.list_where_in(COMPANIES, "identifier", values, fields=("id",)) == []
        assert connectwise.requests.by_route["GET /company/companies"] > 1


@record
async def test_a_count(tenant: Tenant) -> None:
    async with tenant.client() as connectwise:
        assert await connectwise.count(STATUSES, conditions=c.compare("id", ">", 0)) > 0


@record
async def test_one_object_by_id_with_one_field(tenant: Tenant) -> None:
    async with tenant.client() as connectwise:
        first = (await connectwise.list(STATUSES, fields=("id",)))[0]
        assert await connectwise.get(f"{STATUSES}/{first['id']}", fields=("id",)) == first


@record
async def test_an_object_that_does_not_exist(tenant: Tenant) -> None:
    async with tenant.client() as connectwise:
        await connectwise.info()
        with pytest.raises(NotFound):
            await connectwise.get("/company/contacts/999999999")


@record
async def test_an_endpoint_that_does_not_exist(tenant: Tenant) -> None:
    async with tenant.client() as connectwise:
        await connectwise.info()
        with pytest.raises(NotFound):
            await connectwise.get("/company/nothingOfTheKind")


@record
async def test_a_bundle_of_reads(writable: Tenant) -> None:
    async with writable.client() as connectwise:
        agreement = await _agreement(connectwise)
        found = await connectwise.list_children(
            "addition", [agreement], path=ADDITIONS, fields=("quantity",), conditions=c.equals("cancelledDate", None)
        )
    assert found == {agreement: []}


@record
async def test_a_bundle_with_a_failed_result(writable: Tenant) -> None:
    async with writable.client() as connectwise:
        with pytest.raises(NotFound):
            await connectwise.list_children("addition", [await _agreement(connectwise), 999999], path=ADDITIONS)


@record
async def test_a_create_a_patch_and_a_delete(writable: Tenant) -> None:
    async with writable.client() as connectwise:
        made = await connectwise.create(
            COMPANIES,
            {"identifier": "RECORDED", "name": "Recorded", "city": "Bern"},
            lookup=nothing,
            read_back=read_back({}),
        )
        path = f"{COMPANIES}/{made['id']}"
        asked = {"name": "Söhne & Co", "website": None}
        assert (await connectwise.patch(path, asked, read_back=read_back(asked)))["name"] == "Söhne & Co"
        await connectwise.delete(path)


@record
async def test_a_refusal_that_names_its_fields(writable: Tenant) -> None:
    async with writable.client() as connectwise:
        with pytest.raises(Invalid) as caught:
            await connectwise.create(COMPANIES, {"name": "Recorded"}, lookup=nothing, read_back=read_back({}))
    assert {entry.field for entry in caught.value.fields} >= {"identifier"}


@record
async def test_wrong_credentials(writable: Tenant) -> None:
    async with writable.client(private_key="wrong") as connectwise:
        with pytest.raises(Unauthorized) as caught:
            await connectwise.info()
    assert caught.value.status == 401


@record
async def test_wrong_credentials_answered_with_404(writable: Tenant) -> None:
    if writable.sandbox is not None:
        writable.sandbox.faults.replace(["auth-404"])
    async with writable.client(private_key="wrong") as connectwise:
        with pytest.raises(Unauthorized) as caught:
            await connectwise.info()
    assert caught.value.status == 404


@record
async def test_an_unknown_client_id(writable: Tenant) -> None:
    async with writable.client(client_id="unknown") as connectwise:
        with pytest.raises(Forbidden):
            await connectwise.info()


@record
async def test_a_429_with_its_retry_after(writable: Tenant) -> None:
    if writable.sandbox is not None:
        writable.sandbox.faults.replace(["429:1,retry-after=3"])
    async with writable.client() as connectwise:
        await connectwise.info()
        assert connectwise.requests.retries == 1


def test_no_cassette_holds_credentials_and_each_says_where_it_was_recorded() -> None:
    known = Credentials()
    cassettes = list(CASSETTES.glob("*.yaml"))
    assert len(cassettes) >= 19
    for cassette in cassettes:
        text = cassette.read_text(encoding="utf-8")
        assert text.count("x-recorded-from:") == text.count("- request:")
        for secret in ("authorization", "clientid:", "cookie", "127.0.0.1", known.client_id, known.public_key):
            assert secret.lower() not in text.lower()


async def _agreement(connectwise: Any) -> int:
    company = await connectwise.create(
        COMPANIES,
        {"identifier": "RECORDED", "name": "Recorded", "city": "Bern"},
        lookup=nothing,
        read_back=read_back({}),
    )
    contact = await connectwise.create(
        "/company/contacts",
        {"firstName": "Ann", "company": {"id": company["id"]}},
        lookup=nothing,
        read_back=read_back({}),
    )
    types = await connectwise.list("/finance/agreements/types", conditions=c.equals("name", "Managed Service"))
    agreement = await connectwise.create(
        "/finance/agreements",
        {
            "name": "Recorded",
            "type": {"id": types[0]["id"]},
            "company": {"id": company["id"]},
            "contact": {"id": contact["id"]},
            "startDate": date(2026, 11, 1),
            "noEndingDateFlag": True,
        },
        lookup=nothing,
        read_back=read_back({}),
    )
    return int(agreement["id"])
