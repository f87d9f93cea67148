"""Faults of the server and the network: retries, and errors with advice."""

from __future__ import annotations

import gzip
import socket
import zlib
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from reconciler.connectwise import (
    BadConnection,
    Connection,
    ConnectWise,
    NotJson,
    ServerFailed,
    Unreachable,
)
from reconciler.connectwise.connection import Timeouts
from reconciler.connectwise.errors import Malformed
from reconciler.connectwise.session import Clock
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.state.sandbox import Sandbox

from .servers import (
    CODEBASE,
    DROPPED,
    FINE,
    HTML,
    ROOT,
    Reply,
    Server,
    Waits,
    client,
    connection,
    fails,
    read_back,
    scripted,
)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply({}, status=500),
        Reply({}, status=502),
        Reply({}, status=408),
        DROPPED,
        Reply(raw=b"this is not HTTP\r\n\r\n"),
        Reply({"id": 1}, cut=4),
        Reply(b'{"id": 1'),
        Reply(b"[" * 100_000),
        Reply(b'{"a" :' * 990 + b"1" + b"}" * 990),
        Reply(b"\xff\xfe"),
        Reply(b'{"id": 1, "name": "\xff"}'),
        Reply(b'{"id": NaN}'),
        Reply(b'{"id": 1, "x": 1e9999999999999999999999}'),
        Reply(b""),
        Reply(b"null"),
        HTML,
        Reply(b"not gzip at all", headers={"content-encoding": "gzip"}),
    ],
    ids=[
        "500",
        "502",
        "408",
        "dropped",
        "not HTTP",
        "cut off",
        "truncated JSON",
        "deep JSON",
        "deep objects",
        "no UTF-8",
        "text without UTF-8",
        "NaN",
        "exponent",
        "nothing",
        "null",
        "a page",
        "bad gzip",
    ],
)
async def test_a_read_is_retried_after_a_temporary_fault(trouble: Reply) -> None:
    waits = Waits()
    async with Server(scripted(trouble, trouble, FINE)) as server, client(server.site, waits=waits) as connectwise:
        assert await connectwise.get("/x/1") == {"id": 1}
    assert waits.slept in ([0.5, 1.0], [0.5])


async def test_a_byte_order_mark_is_ignored() -> None:
    async with Server(scripted(Reply(b'\xef\xbb\xbf{"id" : 1}'))) as server, client(server.site) as connectwise:
        assert await connectwise.get("/x/1") == {"id": 1}


async def test_a_server_that_keeps_failing_gets_four_tries() -> None:
    waits = Waits()
    error = await fails(Reply({}, status=500), waits=waits)
    assert isinstance(error, ServerFailed)
    assert waits.slept == [0.5, 1.0, 2.0]
    assert "Run again later" in error.advice


async def test_a_proxys_page_is_shown_after_the_last_try() -> None:
    waits = Waits()
    error = await fails(HTML, waits=waits)
    assert isinstance(error, NotJson)
    assert "<html><body>Please sign in to the proxy" in str(error)
    assert "proxy" in error.advice
    assert waits.slept == [0.5, 1.0, 2.0]


async def test_json_that_is_cut_off_in_every_try_is_an_error() -> None:
    error = await fails(Reply(b'{"id": 1'))
    assert isinstance(error, NotJson)
    assert "cut the response off" in error.advice


async def test_no_network_is_unreachable_with_advice() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with client(f"http://127.0.0.1:{taken.getsockname()[1]}") as connectwise:
            with pytest.raises(Unreachable) as caught:
                await connectwise.info()
    assert "Check the site, the network and the proxy" in caught.value.advice


async def test_a_server_that_never_responds_is_unreachable_after_the_timeout() -> None:
    timeouts = Timeouts(connect=5, read=0.05)
    async with Server(scripted(Reply(hang=True))) as server, client(server.site, timeouts=timeouts) as connectwise:
        with pytest.raises(Unreachable, match="no complete response"):
            await connectwise.info()


