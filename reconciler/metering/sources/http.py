"""Send requests to usage sources, repeat them after errors, and limit the time and the size of each response.

The requests only read. So each can be repeated after a lost response, a 429 or a 5xx.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from reconciler.http.addresses import may_hold_credentials
from reconciler.http.bodies import LARGEST_BODY, OversizeError, read_up_to
from reconciler.http.causes import cause_of
from reconciler.http.headers import is_header_value
from reconciler.http.proxies import environment_proxy
from reconciler.http.retry_after import retry_after_seconds
from reconciler.http.settings import SettingError
from reconciler.http.tls import authorities_unread, tls_context
from reconciler.metering.sources.addresses import check_address, redacted
from reconciler.metering.sources.errors import HELD, GarbledError, SourceError, UnauthorizedError
from reconciler.metering.sources.pulling import Sleep

ATTEMPTS = 5
"""How often a request is sent until it has a response with status 200."""

GARBLED_ATTEMPTS = 3
"""How often a request is sent until its response is complete JSON."""

FIRST_WAIT = 0.5
"""The wait before the second attempt, in seconds. It doubles with each attempt."""

LONGEST_WAIT = 60.0
"""The longest wait between two attempts, in seconds, also if `Retry-After` asks for more."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one response: the total time in seconds, and the size in bytes after decompression."""

    seconds: float = 200.0
    size: int = LARGEST_BODY


LIMITS = Limits()
"""The default limits. Some calls of the backup console take up to 180 s [seen]."""

CONNECT_SECONDS = 30.0
"""The longest time to connect, in seconds."""


def make_client(
    transport: httpx.AsyncBaseTransport | None, url: str, source: str, limits: Limits = LIMITS
) -> httpx.AsyncClient:
    """Return an HTTP client for a source's URL.

    Without `transport` it uses aiohttp, which is several times faster than the transport of httpx. Raises
    `SourceError` if the proxy or the certificates of the environment are not usable.
    """
    if transport is None:
        with authorities_unread():
            from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415 - slow to import, and tests bring their own

        try:
            transport = AiohttpTransport(verify=tls_context(url), proxy=environment_proxy(url))
        except SettingError as error:
            raise SourceError(error.what, where=f"usage source {source}", advice=error.advice) from None
    timeout = httpx.Timeout(limits.seconds, connect=min(CONNECT_SECONDS, limits.seconds))
    return httpx.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False)


async def get(
    url: str,
    source: str,
    token: str | None,
    read: Callable[[bytes], _T],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    limits: Limits = LIMITS,
) -> _T:
    """Send a GET request and return what `read` makes of the body.

    If `read` raises `GarbledError`, the request is repeated, `GARBLED_ATTEMPTS` times in total. `token` is sent as a
    bearer token.
    """
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {_header_value(token, source)}"
    check_address(url, source)
    async with make_client(transport, url, source, limits) as client:
        attempt = 1
        while True:
            content = await send(client, "GET", url, source=source, sleep=sleep, headers=headers, limits=limits)
            try:
                return await asyncio.to_thread(read, content)
            except GarbledError:
                if attempt == GARBLED_ATTEMPTS:
                    raise
            await sleep(FIRST_WAIT * 2 ** (attempt - 1))
            attempt += 1


def _header_value(token: str, source: str) -> str:
    if is_header_value(token):
        return token
    raise SourceError(
        "the token is empty, or contains blanks or characters that a header cannot contain",
        where=f"usage source {source}",
        advice="copy it again, without blanks, line breaks and typographic dashes",
    )


