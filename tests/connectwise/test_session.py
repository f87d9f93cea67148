"""Faults of the server and the network: retries, and errors with advice."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from reconciler.connectwise import (
    BadConnection,
    Conflict,
    Connection,
    ConnectWise,
    ConnectWiseError,
    Forbidden,
    Invalid,
    NotFound,
    NotJson,
    Redirected,
    ServerFailed,
    TooLong,
    TooMany,
    Unauthorized,
    UnknownCompany,
    Unreachable,
)
from reconciler.connectwise.connection import Timeouts
from reconciler.connectwise.errors import Malformed
from reconciler.connectwise.session import Clock
from reconciler.http.server_clock import ServerClock
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.state.sandbox import Sandbox

from .servers import CODEBASE, DROPPED, HTML, ROOT, Reply, Seen, Server, Waits, client, connection, read_back, scripted

FINE = Reply({"id": 1})
INVALID = Reply(
    {
        "code": "InvalidObject",
        "message": "company object is invalid",
        "errors": [
            {
                "code": "MissingRequiredField",
                "message": "identifier is required",
                "resource": "company",
                "field": "identifier",
            }
        ],
    },
    status=400,
)


async def fails(*replies: Reply, waits: Waits | None = None, accepted: bool = True) -> ConnectWiseError:
    """Return the error of a GET with this response, after a first request that was successful."""
    first = [Reply({"version": "v1"})] if accepted else []
    async with Server(scripted(*first, *replies)) as server, client(server.site, waits=waits) as connectwise:
        if accepted:
            await connectwise.info()
        with pytest.raises(ConnectWiseError) as caught:
            await connectwise.get("/company/companies/7")
    for secret in ("Private456", "Public123", "YWNtZS"):
        assert secret not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (400, Invalid, "Correct what the message names"),
        (401, Unauthorized, "Check company, publicKey, privateKey and site"),
        (403, Forbidden, "clientId"),
        (404, NotFound, "deleted"),
        (405, Invalid, "Nothing was stored"),
        (409, Conflict, "Another object uses this one"),
        (414, TooLong, "fewer values"),
        (415, Invalid, "Nothing was stored"),
    ],
)
async def test_each_error_status_has_its_error_and_its_advice(
    status: int, kind: type[ConnectWiseError], advice: str
) -> None:
    error = await fails(Reply({"code": "Whatever", "message": "It says no"}, status=status))
    assert type(error) is kind
    assert (error.method, error.endpoint, error.status) == ("GET", "/company/companies/7", status)
    assert error.code == "Whatever"
    assert str(error).startswith(f"GET /company/companies/7: ConnectWise responded with {status} Whatever: It says no")
    assert advice in error.advice


async def test_refused_fields_are_named_with_advice_for_their_code() -> None:
    error = await fails(INVALID)
    assert [(entry.code, entry.field) for entry in error.fields] == [("MissingRequiredField", "identifier")]
    assert "identifier: identifier is required (MissingRequiredField)" in str(error)
    assert error.advice == "Add the missing field."


async def test_an_error_response_that_is_not_json_shows_its_start() -> None:
    error = await fails(Reply(b"<h1>No\n way</h1> Private456", status=400))
    assert "ConnectWise responded with 400: <h1>No way</h1> (secret)" in str(error)


async def test_a_404_before_any_successful_request_means_bad_credentials() -> None:
    error = await fails(Reply({"code": "NotFound", "message": "Not here"}, status=404), accepted=False)
    assert isinstance(error, Unauthorized)
    assert "The cloud can respond to bad credentials with 404." in error.advice


async def test_a_404_of_the_probe_itself_means_bad_credentials() -> None:
    async with Server(scripted(Reply(HTML.body, status=404))) as server, client(server.site) as connectwise:
        with pytest.raises(Unauthorized):
            await connectwise.info()
    assert server.asked == ["GET /system/info"]


@pytest.mark.parametrize("probe", [Reply({"version": "v1"}), Reply({}, status=403)])
async def test_a_first_404_is_not_found_when_the_credentials_are_good(probe: Reply) -> None:
    def answer(seen: Seen) -> Reply:
        return probe if seen.path.endswith("/system/info") else Reply({"code": "NotFound", "message": "x"}, status=404)

    async with Server(answer) as server, client(server.site) as connectwise:
        with pytest.raises(NotFound):
            await connectwise.get("/company/companies/7")
        with pytest.raises(NotFound):
            await connectwise.get("/company/companies/8")
    assert server.asked[:2] == ["GET /company/companies/7", "GET /system/info"]


async def test_an_unknown_company_is_named_with_the_site_and_the_regions() -> None:
    async with Server(scripted(FINE), codebase=lambda: None) as server, client(server.site) as connectwise:
        with pytest.raises(UnknownCompany) as caught:
            await connectwise.info()
    assert f"{server.site} has no company 'acme'" in str(caught.value)
    assert "api-eu.myconnectwise.net" in caught.value.advice


@pytest.mark.parametrize(
    "answer",
    [
        Reply(HTML.body, status=404),
        Reply({"Codebase": "https://elsewhere.example/"}),
        Reply({"Codebase": "../../x"}),
        Reply(["v1"]),
        HTML,
    ],
)
async def test_a_site_that_is_not_connectwise_is_an_error(answer: Reply) -> None:
    async with Server(scripted(FINE), codebase=lambda: answer) as server, client(server.site) as connectwise:
        with pytest.raises(NotJson, match=r"Check\s+(the )?site"):
            await connectwise.info()
    assert server.seen == []


async def test_an_upgrade_of_the_tenant_during_a_run_is_followed() -> None:
    codebases = iter(["v2026_3/", "v2026_4/"])

    def answer(seen: Seen) -> Reply:
        return FINE if seen.path.startswith("/v2026_4/") else Reply(HTML.body, status=404)

    moving = Server(answer, codebase=lambda: {"Codebase": next(codebases)})
    async with moving as server, client(server.site) as connectwise:
        read = await asyncio.gather(*(connectwise.get(f"/x/{number}") for number in range(5)))
    assert read == [{"id": 1}] * 5
    assert len(server.discoveries) == 2


async def test_a_missing_endpoint_causes_one_more_discovery_only() -> None:
    gone = Reply({"code": "ConnectWiseApi", "message": "The endpoint does not exist."}, status=404)
    replies = scripted(FINE, gone)
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        for _ in range(3):
            with pytest.raises(NotFound, match=r"The endpoint does not exist\."):
                await connectwise.get("/x/2")
    assert len(server.discoveries) == 2


async def test_a_missing_object_does_not_start_a_new_discovery() -> None:
    replies = scripted(FINE, Reply({"code": "NotFound", "message": "Contact 57919 not found"}, status=404))
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        with pytest.raises(NotFound, match="Contact 57919 not found"):
            await connectwise.get("/company/contacts/57919")
    assert len(server.discoveries) == 1


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


async def test_a_servers_message_is_shown_on_one_line_and_shortened() -> None:
    entries = [{"code": "InvalidField", "field": f"field{number}", "message": "no" * 5000} for number in range(40)]
    body = {"code": "Bad\x1b[2J", "message": "one\r\ntwo\x00" + "x" * 5000, "errors": entries}
    error = await fails(Reply(body, status=400))
    assert "Bad [2J: one two xxx" in error.what
    assert error.what.isprintable()
    assert len(error.what) < 30_000
    assert error.what.endswith("; and 20 more")


async def test_a_very_large_error_response_is_read_quickly() -> None:
    entries = [{"code": "InvalidField", "field": "x", "message": "no"}] * 50_000
    started = time.monotonic()
    error = await fails(Reply({"code": "Bad", "message": "Privat" * 1_000_000, "errors": entries}, status=400))
    assert time.monotonic() - started < 10
    assert len(error.what) < 30_000


async def test_a_byte_order_mark_is_ignored() -> None:
    async with Server(scripted(Reply(b'\xef\xbb\xbf{"id" : 1}'))) as server, client(server.site) as connectwise:
        assert await connectwise.get("/x/1") == {"id": 1}


async def test_a_server_that_keeps_failing_gets_four_tries() -> None:
    waits = Waits()
    error = await fails(Reply({}, status=500), waits=waits)
    assert isinstance(error, ServerFailed)
    assert waits.slept == [0.5, 1.0, 2.0]
    assert "Run again later" in error.advice


async def test_a_503_with_retry_after_is_waited_for() -> None:
    waits = Waits()
    replies = scripted(Reply({}, status=503, headers={"retry-after": "17"}), FINE)
    async with Server(replies) as server, client(server.site, waits=waits) as connectwise:
        await connectwise.get("/x/1")
    assert waits.slept == [17.0]


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


async def test_a_cloud_site_without_its_api_prefix_has_its_own_advice() -> None:
    refused = {"code": "Security", "message": "SSL is required."}
    for status in (200, 401, 403, 404):
        error = await fails(Reply(refused, status=status), accepted=False)
        assert isinstance(error, Forbidden)
        assert "begins with api-" in error.advice


async def test_a_refused_discovery_of_a_cloud_site_has_its_own_advice() -> None:
    refused = Reply({"code": "Security", "message": "SSL is required."})
    async with Server(scripted(FINE), codebase=lambda: refused) as server, client(server.site) as connectwise:
        with pytest.raises(Forbidden, match="SSL is required") as caught:
            await connectwise.info()
    assert "api-na.myconnectwise.net" in caught.value.advice


async def test_a_malformed_value_with_a_secret_does_not_show_the_secret() -> None:
    async with Server(scripted(Reply([{"id": "Private456"}]))) as server, client(server.site) as connectwise:
        with pytest.raises(Malformed, match="an id is expected") as caught:
            await connectwise.list("/x")
    assert "Private456" not in str(caught.value)


async def test_a_value_that_is_too_long_for_its_field_has_its_own_advice() -> None:
    error = await fails(
        Reply({"code": "InvalidObject", "errors": [{"code": "MaxLengthField", "field": "identifier"}]}, status=400)
    )
    assert "identifier: MaxLengthField" in str(error)
    assert error.advice == "Shorten the value to what the field can hold."


async def test_an_empty_discovery_is_retried_and_does_not_mean_an_unknown_company() -> None:
    answers = iter([Reply(b""), HTML, {"Codebase": CODEBASE}])
    async with Server(scripted(FINE), codebase=lambda: next(answers)) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
    assert len(server.discoveries) == 3


async def test_a_later_upgrade_is_followed_after_an_endpoint_that_is_missing() -> None:
    codebases = iter(["v1/", "v1/", "v2/"])

    def answer(seen: Seen) -> Reply:
        missing = seen.path.endswith("/gone") or (len(server.discoveries) >= 2 and seen.path.startswith("/v1/"))
        return Reply({"code": "ConnectWiseApi", "message": "x"}, status=404) if missing else FINE

    server = Server(answer, codebase=lambda: {"Codebase": next(codebases)})
    async with server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        with pytest.raises(NotFound):
            await connectwise.get("/gone")
        assert await connectwise.get("/y/1") == {"id": 1}
    assert len(server.discoveries) == 3


async def test_a_redirect_to_another_host_is_not_followed_with_credentials() -> None:
    error = await fails(Reply(b"", status=302, headers={"location": "https://login.example/x?y"}))
    assert isinstance(error, Redirected)
    assert "redirect to login.example" in str(error)
    assert "Set site" in error.advice


@pytest.mark.parametrize("headers", [{}, {"location": "https://[broken"}])
async def test_a_redirect_without_a_usable_location_is_an_error(headers: dict[str, str]) -> None:
    assert "the response is a redirect\n" in str(await fails(Reply(b"", status=301, headers=headers)))


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


async def test_a_secret_that_the_server_repeats_in_another_encoding_is_not_shown() -> None:
    padding = "x" * 190
    error = await fails(Reply({"message": "no such key Private%34%356 (UHJpdmF0ZTQ1Ng)"}, status=400))
    assert str(error).count("(secret)") == 2
    for body in (f"<p>{padding}Private456", f"<p>{padding} Private4"):
        error = await fails(Reply(body.encode(), status=400))
        assert "Privat" not in str(error)


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


async def test_an_untrusted_certificate_has_its_own_advice() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("certificate verify failed: self-signed certificate")

    transport = httpx.MockTransport(answer)
    async with ConnectWise(connection("x.example"), transport=transport, clock=Waits().clock) as connectwise:
        with pytest.raises(Unreachable) as caught:
            await connectwise.info()
    assert "SSL_CERT_FILE" in caught.value.advice


def test_the_default_clock_is_the_real_one() -> None:
    before = datetime.now(UTC)
    assert before <= Clock().now() <= datetime.now(UTC)


@pytest.mark.parametrize(("setting", "value"), [("max_concurrency", 0), ("bundle_size", 0)])
def test_a_concurrency_or_bundle_size_below_one_is_refused(setting: str, value: int) -> None:
    with pytest.raises(BadConnection, match="is 0"):
        ConnectWise(connection("x.example", **{setting: value}))
