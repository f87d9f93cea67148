"""Sends one request once, and returns the response or raises the error that says what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from reconciler.connectwise.codec import decode, duplicate_key
from reconciler.connectwise.connection import Timeouts, site_for_messages
from reconciler.connectwise.error_responses import error_of, excerpt, is_site_refusal
from reconciler.connectwise.errors import MALFORMED, Malformed, NotJson, Redirected, Unreachable
from reconciler.connectwise.prepared import PreparedRequest, read_body
from reconciler.http.bodies import OversizeError
from reconciler.http.causes import cause_of
from reconciler.http.retry_after import parse_http_date, retry_after_seconds
from reconciler.http.scrubbing import Secrets
from reconciler.http.server_clock import ServerClock

EMPTY = "A proxy or firewall may have responded in place of ConnectWise. Check the site and the proxy, and run again."
_BROKEN = (httpx.TransportError, httpx.DecodingError, OSError)
"""Exceptions of transports that did not get a complete response."""
_NO_NETWORK = "Check the site, the network and the proxy (HTTPS_PROXY, NO_PROXY), then run again."
_UNTRUSTED = (
    "This machine does not trust the site's certificate. If a proxy or server of your company signs its own "
    "certificates, set SSL_CERT_FILE to a file with the certificate of its authority."
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Errors show its `path`, counts use its `route`, and no message shows its `secrets`."""

    method: str
    path: str
    route: str
    url: str
    headers: httpx.Headers
    content: bytes
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class Response:
    """A response with a 2xx status: its parsed body (None if it is empty) and its headers."""

    status: int
    body: Any
    headers: httpx.Headers


class Exchange:
    """Sends requests through an httpx transport, and notes the server's clock."""

    def __init__(self, transport: httpx.AsyncBaseTransport, base: str, timeouts: Timeouts) -> None:
        self._transport = transport
        self._site = site_for_messages(base)
        self._timeouts = timeouts
        timeout = httpx.Timeout(timeouts.read, connect=timeouts.connect, pool=None)
        self._extensions = {"timeout": timeout.as_dict()}
        self._last_date = ""
        self.server_clock: ServerClock | None = None
        """The tenant's time minus this machine's time, by the `Date` headers so far; None before the first."""

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def send(self, request: Request, *, now: Callable[[], datetime]) -> Response:
        """Send a request once and return its response.

        Raises the `ConnectWiseError` that fits another status than 2xx, a body that is not JSON, or no complete
        response. `now` returns the current time.
        """
        about: dict[str, Any] = {"method": request.method, "endpoint": request.path}
        sent = now()
        response, content = await self._sent(request, about)
        status = response.status_code
        if 300 <= status < 400:
            raise _redirected(response, status, about)
        if status >= 400:
            asked = retry_after_seconds(response.headers, now=now())
            raise error_of(
                request.method,
                request.path,
                status,
                content,
                secrets=request.secrets,
                retry_after=asked,
            )
        body = _parsed(content, status, request, about)
        if is_site_refusal(body):
            raise error_of(request.method, request.path, status, content, secrets=request.secrets)
        self._note_date(response.headers, sent, now)
        return Response(status, body, response.headers)

    async def _sent(self, request: Request, about: Mapping[str, Any]) -> tuple[httpx.Response, bytes]:
        """Return the response and its whole body. Raises `NotJson` over the size limit, `Unreachable` over the time."""
        message = PreparedRequest(
            request.method, request.url, headers=request.headers, body=request.content, extensions=self._extensions
        )
        limit = asyncio.timeout(self._timeouts.total)
        try:
            async with limit:
                response = await self._transport.handle_async_request(message)
                try:
                    return response, await read_body(response, self._timeouts.size)
                finally:
                    await response.aclose()
        except OversizeError as error:
            raise NotJson(
                f"the response is larger than {self._timeouts.size // 2**20} MiB",
                **about,
                retryable=False,
                advice="ConnectWise sends no such response. A proxy may have responded in its place; check the site.",
            ) from error
        except _BROKEN as error:
            if limit.expired():
                raise Unreachable(
                    f"no complete response from {self._site} within {self._timeouts.total:.0f} s",
                    **about,
                    retryable=False,
                    advice="The server or a proxy is too slow. Run again later.",
                ) from error
            cause = request.secrets.scrub(cause_of(error))
            raise Unreachable(
                f"no complete response from {self._site}: {cause}",
                **about,
                advice=_UNTRUSTED if "certificate" in cause.lower() else _NO_NETWORK,
            ) from error

    def _note_date(self, headers: httpx.Headers, sent: datetime, now: Callable[[], datetime]) -> None:
        """Note the server's time in a response. A response from a cache (with `Age`) has an older `Date`."""
        text = headers.get("date", "")
        if text == self._last_date or "age" in headers:
            return
        self._last_date = text
        date = parse_http_date(text)
        if date is not None:
            seen = ServerClock.from_response(date, sent=sent, received=now())
            self.server_clock = self.server_clock.combined_with(seen) if self.server_clock else seen


def _parsed(content: bytes, status: int, request: Request, about: Mapping[str, Any]) -> Any:
    if not content and request.method == "GET":
        raise NotJson("the response is empty", **about, status=status, advice=EMPTY)
    if not content:
        return None
    try:
        body = decode(content)
        duplicate = duplicate_key(content, body)
    except ValueError as error:
        start = excerpt(content, request.secrets, 120)
        raise NotJson(
            f"the response is not JSON ({len(content)} bytes, starting with '{start}')",
            **about,
            status=status,
            advice="A proxy or firewall may have responded in place of ConnectWise, or cut the response off. "
            "Check the site and the proxy, and run again.",
        ) from error
    if duplicate is not None:
        raise Malformed(
            f"the response contains '{request.secrets.scrub(duplicate)[:60]}' twice in one object",
            **about,
            status=status,
            advice=MALFORMED,
        )
    return body


def _redirected(response: httpx.Response, status: int, about: Mapping[str, Any]) -> Redirected:
    try:
        host = urlsplit(response.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return Redirected(
        f"the response is a redirect{f' to {host}' if host else ''}",
        **about,
        status=status,
        advice="Keys are not sent after a redirect. Set site to the host that responds itself. "
        "A proxy that requires a login redirects, too.",
    )
