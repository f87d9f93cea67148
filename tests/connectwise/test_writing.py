"""Writes are sent once, and are an error unless ConnectWise stored what was sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.connectwise import (
    Conflict,
    ConnectWiseError,
    Invalid,
    NotFound,
    NotStored,
    Redirected,
    ServerFailed,
    StateUnknown,
    Unreachable,
)
from reconciler.connectwise.connection import Timeouts

from .servers import DROPPED, HTML, Reply, Seen, Server, Waits, client, read_back, scripted

PATH = "/company/companies"
ASKED = {"identifier": "ACME", "name": "Acme"}
STORED = {"id": 12, **ASKED, "_info": {"lastUpdated": "2026-11-01T00:00:00Z"}}
EXISTS = Reply(
    {
        "code": "InvalidObject",
        "message": "company object is invalid",
        "errors": [{"code": "ObjectExists", "message": "identifier is taken", "field": "identifier"}],
    },
    status=400,
)


class Finding:
    """A lookup by natural key that returns what the test sets, and counts its calls."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls = 0

    async def __call__(self) -> dict[str, Any] | None:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def create(find: Finding, *replies: Reply, timeouts: Timeouts | None = None) -> tuple[Any, Server]:
    """Return the result or error of a create, and the server with the requests that it received."""
    async with Server(scripted(*replies)) as server, client(server.site, timeouts=timeouts) as connectwise:
        try:
            return await connectwise.create(PATH, ASKED, lookup=find, read_back=read_back(ASKED)), server
        except ConnectWiseError as error:
            return error, server


async def test_a_create_returns_the_object_as_stored() -> None:
    find = Finding(None)
    made, server = await create(find, Reply(STORED, status=201))
    assert made == STORED
    assert find.calls == 0
    assert server.seen[0].headers["content-type"] == "application/json"


async def test_equal_values_have_equal_bodies_with_exact_numbers_and_dates_at_midnight() -> None:
    body = {"unitPrice": Decimal("1234567890.10"), "quantity": 3, "effectiveDate": date(2026, 11, 1), "x": [None, True]}
    answered = Reply(b'{"quantity":3,"unitPrice":1234567890.1,"effectiveDate":"2026-11-01T00:00:00Z","x":[null,true]}')
    async with Server(scripted(answered)) as server, client(server.site) as connectwise:
        await connectwise.create("/x", body, lookup=Finding(None), read_back=read_back(body))
        await connectwise.create("/x", dict(reversed(body.items())), lookup=Finding(None), read_back=read_back(body))
    assert server.seen[0].body == (
        b'{"effectiveDate":"2026-11-01T00:00:00Z","quantity":3,"unitPrice":1234567890.10,"x":[null,true]}'
    )
    assert server.seen[1].body == server.seen[0].body


@pytest.mark.parametrize("wrong", [1.5, Decimal("NaN"), object()])
async def test_a_number_that_is_not_exact_is_never_sent(wrong: Any) -> None:
    async with Server(scripted(Reply({}))) as server, client(server.site) as connectwise:
        with pytest.raises(TypeError, match="cannot be exact in JSON"):
            await connectwise.create("/x", {"quantity": wrong}, lookup=Finding(None), read_back=read_back({}))
    assert server.seen == []


@pytest.mark.parametrize(
    "lost",
    [
        DROPPED,
        Reply(STORED, cut=5),
        Reply({}, status=500),
        Reply(b'{"id": 12,', status=201),
        HTML,
        Reply([], status=201),
    ],
    ids=["dropped", "cut off", "500", "truncated", "proxy page", "a list"],
)
async def test_after_a_lost_response_the_object_is_looked_up_first(lost: Reply) -> None:
    find = Finding(STORED)
    made, server = await create(find, lost)
    assert made == STORED
    assert find.calls == 1
    assert server.asked == [f"POST {PATH}"]


async def test_after_a_timeout_the_object_is_looked_up_first() -> None:
    made, server = await create(Finding(STORED), Reply(hang=True), timeouts=Timeouts(connect=5, read=0.05))
    assert made == STORED
    assert len(server.seen) == 1


async def test_a_post_is_sent_again_only_when_the_lookup_finds_nothing() -> None:
    find = Finding(None)
    made, server = await create(find, DROPPED, Reply(STORED, status=201))
    assert made == STORED
    assert find.calls == 1
    assert len(server.seen) == 2


async def test_an_object_that_appears_after_the_lookup_is_found_after_the_second_try() -> None:
    find = Finding(None, STORED)
    made, server = await create(find, DROPPED, EXISTS)
    assert made == STORED
    assert (find.calls, len(server.seen)) == (2, 2)


