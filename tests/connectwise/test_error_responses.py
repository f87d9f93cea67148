"""Tests of error responses: each becomes an error with advice, and shows no secret."""

from __future__ import annotations

import time

import httpx
import pytest

from reconciler.connectwise import (
    Conflict,
    ConnectWise,
    ConnectWiseError,
    Forbidden,
    Invalid,
    NotFound,
    Redirected,
    TooLong,
    Unauthorized,
    Unreachable,
)
from reconciler.connectwise.errors import Malformed

from .servers import (
    FINE,
    INVALID,
    Reply,
    Server,
    Waits,
    client,
    connection,
    fails,
    scripted,
)


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
    assert error.advice == "Shorten the value to the length of the field."


async def test_a_redirect_to_another_host_is_not_followed_with_credentials() -> None:
    error = await fails(Reply(b"", status=302, headers={"location": "https://login.example/x?y"}))
    assert isinstance(error, Redirected)
    assert "redirect to login.example" in str(error)
    assert "Set site" in error.advice


@pytest.mark.parametrize("headers", [{}, {"location": "https://[broken"}])
async def test_a_redirect_without_a_usable_location_is_an_error(headers: dict[str, str]) -> None:
    assert "the response is a redirect\n" in str(await fails(Reply(b"", status=301, headers=headers)))


async def test_a_secret_that_the_server_repeats_in_another_encoding_is_not_shown() -> None:
    padding = "x" * 190
    error = await fails(Reply({"message": "no such key Private%34%356 (UHJpdmF0ZTQ1Ng)"}, status=400))
    assert str(error).count("(secret)") == 2
    for body in (f"<p>{padding}Private456", f"<p>{padding} Private4"):
        error = await fails(Reply(body.encode(), status=400))
        assert "Privat" not in str(error)


async def test_an_untrusted_certificate_has_its_own_advice() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("certificate verify failed: self-signed certificate")

    transport = httpx.MockTransport(answer)
    async with ConnectWise(connection("x.example"), transport=transport, clock=Waits().clock) as connectwise:
        with pytest.raises(Unreachable) as caught:
            await connectwise.info()
    assert "SSL_CERT_FILE" in caught.value.advice
