"""Tests of pings."""

from __future__ import annotations

import socket

import pytest

from reconciler.alerts.heartbeat import ping
from tests.alerts.inbox import Inbox


def test_a_ping_is_one_get_request(inbox: Inbox) -> None:
    assert ping(inbox.url("ping/uuid?x=1", "http")) == ""
    assert inbox.pings == ["/ping/uuid?x=1"]


def test_a_monitor_that_does_not_accept_the_ping_is_a_reason(inbox: Inbox) -> None:
    assert ping(inbox.url("404/uuid", "http")) == "the server responded with 404 Not Found"


def test_no_redirect_is_followed(inbox: Inbox) -> None:
    assert ping(inbox.url("302/uuid", "http")) == "the server responded with 302 Found"
    assert len(inbox.requests) == 1


@pytest.mark.parametrize("url", ["http://monitor.example/uuid", "ftp://127.0.0.1/uuid", "uuid", "https://", ""])
def test_a_url_that_others_could_read_or_that_is_none_is_not_requested(url: str) -> None:
    assert ping(url) == "the URL is not an https address"


def test_a_monitor_that_cannot_be_reached_is_a_reason_without_the_token() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reason = ping(f"http://127.0.0.1:{free.getsockname()[1]}/secret-uuid?secret-key")
    assert reason.startswith("there was no response")
    assert "secret" not in reason.replace("(secret)", "")


def test_a_proxy_that_cannot_be_used_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
    assert "socks5" in ping("https://monitor.example/uuid")