async def test_a_second_try_that_is_refused_raises_the_refusal() -> None:
    error, server = await create(Finding(None), DROPPED, EXISTS)
    assert isinstance(error, Invalid)
    assert "An object with this key exists already" in error.advice
    assert len(server.seen) == 2


async def test_a_refused_create_is_neither_looked_up_nor_repeated() -> None:
    find = Finding(None)
    error, server = await create(find, EXISTS)
    assert isinstance(error, Invalid)
    assert (find.calls, len(server.seen)) == (0, 1)


async def test_a_create_ends_after_four_lost_responses() -> None:
    find = Finding(None)
    error, server = await create(find, Reply({}, status=500))
    assert isinstance(error, ServerFailed)
    assert (find.calls, len(server.seen)) == (4, 4)


async def test_a_failed_lookup_after_a_lost_response_is_state_unknown() -> None:
    error, server = await create(Finding(Unreachable("no network")), DROPPED)
    assert isinstance(error, StateUnknown)
    assert "no network" in str(error)
    assert "looks it up before it creates one" in error.advice
    assert len(server.seen) == 1


async def test_an_object_that_was_looked_up_is_compared_with_what_was_sent() -> None:
    error, _ = await create(Finding({**STORED, "name": "Somebody else"}), DROPPED)
    assert isinstance(error, NotStored)


async def test_a_post_is_sent_again_after_a_429_without_a_lookup() -> None:
    find = Finding(None)
    made, server = await create(find, Reply({}, status=429, headers={"retry-after": "3"}), Reply(STORED, status=201))
    assert made == STORED
    assert (find.calls, len(server.seen)) == (0, 2)


async def test_a_field_that_was_not_stored_is_named_with_both_values_and_the_id() -> None:
    error, _ = await create(Finding(None), Reply({**STORED, "name": "Acne"}, status=201))
    assert isinstance(error, NotStored)
    assert error.id == 12
    assert str(error).startswith(f'POST {PATH}: ConnectWise reported success, but name is "Acne" instead of "Acme"')


async def test_an_object_is_read_again_when_the_response_holds_less_than_was_stored() -> None:
    made, server = await create(Finding(None), Reply({"id": 12}, status=201), Reply(STORED))
    assert made == STORED
    assert server.asked == [f"POST {PATH}", f"GET {PATH}/12"]


async def test_where_reading_the_object_again_fails_the_response_counts() -> None:
    error, _ = await create(Finding(None), Reply({"id": 12}, status=201), Reply({"message": "no"}, status=400))
    assert isinstance(error, NotStored)
    assert 'identifier is empty instead of "ACME"' in str(error)


async def test_after_a_proxys_page_in_place_of_a_patch_the_object_is_read() -> None:
    page, stored = HTML, Reply({"id": 7, "name": "new"})
    async with Server(scripted(*[page] * 4, stored)) as server, client(server.site) as connectwise:
        assert await connectwise.patch("/x/7", {"name": "new"}, read_back=read_back({"name": "new"})) == stored.body
    assert server.asked == [*["PATCH /x/7"] * 4, "GET /x/7"]


async def test_a_response_without_an_id_is_compared_with_what_was_sent() -> None:
    error, _ = await create(Finding(None), Reply({"identifier": "ACME"}, status=201))
    assert isinstance(error, NotStored)
    assert error.id is None


async def test_a_write_only_field_is_neither_compared_nor_shown() -> None:
    body = {"username": "bot", "password": "hunter2-secret"}
    refused = Reply({"code": "InvalidField", "message": "hunter2-secret is too simple"}, status=400)
    async with (
        Server(scripted(Reply({"id": 1, "username": "bot"}), refused)) as server,
        client(server.site) as connectwise,
    ):
        made = await connectwise.create(
            "/system/integratorlogins",
            body,
            lookup=Finding(None),
            read_back=read_back(body, but="password"),
            write_only={"password"},
        )
        with pytest.raises(Invalid) as caught:
            await connectwise.patch(
                "/system/integratorlogins/1",
                {"password": "hunter2-secret"},
                read_back=read_back({}),
                write_only={"password"},
            )
    assert made == {"id": 1, "username": "bot"}
    assert "hunter2" not in str(caught.value)
    assert "(secret) is too simple" in str(caught.value)