async def test_a_response_that_is_sent_too_slowly_is_not_retried() -> None:
    with RunningSandbox(Sandbox(faults=Faults(["drip:ms=20@/company"]))) as running:
        known = running.sandbox.credentials
        made = Connection(running.url, known.company, known.client_id, known.public_key, known.private_key)
        async with ConnectWise(made, clock=Waits().clock, timeouts=Timeouts(total=0.3)) as connectwise:
            with pytest.raises(Unreachable, match=r"no complete response from .* within 0 s") as caught:
                await connectwise.list("/company/companies")
            assert connectwise.requests.retries == 0
    assert "too slow" in caught.value.advice


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b" " * 2000),
        Reply(b" " * 2000, headers={"transfer-encoding": "chunked", "content-length": ""}),
        Reply(gzip.compress(b" " * 2000), headers={"content-encoding": "gzip"}),
        Reply(zlib.compress(b" " * 2000), headers={"content-encoding": "deflate"}),
    ],
    ids=["announced", "chunked", "gzip", "deflate"],
)
async def test_a_response_over_the_size_limit_is_not_retried(answer: Reply) -> None:
    if "transfer-encoding" in answer.headers:
        raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"100\r\n" + b" " * 256 + b"\r\n"
        answer = Reply(raw=raw + (b"100\r\n" + b" " * 256 + b"\r\n") * 7)
    async with Server(scripted(answer)) as server, client(server.site, timeouts=Timeouts(size=1000)) as connectwise:
        with pytest.raises(NotJson, match="larger than") as caught:
            await connectwise.get("/x/1")
        assert connectwise.requests.retries == 0
    assert not caught.value.retryable


async def test_the_size_limit_holds_for_every_transport() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        found = "companyinfo" in str(request.url)
        return httpx.Response(200, content=b'{"Codebase": "v1/"}' if found else gzip.compress(b" " * 2000),
                              headers={} if found else {"content-encoding": "gzip"})  # fmt: skip

    transport = httpx.MockTransport(answer)
    made = ConnectWise(connection("x.example"), transport=transport, timeouts=Timeouts(size=1000))
    async with made as connectwise:
        with pytest.raises(NotJson, match="larger than"):
            await connectwise.get("/x/1")


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "deflate"])
async def test_a_content_coding_that_cannot_be_decoded_is_an_error(coding: str) -> None:
    error = await fails(Reply(b"what", headers={"content-encoding": coding}))
    assert isinstance(error, Unreachable)
    assert "content coding" in str(error)


@pytest.mark.parametrize(
    "body", [b'{"id": 1, "id": 2}', b'{"id" : 1, "id" : 2}', b'{"a": {"id": 1, "x": "\\":", "id": 2}}']
)
async def test_a_duplicate_key_in_one_object_is_an_error(body: bytes) -> None:
    waits = Waits()
    error = await fails(Reply(body), waits=waits)
    assert isinstance(error, Malformed)
    assert "contains 'id' twice in one object" in str(error)
    assert waits.slept == []


@pytest.mark.parametrize("body", [b'{"id" : 1, "b" : {"id": 2}}', b'[{"a": "\\":"}, {"a": 1}]'])
async def test_the_same_key_in_several_objects_is_fine(body: bytes) -> None:
    async with Server(scripted(Reply(body))) as server, client(server.site) as connectwise:
        await connectwise._session.send("GET", "/x")


async def test_any_httpx_transport_can_be_used() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        body: Any = {"Codebase": CODEBASE} if "companyinfo" in str(request.url) else {"id": 3}
        return httpx.Response(201 if request.method == "POST" else 200, json=body)

    async def nothing() -> None:
        return None

    transport = httpx.MockTransport(answer)
    async with ConnectWise(connection("api-na.myconnectwise.net"), transport=transport) as connectwise:
        assert await connectwise.create("/x", {"id": 3}, lookup=nothing, read_back=read_back({"id": 3})) == {"id": 3}
    assert [str(request.url) for request in asked] == [
        "https://api-na.myconnectwise.net/login/companyinfo/acme",
        f"https://api-na.myconnectwise.net{ROOT}/x",
    ]
    assert asked[1].content == b'{"id":3}'
    assert not hasattr(asked[1], "nothing")


def test_the_default_clock_is_the_real_one() -> None:
    before = datetime.now(UTC)
    assert before <= Clock().now() <= datetime.now(UTC)


@pytest.mark.parametrize(("setting", "value"), [("max_concurrency", 0), ("bundle_size", 0)])
def test_a_concurrency_or_bundle_size_below_one_is_refused(setting: str, value: int) -> None:
    with pytest.raises(BadConnection, match="is 0"):
        ConnectWise(connection("x.example", **{setting: value}))
