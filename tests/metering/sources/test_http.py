"""Tests of requests to sources: retries, limits, proxies and redirects."""

from __future__ import annotations

import gzip
import re
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.ledger.records import Pull
from reconciler.metering.sources import json_rows
from reconciler.metering.sources.cove import pull
from reconciler.metering.sources.http import Limits
from reconciler.metering.sources.json_rows import JsonSettings

from .console import Console, device, partner, settings
from .servers import Reply, Server, Time, as_json

NOW = datetime(2025, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HTTPS_PROXY", "socks5://proxy.example:1080", r"uses socks5.*\n.*put console.example into NO_PROXY"),
        ("HTTPS_PROXY", "http://us3r:s3cr3t@proxy:port", "the proxy of the environment is not an address"),
        ("HTTPS_PROXY", "http://us3r:s3cr3t@proxy:80/path", "the proxy of the environment is not an address"),
        ("SSL_CERT_FILE", "/no/such/file", "SSL_CERT_FILE or SSL_CERT_DIR name cannot be read"),
    ],
)
async def test_an_unusable_environment_variable_is_a_failed_pull(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    found = await pull(settings("https://console.example/jsonapi"), NOW)
    assert found.state == "failed"
    assert re.search(f"^usage source cove: .*{message}", str(found.error))
    assert "s3cr3t" not in str(found.error)


async def test_a_proxy_that_asks_for_credentials_is_a_failed_pull(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(lambda _: Reply(status=407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.removesuffix("/jsonapi"))
        time = Time()
        found = await pull(settings("https://console.example/jsonapi"), NOW, sleep=time.sleep, clock=time)
    assert proxy.seen[0].method == "CONNECT"
    assert found.state == "failed"
    assert "407" in str(found.error)


async def rows_of(reply: Reply, limits: Limits | None = None, path: str = "") -> tuple[Pull, int]:
    """Return the pull of a JSON source whose endpoint always sends `reply`, and the number of requests."""
    clock = Time()
    async with Server(lambda _: reply) as server:
        found = await json_rows.pull(
            JsonSettings("rows", url=server.url + path), NOW, sleep=clock.sleep, clock=clock, limits=limits
        )
    return found, len(server.seen)


@pytest.mark.parametrize("body", [b" ", b"", b"x" * 1000])
async def test_an_endless_slow_response_is_stopped_and_not_requested_again(body: bytes) -> None:
    began = time.monotonic()
    found, asked = await rows_of(Reply(body, forever=0.02), Limits(seconds=0.3))
    assert "no complete response within 0.3 s" in str(found.error)
    assert found.state == "failed"
    assert asked == 1
    assert time.monotonic() - began < 5


async def test_an_endless_response_is_stopped_at_the_largest_size() -> None:
    found, asked = await rows_of(Reply(b"x" * 65536, forever=0.0), Limits(size=2**20))
    assert "the response is larger than 1 MiB" in str(found.error)
    assert asked == 1


async def test_a_response_that_is_too_large_after_decompression_is_stopped() -> None:
    body = gzip.compress(b" " * 2**22)
    found, _ = await rows_of(Reply(body, headers={"Content-Encoding": "gzip"}), Limits(size=2**20))
    assert "the response is larger than 1 MiB" in str(found.error)


async def test_the_limits_hold_for_the_console_too_and_the_error_names_the_call() -> None:
    console = Console([partner(10, "Acme")], [device(1, 10)])
    console.instead["EnumerateAccountStatistics"] = [Reply(b" ", forever=0.02)]
    async with Server(console) as server:
        found = await pull(settings(server.url), NOW, limits=Limits(seconds=0.3))
        assert f"{server.url} EnumerateAccountStatistics: no complete response" in str(found.error)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"HTTP/9.9 what\r\n\r\n"),
        Reply(raw=b"\x16\x03\x01\x02\x00\x01"),
        Reply(raw=b"SSH-2.0-OpenSSH_9.0\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n"),
        Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=lambda reply: repr(reply.raw)[:24],
)
async def test_a_response_that_is_not_http_is_a_failed_pull(reply: Reply) -> None:
    found, asked = await rows_of(reply, path="/usage?key=s3cret")
    assert "no usable response after 5 attempts; the last error: " in str(found.error)
    assert asked == 5
    assert "s3cret" not in str(found.error), "the query of an address may hold a secret"


async def test_retry_after_may_be_a_date() -> None:
    dates = {"Date": "Sun, 22 Nov 2026 12:00:00 GMT", "Retry-After": "Sun, 22 Nov 2026 12:00:07 GMT"}
    replies = [Reply(status=429, headers=dates), Reply(status=503, headers={"Retry-After": "never"})]
    clock = Time()
    async with Server(lambda _: replies.pop(0) if replies else as_json([])) as server:
        await json_rows.pull(JsonSettings("rows", url=server.url), NOW, sleep=clock.sleep, clock=clock)
    assert clock.slept == [7.0, 1.0]


async def test_the_error_for_a_redirect_shows_no_credentials() -> None:
    found, _ = await rows_of(Reply(status=302, headers={"Location": "https://us3r:s3cr3t@x.example/"}))
    assert "the server redirects (302)\n" in str(found.error)
    assert "s3cr3t" not in str(found.error)


@pytest.mark.parametrize("name", ["partner", "username", "password"])
@pytest.mark.parametrize(("value", "message"), [("", "is empty"), ("a\udcff", "is not UTF-8")])
async def test_a_login_that_cannot_be_sent_is_refused_before_a_request(name: str, value: str, message: str) -> None:
    async with Server(Console()) as server:
        found = await pull(replace(settings(server.url), **{name: value}), NOW)
    assert f"usage source cove: {name} {message}" in str(found.error)
    assert server.seen == []