async def test_a_patch_is_a_bare_array_of_whole_replacements() -> None:
    answered = {"id": 5, "quantity": 12.5, "type": {"id": 3, "name": "Managed Service"}, "endDate": None}
    async with Server(scripted(Reply(answered))) as server, client(server.site) as connectwise:
        asked = {"quantity": Decimal("12.50"), "type": {"id": 3}, "endDate": None}
        stored = await connectwise.patch("/finance/agreements/5", asked, read_back=read_back(asked))
    assert stored["type"]["name"] == "Managed Service"
    assert server.seen[0].method == "PATCH"
    assert server.seen[0].json == [
        {"op": "replace", "path": "quantity", "value": 12.5},
        {"op": "replace", "path": "type", "value": {"id": 3}},
        {"op": "replace", "path": "endDate", "value": None},
    ]


async def test_a_200_that_stored_nothing_is_an_error() -> None:
    answered = Reply({"id": 5, "type": {"id": 1}})
    async with Server(scripted(answered)) as server, client(server.site) as connectwise:
        with pytest.raises(NotStored, match="type is"):
            await connectwise.patch(
                "/finance/agreements/5", {"type": {"id": 3}}, read_back=read_back({"type": {"id": 3}})
            )


async def test_a_sub_path_is_refused_because_a_200_may_store_nothing() -> None:
    async with Server(scripted(Reply({}))) as server, client(server.site) as connectwise:
        with pytest.raises(ValueError, match="whole reference"):
            await connectwise.patch("/finance/agreements/5", {"company/identifier": "ACME"}, read_back=read_back({}))
    assert server.seen == []


async def test_a_patch_is_sent_again_after_a_lost_response() -> None:
    replies = scripted(DROPPED, Reply({}, status=500), Reply({"id": 5, "name": "x"}))
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.patch("/x/5", {"name": "x"}, read_back=read_back({"name": "x"}))
    assert server.asked == ["PATCH /x/5"] * 3


async def test_a_delete_is_successful_when_the_object_is_gone() -> None:
    gone = Reply({"code": "NotFound", "message": "Company 5 not found"}, status=404)
    replies = scripted(Reply({"id": 1}), Reply(b"", status=204), gone)
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        await connectwise.delete("/x/5")
        await connectwise.delete("/x/5")
    assert server.asked[1:] == ["DELETE /x/5", "DELETE /x/5"]


async def test_a_delete_of_an_object_in_use_or_by_a_wrong_path_is_an_error() -> None:
    replies = scripted(Reply({"id": 1}), Reply({}, status=409), Reply({"code": "ConnectWiseApi"}, status=404))
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        with pytest.raises(Conflict):
            await connectwise.delete("/x/5")
        with pytest.raises(NotFound):
            await connectwise.delete("/y/5")


async def test_no_object_is_created_twice_whichever_responses_are_dropped() -> None:
    table: dict[str, dict[str, Any]] = {}
    posts = 0

    def answer(seen: Seen) -> Reply:
        nonlocal posts
        if seen.method == "GET":
            return Reply(list(table.values()))
        posts += 1
        body = seen.json
        assert body["identifier"] not in table, "made twice"
        if posts % 3 == 1:
            return DROPPED
        table[body["identifier"]] = {"id": len(table) + 1, **body}
        return DROPPED if posts % 3 == 2 else Reply(table[body["identifier"]], status=201)

    async with Server(answer) as server, client(server.site, waits=Waits()) as connectwise:
        for number in range(20):
            key = f"C{number}"

            async def find(key: str = key) -> dict[str, Any] | None:
                found = await connectwise.list(PATH)
                return next((row for row in found if row["identifier"] == key), None)

            await connectwise.create(PATH, {"identifier": key}, lookup=find, read_back=read_back({"identifier": key}))
    assert sorted(table) == sorted(f"C{number}" for number in range(20))


# ── redirects, and custom fields ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_post_that_is_redirected_is_looked_up_and_not_repeated(status: int) -> None:
    away = Reply(b"", status=status, headers={"location": "http://inside.example/x/7"})
    async with Server(scripted(away)) as server, client(server.site) as connectwise:
        made = await connectwise.create(
            "/x", {"name": "n"}, lookup=Finding({"id": 7, "name": "n"}), read_back=read_back({})
        )
    assert made == {"id": 7, "name": "n"}
    assert server.asked == ["POST /x"]


async def test_a_redirected_post_that_created_nothing_is_an_error_and_not_repeated() -> None:
    away = Reply(b"", status=302, headers={"location": "http://inside.example/x/7"})
    async with Server(scripted(away)) as server, client(server.site) as connectwise:
        with pytest.raises(Redirected, match=r"inside\.example"):
            await connectwise.create("/x", {"name": "n"}, lookup=Finding(None), read_back=read_back({}))
    assert server.asked == ["POST /x"]


