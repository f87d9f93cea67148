"""Addresses of this machine, and addresses that may hold a secret."""

from __future__ import annotations

import pytest

from reconciler.http.addresses import is_loopback, is_plain_name, is_protected, may_hold_credentials, url_parts


@pytest.mark.parametrize(
    "address",
    [
        "https://me:hunter2@x.example",
        "https://me@x.example",
        "me:hun/ter2@x.example",
        "https://me:1#2@x.example",
        "https://me:hunter2%40x.example",
        "https://me:hunter2%2540x.example",
    ],
)
def test_an_address_with_an_at_sign_may_hold_credentials(address: str) -> None:
    assert may_hold_credentials(address)


def test_an_address_without_an_at_sign_holds_no_credentials() -> None:
    assert not may_hold_credentials("https://api-na.myconnectwise.net:443/v4_6_release/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_hosts_are_this_machine(host: str) -> None:
    assert is_loopback(host)
    assert not is_plain_name(host)


@pytest.mark.parametrize(("host", "plain"), [("x.example", False), ("10.0.0.1", False), ("connectwise", True)])
def test_other_hosts_are_not_this_machine(host: str, plain: bool) -> None:
    assert not is_loopback(host)
    assert is_plain_name(host) is plain


@pytest.mark.parametrize(
    ("url", "protected"),
    [
        ("https://monitor.example/x", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://monitor.example/x", False),
        ("ftp://127.0.0.1/x", False),
    ],
)
def test_a_request_is_protected_if_it_is_encrypted_or_stays_on_this_machine(url: str, *, protected: bool) -> None:
    parts = url_parts(url)
    assert parts is not None
    assert is_protected(parts) is protected


@pytest.mark.parametrize(
    "text", ["", "monitor.example", "https://", "https://a b", "https://a\n", "http://h:port", "x://<a>"]
)
def test_a_text_without_a_scheme_and_a_host_is_no_url(text: str) -> None:
    assert url_parts(text) is None
