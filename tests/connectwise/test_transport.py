"""The production transport: which way it takes, and that any request of httpx may take it."""

from __future__ import annotations

import gzip
import ssl

import httpx
import pytest

from reconciler.connectwise import BadConnection, Unreachable
from reconciler.connectwise.connection import Timeouts
from reconciler.connectwise.message import Message
from reconciler.connectwise.transport import DirectTransport, production_transport, proxy_for

from .servers import Reply, Server, client, scripted


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_a_plain_httpx_client_may_use_the_transport_as_well() -> None:
    async with Server(scripted(Reply({"id": 1}))) as server:
        transport = production_transport(server.site, max_connections=2, timeouts=Timeouts())
        async with httpx.AsyncClient(transport=transport) as plain:
            assert (await plain.get(f"{server.site}/x")).json() == {"id": 1}


@pytest.mark.parametrize("coding", ["gzip", ""])
async def test_an_answer_comes_whole_whether_compressed_or_not(coding: str) -> None:
    body = b'{"id": 1}'
    answer = Reply(gzip.compress(body), headers={"content-encoding": coding}) if coding else Reply(body)
    async with Server(scripted(answer)) as server:
        transport = production_transport(server.site, max_connections=2, timeouts=Timeouts())
        host = httpx.URL(server.site).netloc.decode()
        message = Message("GET", f"{server.site}/x", headers=httpx.Headers({"host": host}), body=b"", extensions={})
        response = await transport.handle_async_request(message)
        assert (response.status_code, await response.aread(), response.json()) == (200, body, {"id": 1})
        await response.aclose()
        await transport.aclose()


async def test_tls_is_verified() -> None:
    transport = production_transport("https://x.example", max_connections=2, timeouts=Timeouts())
    assert isinstance(transport, DirectTransport)
    assert transport.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert transport.ssl_context.check_hostname


def test_without_a_proxy_in_the_environment_there_is_none() -> None:
    assert proxy_for("https://api-na.myconnectwise.net") is None


def test_the_proxy_of_the_environment_is_used_unless_the_site_is_excepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy.example:3128")
    assert proxy_for("https://api-na.myconnectwise.net") == "http://me:hunter2@proxy.example:3128"
    assert proxy_for("https://127.0.0.1:8443") is None
    monkeypatch.setenv("NO_PROXY", ".myconnectwise.net")
    assert proxy_for("https://api-na.myconnectwise.net") is None


def test_a_proxy_may_leave_its_scheme_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    assert proxy_for("https://api-na.myconnectwise.net") == "http://proxy.example:3128"


def test_a_proxy_of_another_kind_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:hunter2@proxy.example:1080")
    with pytest.raises(BadConnection, match="socks5") as caught:
        proxy_for("https://api-na.myconnectwise.net")
    assert "HTTPS_PROXY" in caught.value.advice
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:hunter2@proxy:port",
        "http://me:hun/ter2@proxy:80",
        "me:hunter2@",
        "http://:80",
        "http://me:1#ter2@x:y",
    ],
)
def test_a_proxy_that_is_no_address_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(BadConnection, match="not an address") as caught:
        proxy_for("https://api-na.myconnectwise.net")
    assert "ter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["/no/such/file", __file__])
def test_certificates_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", name)
    with pytest.raises(BadConnection, match="SSL_CERT_FILE"):
        production_transport("https://x.example", max_connections=2, timeouts=Timeouts())


async def test_the_proxy_is_asked_for_a_tunnel_and_its_no_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
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
