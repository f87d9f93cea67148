"""The production transport: its proxy, TLS, compressed responses, and ordinary httpx requests."""

from __future__ import annotations

import gzip
import ssl

import httpx
import pytest

from reconciler.connectwise import BadConnection, Unreachable
from reconciler.connectwise.connection import Timeouts
from reconciler.connectwise.prepared import PreparedRequest
from reconciler.connectwise.transport import DirectTransport, production_transport

from .servers import Reply, Server, client, scripted


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_a_plain_httpx_client_can_use_the_transport() -> None:
    async with Server(scripted(Reply({"id": 1}))) as server:
        transport = production_transport(server.site, max_connections=2, timeouts=Timeouts())
        async with httpx.AsyncClient(transport=transport) as plain:
            assert (await plain.get(f"{server.site}/x")).json() == {"id": 1}


@pytest.mark.parametrize("coding", ["gzip", ""])
async def test_a_response_is_read_whole_whether_compressed_or_not(coding: str) -> None:
    body = b'{"id": 1}'
    answer = Reply(gzip.compress(body), headers={"content-encoding": coding}) if coding else Reply(body)
    async with Server(scripted(answer)) as server:
        transport = production_transport(server.site, max_connections=2, timeouts=Timeouts())
        host = httpx.URL(server.site).netloc.decode()
        message = PreparedRequest(
            "GET", f"{server.site}/x", headers=httpx.Headers({"host": host}), body=b"", extensions={}
        )
        response = await transport.handle_async_request(message)
        assert (response.status_code, await response.aread(), response.json()) == (200, body, {"id": 1})
        await response.aclose()
        await transport.aclose()


async def test_tls_is_verified() -> None:
    transport = production_transport("https://x.example", max_connections=2, timeouts=Timeouts())
    assert isinstance(transport, DirectTransport)
    assert transport.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert transport.ssl_context.check_hostname


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("HTTPS_PROXY", "socks5://me:hunter2@proxy.example:1080", "uses socks5"),
        ("HTTPS_PROXY", "http://me:hunter2@proxy:port", "not an address"),
        ("SSL_CERT_FILE", "/no/such/file", "SSL_CERT_FILE"),
    ],
)
def test_a_setting_of_the_environment_that_cannot_be_used_is_a_bad_connection(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadConnection, match=told) as caught:
        production_transport("https://api-na.myconnectwise.net", max_connections=2, timeouts=Timeouts())
    assert caught.value.where == "connectwise.site"
    assert caught.value.advice.startswith("Set ")
    assert "hunter2" not in str(caught.value)


async def test_a_proxy_that_refuses_the_tunnel_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(scripted(Reply({}, status=407))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{proxy.port}")
        async with client("https://api-na.example.test") as connectwise:
            with pytest.raises(Unreachable, match="407") as caught:
                await connectwise.info()
    assert proxy.seen[0].method == "CONNECT"
    assert proxy.seen[0].target == "api-na.example.test:443"
    assert proxy.seen[0].headers["proxy-authorization"] == "Basic bWU6aHVudGVyMg=="
    assert "authorization" not in proxy.seen[0].headers
    assert "hunter2" not in str(caught.value)