@pytest.mark.parametrize("location", ["http://inside.example/x/7", "https://{host}/x/7", "http://[broken"])
@pytest.mark.parametrize("found", [{"id": 7, "name": "n"}, None])
async def test_an_object_with_a_location_on_another_host_is_looked_up(
    location: str, found: dict[str, Any] | None
) -> None:
    def answer(seen: Seen) -> Reply:
        where = location.replace("{host}", seen.headers["host"])
        return Reply({"id": 7, "name": "n"}, status=201, headers={"location": where})

    async with Server(answer) as server, client(server.site) as connectwise:
        create = connectwise.create("/x", {"name": "n"}, lookup=Finding(found), read_back=read_back({}))
        if found is None:
            with pytest.raises(StateUnknown, match="on another host"):
                await create
        else:
            assert await create == found
    assert server.asked == ["POST /x"]


@pytest.mark.parametrize("location", ["/x/7", "{site}/x/7", "x/7", ""])
async def test_an_object_with_a_location_on_this_host_is_not_looked_up(location: str) -> None:
    def answer(seen: Seen) -> Reply:
        where = location.replace("{site}", f"http://{seen.headers['host']}")
        return Reply({"id": 7, "name": "n"}, status=201, headers={"location": where})

    async with Server(answer) as server, client(server.site) as connectwise:
        await connectwise.create("/x", {"name": "n"}, lookup=Finding(None), read_back=read_back({}))
    assert server.asked == ["POST /x"]


@pytest.mark.parametrize(
    "first",
    [
        Reply(b"", status=302, headers={"location": "http://inside.example/x/7"}),
        Reply(b"", status=204, headers={"content-length": "0"}),
        Reply(b"null"),
        Reply({}),
        Reply([{"id": 7, "name": "new"}]),
    ],
    ids=["redirect", "nothing", "null", "empty", "list"],
)
@pytest.mark.parametrize("name", ["new", "old"])
async def test_a_patch_whose_response_is_not_an_object_is_read_back(first: Reply, name: str) -> None:
    async with Server(scripted(first, Reply({"id": 7, "name": name}))) as server, client(server.site) as connectwise:
        patch = connectwise.patch("/x/7", {"name": "new"}, read_back=read_back({"name": "new"}))
        if name == "new":
            assert await patch == {"id": 7, "name": "new"}
        else:
            with pytest.raises((NotStored, Redirected)):
                await patch
    assert server.asked == ["PATCH /x/7", "GET /x/7"]


WANTS_CUSTOM_FIELDS = {
    "by field": {
        "code": "InvalidObject",
        "message": "company object is invalid",
        "errors": [{"code": "MissingRequiredField", "message": "x", "resource": "company", "field": "customFields"}],
    },
    "by message": {"code": "InvalidObject", "message": "The custom fields are required"},
    "by an entry": {"code": "InvalidObject", "message": "x", "errors": [{"message": "Custom field 3 is missing"}]},
}


@pytest.mark.parametrize("told", WANTS_CUSTOM_FIELDS)
async def test_a_patch_refused_for_custom_fields_is_sent_again_with_an_empty_list_of_them(told: str) -> None:
    refused = Reply(WANTS_CUSTOM_FIELDS[told], status=400)
    answers = scripted(refused, Reply({"id": 7, "name": "new"}))
    async with Server(answers) as server, client(server.site) as connectwise:
        assert await connectwise.patch("/x/7", {"name": "new"}, read_back=read_back({})) == {"id": 7, "name": "new"}
    assert [seen.json for seen in server.seen] == [
        [{"op": "replace", "path": "name", "value": "new"}],
        [
            {"op": "replace", "path": "name", "value": "new"},
            {"op": "replace", "path": "customFields", "value": []},
        ],
    ]


async def test_a_patch_refused_for_custom_fields_twice_is_an_error() -> None:
    refused = Reply(WANTS_CUSTOM_FIELDS["by field"], status=400)
    async with Server(scripted(refused)) as server, client(server.site) as connectwise:
        with pytest.raises(Invalid, match="customFields"):
            await connectwise.patch("/x/7", {"name": "new"}, read_back=read_back({}))
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("values", "body"),
    [
        ({"name": "new"}, {"code": "InvalidObject", "message": "The name is too long"}),
        ({"customFields": [{"id": 1, "value": "x"}]}, WANTS_CUSTOM_FIELDS["by field"]),
    ],
)
async def test_a_patch_refused_for_anything_else_is_not_sent_again(values: dict[str, Any], body: Any) -> None:
    async with Server(scripted(Reply(body, status=400))) as server, client(server.site) as connectwise:
        with pytest.raises(Invalid):
            await connectwise.patch("/x/7", values, read_back=read_back({}))
    assert len(server.seen) == 1
