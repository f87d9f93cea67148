"""The reader detects fields that a server leaves out or does not know. A missing field is not an empty field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.connectwise import Connection, ConnectWise, Invalid, NotFound
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.registry import kind
from reconciler.live.query import LAST_UPDATED, Query, always_returned, fields_to_read
from reconciler.live.reader import Reader

ACME: dict[str, Any] = {
    "id": 7,
    "identifier": "ACME",
    "name": "Acme",
    "deletedFlag": False,
    "types": [{"id": 1, "name": "Customer"}],
    "_info": {"lastUpdated": "2026-11-01T00:00:00Z"},
}


class Server:
    """Answers each list with one page of rows, or with a status and a body, from a function of its query."""

    def __init__(self, answer: Callable[[dict[str, str], str], Any]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if "companyinfo" in request.url.path:
            return httpx.Response(200, json={"Codebase": "v4_6_release/"})
        path = request.url.path.partition("/apis/3.0/")[2]
        query = dict(request.url.params)
        self.asked.append((path, query))
        found = self.answer(query, path)
        if isinstance(found, tuple):
            return httpx.Response(found[0], json=found[1])
        return httpx.Response(200, json=found, headers={"link": '<https://cw.example/x?pageId=0>; rel="first"'})

    @property
    def fields(self) -> list[str | None]:
        return [query.get("fields") for _, query in self.asked]


@pytest.fixture
def reading() -> Callable[[Server], ConnectWise]:
    def client(server: Server) -> ConnectWise:
        connection = Connection(
            site="https://cw.example",
            company="acme",
            client_id="client-id-1",
            public_key="public-key-1",
            private_key="private-key-1",
        )
        return ConnectWise(connection, transport=httpx.MockTransport(server))

    return client


Reading = Callable[[Server], ConnectWise]


def cut(row: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """Return an object with only these fields, by their first part."""
    names = None if fields is None else {name.split("/")[0] for name in fields.split(",")}
    return row if names is None else {name: value for name, value in row.items() if name in names}


def refusal(field: str, message: str = "") -> tuple[int, Any]:
    return 400, {"code": "InvalidParameter", "message": message or f"The fields parameter is invalid: '{field}'"}


def companies(*declared: str) -> Query:
    return Query(kind("Company"), fields_to_read(kind("Company"), declared))


async def test_an_array_is_read_whole() -> None:
    assert "types" in companies("types").fields
    assert "communicationItems" in fields_to_read(kind("Contact"), ["types"])
    assert not [path for path in fields_to_read(kind("Contact"), ["types", "phone"]) if path.startswith("types/")]


async def test_if_a_field_is_missing_from_all_objects_whole_objects_are_read(reading: Reading) -> None:
    def answer(query: dict[str, str], _path: str) -> Any:
        fields = query.get("fields")
        return [{name: value for name, value in cut(ACME, fields).items() if not fields or name != "types"}]

    server = Server(answer)
    async with reading(server) as client:
        (found,) = await Reader(client).read(companies("types"))

    assert found.raw["types"] == ACME["types"]
    assert server.fields == [",".join(companies("types").fields), None]


async def test_if_a_key_is_missing_from_all_objects_whole_objects_are_read(reading: Reading) -> None:
    server = Server(lambda query, _path: [{"id": 7}] if "fields" in query else [ACME])
    async with reading(server) as client:
        (found,) = await Reader(client).read(companies())

    assert found.raw["identifier"] == "ACME"


async def test_an_array_that_some_objects_have_is_empty_in_the_others(reading: Reading) -> None:
    other = {**ACME, "id": 8, "identifier": "BOLT"}
    del other["types"]
    server = Server(lambda query, _path: [ACME, other])
    async with reading(server) as client:
        assert len(await Reader(client).read(companies("types"))) == 2

    assert len(server.asked) == 1


async def test_a_server_may_ignore_fields(reading: Reading) -> None:
    server = Server(lambda _query, _path: [ACME])
    async with reading(server) as client:
        (found,) = await Reader(client).read(companies("types"))

    assert (found.raw, len(server.asked)) == (ACME, 1)


async def test_a_missing_time_of_the_last_update_is_none(reading: Reading) -> None:
    server = Server(lambda _query, _path: [{name: value for name, value in ACME.items() if name != "_info"}])
    async with reading(server) as client:
        (found,) = await Reader(client).read(companies("types"))

    assert found.last_updated is None
    assert len(server.asked) == 1


async def test_a_refused_time_of_the_last_update_is_not_requested_again(reading: Reading) -> None:
    def answer(query: dict[str, str], _path: str) -> Any:
        return refusal(LAST_UPDATED) if LAST_UPDATED in query.get("fields", "") else [cut(ACME, query["fields"])]

    server = Server(answer)
    async with reading(server) as client:
        reader = Reader(client)
        assert len(await reader.read(companies())) == 1
        assert len(await reader.read(companies())) == 1

    assert [LAST_UPDATED in str(fields) for fields in server.fields] == [True, False, False]


async def test_a_table_without_an_inactive_flag_is_read_without_it(reading: Reading) -> None:
    def answer(query: dict[str, str], _path: str) -> Any:
        return refusal("inactiveFlag") if "inactiveFlag" in query["fields"] else [{"id": 1, "name": "Customer"}]

    async with reading(Server(answer)) as client:
        rows = await Reader(client).read_table(Table("company/companies/statuses", ("id", "inactiveFlag", "name")))

    assert rows == [{"id": 1, "name": "Customer"}]


@pytest.mark.parametrize("message", ["", "Something is wrong"])
async def test_a_refused_field_is_named_with_its_endpoint(reading: Reading, message: str) -> None:
    def answer(query: dict[str, str], _path: str) -> Any:
        return refusal("website", message) if "website" in query.get("fields", "") else []

    async with reading(Server(answer)) as client:
        with pytest.raises(Invalid) as error:
            await Reader(client).read(companies("website", "phoneNumber"))

    assert str(error.value.what).startswith("/company/companies does not know the field website: ")
    assert error.value.endpoint.endswith("company/companies")
    assert "Remove what uses website from the manifests" in error.value.advice


async def test_a_refusal_for_another_reason_is_raised_unchanged(reading: Reading) -> None:
    server = Server(lambda query, _path: (400, {"code": "X", "message": "No"}) if len(query["fields"]) > 30 else [])
    async with reading(server) as client:
        with pytest.raises(Invalid, match="No"):
            await Reader(client).read(companies("website"))


async def test_a_refused_field_is_named_after_one_request_if_there_are_no_optional_fields(reading: Reading) -> None:
    server = Server(lambda query, _path: refusal("name"))
    async with reading(server) as client:
        with pytest.raises(Invalid, match="does not know the field name"):
            await Reader(client).read_table(Table("company/countries", ("id", "name")))

    assert len(server.asked) == 1


async def test_a_field_that_a_nested_collection_refuses_is_named(reading: Reading) -> None:
    of = kind("ManagementSolution")
    async with reading(Server(lambda query, _path: refusal("deviceType"))) as client:
        with pytest.raises(Invalid, match="does not know the field deviceType"):
            await Reader(client).read_children(of, [7], fields_to_read(of, ["deviceType"]))


async def test_a_parent_that_does_not_exist_has_no_entry(reading: Reading) -> None:
    def answer(_query: dict[str, str], path: str) -> Any:
        return (404, {"code": "NotFound", "message": "Company 8 not found"}) if "/8/" in path else []

    async with reading(Server(answer)) as client:
        assert await Reader(client).read_children(kind("ManagementSolution"), [7, 8], ("id",)) == {7: []}


async def test_if_an_agreement_of_a_bundle_does_not_exist_each_agreement_is_listed(reading: Reading) -> None:
    """The list of the agreement that does not exist is answered with 404."""

    def answer(_query: dict[str, str], path: str) -> Any:
        if path.endswith("bundles"):
            return {"results": []}
        return (404, {"code": "NotFound", "message": "Agreement 8 not found"}) if "/8/" in path else [{"id": 1}]

    async with reading(Server(answer)) as client:
        found = await Reader(client).read_children(kind("Addition"), [7, 8], ("id",))

    assert {parent: [obj.id for obj in rows] for parent, rows in found.items()} == {7: [1]}


@pytest.mark.parametrize("name", ["ManagementSolution", "Addition"])
async def test_an_endpoint_that_does_not_exist_is_an_error_and_not_an_empty_list(reading: Reading, name: str) -> None:
    gone = (404, {"code": "ConnectWiseApi", "message": "The endpoint does not exist."})

    def answer(_query: dict[str, str], path: str) -> Any:
        if path.endswith("bundles"):
            return {"results": []}
        return [] if path.endswith("countries") else gone

    async with reading(Server(answer)) as client:
        await Reader(client).read_table(Table("company/countries", ("id", "name")))
        with pytest.raises(NotFound, match="The endpoint does not exist"):
            await Reader(client).read_children(kind(name), [7], ("id",))


async def test_few_values_take_one_list_and_many_take_a_list_for_each_part_that_fits_a_url(reading: Reading) -> None:
    server = Server(lambda _query, _path: [ACME])
    of, fields = kind("Company"), fields_to_read(kind("Company"), ())
    few = Query(of, fields, {"id": frozenset({7}), "identifier": frozenset({"ACME"})})
    many = Query(of, fields, {"identifier": frozenset(f"CUSTOMER-{number}" for number in range(200))})
    async with reading(server) as client:
        reader = Reader(client)
        assert len(await reader.read(few, whole_collection=False)) == 1
        assert len(server.asked) == 1
        assert len(await reader.read(many, whole_collection=False)) == 1
        assert len(server.asked) > 2
        assert all(" in (" in query["conditions"] for _, query in server.asked)


async def test_deleted_objects_are_left_out(reading: Reading) -> None:
    async with reading(Server(lambda _query, _path: [{**ACME, "deletedFlag": True}])) as client:
        assert await Reader(client).read(companies()) == []


def test_the_serial_numbers_of_additions_may_all_be_empty() -> None:
    of = kind("Addition")
    assert always_returned(of, fields_to_read(of, of.by_name)) == ("product/id",)


def test_keys_and_arrays_are_in_every_response() -> None:
    of = kind("Company")
    assert always_returned(of, fields_to_read(of, ["types", "website"])) == ("identifier", "types")
