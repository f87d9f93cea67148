"""One exchange: a request goes out, and comes back as an answer or as the error that says what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from reconciler.connectwise.codec import decode, doubled_key
from reconciler.connectwise.connection import Timeouts, shown
from reconciler.connectwise.errors import MALFORMED, Malformed, NotJson, Redirected, Unreachable
from reconciler.connectwise.message import Message, whole
from reconciler.connectwise.refusals import excerpt, is_security, refusal
from reconciler.http.bodies import OversizeError
from reconciler.http.retry_after import parse_http_date, retry_after_seconds
from reconciler.http.scrubbing import Secrets
from reconciler.http.server_clock import ServerClock

EMPTY = "A proxy or firewall may have answered in place of ConnectWise; check the site and the proxy, and run again."
_BROKEN = (httpx.TransportError, httpx.DecodingError, OSError)
"""What transports raise when there was no whole answer."""
_NO_NETWORK = "Check the site, the network and the proxy (HTTPS_PROXY, NO_PROXY); then run again."
_UNTRUSTED = (
    "The site's certificate is not trusted here. If a proxy of your company or a server of your own signs its "
    "certificates itself, set SSL_CERT_FILE to a file with the certificate of its authority."
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `path` is shown in errors and `route` counted; `secrets` are kept out of every message."""

    method: str
    path: str
    route: str
    url: str
    headers: httpx.Headers
    content: bytes
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx: its parsed body (None when empty) and its headers, by lower-case name."""

    status: int
    body: Any
    headers: httpx.Headers


class Exchange:
    """Sends requests through a transport of httpx."""

    def __init__(self, transport: httpx.AsyncBaseTransport, base: str, timeouts: Timeouts) -> None:
        self._transport = transport
        self._site = shown(base)
        self._timeouts = timeouts
        timeout = httpx.Timeout(timeouts.read, connect=timeouts.connect, pool=None)
        self._extensions = {"timeout": timeout.as_dict()}
        self._last_date = ""
        self.server_clock: ServerClock | None = None
        """What the `Date` headers of the answers so far show; None before the first."""

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def once(self, request: Request, *, now: Callable[[], datetime]) -> Answer:
        """Send a request once. Raises for anything but a 2xx that can be read; `now` is for a dated `Retry-After`."""
        about: dict[str, Any] = {"method": request.method, "endpoint": request.path}
        sent = now()
        response, content = await self._sent(request, about)
        status = response.status_code
        if 300 <= status < 400:
            raise _redirected(response, status, about)
        if status >= 400:
            asked = retry_after_seconds(response.headers, now=now())
            raise refusal(
                request.method,
                request.path,
                status,
                content,
                secrets=request.secrets,
                retry_after=asked,
            )
        body = _parsed(content, status, request, about)
        if is_security(body):
            raise refusal(request.method, request.path, status, content, secrets=request.secrets)
        self._note_date(response.headers, sent, now)
        return Answer(status, body, response.headers)

    async def _sent(self, request: Request, about: Mapping[str, Any]) -> tuple[httpx.Response, bytes]:
        """The response and its whole body, within the limits of time and size."""
        message = Message(
            request.method, request.url, headers=request.headers, body=request.content, extensions=self._extensions
        )
        limit = asyncio.timeout(self._timeouts.total)
        try:
            async with limit:
                response = await self._transport.handle_async_request(message)
                try:
                    return response, await whole(response, self._timeouts.size)
                finally:
                    await response.aclose()
        except OversizeError as error:
            raise NotJson(
                f"the answer is larger than {self._timeouts.size // 2**20} MiB",
                **about,
                again=False,
                advice="No answer of ConnectWise is; a proxy may have answered in its place. Check the site.",
            ) from error
        except _BROKEN as error:
            if limit.expired():
                raise Unreachable(
                    f"no whole answer from {self._site} within {self._timeouts.total:.0f} s",
                    **about,
                    again=False,
                    advice="The server, or a proxy, sends its answer too slowly; run again later.",
                ) from error
            cause = request.secrets.scrub(str(error) or type(error).__name__)
            raise Unreachable(
                f"no whole answer from {self._site}: {cause}",
                **about,
                advice=_UNTRUSTED if "certificate" in cause.lower() else _NO_NETWORK,
            ) from error

    def _note_date(self, headers: httpx.Headers, sent: datetime, now: Callable[[], datetime]) -> None:
        """Keep what the answer's `Date` shows. One that a cache gave (`Age`) is of another time."""
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
        raise NotJson("the answer is empty", **about, status=status, advice=EMPTY)
    if not content:
        return None
    try:
        body = decode(content)
        doubled = doubled_key(content, body)
    except ValueError as error:
        start = excerpt(content, request.secrets, 120)
        raise NotJson(
            f"the answer is not JSON ({len(content)} bytes that begin '{start}')",
            **about,
            status=status,
            advice="A proxy or firewall may have answered in place of ConnectWise, or cut the answer off; "
            "check the site and the proxy, and run again.",
        ) from error
    if doubled is not None:
        raise Malformed(
            f"the answer holds '{request.secrets.scrub(doubled)[:60]}' twice in one object, so its value is not known",
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
        f"the answer is a redirect{f' to {host}' if host else ''}",
        **about,
        status=status,
        advice="Keys are not sent after a redirect: set site to the host that answers itself. "
        "A login page of a proxy answers like this, too.",
    )
