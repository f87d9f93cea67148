"""The client against the sandbox, which accepts only requests that a source says ConnectWise accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.connectwise import (
    Conflict,
    Connection,
    ConnectWise,
    ConnectWiseError,
    Forbidden,
    Invalid,
    NotFound,
    NotJson,
    NotStored,
    ServerFailed,
    TooMany,
    Unauthorized,
    UnknownCompany,
)
from reconciler.connectwise import conditions as c
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

from .servers import Waits, read_back

COMPANIES = "/company/companies"
ADDITIONS = "/finance/agreements/{parent_id}/additions"
NAMES = ["Acme", 'Bolts "R" Us', "C:\\Temp\\", "Dörte & Söhne, 100% + mehr?", "(brackets) and [more]", "o'Neill"]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with RunningSandbox() as server:
        yield server


@pytest.fixture
def sandbox(running: RunningSandbox) -> Sandbox:
    """Return a new tenant for the test, at the address of the running server."""
    running.show(Sandbox(clock=Clock(datetime(2026, 11, 10, 12, tzinfo=UTC))))
    return running.sandbox


def connect(running: RunningSandbox, **changes: Any) -> ConnectWise:
    known = running.sandbox.credentials
    settings_: dict[str, Any] = {
        "company": known.company,
        "client_id": known.client_id,
        "public_key": known.public_key,
        "private_key": known.private_key,
    }
    return ConnectWise(Connection(running.url, **{**settings_, **changes}), clock=Waits().clock)


def company(identifier: str, name: str = "", **more: Any) -> dict[str, Any]:
    return {"identifier": identifier, "name": name or identifier, "city": "Bern", **more}


def populate(sandbox: Sandbox, count: int) -> list[int]:
    made = [sandbox.tenant.create("company", company(f"C{number}")) for number in range(count)]
    return [each["id"] for each in made]


def agreements(sandbox: Sandbox, count: int) -> list[int]:
    """Create agreements of one company."""
    owner = sandbox.tenant.create("company", company("OWNER"))["id"]
    contact = sandbox.tenant.create("contact", {"firstName": "Ann", "company": {"id": owner}})["id"]
    agreement = {
        "type": {"name": "Managed Service"},
        "company": {"id": owner},
        "contact": {"id": contact},
        "startDate": "2026-11-01T00:00:00Z",
        "noEndingDateFlag": True,
    }
    made = [sandbox.tenant.create("agreement", {"name": f"Backup {number}", **agreement}) for number in range(count)]
    return [each["id"] for each in made]


async def test_a_new_client_discovers_the_api(running: RunningSandbox, sandbox: Sandbox) -> None:
    async with connect(running) as connectwise:
        assert (await connectwise.info())["version"].startswith("v2026.4")
        assert connectwise.requests.total == 2


@pytest.mark.parametrize(
    ("change", "faults", "error"),
    [
        ({"company": "nobody"}, [], UnknownCompany),
        ({"private_key": "wrong-key"}, [], Unauthorized),
        ({"private_key": "wrong-key"}, ["auth-404"], Unauthorized),
        ({"client_id": "wrong-id"}, [], Forbidden),
        ({}, ["html"], NotJson),
        ({}, ["half-json"], NotJson),
        ({}, ["500"], ServerFailed),
        ({}, ["429:retry-after=60"], TooMany),
    ],
)
async def test_each_fault_raises_its_error_with_advice_and_without_secrets(
    running: RunningSandbox, sandbox: Sandbox, change: dict[str, str], faults: list[str], error: type[ConnectWiseError]
) -> None:
    sandbox.faults.replace(faults)
    async with connect(running, **change) as connectwise:
        with pytest.raises(error) as caught:
            await connectwise.list(COMPANIES)
    assert caught.value.advice
    assert "wrong-key" not in str(caught.value)
    assert sandbox.credentials.private_key not in str(caught.value)


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (999, 1), (2001, 3)])
async def test_a_list_takes_one_request_for_each_thousand_objects(
    running: RunningSandbox, sandbox: Sandbox, count: int, requests: int
) -> None:
    populate(sandbox, count)
    already = len(sandbox.tenant.tables["company"].rows)
    async with connect(running) as connectwise:
        found = await connectwise.list(COMPANIES, fields=("identifier",))
        assert connectwise.requests.by_route["GET /company/companies"] == requests
    assert len(found) == already
    assert all(each.keys() == {"id", "identifier"} for each in found)


@pytest.mark.parametrize("faults", [[], ["no-link"], ["truncated:every=3"], ["500:every=2"], ["429:every=2"]])
async def test_every_object_is_read_under_each_fault_of_the_server(
    running: RunningSandbox, sandbox: Sandbox, faults: list[str]
) -> None:
    populate(sandbox, 2500)
    sandbox.faults.replace(faults)
    async with connect(running) as connectwise:
        forward = await connectwise.list(COMPANIES, fields=("identifier",))
        ordered = await connectwise.list(COMPANIES, fields=("identifier",), order_by="id desc")
        assert await connectwise.count(COMPANIES) == len(forward)
    assert len({each["id"] for each in forward}) == len(forward) >= 2500
    assert [each["id"] for each in ordered] == sorted((each["id"] for each in forward), reverse=True)


def conditions() -> st.SearchStrategy[tuple[c.Condition, Any]]:
    """Return conditions, each with a Python function that decides the same for a company whose fields are all set."""
    name = st.sampled_from(NAMES) | st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=9)
    number = st.integers(0, 40)
    leaves: st.SearchStrategy[tuple[c.Condition, Any]] = st.one_of(
        name.map(lambda value: (c.equals("name", value), lambda row: row["name"].lower() == value.lower())),
        number.map(lambda value: (c.compare("id", "<=", value), lambda row: row["id"] <= value)),
        st.lists(number, min_size=1, max_size=5).map(
            lambda values: (c.one_of("id", values), lambda row: row["id"] in values)
        ),
        st.booleans().map(
            lambda value: (c.equals("deletedFlag", value), lambda row: row.get("deletedFlag", False) is value)
        ),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(lambda one: (c.negate(one[0]), lambda row: not one[1](row))),
            st.tuples(inner, inner).map(
                lambda two: (c.all_of(two[0][0], two[1][0]), lambda row: two[0][1](row) and two[1][1](row))
            ),
            st.tuples(inner, inner).map(
                lambda two: (c.any_of(two[0][0], two[1][0]), lambda row: two[0][1](row) or two[1][1](row))
            ),
        ),
        max_leaves=6,
    )


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(asked=st.lists(conditions(), min_size=4, max_size=4))
def test_conditions_find_the_same_objects_as_python_does(
    running: RunningSandbox, sandbox: Sandbox, asked: list[tuple[c.Condition, Any]]
) -> None:
    if not any(row.data["identifier"] == "N0" for row in sandbox.tenant.tables["company"].rows.values()):
        for number, name in enumerate(NAMES):
            sandbox.tenant.create("company", company(f"N{number}", name))

    async def read() -> None:
        async with connect(running) as connectwise:
            rows = await connectwise.list(COMPANIES)
            for condition, holds in asked:
                found = await connectwise.list(COMPANIES, conditions=condition)
                wanted = [row["id"] for row in rows if holds(row)]
                if c.queryable_part(condition) == condition:
                    assert [row["id"] for row in found] == wanted, str(condition)
                else:  # a text that cannot be queried exactly: the result may hold more, and never less
                    assert {row["id"] for row in found} >= set(wanted), str(condition)

    asyncio.run(read())


async def test_a_long_list_of_values_finds_every_object(running: RunningSandbox, sandbox: Sandbox) -> None:
    populate(sandbox, 700)
    wanted = [f"C{number}" for number in range(600)]
    async with connect(running) as connectwise:
        found = await connectwise.list_where_in(
            COMPANIES, "identifier", wanted, also=c.equals("deletedFlag", value=False), fields=("identifier",)
        )
        made = connectwise.requests.by_route["GET /company/companies"]
        also = c.equals("deletedFlag", value=False)
        assert made == len(connectwise._lists.chunks(COMPANIES, "identifier", wanted, also, ("identifier",)))
    assert sorted(each["identifier"] for each in found) == sorted(wanted)


@pytest.mark.parametrize("faults", [[], ["bundles-off"]])
async def test_children_are_read_in_bundles_or_one_by_one(
    running: RunningSandbox, sandbox: Sandbox, faults: list[str]
) -> None:
    ids = agreements(sandbox, 120)
    sandbox.faults.replace(faults)
    async with connect(running) as connectwise:
        found = await connectwise.list_children(
            "addition", ids, path=ADDITIONS, fields=("quantity",), conditions=c.equals("cancelledDate", None)
        )
        routes = connectwise.requests.by_route
    assert found == {key: [] for key in ids}
    assert routes.get("GET /finance/agreements/{id}/additions", 0) == (120 if faults else 0)
    assert faults or routes["POST /system/bundles"] == 3


async def test_a_company_is_created_once_changed_and_deleted(running: RunningSandbox, sandbox: Sandbox) -> None:
    async with connect(running) as connectwise:

        async def find() -> dict[str, Any] | None:
            found = await connectwise.list(COMPANIES, conditions=c.equals("identifier", "ACME"))
            return found[0] if found else None

        body, asked = company("ACME", "Acme", phoneNumber="  12 "), {"name": "Acme AG", "website": None}
        made = await connectwise.create(COMPANIES, body, lookup=find, read_back=read_back(body))
        path = f"{COMPANIES}/{made['id']}"
        assert (await connectwise.patch(path, asked, read_back=read_back(asked)))["name"] == "Acme AG"
        with pytest.raises(Invalid) as caught:
            await connectwise.create(COMPANIES, company("ACME"), lookup=find, read_back=read_back({}))
        assert any(entry.code == "ObjectExists" for entry in caught.value.fields)
        with pytest.raises((NotStored, Invalid)):
            await connectwise.patch(path, {"dateAcquired": "no date"}, read_back=read_back({"dateAcquired": "no date"}))
        await connectwise.delete(path)
        await connectwise.delete(path)
        with pytest.raises(NotFound):
            await connectwise.get("/company/contacts/999999")


async def test_an_object_in_use_is_not_deleted(running: RunningSandbox, sandbox: Sandbox) -> None:
    agreements(sandbox, 1)
    async with connect(running) as connectwise:
        owner = (await connectwise.list(COMPANIES, conditions=c.equals("identifier", "OWNER")))[0]
        with pytest.raises(Conflict):
            await connectwise.delete(f"{COMPANIES}/{owner['id']}")


async def test_no_object_is_created_twice_when_responses_are_dropped(running: RunningSandbox, sandbox: Sandbox) -> None:
    sandbox.faults.replace(["drop:every=2", "500:every=11", "429:every=7"])
    async with connect(running) as connectwise:

        async def make(number: int) -> dict[str, Any]:
            async def find() -> dict[str, Any] | None:
                found = await connectwise.list(COMPANIES, conditions=c.equals("identifier", f"D{number}"))
                return found[0] if found else None

            body = company(f"D{number}")
            return await connectwise.create(COMPANIES, body, lookup=find, read_back=read_back(body))

        made = await asyncio.gather(*(make(number) for number in range(30)))
    stored = [row.data["identifier"] for row in sandbox.tenant.tables["company"].rows.values()]
    assert sorted(name for name in stored if name.startswith("D")) == sorted(f"D{number}" for number in range(30))
    assert [each["identifier"] for each in made] == [f"D{number}" for number in range(30)]


async def test_money_is_stored_exactly(running: RunningSandbox, sandbox: Sandbox) -> None:
    agreement = agreements(sandbox, 1)[0]
    async with connect(running) as connectwise:
        product = await _product(connectwise)
        body = {
            "product": {"id": product["id"]},
            "billCustomer": "Billable",
            "quantity": Decimal("12.5"),
            "unitPrice": Decimal("0.1"),
            "effectiveDate": datetime(2026, 11, 1, tzinfo=UTC),
        }

        async def nothing() -> None:
            return None

        path = ADDITIONS.format(parent_id=agreement)
        made = await connectwise.create(path, body, lookup=nothing, read_back=read_back(body))
        bundled = await connectwise.list_children("addition", [agreement], path=ADDITIONS)
    assert (made["quantity"], made["unitPrice"]) == (Decimal("12.5"), Decimal("0.1"))
    assert bundled[agreement][0]["unitPrice"] == Decimal("0.1")


async def _product(connectwise: ConnectWise) -> dict[str, Any]:
    async def nothing() -> None:
        return None

    tables = ("categories", "subcategories/", "types")
    category, subcategory, type_ = [(await connectwise.list(f"/procurement/{table}"))[0] for table in tables]
    return await connectwise.create(
        "/procurement/catalog",
        {
            "identifier": "BACKUP",
            "description": "Backup",
            "customerDescription": "Backup",
            "category": {"id": category["id"]},
            "subcategory": {"id": subcategory["id"]},
            "type": {"id": type_["id"]},
        },
        lookup=nothing,
        read_back=read_back({}),
    )


async def test_a_password_is_write_only(running: RunningSandbox, sandbox: Sandbox) -> None:
    async with connect(running) as connectwise:

        async def nothing() -> None:
            return None

        made = await connectwise.create(
            "/system/integratorlogins",
            {"username": "reconciler", "password": "hunter2-Secret", "managedServicesApiFlag": True},
            lookup=nothing,
            read_back=read_back({"username": "reconciler"}),
            write_only={"password"},
        )
        with pytest.raises(Invalid) as caught:
            await connectwise.patch(
                f"/system/integratorlogins/{made['id']}",
                {"password": "hunter2" * 10},
                read_back=read_back({}),
                write_only={"password"},
            )
    assert "password" not in made
    assert "hunter2" not in str(caught.value)
