"""Tests of 429, Retry-After and the server's clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx

from reconciler.connectwise import (
    ConnectWise,
    TooMany,
)
from reconciler.http.server_clock import ServerClock

from .servers import (
    CODEBASE,
    FINE,
    Reply,
    Seen,
    Server,
    Waits,
    client,
    connection,
    fails,
    scripted,
)


async def test_a_503_with_retry_after_is_waited_for() -> None:
    waits = Waits()
    replies = scripted(Reply({}, status=503, headers={"retry-after": "17"}), FINE)
    async with Server(replies) as server, client(server.site, waits=waits) as connectwise:
        await connectwise.get("/x/1")
    assert waits.slept == [17.0]


async def test_a_429_is_retried_after_the_time_that_the_server_asks_for() -> None:
    waits = Waits()
    replies = scripted(Reply({}, status=429, headers={"retry-after": "7"}), FINE)
    async with Server(replies) as server, client(server.site, waits=waits) as connectwise:
        assert await connectwise.get("/x/1") == {"id": 1}
        assert connectwise.requests.retries == 1
    assert waits.slept == [7.0]


async def test_a_retry_after_date_is_compared_with_the_servers_clock() -> None:
    waits = Waits()
    headers = {"date": "Sun, 01 Nov 2026 10:00:00 GMT", "retry-after": "Sun, 01 Nov 2026 10:00:42 GMT"}
    replies = scripted(Reply({}, status=429, headers=headers), FINE)
    async with Server(replies) as server, client(server.site, waits=waits) as connectwise:
        await connectwise.get("/x/1")
    assert waits.slept == [42.0]


async def test_the_date_header_gives_the_offset_of_the_tenants_clock() -> None:
    here = datetime(2026, 11, 1, 10, tzinfo=UTC)
    dates = iter(["Sun, 01 Nov 2026 10:07:00 GMT", "never", "Sun, 01 Nov 2026 10:07:00 GMT"])

    def answer(_seen: Seen) -> Reply:
        return Reply({"id": 1}, headers={"date": next(dates)})

    async with Server(answer) as server:
        made = ConnectWise(connection(server.site), now=lambda: here)
        async with made as connectwise:
            assert connectwise.server_clock is None
            await connectwise.get("/x/1")
            assert connectwise.server_clock == ServerClock(timedelta(seconds=420.5), timedelta(seconds=0.5))
            await connectwise.get("/x/1")
            await connectwise.get("/x/1")
    assert connectwise.server_clock == ServerClock(timedelta(seconds=420.5), timedelta(seconds=0.5))


async def test_the_date_header_of_a_cached_response_is_ignored() -> None:
    cached = Reply({"id": 1}, headers={"date": "Sun, 01 Nov 2026 10:07:00 GMT", "age": "30"})
    async with Server(scripted(cached)) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
    assert connectwise.server_clock is None


async def test_a_long_pause_is_shortened_with_one_notice() -> None:
    notices: list[str] = []
    waits = Waits()
    long = Reply({}, status=429, headers={"retry-after": "3600"})
    server = Server(scripted(long, long, FINE))
    async with server, client(server.site, waits=waits, on_notice=notices.append) as connectwise:
        await connectwise.get("/x/1")
    assert waits.slept == [120.0, 120.0]
    assert notices == ["ConnectWise asks for a pause of 3600 s; the next try is after 120 s."]


async def test_429_for_ten_minutes_is_an_error() -> None:
    waits = Waits()
    error = await fails(Reply({"message": "slow down"}, status=429, headers={"retry-after": "100"}), waits=waits)
    assert isinstance(error, TooMany)
    assert waits.slept == [100.0] * 6
    assert "slow down, and again after 600 s of pauses" in str(error)
    assert "maxConcurrency" in error.advice


async def test_a_429_without_retry_after_is_waited_for_longer_each_time() -> None:
    waits = Waits()
    refused = Reply({}, status=429)
    replies = scripted(refused, refused, refused, FINE)
    async with Server(replies) as server, client(server.site, waits=waits) as connectwise:
        await connectwise.get("/x/1")
    assert waits.slept == [1.0, 2.0, 4.0]


async def test_many_requests_share_one_pause() -> None:
    waits = Waits()
    all_sent = asyncio.Barrier(8)
    refused: set[str] = set()

    async def answer(request: httpx.Request) -> httpx.Response:
        if "companyinfo" in request.url.path:
            return httpx.Response(200, json={"Codebase": CODEBASE})
        if request.url.path in refused:
            return httpx.Response(200, json={"id": 1})
        refused.add(request.url.path)
        await all_sent.wait()
        return httpx.Response(429, headers={"retry-after": "5"})

    made = ConnectWise(
        connection("x.example", max_concurrency=8), transport=httpx.MockTransport(answer), clock=waits.clock
    )
    async with made as connectwise:
        read = await asyncio.gather(*(connectwise.get(f"/x/{number}") for number in range(8)))
    assert read == [{"id": 1}] * 8
    assert waits.slept == [5.0]
