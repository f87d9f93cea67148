from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from reconciler.usage.errors import SourceError
from reconciler.usage.sources.cove import pull
from reconciler.usage.sources.http import environment_proxy

from .console import settings
from .servers import Reply, Server, Time

NOW = datetime(2025, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_the_environment_may_name_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    found = environment_proxy("https://api.backup.management/jsonapi", "cove")
    assert isinstance(found, httpx.Proxy)
    assert str(found.url) == "http://proxy.example:3128"
    assert environment_proxy("https://inside.example/jsonapi", "cove") is None
    assert environment_proxy("http://127.0.0.1/jsonapi", "cove") is None


def test_without_a_proxy_the_server_is_asked_itself() -> None:
    assert environment_proxy("https://api.backup.management/jsonapi", "cove") is None


def test_a_proxy_of_another_kind_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example:1080")
    with pytest.raises(SourceError, match=r"speaks socks5.*\n.*put api.backup.management into NO_PROXY"):
        environment_proxy("https://api.backup.management/jsonapi", "cove")


async def test_a_proxy_that_wants_credentials_is_a_failed_pull(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(lambda _: Reply(status=407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.removesuffix("/jsonapi"))
        time = Time()
        found = await pull(settings("https://console.example/jsonapi"), NOW, sleep=time.sleep, clock=time)
    assert proxy.seen[0].method == "CONNECT"
    assert found.state == "failed"
    assert "407" in str(found.error)
