"""HTTP as the sources need it: reads that are safe to repeat, repeated a few times, then a sentence.

Nothing here writes, so that every request may be sent again after a lost answer, a 429 or a 5xx.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler.usage.errors import SourceError
from reconciler.usage.sources.pulling import Sleep, check_encrypted, is_loopback, shown

ATTEMPTS = 5
FIRST_WAIT = 0.5
"""Seconds; doubled with each attempt."""

LONGEST_WAIT = 60.0
"""Seconds; a longer `Retry-After` is cut to this."""

TIMEOUT = httpx.Timeout(30.0, read=180.0)
"""Long reads of the backup console take up to 180 s [seen]."""


def make_client(transport: httpx.AsyncBaseTransport | None, url: str, source: str) -> httpx.AsyncClient:
    """A client over the given transport, or over aiohttp's, which is several times as fast as httpx's own."""
    if transport is None:
        from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415 - slow to import, and tests bring their own

        # Reading the certificates that are trusted takes as long as the whole pull of a small estate.
        tls = httpx.create_ssl_context() if urlsplit(url).scheme == "https" else SSLContext(PROTOCOL_TLS_CLIENT)
        transport = AiohttpTransport(verify=tls, proxy=environment_proxy(url, source))
    return httpx.AsyncClient(transport=transport, timeout=TIMEOUT, follow_redirects=False)


def environment_proxy(url: str, source: str) -> httpx.Proxy | None:
    """The proxy that the environment names for an address (`HTTPS_PROXY`, `NO_PROXY`), if any."""
    parts = urlsplit(url)
    named = getproxies().get(parts.scheme)
    if not named or is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    named = named if "://" in named else f"http://{named}"
    if not named.startswith(("http://", "https://")):
        raise SourceError(
            f"the proxy of the environment speaks {named.partition(':')[0]}, which is not supported",
            where=f"usage source {source}",
            advice=f"set {parts.scheme.upper()}_PROXY to an http proxy, or put {parts.hostname} into NO_PROXY",
        )
    return httpx.Proxy(named)


async def get(
    url: str,
    source: str,
    token: str | None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
) -> bytes:
    """The body behind an address."""
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    check_encrypted(url, source)
    async with make_client(transport, url, source) as client:
        response = await send(client, "GET", url, source=source, sleep=sleep, headers=headers)
    return response.content


async def send(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    source: str,
    sleep: Sleep,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> httpx.Response:
    """A response with status 200, or a SourceError."""
    where = f"usage source {source}, {shown(url)}"
    problem = ""
    for attempt in range(ATTEMPTS):
        wait = FIRST_WAIT * 2**attempt
        try:
            response = await client.request(method, url, headers=headers, content=content)
        except httpx.InvalidURL as error:
            raise SourceError(f"the address is not a URL: {error}", where=where) from None
        except httpx.TransportError as error:
            problem = describe(error)
            if "certificate" in problem.lower():
                raise SourceError(
                    f"the server's certificate cannot be trusted: {problem}",
                    where=where,
                    advice="check the address, and the certificates that this machine trusts (SSL_CERT_FILE)",
                ) from None
        else:
            if response.status_code == 200:
                return response
            if response.status_code != 429 and response.status_code < 500:
                raise refusal(response, where)
            problem = f"the server answered {response.status_code} {response.reason_phrase}"
            wait = max(wait, retry_after(response))
        if attempt < ATTEMPTS - 1:
            await sleep(min(wait, LONGEST_WAIT))
    raise SourceError(
        f"no answer after {ATTEMPTS} attempts; the last: {problem}",
        where=where,
        advice="check the network and the address; what was billed before is held meanwhile",
    )


def describe(error: Exception) -> str:
    """A transport error in words; some of them have none of their own."""
    return str(error) or type(error).__name__


def retry_after(response: httpx.Response) -> float:
    """Seconds that the server asks to wait; 0 where it says nothing that is a number."""
    text: Any = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def refusal(response: httpx.Response, where: str) -> SourceError:
    """A status that repeating does not change."""
    status = response.status_code
    if response.is_redirect:
        target = shown(response.headers.get("Location", ""))
        return SourceError(
            f"the server points elsewhere ({status}): {target}", where=where, advice="write the final address"
        )
    if status in (401, 403, 407):
        return SourceError(
            f"the server refused us ({status} {response.reason_phrase})",
            where=where,
            advice="check the credentials, and whether a proxy wants some",
        )
    return SourceError(
        f"the server answered {status} {response.reason_phrase}", where=where, advice="check the address"
    )
