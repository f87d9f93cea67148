"""Sends requests to one tenant: finds its API, counts and limits requests, and retries if that is safe.

The caller says whether a request may be repeated, because that depends on its purpose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import random
from time import monotonic
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx

from reconciler.connectwise import connection as _connection
from reconciler.connectwise import retries
from reconciler.connectwise.codec import encode
from reconciler.connectwise.connection import Connection, Timeouts
from reconciler.connectwise.counts import RequestCounter, route
from reconciler.connectwise.discovery import codebase_of, discovery_path, not_connectwise
from reconciler.connectwise.error_responses import bad_credentials, is_missing_route
from reconciler.connectwise.errors import (
    ConnectWiseError,
    Invalid,
    NotFound,
    NotJson,
    ServerFailed,
    TooMany,
    Unauthorized,
    Unreachable,
)
from reconciler.connectwise.exchange import Exchange, Request, Response
from reconciler.connectwise.limiter import Limiter
from reconciler.http.server_clock import ServerClock
from reconciler.http.tls import authorities_unread

_PORTS = {"http": 80, "https": 443}
_API = "apis/3.0"
_PROBE = "/system/info"
_DISCOVERY = "GET /login/companyinfo/{company}"


@dataclass(frozen=True, slots=True)
class Clock:
    """The sources of time and chance that the client uses; tests supply their own.

    `sleep` waits for seconds, `monotonic` returns seconds for measuring, `now` returns the current time, and `jitter`
    returns a random number from 0 to 1.
    """

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    monotonic: Callable[[], float] = monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    jitter: Callable[[], float] = random


def _accept_any(_body: Any) -> None:
    """Accept every body."""


def _check_body(response: Response, check: Callable[[Any], object], request: Request) -> None:
    """Check the body of a response. Secrets are removed from the error's text, which may quote the body."""
    try:
        check(response.body)
    except NotJson as error:
        error.what = request.secrets.scrub(error.what)
        raise