async def send(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    source: str,
    sleep: Sleep,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    limits: Limits = LIMITS,
    call: str = "",
) -> bytes:
    """Send a request and return the body of a response with status 200.

    A request without a complete response, or with status 429 or 5xx, is repeated, `ATTEMPTS` times in total. Raises
    `SourceError` for any other status, and if no attempt succeeds. `call` is the name of the call for messages, if
    one URL has many calls.
    """
    where = " ".join(filter(None, (f"usage source {source}, {redacted(url)}", call)))
    problem = ""
    transport_errors = _transport_errors()
    for attempt in range(ATTEMPTS):
        wait = FIRST_WAIT * 2**attempt
        try:
            async with asyncio.timeout(limits.seconds) as limit:
                response = await _exchange(client, method, url, headers, content, limits.size)
        except OversizeError:
            raise _too_large(limits, where) from None
        except transport_errors as error:
            if limit.expired() or isinstance(error, httpx.ReadTimeout):
                raise _too_slow(limits, where) from None
            problem = error_text(error, url)
            if "certificate" in problem.lower():
                raise SourceError(
                    f"the server's certificate is not trusted: {problem}",
                    where=where,
                    advice="check the address, and the certificates that this machine trusts (SSL_CERT_FILE)",
                ) from None
        else:
            if response.status_code == 200:
                return response.body
            if response.status_code != 429 and response.status_code < 500:
                raise status_error(response, where)
            problem = f"the server responded with {response.status}"
            wait = max(wait, retry_after_seconds(response.headers, now=datetime.now(UTC)) or 0.0)
        if attempt < ATTEMPTS - 1:
            await sleep(min(wait, LONGEST_WAIT))
    raise SourceError(
        f"no usable response after {ATTEMPTS} attempts; the last error: {problem}",
        where=where,
        advice=f"check the network and the address; {HELD}",
    )


@dataclass(frozen=True, slots=True)
class Response:
    """A response. `body` is empty unless the status is 200, because no other body is read."""

    status_code: int
    reason: str
    headers: httpx.Headers
    body: bytes

    @property
    def status(self) -> str:
        """Return the status as text, such as `503 Service Unavailable`."""
        return f"{self.status_code} {self.reason}".strip()


async def _exchange(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    content: bytes | None,
    largest: int,
) -> Response:
    """Send a request and return its response. Raises `OversizeError` for a body of more than `largest` bytes."""
    async with client.stream(method, url, headers=headers, content=content) as response:
        body = await read_up_to(largest, response.aiter_bytes()) if response.status_code == 200 else b""
        return Response(response.status_code, response.reason_phrase, response.headers, body)


def _transport_errors() -> tuple[type[Exception], ...]:
    """Return the errors that mean that there was no complete response.

    The aiohttp transport passes on some errors of aiohttp, for example for a response that is not HTTP.
    """
    from aiohttp import ClientError  # noqa: PLC0415 - slow to import

    return (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ClientError)


_ADDRESS = re.compile(r",?\s*\burl=(?:'[^']*'|\"[^\"]*\"|\S+)")


def error_text(error: Exception, url: str) -> str:
    """Return a transport error as text, without the query of the URL, which may contain a secret."""
    text = _ADDRESS.sub("", cause_of(error)).replace(url, redacted(url))
    query = urlsplit(url).query
    return " ".join((text.replace(query, "…") if query else text).split())


def _too_slow(limits: Limits, where: str) -> SourceError:
    return SourceError(
        f"no complete response within {limits.seconds:g} s",
        where=where,
        advice=f"check the network and the server; {HELD}",
    )


def _too_large(limits: Limits, where: str) -> SourceError:
    return SourceError(
        f"the response is larger than {limits.size / 2**20:g} MiB",
        where=where,
        advice="check the address; even the usage of half a million devices is smaller",
    )


def status_error(response: Response, where: str) -> SourceError:
    """Return the error for a status that stays the same if the request is repeated."""
    if 300 <= response.status_code < 400:
        location = response.headers.get("Location", "")
        target = "" if may_hold_credentials(location) or not location else f" to {redacted(location)}"
        return SourceError(
            f"the server redirects ({response.status_code}){target}", where=where, advice="use the final address"
        )
    if response.status_code in (401, 403, 407):
        kind = UnauthorizedError if response.status_code == 401 else SourceError
        return kind(
            f"the server refused access ({response.status})",
            where=where,
            advice="check the credentials of the source, and of any proxy",
        )
    return SourceError(f"the server responded with {response.status}", where=where, advice="check the address")
