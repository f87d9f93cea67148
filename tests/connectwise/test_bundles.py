"""The children of many parents: bundles, and the single reads that replace them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.connectwise import ConnectWiseError, NotJson, ServerFailed, Unauthorized
from reconciler.connectwise import conditions as c

from .servers import DROPPED, ROOT, Reply, Seen, Server, client

PATH = "/finance/agreements/{parent_id}/additions"


def children(parent: int, count: int = 2) -> list[dict[str, Any]]:
    return [{"id": parent * 10_000 + number, "agreementId": parent} for number in range(1, count + 1)]


def single(seen: Seen, table: Callable[[int], list[dict[str, Any]]]) -> Reply:
    """Return one agreement's additions, paged forward-only; the last page has only a link to the first."""
    parent = int(seen.path.split("/")[-2])
    rest = [row for row in table(parent) if row["id"] > int(seen.query.get("pageId", "0"))]
    last = {} if len(rest) > 1000 else {"link": '<http://x/?pageId=0>; rel="first"'}
    return Reply(rest[:1000], headers=last)


def bundled(
    table: Callable[[int], list[dict[str, Any]]] = children, **broken: dict[str, Any]
) -> Callable[[Seen], Reply]:
    """Return a tenant with bundles. `broken` replaces the result of a parent, as `p3={...}`."""

    def result(request: dict[str, Any]) -> dict[str, Any]:
        parent = request["apiRequest"]["parentId"]
        rows = table(parent)
        size = request["apiRequest"]["page"]["pageSize"]
        whole = {"success": True, "statusCode": 200, "entities": rows[:size], "count": len(rows[:size])}
        return {"sequenceNumber": request["sequenceNumber"], **broken.get(f"p{parent}", whole)}

    def answer(seen: Seen) -> Reply:
        if seen.method == "POST":
            return Reply({"results": [result(request) for request in reversed(seen.json["requests"])]})
        return single(seen, table)

    return answer


async def test_fifty_parents_are_one_request_and_a_hundred_and_one_are_three() -> None:
    parents = list(range(1, 102))
    async with Server(bundled()) as server, client(server.site) as connectwise:
        found = await connectwise.list_children("addition", parents, path=PATH)
    assert found == {parent: children(parent) for parent in parents}
    assert list(found) == parents
    assert server.asked == ["POST /system/bundles"] * 3


async def test_a_bundle_has_the_form_that_tenants_accept() -> None:
    async with Server(bundled()) as server, client(server.site, bundle_size=1) as connectwise:
        await connectwise.list_children(
            "addition", [12], path=PATH, conditions=c.equals("cancelledDate", None), fields=("quantity",)
        )
        await connectwise.list_children("addition", [12], path=PATH)
    request = {
        "version": "2020.1",
        "sequenceNumber": 1,
        "resourceType": "addition",
        "apiRequest": {
            "parentId": 12,
            "filters": {"conditions": "cancelledDate=null"},
            "fields": "id,quantity",
            "page": {"page": 1, "pageSize": 1000},
        },
    }
    assert server.seen[0].json == {"requests": [request]}
    assert server.seen[1].json["requests"][0]["apiRequest"].keys() == {"parentId", "page"}


async def test_no_parents_send_no_request_and_a_repeated_parent_is_read_once() -> None:
    async with Server(bundled()) as server, client(server.site) as connectwise:
        assert await connectwise.list_children("addition", [], path=PATH) == {}
        assert server.seen == []
        await connectwise.list_children("addition", [3, 3], path=PATH)
    assert len(server.seen[0].json["requests"]) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"success": False, "statusCode": 500, "error": {"code": "x"}},
        {"success": True, "entities": None},
        {"success": True, "entities": ["x"]},
        {"success": True, "entities": [{"id": {}}]},
        {"sequenceNumber": {}, "success": True, "entities": []},
        {"success": "yes", "entities": []},
        {"sequenceNumber": 99, "success": True, "entities": []},
    ],
)
async def test_a_parent_whose_result_failed_or_is_missing_is_read_on_its_own(broken: dict[str, Any]) -> None:
    async with Server(bundled(p2=broken)) as server, client(server.site) as connectwise:
        found = await connectwise.list_children(
            "addition", [1, 2, 3], path=PATH, fields=("quantity",), conditions=c.equals("cancelledDate", None)
        )
    assert found == {parent: children(parent) for parent in (1, 2, 3)}
    assert server.asked == ["POST /system/bundles", "GET /finance/agreements/2/additions"]
    assert server.seen[1].query == {"conditions": "cancelledDate=null", "fields": "id,quantity", "pageSize": "1000"}


async def test_a_parent_with_more_than_a_page_of_children_is_read_on_its_own() -> None:
    def table(parent: int) -> list[dict[str, Any]]:
        return children(parent, 2500 if parent == 2 else 1)

    async with Server(bundled(table)) as server, client(server.site) as connectwise:
        found = await connectwise.list_children("addition", [1, 2, 3], path=PATH)
    assert found == {parent: table(parent) for parent in (1, 2, 3)}
    assert [seen.query.get("pageId") for seen in server.seen] == [None, None, "21000", "22000"]


