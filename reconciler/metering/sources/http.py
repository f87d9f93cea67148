"""HTTP as the sources need it: reads that are safe to repeat, repeated a few times, then a sentence.

Nothing here writes, so that every request may be sent again after a lost answer, a 429 or a 5xx. Every answer has a
limit of time in all and of size.
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
from reconciler.http.headers import is_header_value
from reconciler.http.proxies import environment_proxy
from reconciler.http.retry_after import retry_after_seconds
from reconciler.http.settings import SettingError
from reconciler.http.tls import tls_context
from reconciler.metering.sources.addresses import check_address, shown
from reconciler.metering.sources.errors import GarbledError, SourceError
from reconciler.metering.sources.pulling import Sleep

ATTEMPTS = 5
GARBLED_ATTEMPTS = 3
FIRST_WAIT = 0.5
"""Seconds; doubled with each attempt."""

LONGEST_WAIT = 60.0
"""Seconds; a longer `Retry-After` is cut to this."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may take: seconds in all, and bytes after decompression."""

    seconds: float = 200.0
    size: int = LARGEST_BODY


LIMITS = Limits()
"""Long reads of the backup console take up to 180 s [seen]."""

CONNECT_SECONDS = 30.0


def make_client(
    transport: httpx.AsyncBaseTransport | None, url: str, source: str, limits: Limits = LIMITS
) -> httpx.AsyncClient:
    """A client over the given transport, or over aiohttp's, which is several times as fast as httpx's own."""
    if transport is None:
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
    """What `read` makes of the body behind an address; a body that it calls garbled is asked for again."""
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
        "the token is empty, or holds blanks or characters that a header cannot hold",
        where=f"usage source {source}",
        advice="copy it again: a blank, a line break or a typographic dash may have come along",
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
    asks: str = "",
) -> bytes:
    """The body of an answer with status 200. Any other answer raises SourceError.

    `asks` is the name of the call, for an address that serves many calls.
    """
    where = " ".join(filter(None, (f"usage source {source}, {shown(url)}", asks)))
    problem = ""
    broken = _broken()
    for attempt in range(ATTEMPTS):
        wait = FIRST_WAIT * 2**attempt
        try:
            async with asyncio.timeout(limits.seconds) as limit:
                answer = await _whole(client, method, url, headers, content, limits.size)
        except OversizeError:
            raise _too_large(limits, where) from None
        except broken as error:
            if limit.expired() or isinstance(error, httpx.ReadTimeout):
                raise _too_slow(limits, where) from None
            problem = describe(error, url)
            if "certificate" in problem.lower():
                raise SourceError(
                    f"the server's certificate cannot be trusted: {problem}",
                    where=where,
                    advice="check the address, and the certificates that this machine trusts (SSL_CERT_FILE)",
                ) from None
        else:
            if answer.status_code == 200:
                return answer.body
            if answer.status_code != 429 and answer.status_code < 500:
                raise refusal(answer, where)
            problem = f"the server answered {answer.status}"
            wait = max(wait, retry_after_seconds(answer.headers, now=datetime.now(UTC)) or 0.0)
        if attempt < ATTEMPTS - 1:
            await sleep(min(wait, LONGEST_WAIT))
    raise SourceError(
        f"no answer after {ATTEMPTS} attempts; the last: {problem}",
        where=where,
        advice="check the network and the address; what was billed before is held meanwhile",
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `body` is empty unless the status is 200: nothing reads the body of a refusal."""

    status_code: int
    reason: str
    headers: httpx.Headers
    body: bytes

    @property
    def status(self) -> str:
        """Number and words, such as `503 Service Unavailable`."""
        return f"{self.status_code} {self.reason}".strip()


async def _whole(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    content: bytes | None,
    largest: int,
) -> Answer:
    """Send a request and return its response. Raises `OversizeError` for a body of more than `largest` bytes."""
    async with client.stream(method, url, headers=headers, content=content) as response:
        body = await read_up_to(largest, response.aiter_bytes()) if response.status_code == 200 else b""
        return Answer(response.status_code, response.reason_phrase, response.headers, body)


def _broken() -> tuple[type[Exception], ...]:
    """What is raised where there was no whole answer.

    The transport over aiohttp passes some of its errors on as they are, such as that of an answer that is no HTTP.
    """
    from aiohttp import ClientError  # noqa: PLC0415 - slow to import

    return (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ClientError)


_ADDRESS = re.compile(r",?\s*\burl=(?:'[^']*'|\"[^\"]*\"|\S+)")


def describe(error: Exception, url: str) -> str:
    """A transport error in words; some of them have none of their own. The query of an address may hold a secret."""
    text = _ADDRESS.sub("", str(error) or type(error).__name__).replace(url, shown(url))
    query = urlsplit(url).query
    return " ".join((text.replace(query, "…") if query else text).split())


def _too_slow(limits: Limits, where: str) -> SourceError:
    return SourceError(
        f"no whole answer came within {limits.seconds:g} seconds",
        where=where,
        advice="what was billed before is held; look at the network, and at the server if it stays so slow",
    )


def _too_large(limits: Limits, where: str) -> SourceError:
    return SourceError(
        f"the answer is larger than {limits.size / 2**20:g} MiB",
        where=where,
        advice="check the address: usage of half a million devices is smaller",
    )


def refusal(answer: Answer, where: str) -> SourceError:
    """A status that repeating does not change."""
    if 300 <= answer.status_code < 400:
        location = answer.headers.get("Location", "")
        target = "" if may_hold_credentials(location) or not location else f": {shown(location)}"
        return SourceError(
            f"the server points elsewhere ({answer.status_code}){target}", where=where, advice="write the final address"
        )
    if answer.status_code in (401, 403, 407):
        return SourceError(
            f"the server refused us ({answer.status})",
            where=where,
            advice="check the credentials, and whether a proxy wants some",
        )
    return SourceError(f"the server answered {answer.status}", where=where, advice="check the address")
