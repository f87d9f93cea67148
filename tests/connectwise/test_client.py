"""Reads and counts of the client, over real HTTP."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from reconciler.connectwise import ConnectWiseError, Invalid, NotJson
from reconciler.connectwise import conditions as c

from .servers import ROOT, Reply, Seen, Server, client, connection, scripted


def companies(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "identifier": f"C{number}"} for number in range(1, count + 1)]


def forward_only(table: list[dict[str, Any]], *, link: bool = True) -> Any:
    """Return a list endpoint with forward-only paging, with a Link header or without."""

    def answer(seen: Seen) -> Reply:
        size = int(seen.query["pageSize"])
        rest = [row for row in table if row["id"] > int(seen.query.get("pageId", "0"))]
        page = rest[:size]
        headers = (
            {"link": f'<http://elsewhere.example/x?pageId={page[-1]["id"]}>; rel="next"'} if len(rest) > size else {}
        )
        if link and not headers:
            headers = {"link": '<http://elsewhere.example/x?pageId=0>; rel="first"'}
        return Reply(page, headers=headers if link else {})

    return answer


async def test_every_request_has_the_credentials_the_client_id_and_the_api_version() -> None:
    async with Server(scripted(Reply({"version": "v2026.4"}))) as server, client(server.site) as connectwise:
        assert await connectwise.info() == {"version": "v2026.4"}
    headers = server.seen[0].headers
    assert headers["authorization"] == "Basic YWNtZStQdWJsaWMxMjM6UHJpdmF0ZTQ1Ng=="
    assert headers["clientid"] == "client-id-1"
    assert headers["accept"] == "application/vnd.connectwise.com+json; version=2026.4"
    assert headers["host"] == f"127.0.0.1:{server.port}"


async def test_discovery_is_requested_once_and_without_credentials() -> None:
    async with Server(scripted(Reply([]))) as server, client(server.site) as connectwise:
        await asyncio.gather(*(connectwise.list("/company/companies") for _ in range(5)))
    assert [seen.target for seen in server.discoveries] == ["/login/companyinfo/acme"]
    assert "authorization" not in server.discoveries[0].headers
    assert server.seen[0].target.startswith(f"{ROOT}/company/companies?")


async def test_a_path_may_omit_its_leading_slash() -> None:
    async with Server(scripted(Reply({"id": 3}))) as server, client(server.site) as connectwise:
        await connectwise.get("company/companies/3")
    assert server.asked == ["GET /company/companies/3"]


async def test_numbers_are_read_exactly_and_whole_numbers_are_int() -> None:
    body = b'{"id": 12, "quantity": 0.1, "unitPrice": 1234567890.123456789, "nothing": null}'
    async with Server(scripted(Reply(body))) as server, client(server.site) as connectwise:
        read = await connectwise.get("/x/1")
    assert read == {
        "id": 12,
        "quantity": Decimal("0.1"),
        "unitPrice": Decimal("1234567890.123456789"),
        "nothing": None,
    }
    assert isinstance(read["id"], int)


async def test_a_thousand_objects_are_one_request_when_the_link_names_no_next_page() -> None:
    async with Server(forward_only(companies(1000))) as server, client(server.site) as connectwise:
        assert len(await connectwise.list("/company/companies")) == 1000
    assert server.asked == ["GET /company/companies"]
    assert server.seen[0].headers["pagination-type"] == "forward-only"
    assert server.seen[0].query == {"pageSize": "1000"}


async def test_after_a_full_page_without_a_link_the_next_page_is_requested() -> None:
    table = companies(2000)
    async with Server(forward_only(table, link=False)) as server, client(server.site) as connectwise:
        assert await connectwise.list("/company/companies") == table
    assert [seen.query.get("pageId") for seen in server.seen] == [None, "1000", "2000"]


async def test_a_next_link_is_requested_from_the_configured_host_only() -> None:
    table = companies(2500)
    async with Server(forward_only(table)) as server, client(server.site) as connectwise:
        assert await connectwise.list("/company/companies") == table
    assert [seen.query.get("pageId") for seen in server.seen] == [None, "1000", "2000"]


async def test_an_ordered_list_is_paged_by_number() -> None:
    table = companies(1500)

    def answer(seen: Seen) -> Reply:
        page = int(seen.query.get("page", "1"))
        return Reply(table[(page - 1) * 1000 : page * 1000])

    async with Server(answer) as server, client(server.site) as connectwise:
        assert await connectwise.list("/company/companies", order_by="identifier desc") == table
    assert [seen.query.get("page") for seen in server.seen] == [None, "2"]
    assert server.seen[0].query["orderBy"] == "identifier desc"
    assert "pagination-type" not in server.seen[0].headers


async def test_conditions_child_conditions_and_fields_are_in_the_query() -> None:
    nasty = "Müller's & Söhne [alt] 100% + a/b?c#d"
    async with Server(scripted(Reply([]))) as server, client(server.site) as connectwise:
        await connectwise.list(
            "/company/companies",
            conditions=c.equals("name", nasty),
            child_conditions=c.equals("types/id", 1),
            fields=("identifier", "status/name", "_info"),
        )
    assert server.seen[0].query == {
        "conditions": 'name="Müller\'s & Söhne [[]alt] 100% + a/b?c#d"',
        "childConditions": "types/id=1",
        "fields": "id,identifier,status/name,_info",
        "pageSize": "1000",
    }


@pytest.mark.parametrize("name", ["A*B", 'A "B"', "A\\B", "A\nB"])
async def test_a_text_that_no_condition_can_ask_for_is_filtered_by_the_client(name: str) -> None:
    names = ["AXB", name.upper() + " ", name, "B"]
    table = [{"id": number, "name": each} for number, each in enumerate(names, start=1)]
    also = c.equals("deletedFlag", value=False)
    last = {"link": '<http://x/?pageId=0>; rel="first"'}
    async with Server(scripted(Reply(table, headers=last))) as server, client(server.site) as connectwise:
        found = await connectwise.list("/x", conditions=c.all_of(c.equals("name", name), also))
        assert [row["id"] for row in found] == [2, 3]
        found = await connectwise.list_where_in("/x", "name", ["B", name], also=also)
        assert [row["id"] for row in found] == [2, 3, 4]
        assert len(connectwise._lists.chunks("/x", "name", ["B", name], also)) == 1
    assert [seen.query["conditions"] for seen in server.seen] == ["deletedFlag=false"] * 2


async def test_a_long_list_of_values_is_split_so_that_no_url_is_too_long() -> None:
    values = [f"Kunde-{number:05}-ä" for number in range(500)]
    table = [{"id": number, "identifier": value} for number, value in enumerate(values, start=1)]

    def answer(seen: Seen) -> Reply:
        rows = [row for row in table if f'"{row["identifier"]}"' in seen.query["conditions"]]
        return Reply(rows, headers={"link": '<http://x/?pageId=0>; rel="first"'})

    asked: dict[str, Any] = {"also": c.equals("deletedFlag", value=False), "fields": ("identifier",)}
    async with Server(answer) as server, client(server.site) as connectwise:
        found = await connectwise.list_where_in("/company/companies", "identifier", values, **asked)
        expected = len(connectwise._lists.chunks("/company/companies", "identifier", values, **asked))
    assert sorted(row["id"] for row in found) == list(range(1, 501))
    assert len(server.seen) == expected
    lengths = [len(server.site + seen.target) for seen in server.seen]
    assert max(lengths) <= 1745
    assert min(lengths[:-1]) > 1500
    assert all(seen.query["conditions"].endswith(") and deletedFlag=false") for seen in server.seen)


async def test_a_list_by_ids_ends_without_a_request_for_an_empty_page() -> None:
    ids = list(range(1, 41))
    table = [{"id": number} for number in ids]
    async with Server(scripted(Reply(table))) as server, client(server.site) as connectwise:
        assert len(await connectwise.list_where_in("/x", "id", ids)) == 40
    assert len(server.seen) == 1


async def test_an_object_in_two_of_the_split_lists_is_returned_once() -> None:
    async with Server(scripted(Reply([{"id": 7}]))) as server, client(server.site) as connectwise:
        found = await connectwise.list_where_in("/x", "name", ["n" * 500 + str(number) for number in range(9)])
    assert found == [{"id": 7}]
    assert len(server.seen) > 1


async def test_an_empty_list_of_values_sends_no_request() -> None:
    async with Server(scripted(Reply([]))) as server, client(server.site) as connectwise:
        assert await connectwise.list_where_in("/x", "name", []) == []
    assert server.seen == []
    assert server.discoveries == []


async def test_a_value_too_long_for_a_url_is_sent_by_search() -> None:
    long = "n" * 3000
    links = {"link": '<http://x/?pageId=7>; rel="next"'}
    last = {"link": '<http://x/?pageId=0>; rel="first"'}
    answers = scripted(Reply([{"id": 7, "name": long}], headers=links), Reply([{"id": 9, "name": long}], headers=last))
    async with Server(answers) as server, client(server.site) as connectwise:
        found = await connectwise.list_where_in("/company/companies", "name", [long], fields=("name",))
        assert connectwise.requests.by_route["POST /company/companies/search"] == 2
    assert [row["id"] for row in found] == [7, 9]
    searches = [seen for seen in server.seen if seen.method == "POST"]
    assert [seen.json for seen in searches] == [{"conditions": f'name in ("{long}")'}] * 2
    assert searches[0].query == {"fields": "id,name", "pageSize": "1000"}
    assert searches[1].query == {"fields": "id,name", "pageSize": "1000", "pageId": "7"}
    assert all(seen.headers["pagination-type"] == "forward-only" for seen in searches)


@pytest.mark.parametrize("status", [302, 404, 405])
async def test_where_there_is_no_search_the_whole_list_is_read_with_one_notice(status: int) -> None:
    long = "n" * 3000
    notices: list[str] = []

    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("/info"):
            return Reply({"version": "v1"})
        if seen.method == "POST":
            return Reply({"code": "ConnectWiseApi", "message": "The endpoint does not exist."}, status=status)
        last = {"link": '<http://x/?pageId=0>; rel="first"'}
        return Reply([{"id": 1, "name": "other"}, {"id": 2, "name": long}], headers=last)

    async with Server(answer) as server, client(server.site, on_notice=notices.append) as connectwise:
        await connectwise.get("/system/info")
        for _ in range(2):
            assert await connectwise.list("/x", conditions=c.equals("name", long)) == [{"id": 2, "name": long}]
    assert server.asked == ["GET /system/info", "POST /x/search", "GET /x", "GET /x"]
    assert len(notices) == 1
    assert "no search" in notices[0]


@pytest.mark.parametrize(("status", "search"), [(400, 200), (414, 200), (414, 404), (400, 404), (400, 400)])
async def test_conditions_that_a_server_refuses_as_too_long_are_sent_by_search(status: int, search: int) -> None:
    last = {"link": '<http://x/?pageId=0>; rel="first"'}
    name = "n" * 100

    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("/info"):
            return Reply({"version": "v1"})
        if seen.method == "POST":
            return Reply([{"id": 2, "name": name}], headers=last) if search == 200 else Reply({}, status=search)
        if "conditions" in seen.query:
            return Reply({"message": "too long"}, status=status)
        return Reply([{"id": 1, "name": "other"}, {"id": 2, "name": name}], headers=last)

    async with Server(answer) as server, client(server.site) as connectwise:
        await connectwise.info()
        listed = connectwise.list("/x", conditions=c.equals("name", name))
        if search == 200 or status == 414:
            assert await listed == [{"id": 2, "name": name}]
        else:
            with pytest.raises(Invalid, match="GET /x: "):
                await listed
    whole = ["GET /x"] if (status, search) == (414, 404) else []
    assert server.asked == ["GET /system/info", "GET /x", "POST /x/search", *whole]


async def test_short_conditions_that_are_refused_are_not_sent_by_search() -> None:
    async with (
        Server(lambda _seen: Reply({"message": "bad"}, status=400)) as server,
        client(server.site) as connectwise,
    ):
        with pytest.raises(Invalid, match="GET /x"):
            await connectwise.list("/x", conditions=c.equals("id", 1))
    assert server.asked == ["GET /x"]


async def test_any_other_failure_of_a_search_is_an_error() -> None:
    async with Server(scripted(Reply({"message": "bad"}, status=400))) as server, client(server.site) as connectwise:
        with pytest.raises(Invalid, match="POST /x/search"):
            await connectwise.list("/x", conditions=c.equals("name", "n" * 3000))


async def test_a_count_is_requested_below_the_list_with_or_without_a_trailing_slash() -> None:
    async with Server(scripted(Reply({"count": 3}))) as server, client(server.site) as connectwise:
        assert await connectwise.count("/procurement/subcategories/", conditions=c.equals("name", "x")) == 3
    assert server.asked == ["GET /procurement/subcategories/count"]
    assert server.seen[0].query == {"conditions": 'name="x"'}


@pytest.mark.parametrize(
    ("call", "body", "says"),
    [
        ("list", {"not": "a list"}, "not a list of objects"),
        ("list", [1, 2], "number 1, but an object is expected"),
        ("list", b"", "the response is empty"),
        ("list", None, "the response is empty"),
        ("get", [1], "not an object"),
        ("get", b"", "the response is empty"),
        ("count", {"count": "many"}, "not a count"),
    ],
)
async def test_json_of_another_shape_is_an_error(call: str, body: Any, says: str) -> None:
    async with Server(scripted(Reply(body))) as server, client(server.site) as connectwise:
        with pytest.raises(NotJson, match=says) as caught:
            await getattr(connectwise, call)("/company/companies")
    assert "GET /company/companies" in str(caught.value)


async def test_requests_are_counted_by_route_and_retries_separately() -> None:
    replies = scripted(Reply({}, status=503), Reply({"id": 1}), Reply({"id": 2}), Reply([]))
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.get("/finance/agreements/1")
        await connectwise.get("/finance/agreements/22")
        await connectwise.list("/finance/agreements/22/additions")
        counts = connectwise.requests
        assert counts.total == 4
        assert counts.retries == 1
        assert counts.by_route == {
            "GET /finance/agreements/{id}": 2,
            "GET /finance/agreements/{id}/additions": 1,
            "GET /login/companyinfo/{company}": 1,
        }


async def test_no_more_requests_are_in_flight_than_allowed() -> None:
    async with Server(scripted(Reply({"id": 1}))) as server, client(server.site, max_concurrency=3) as connectwise:
        await asyncio.gather(*(connectwise.get(f"/x/{number}") for number in range(40)))
    assert len(server.seen) == 40
    assert server.most_open <= 3


async def test_the_first_failure_of_parallel_requests_is_raised_itself() -> None:
    def answer(seen: Seen) -> Reply:
        return Reply({"code": "NotFound", "message": "gone"}, status=404) if "C7" in seen.target else Reply([])

    async with Server(answer) as server, client(server.site) as connectwise:
        await connectwise.list("/x")
        with pytest.raises(ConnectWiseError, match="gone"):
            await connectwise.list_where_in("/x", "name", [f"C{number}" + "x" * 400 for number in range(9)])


async def test_a_cancelled_read_ends_at_once_and_closes_its_connections() -> None:
    arrived = asyncio.Event()

    def answer(seen: Seen) -> Reply:
        arrived.set()
        return Reply(hang=True)

    async with Server(answer) as server, client(server.site) as connectwise:
        reading = asyncio.create_task(connectwise.list("/x"))
        await arrived.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading


def test_no_secret_is_in_the_repr_of_a_connection() -> None:
    assert "Private456" not in repr(connection("x"))