@pytest.mark.parametrize("cap", [25, 30, 250])
async def test_children_that_a_page_limit_may_have_cut_off_are_read_on_their_own(cap: int) -> None:
    def table(parent: int) -> list[dict[str, Any]]:
        return children(parent, {1: 2, 2: 600, 3: cap}.get(parent, cap - 1))

    whole = bundled(lambda parent: table(parent)[:cap])

    def answer(seen: Seen) -> Reply:
        return whole(seen) if seen.method == "POST" else single(seen, table)

    async with Server(answer) as server, client(server.site) as connectwise:
        found = await connectwise.list_children("addition", [1, 2, 3, 4], path=PATH)
    assert found == {parent: table(parent) for parent in (1, 2, 3, 4)}
    assert {name for name in server.asked if name.startswith("GET")} == {
        f"GET /finance/agreements/{parent}/additions" for parent in (2, 3)
    }


async def test_a_result_with_a_higher_count_than_children_is_read_on_its_own() -> None:
    short = {"success": True, "entities": children(1, 3), "count": 5}
    answer = bundled(lambda parent: children(parent, 5), p1=short)
    async with Server(answer) as server, client(server.site) as connectwise:
        found = await connectwise.list_children("addition", [1], path=PATH)
    assert found == {1: children(1, 5)}


async def test_a_result_with_a_count_but_no_children_is_read_on_its_own() -> None:
    empty = {"success": True, "entities": [], "count": 2}
    async with Server(bundled(p1=empty)) as server, client(server.site) as connectwise:
        assert await connectwise.list_children("addition", [1], path=PATH) == {1: children(1)}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 414, 415, 422, 500, 501, 502, 503, 504])
async def test_where_bundles_are_refused_parents_are_read_one_by_one_with_one_notice(status: int) -> None:
    notices: list[str] = []

    def answer(seen: Seen) -> Reply:
        if seen.path == f"{ROOT}/system/info":
            return Reply({})
        return Reply({"message": "no bundles"}, status=status) if seen.method == "POST" else single(seen, children)

    server = Server(answer)
    async with server, client(server.site, on_notice=notices.append, bundle_size=2) as connectwise:
        await connectwise.info()
        for _ in range(2):
            found = await connectwise.list_children("addition", [1, 2, 3], path=PATH)
            assert found == {parent: children(parent) for parent in (1, 2, 3)}
    assert len(notices) == 1
    assert "refused a bundle of addition reads" in notices[0]
    assert server.asked[-3:] == [f"GET /finance/agreements/{parent}/additions" for parent in (1, 2, 3)]


async def test_parents_whose_results_share_a_sequence_number_are_read_on_their_own() -> None:
    fine = bundled()

    def answer(seen: Seen) -> Reply:
        if seen.method != "POST":
            return fine(seen)
        results = [{**each, "sequenceNumber": 1} for each in fine(seen).body["results"]]
        return Reply({"results": results})

    async with Server(answer) as server, client(server.site) as connectwise:
        found = await connectwise.list_children("addition", [1, 2], path=PATH)
    assert found == {parent: children(parent) for parent in (1, 2)}
    assert len(server.seen) == 3


async def test_where_a_proxy_redirects_bundles_parents_are_read_one_by_one() -> None:
    def answer(seen: Seen) -> Reply:
        away = Reply(b"", status=302, headers={"location": "http://inside.example/x"})
        return away if seen.method == "POST" else single(seen, children)

    async with Server(answer) as server, client(server.site) as connectwise:
        assert await connectwise.list_children("addition", [1, 2], path=PATH) == {
            each: children(each) for each in (1, 2)
        }


async def test_a_bundle_is_retried_like_any_read() -> None:
    left = [DROPPED, Reply({}, status=502)]
    fine = bundled()

    def answer(seen: Seen) -> Reply:
        return left.pop(0) if left else fine(seen)

    async with Server(answer) as server, client(server.site) as connectwise:
        assert await connectwise.list_children("addition", [1], path=PATH) == {1: children(1)}
    assert server.asked == ["POST /system/bundles"] * 3


@pytest.mark.parametrize(("status", "kind"), [(502, ServerFailed), (401, Unauthorized)])
async def test_any_other_failure_of_a_bundle_is_an_error(status: int, kind: type[ConnectWiseError]) -> None:
    async with Server(lambda seen: Reply({}, status=status)) as server, client(server.site) as connectwise:
        with pytest.raises(kind):
            await connectwise.list_children("addition", [1], path=PATH)


@pytest.mark.parametrize("body", [{"results": None}, [], {}])
async def test_a_response_without_results_is_an_error(body: Any) -> None:
    async with Server(lambda seen: Reply(body)) as server, client(server.site) as connectwise:
        with pytest.raises(NotJson, match="contains no results"):
            await connectwise.list_children("addition", [1], path=PATH)
