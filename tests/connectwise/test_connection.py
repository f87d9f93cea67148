"""The checks of the connection's settings before any request is sent."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise import BadConnection, UnknownCompany, Unreachable
from reconciler.connectwise.connection import base_url, headers, secrets
from reconciler.http.addresses import is_loopback

from .servers import Reply, Server, client, connection


@pytest.mark.parametrize(
    ("site", "base"),
    [
        ("api-na.myconnectwise.net", "https://api-na.myconnectwise.net"),
        ("https://api-na.myconnectwise.net/", "https://api-na.myconnectwise.net"),
        (" HTTPS://PSA.Example.Test:8443/cw/ ", "https://psa.example.test:8443/cw"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_site_is_https_unless_it_is_this_machine(site: str, base: str) -> None:
    assert base_url(site) == base


@pytest.mark.parametrize(
    "site",
    ["http://api-na.myconnectwise.net", "http://10.0.0.1", "http://localhost.example.com", "http://127.0.0.1.nip.io"],
)
def test_plain_http_to_any_other_machine_is_refused(site: str) -> None:
    with pytest.raises(BadConnection, match="unencrypted") as caught:
        base_url(site)
    assert str(caught.value).startswith("connectwise.site: plain http")
    assert "https://" in caught.value.advice


@pytest.mark.parametrize("site", ["", "https://", "a b.example", "https://[::1", "https://x:notaport"])
def test_a_value_that_is_not_a_site_is_refused(site: str) -> None:
    with pytest.raises(BadConnection, match="is not a site"):
        base_url(site)


def test_other_schemes_are_refused() -> None:
    with pytest.raises(BadConnection, match="its scheme"):
        base_url("ftp://api-na.myconnectwise.net")


def test_a_password_in_the_site_is_refused_and_not_shown() -> None:
    with pytest.raises(BadConnection) as caught:
        base_url("https://me:hunter2@api-na.myconnectwise.net")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "site",
    [
        "me:hunter2@api-na.myconnectwise.net",
        "https://me:hun/ter2@api-na.myconnectwise.net",
        "https://me:1#hunter2@api-na.myconnectwise.net",
        "https://me:1?hunter2@api-na.myconnectwise.net",
        "https://api-na.myconnectwise.net/hunter2@",
        "https://hunter2 @x",
        "https://api-na.myconnectwise.net/?key=hunter2",
        "https://api-na.myconnectwise.net/#hunter2",
        "https://hunter2:hunter2",
        "hunter2://x.example",
        "http://hunter2",
        "https://" + "hunter2" * 40 + ".example",
    ],
)
def test_no_part_of_a_refused_site_is_shown(site: str) -> None:
    with pytest.raises(BadConnection) as caught:
        base_url(site)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "site", ["Private456", "https://private456", "Public123.example", "https://x.example/Private456"]
)
async def test_a_key_as_the_site_is_refused_and_not_shown(site: str) -> None:
    with pytest.raises(BadConnection, match="in the wrong variable") as caught:
        client(site)
    assert not re.search("private456|public123", str(caught.value), re.IGNORECASE)


async def test_a_site_of_one_word_may_be_a_key_and_is_not_shown() -> None:
    async with client("AnotherKey789") as connectwise:
        with pytest.raises(Unreachable, match="no complete response from the site") as caught:
            await connectwise.info()
    assert "anotherkey789" not in str(caught.value).casefold()


@pytest.mark.parametrize("company", ["https://me:hunter2@x.example", "me:hunter2", "hunter2 " * 40 + "x", "a?hunter2"])
def test_no_part_of_a_refused_company_is_shown(company: str) -> None:
    with pytest.raises(BadConnection, match="the value is not a company") as caught:
        headers(connection("x.example", company=company))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("company", ["Private456", "Public123"])
def test_a_key_as_the_company_is_refused_and_not_shown(company: str) -> None:
    with pytest.raises(BadConnection, match="in the wrong variable") as caught:
        secrets(connection("x.example", company=company))
    assert company not in str(caught.value)


@pytest.mark.parametrize("key", ["Ab3dEfGh1jKlMn0p", "0f8fad5b-d9cb-469f-a165-70867728950e"])
async def test_a_company_that_looks_like_a_key_is_not_shown(key: str) -> None:
    nobody = Server(lambda _seen: Reply({}), codebase=lambda: None)
    async with nobody as server, client(server.site, company=key) as connectwise:
        with pytest.raises(UnknownCompany) as caught:
            await connectwise.info()
    assert "/login/companyinfo/(secret)" in str(caught.value)
    assert key not in str(caught.value)


@pytest.mark.parametrize("setting", ["company", "client_id", "public_key", "private_key", "api_version"])
@pytest.mark.parametrize("value", ["", "x\r\ny: z", "x ", "naïve"])
def test_a_value_that_no_header_can_hold_is_refused_and_not_shown(setting: str, value: str) -> None:
    with pytest.raises(BadConnection) as caught:
        headers(connection("x.example", **{setting: value}))
    assert not value or value not in str(caught.value)


def test_secrets_are_the_keys_and_their_token() -> None:
    assert secrets(connection("x.example")).values == (
        "YWNtZStQdWJsaWMxMjM6UHJpdmF0ZTQ1Ng==",
        "Private456",
        "Public123",
    )


@given(st.text())
def test_any_text_is_either_a_site_or_refused_with_advice(site: str) -> None:
    with suppress(BadConnection):
        base = urlsplit(base_url(site))
        assert base.scheme == "https" or is_loopback(base.hostname or "")