class Session:
    """The connection to one tenant."""

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None,
        timeouts: Timeouts,
        clock: Clock,
        notice: Callable[[str], None],
    ) -> None:
        _connection.check_sizes(connection)
        self.base = _connection.base_url(connection.site)
        self._company = connection.company
        self._headers = httpx.Headers(_connection.headers(connection))
        self._headers["host"] = httpx.URL(self.base).netloc.decode()
        self._get_headers: dict[tuple[tuple[str, str], ...], httpx.Headers] = {}
        self._anonymous = self._headers.copy()
        del self._anonymous["authorization"]
        self._secrets = _connection.secrets(connection)
        transport = transport or default_transport(self.base, connection.max_concurrency, timeouts)
        self._exchange = Exchange(transport, self.base, timeouts)
        self._clock = clock
        self._notice = notice
        self._limiter = Limiter(connection.max_concurrency, sleep=clock.sleep)
        self._root_lock = asyncio.Lock()
        self._root = ""
        """The URL of the API, with the tenant's codebase; empty until discovery."""
        self._missing_routes: set[str] = set()
        """Routes that returned 404 below a root that had just been discovered."""
        self._authenticated = False
        self.counter = RequestCounter()
        self.before_write: Callable[[], None] = lambda: None
        """Called before each request that may write. If it raises, the request is not sent."""

    @property
    def server_clock(self) -> ServerClock | None:
        """Return the tenant's time minus this machine's time; None before the first response with a `Date`."""
        return self._exchange.server_clock

    def is_other_host(self, location: str) -> bool:
        """Return whether a `Location` has another scheme, host or port than the site, or is not a URL."""
        try:
            there, here = urlsplit(location), urlsplit(self.base)
            ports = [parts.port or _PORTS.get(parts.scheme) for parts in (there, here)]
        except ValueError:
            return True
        if not there.netloc:
            return False
        return (there.scheme, there.hostname, ports[0]) != (here.scheme, here.hostname, ports[1])

    async def back_off(self, tries: int) -> None:
        """Wait as long as before a retry after so many tries."""
        await self._clock.sleep(retries.backoff(tries, self._clock.jitter()))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._exchange.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: Any = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        repeat: bool = True,
        hidden: tuple[str, ...] = (),
        check: Callable[[Any], object] = _accept_any,
    ) -> Response:
        """Send a request, with retries where they are safe, and return its response.

        `repeat` says that the request may be carried out twice. A 429 was not carried out, so it is always retried.
        `check` is called with the body, and raises `NotJson` for a wrong one, which is retried, too. No error shows the
        values in `hidden`. Raises the errors of `errors.py`.
        """
        path = path if path.startswith("/") else f"/{path}"
        content = b"" if body is None else encode(body)
        route_ = route(method, path)
        secrets = self._secrets.with_values(hidden)
        self.counter.count_request(route_)
        root = self._root or await self._find_root()
        while True:
            url = f"{root}{path}?{query}" if query else f"{root}{path}"
            request = Request(method, path, route_, url, self._headers_for(headers, content), content, secrets)
            try:
                response = await self._send_with_retries(request, repeat=repeat, check=check)
            except NotFound as error:
                new_root = await self._find_root_again(root, route_) if is_missing_route(error) else root
                if new_root != root:
                    root = new_root
                    continue
                if self._authenticated or await self._probe(path):
                    raise
                raise bad_credentials(error) from error
            self._authenticated = True
            return response

    async def _send_with_retries(
        self, request: Request, *, repeat: bool, check: Callable[[Any], object] = _accept_any
    ) -> Response:
        """Send a request until it has a response or a final error, or until its tries or pauses are used up."""
        failures = throttled = 0
        paused_before = 0.0
        while True:
            generation = await self._limiter.acquire()
            try:
                if request.method != "GET":
                    self.before_write()
                began = self._clock.monotonic()
                response = await self._exchange.send(request, now=self._clock.now)
                self._limiter.record_latency(request.route, self._clock.monotonic() - began, generation)
                _check_body(response, check, request)
                return response
            except (TooMany, Unreachable, ServerFailed, NotJson) as error:
                failed = error
            finally:
                self._limiter.release()
            if isinstance(failed, TooMany):
                throttled += 1
                paused_before = paused_before if throttled > 1 else self._limiter.paused_seconds
                seconds = self._throttle_delay(failed, throttled)
                paused = self._limiter.paused_seconds - paused_before
                if paused + seconds > retries.MAX_THROTTLED:
                    raise failed.after(paused)
                self.counter.count_retry()
                await self._limiter.throttled(seconds, generation)
            else:
                failures += 1
                if not repeat or failures >= retries.MAX_TRIES or not getattr(failed, "retryable", True):
                    raise failed
                self.counter.count_retry()
                asked = failed.retry_after if isinstance(failed, ServerFailed) else None
                await self._clock.sleep(max(retries.backoff(failures, self._clock.jitter()), retries.capped(asked)))

    def _throttle_delay(self, error: TooMany, throttled: int) -> float:
        seconds = retries.throttle_delay(error.retry_after, throttled, self._clock.jitter())
        if error.retry_after is not None and error.retry_after > seconds:
            self._notice(
                f"ConnectWise asks for a pause of {error.retry_after:.0f} s; the next try is after {seconds:.0f} s."
            )
        return seconds

    def _headers_for(self, extra: Mapping[str, str], content: bytes) -> httpx.Headers:
        """Return the headers of a request. Those without content are kept, because a run sends thousands of GETs."""
        if content:
            length = {"content-type": "application/json", "content-length": str(len(content))}
            return httpx.Headers({**self._headers, **extra, **length})
        key = tuple(extra.items())
        if key not in self._get_headers:
            self._get_headers[key] = httpx.Headers({**self._headers, **extra})
        return self._get_headers[key]

    async def discover(self) -> None:
        """Find the URL of the API, unless it is known; the first request does it, too."""
        if not self._root:
            await self._find_root()

    async def _find_root_again(self, root: str, route_: str) -> str:
        """Return the API's root after a 404 for a route below `root`: an upgrade of the tenant changes it [seen].

        Each missing route causes one more discovery, not one for every request.
        """
        async with self._root_lock:
            if route_ not in self._missing_routes and self._root == root:
                await self._discover_root()
                if self._root == root:
                    self._missing_routes.add(route_)
            return self._root

    async def _find_root(self) -> str:
        async with self._root_lock:
            if not self._root:
                await self._discover_root()
            return self._root

    async def _discover_root(self) -> None:
        """Ask for the tenant's codebase. The caller holds the lock, so only one request at a time does this."""
        url = f"{self.base}{discovery_path(self._company)}"
        company = self._secrets.scrub(self._company)  # not shown where it looks like a key
        self.counter.count_request(_DISCOVERY)
        bare = Request("GET", discovery_path(company), _DISCOVERY, url, self._anonymous, b"", self._secrets)
        try:
            response = await self._send_with_retries(bare, repeat=True)
        except (NotFound, Invalid) as error:
            raise not_connectwise(error.what, company) from error
        self._root = f"{self.base}/{codebase_of(response.body, self.base, company)}{_API}"

    async def _probe(self, path: str) -> bool:
        """Return whether the credentials are good, by the one endpoint that every API member may read."""
        if path == _PROBE:
            return False
        route_ = route("GET", _PROBE)
        self.counter.count_request(route_)
        request = Request("GET", _PROBE, route_, f"{self._root}{_PROBE}", self._headers, b"", self._secrets)
        try:
            await self._send_with_retries(request, repeat=True)
        except (NotFound, Unauthorized):
            return False
        except ConnectWiseError:
            return True
        self._authenticated = True
        return True


def default_transport(base: str, max_connections: int, timeouts: Timeouts) -> httpx.AsyncBaseTransport:
    """Return the production transport; see there."""
    with authorities_unread():
        from reconciler.connectwise.transport import production_transport  # noqa: PLC0415  (aiohttp is slow to import)

    return production_transport(base, max_connections=max_connections, timeouts=timeouts)
