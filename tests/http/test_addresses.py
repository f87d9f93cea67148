"""Which addresses may be shown, and which are this machine."""

from __future__ import annotations

import pytest

from reconciler.http.addresses import is_loopback, is_plain_name, may_hold_credentials


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
def test_an_address_with_an_at_may_hold_credentials(address: str) -> None:
    assert may_hold_credentials(address)


def test_an_address_without_one_does_not() -> None:
    assert not may_hold_credentials("https://api-na.myconnectwise.net:443/v4_6_release/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(host)
    assert not is_plain_name(host)


@pytest.mark.parametrize(("host", "plain"), [("x.example", False), ("10.0.0.1", False), ("connectwise", True)])
def test_other_machines_are_not_this_one(host: str, plain: bool) -> None:
    assert not is_loopback(host)
    assert is_plain_name(host) is plain
