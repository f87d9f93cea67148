"""Lists of 2,500 objects, in every form of paging that tenants are known to use, are read whole and without repeats."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from reconciler.connectwise import Connection, ConnectWise, EndlessPaging
from reconciler.connectwise import conditions as c
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

from .servers import Waits

COMPANIES = "/company/companies"
FORMS = {
    "forward-only": [],
    "forward-only without any link": ["no-link"],
    "forward-only with a link now and then": ["no-link:every=2"],
    "forward-only, pages of 250": ["page-cap:size=250"],
    "forward-only, pages of 250, without any link": ["page-cap:size=250", "no-link"],
    "forward-only, pages of 25, without any link": ["page-cap:size=25", "no-link"],
    "forward-only, pages of 250, with a link now and then": ["page-cap:size=250", "no-link:every=3"],
    "forward-only, pages that overlap": ["page-overlap", "page-cap:size=250"],
    "navigable, though forward-only was asked for": ["navigable"],
    "navigable, pages of 250": ["navigable", "page-cap:size=250"],
    "navigable without any link": ["navigable", "no-link"],
    "navigable, pages of 250, without any link": ["navigable", "page-cap:size=250", "no-link"],
    "navigable with a link now and then": ["navigable", "page-cap:size=250", "no-link:every=2"],
    "navigable, pages that overlap": ["navigable", "page-overlap", "page-cap:size=250"],
    "links to another host": ["link-host"],
    "navigable links to another host": ["navigable", "link-host"],
}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with RunningSandbox(Sandbox(clock=Clock(datetime(2026, 11, 10, 12, tzinfo=UTC)))) as server:
        for number in range(2500):
            server.sandbox.tenant.create("company", {"identifier": f"C{number}", "name": f"C{number}", "city": "Bern"})
        yield server


def connect(running: RunningSandbox) -> ConnectWise:
    known = running.sandbox.credentials
    connection = Connection(running.url, known.company, known.client_id, known.public_key, known.private_key)
    return ConnectWise(connection, clock=Waits().clock)


@pytest.mark.parametrize("form", FORMS)
async def test_every_object_is_read_once(running: RunningSandbox, form: str) -> None:
    running.sandbox.faults.replace(FORMS[form])
    async with connect(running) as connectwise:
        found = await connectwise.list(COMPANIES, fields=("identifier",))
        again = await connectwise.list(COMPANIES, fields=("identifier",))
    ids = [row["id"] for row in found]
    assert ids == [row["id"] for row in again]
    assert sorted(ids) == sorted(running.sandbox.tenant.tables["company"].rows)
    assert len(ids) == len(set(ids)) >= 2500


@pytest.mark.parametrize("form", FORMS)
async def test_objects_asked_for_by_key_are_read_once(running: RunningSandbox, form: str) -> None:
    running.sandbox.faults.replace(FORMS[form])
    wanted = [f"C{number}" for number in range(700)]
    async with connect(running) as connectwise:
        found = await connectwise.list_where_in(COMPANIES, "identifier", wanted, fields=("identifier",))
    assert sorted(row["identifier"] for row in found) == sorted(wanted)


async def test_a_short_list_costs_one_request_where_links_are_sent(running: RunningSandbox) -> None:
    running.sandbox.faults.replace([])
    async with connect(running) as connectwise:
        wanted = [f"C{number}" for number in range(40)]
        await connectwise.list_where_in(COMPANIES, "identifier", wanted, fields=("identifier",))
        assert connectwise.requests.by_route["GET /company/companies"] == 1


ENDLESS = {"link-loop": "unknown form", "link-loop:every=2": "again", "link-cursor": "unknown form"}


@pytest.mark.parametrize(("fault", "says"), ENDLESS.items())
async def test_a_list_that_cannot_be_read_to_its_end_is_an_error(
    running: RunningSandbox, fault: str, says: str
) -> None:
    running.sandbox.faults.replace([fault])
    async with connect(running) as connectwise:
        with pytest.raises(EndlessPaging, match=says) as caught:
            await connectwise.list(COMPANIES, fields=("identifier",))
    assert "GET /company/companies" in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
async def test_a_search_is_paged_like_a_list(running: RunningSandbox, form: str) -> None:
    running.sandbox.faults.replace(FORMS[form])
    wanted = c.any_of(c.equals("name", "n" * 2000), c.compare("id", ">", 0))
    async with connect(running) as connectwise:
        found = await connectwise.list(COMPANIES, conditions=wanted, fields=("identifier",))
        assert connectwise.requests.by_route["POST /company/companies/search"] >= 3
    assert sorted(row["id"] for row in found) == sorted(running.sandbox.tenant.tables["company"].rows)


@pytest.mark.parametrize("faults", [[], ["page-cap:size=25"], ["page-cap:size=25", "navigable", "no-link"]])
@pytest.mark.parametrize("count", [24, 25, 26, 60])
async def test_all_children_are_read_although_bundles_are_limited(
    running: RunningSandbox, faults: list[str], count: int
) -> None:
    """A bundle does not say what it left out. An addition that was not read would be created again."""
    sandbox = running.sandbox
    sandbox.faults.replace([])
    owner = sandbox.tenant.create("company", {"identifier": f"B{count}{len(faults)}", "name": "B", "city": "Bern"})[
        "id"
    ]
    contact = sandbox.tenant.create("contact", {"firstName": "Ann", "company": {"id": owner}})["id"]
    agreements = [
        sandbox.tenant.create(
            "agreement",
            {
                "name": f"A{number}",
                "type": {"name": "Managed Service"},
                "company": {"id": owner},
                "contact": {"id": contact},
                "startDate": "2026-11-01T00:00:00Z",
                "noEndingDateFlag": True,
            },
        )["id"]
        for number in range(3)
    ]
    product = _product(running)
    for agreement in agreements[1:]:
        for number in range(count):
            line = {"product": {"id": product}, "billCustomer": "Billable", "quantity": number}
            sandbox.tenant.create("addition", {**line, "effectiveDate": "2026-11-01T00:00:00Z"}, agreement)
    sandbox.faults.replace(faults)
    async with connect(running) as connectwise:
        found = await connectwise.list_children(
            "addition", agreements, path="/finance/agreements/{parent_id}/additions", fields=("quantity",)
        )
    assert [len({row["id"] for row in found[each]}) for each in agreements] == [0, count, count]


def _product(running: RunningSandbox) -> int:
    tenant = running.sandbox.tenant
    known = [row.id for row in tenant.tables["catalogItem"].rows.values()]
    if known:
        return known[0]
    names = ("category", "subCategory", "productType")
    category, subcategory, type_ = (next(iter(tenant.tables[name].rows.values())) for name in names)
    made = tenant.create(
        "catalogItem",
        {
            "identifier": "BACKUP",
            "description": "Backup",
            "customerDescription": "Backup",
            "category": {"id": category.id},
            "subcategory": {"id": subcategory.id},
            "type": {"id": type_.id},
        },
    )
    return int(made["id"])
