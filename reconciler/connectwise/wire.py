"""A request until it is answered: found the way, counted, limited, waited for, asked again where that is safe.

What a request is for is not known here; `client` says whether it may be repeated.
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
from reconciler.connectwise import retrying
from reconciler.connectwise.codec import encode
from reconciler.connectwise.connection import Connection, Timeouts
from reconciler.connectwise.counts import Tally, route
from reconciler.connectwise.discovery import codebase_of, discovery_path, not_connectwise
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
from reconciler.connectwise.exchange import Answer, Exchange, Request
from reconciler.connectwise.limiter import Limiter
from reconciler.connectwise.refusals import bad_credentials, is_missing_route
from reconciler.http.server_clock import ServerClock

_PORTS = {"http": 80, "https": 443}
_API = "apis/3.0"
_PROBE = "/system/info"
_DISCOVERY = "GET /login/companyinfo/{company}"


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, as the client meets them; tests bring their own."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    monotonic: Callable[[], float] = monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    chance: Callable[[], float] = random


def _hold(answer: Answer, check: Callable[[Any], object], request: Request) -> None:
    """Hold an answer to what it may be; what an error repeats of it is without the secrets."""
    try:
        check(answer.body)
    except NotJson as error:
        error.what = request.secrets.scrub(error.what)
        raise


def _anything(_body: Any) -> None:
    """Any body is an answer."""


class Wire:
    """The way to one tenant."""

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
        self._prepared: dict[tuple[tuple[str, str], ...], httpx.Headers] = {}
        self._anonymous = self._headers.copy()
        del self._anonymous["authorization"]
        self._secrets = _connection.secrets(connection)
        transport = transport or _production(self.base, connection.max_concurrency, timeouts)
        self._exchange = Exchange(transport, self.base, timeouts)
        self._clock = clock
        self._notice = notice
        self._limiter = Limiter(connection.max_concurrency, sleep=clock.sleep)
        self._finding = asyncio.Lock()
        self._root = ""
        self._missing: set[str] = set()
        """Routes that did not exist below a root that had just been looked up."""
        self._accepted = False
        self.tally = Tally()
        self.before_write: Callable[[], None] = lambda: None
        """Called right before a request that may write leaves; what it raises keeps the request here."""

    @property
    def server_clock(self) -> ServerClock | None:
        """How far the tenant's clock is from ours; None before the first answer with a `Date`."""
        return self._exchange.server_clock

    def is_elsewhere(self, location: str) -> bool:
        """Whether a `Location` names another host or scheme than the site's, or nothing that can be read."""
        try:
            there, here = urlsplit(location), urlsplit(self.base)
            ports = [parts.port or _PORTS.get(parts.scheme) for parts in (there, here)]
        except ValueError:
            return True
        if not there.netloc:
            return False
        return (there.scheme, there.hostname, ports[0]) != (here.scheme, here.hostname, ports[1])

    async def breathe(self, tries: int) -> None:
        """Wait as long as befits so many failures."""
        await self._clock.sleep(retrying.backoff(tries, self._clock.chance()))

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
        check: Callable[[Any], object] = _anything,
    ) -> Answer:
        """The answer to one request, which is tried again where that is safe.

        `repeat` says that doing it twice does no harm. A 429 was not taken, so it is waited out either way. `check`
        is given the body, and raises `NotJson` for one that is no answer: that is tried again, too.
        `hidden` are values of the body that no error may show. Raises the errors of `errors.py`.
        """
        path = path if path.startswith("/") else f"/{path}"
        content = b"" if body is None else encode(body)
        route_ = route(method, path)
        self.tally.first(route_)
        root = self._root or await self._find_root()
        while True:
            url = f"{root}{path}?{query}" if query else f"{root}{path}"
            request = Request(
                method, path, route_, url, self._with(headers, content), content, self._secrets.with_values(hidden)
            )
            try:
                answer = await self._persist(request, repeat=repeat, check=check)
            except NotFound as error:
                fresh = await self._find_again(root, route_) if is_missing_route(error) else root
                if fresh != root:
                    root = fresh
                    continue
                if self._accepted or await self._probe(path):
                    raise
                raise bad_credentials(error) from error
            self._accepted = True
            return answer

    async def _persist(self, request: Request, *, repeat: bool, check: Callable[[Any], object] = _anything) -> Answer:
        """One request until it is answered, refused, or out of tries or patience."""
        failures = refusals = 0
        storm_began = 0.0
        while True:
            round_ = await self._limiter.enter()
            try:
                if request.method != "GET":
                    self.before_write()
                began = self._clock.monotonic()
                answer = await self._exchange.once(request, now=self._clock.now)
                self._limiter.answered(request.route, self._clock.monotonic() - began, round_)
                _hold(answer, check, request)
                return answer
            except (TooMany, Unreachable, ServerFailed, NotJson) as error:
                failed = error
            finally:
                self._limiter.leave()
            if isinstance(failed, TooMany):
                refusals += 1
                storm_began = storm_began if refusals > 1 else self._limiter.paused
                seconds = self._pause_after(failed, refusals)
                waited = self._limiter.paused - storm_began
                if waited + seconds > retrying.LONGEST_STORM:
                    raise failed.after(waited)
                self.tally.again()
                await self._limiter.refused(seconds, round_)
            else:
                failures += 1
                if not repeat or failures >= retrying.TRIES or not getattr(failed, "again", True):
                    raise failed
                self.tally.again()
                asked = failed.retry_after if isinstance(failed, ServerFailed) else None
                await self._clock.sleep(max(retrying.backoff(failures, self._clock.chance()), retrying.capped(asked)))

    def _pause_after(self, refused: TooMany, refusals: int) -> float:
        seconds = retrying.pause(refused.retry_after, refusals, self._clock.chance())
        if refused.retry_after is not None and refused.retry_after > seconds:
            self._notice(
                f"ConnectWise asks for a pause of {refused.retry_after:.0f} s; we ask again after {seconds:.0f} s."
            )
        return seconds

    def _with(self, extra: Mapping[str, str], content: bytes) -> httpx.Headers:
        """The headers of a request; those of a read are made once, as there are thousands of them."""
        if content:
            length = {"content-type": "application/json", "content-length": str(len(content))}
            return httpx.Headers({**self._headers, **extra, **length})
        key = tuple(extra.items())
        if key not in self._prepared:
            self._prepared[key] = httpx.Headers({**self._headers, **extra})
        return self._prepared[key]

    async def reach(self) -> None:
        """Find the API, which every first request does anyway."""
        if not self._root:
            await self._find_root()

    async def _find_again(self, root: str, route_: str) -> str:
        """The API's root after a route was not found below it: an upgrade moves it [seen].

        Looked up once more for each route that is missing, so that a route which never was there costs one look.
        """
        async with self._finding:
            if route_ not in self._missing and self._root == root:
                await self._look_up_root()
                if self._root == root:
                    self._missing.add(route_)
            return self._root

    async def _find_root(self) -> str:
        async with self._finding:
            if not self._root:
                await self._look_up_root()
            return self._root

    async def _look_up_root(self) -> None:
        """Ask which codebase the tenant runs. One at a time, under the lock."""
        url = f"{self.base}{discovery_path(self._company)}"
        company = self._secrets.scrub(self._company)  # where it looks like a key, it is not told
        self.tally.first(_DISCOVERY)
        bare = Request("GET", discovery_path(company), _DISCOVERY, url, self._anonymous, b"", self._secrets)
        try:
            answer = await self._persist(bare, repeat=True)
        except (NotFound, Invalid) as error:
            raise not_connectwise(error.what, company) from error
        self._root = f"{self.base}/{codebase_of(answer.body, self.base, company)}{_API}"

    async def _probe(self, path: str) -> bool:
        """Whether the credentials are good, asked of the one endpoint that every member may read."""
        if path == _PROBE:
            return False
        route_ = route("GET", _PROBE)
        self.tally.first(route_)
        request = Request("GET", _PROBE, route_, f"{self._root}{_PROBE}", self._headers, b"", self._secrets)
        try:
            await self._persist(request, repeat=True)
        except (NotFound, Unauthorized):
            return False
        except ConnectWiseError:
            return True
        self._accepted = True
        return True


def _production(base: str, max_connections: int, timeouts: Timeouts) -> httpx.AsyncBaseTransport:
    from reconciler.connectwise.transport import production_transport  # noqa: PLC0415  (slow to import, see there)

    return production_transport(base, max_connections=max_connections, timeouts=timeouts)
