"""The environment's proxy for a URL, and the values that are refused."""

from __future__ import annotations

import pytest

from reconciler.http.proxies import environment_proxy
from reconciler.http.settings import SettingError

SITE = "https://api-na.myconnectwise.net"


def test_without_a_proxy_in_the_environment_requests_go_out_directly() -> None:
    assert environment_proxy(SITE) is None


def test_the_proxy_of_the_environment_is_used_with_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy.example:3128")
    proxy = environment_proxy(SITE)
    assert proxy is not None
    assert str(proxy.url) == "http://proxy.example:3128"
    assert proxy.auth == ("me", "hunter2")


@pytest.mark.parametrize("url", ["https://inside.example/jsonapi", "https://127.0.0.1:8443", "http://127.0.0.1/x"])
def test_no_proxy_is_used_for_exceptions_and_for_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", ".inside.example,inside.example")
    assert environment_proxy(url) is None


def test_a_proxy_may_leave_its_scheme_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    proxy = environment_proxy(SITE)
    assert proxy is not None
    assert str(proxy.url) == "http://proxy.example:3128"


def test_a_proxy_that_does_not_speak_http_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:hunter2@proxy.example:1080")
    with pytest.raises(SettingError, match="socks5") as caught:
        environment_proxy(SITE)
    assert "HTTPS_PROXY" in caught.value.advice
    assert "put api-na.myconnectwise.net into NO_PROXY" in caught.value.advice
    assert "hunter2" not in f"{caught.value}{caught.value.advice}"


@pytest.mark.parametrize(
    "address",
    [
        "http://me:hunter2@proxy:port",
        "http://me:hun/ter2@proxy:80",
        "me:hunter2@",
        "http://:80",
        "http://me:1#ter2@x:y",
        "http://me:hunter2@proxy:80/path",
        "http://me:hunter2@proxy:80?query",
    ],
)
def test_a_value_that_is_not_an_address_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(SettingError, match="not an address") as caught:
        environment_proxy(SITE)
    assert "ter2" not in f"{caught.value}{caught.value.advice}"
