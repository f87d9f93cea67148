"""The client of the ConnectWise API: bulk reads, and writes that are read back. It contains nothing about kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeAlias

import httpx

from reconciler.connectwise import writing
from reconciler.connectwise.checks import ResponseChecks
from reconciler.connectwise.conditions import Condition
from reconciler.connectwise.connection import Connection, Timeouts
from reconciler.connectwise.counts import RequestCounts
from reconciler.connectwise.lists import ListReader, Objects, encoded, list_query, rooted
from reconciler.connectwise.paging import Paging
from reconciler.connectwise.session import Clock, Session
from reconciler.http.server_clock import ServerClock
from reconciler.http.shapes import Shape

Object: TypeAlias = dict[str, Any]


def _now() -> datetime:
    return datetime.now(UTC)


class ConnectWise:
    """A client of one tenant. Use it as an async context manager. Every error is a `ConnectWiseError`.

    `transport` is an httpx transport; without one, the client makes the production transport over aiohttp. `sleep`
    waits for seconds, and `now` returns the current time; `clock` replaces both, and the random jitter. `on_notice` is
    called once with each sentence that the user should read although nothing failed. `shapes` holds the shape of a
    list's objects by the path of the list: a response of another shape is an error.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], datetime] = _now,
        on_notice: Callable[[str], None] | None = None,
        timeouts: Timeouts | None = None,
        clock: Clock | None = None,
        shapes: Mapping[str, Shape] = MappingProxyType({}),
    ) -> None:
        self.connection = connection
        self._on_notice = on_notice
        self._noticed: set[str] = set()
        self._checks = ResponseChecks(shapes)
        self._session = Session(
            connection,
            transport=transport,
            timeouts=timeouts or Timeouts(),
            clock=clock or Clock(sleep=sleep, now=now),
            notice=self._notice,
        )
        self._lists = ListReader(
            self._session,
            self._checks,
            notice=self._notice,
            workers=connection.max_concurrency,
            bundle_size=connection.bundle_size,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.aclose()

    @property
    def requests(self) -> RequestCounts:
        """Return the requests so far, by route, with retries counted separately."""
        return self._session.counter.counts()

    @property
    def server_clock(self) -> ServerClock | None:
        """Return the tenant's time minus this machine's, from `Date` headers; None before the first response."""
        return self._session.server_clock

    async def discover(self) -> None:
        """Find the URL of the tenant's API, unless it is known. The response also shows the tenant's clock."""
        await self._session.discover()

    @contextmanager
    def before_each_write(self, check: Callable[[], None]) -> Iterator[None]:
        """Call `check` before each request that may write, including retries, while this context is open.

        If `check` raises, the request is not sent.
        """
        before, self._session.before_write = self._session.before_write, check
        try:
            yield
        finally:
            self._session.before_write = before

    async def list(
        self,
        path: str,
        *,
        conditions: Condition | None = None,
        child_conditions: Condition | None = None,
        fields: Sequence[str] = (),
        order_by: str = "",
        paging: Paging = "forward-only",
    ) -> Objects:
        """Return all objects of a list, from all pages.

        With `fields`, an object has only these and `id`; `_info` only if it is named [seen]. `order_by` (`name asc`)
        implies navigable paging. Filter the result again by any text that you asked for: ConnectWise compares texts
        loosely, and a text that no condition can ask for is left out of the request.
        """
        query = list_query(fields, child_conditions=child_conditions, order_by=order_by)
        return await self._lists.read(path, query, conditions, "navigable" if order_by else paging)

    async def list_where_in(
        self,
        path: str,
        field: str,
        values: Sequence[str | int],
        *,
        also: Condition | None = None,
        fields: Sequence[str] = (),
    ) -> Objects:
        """Return the objects whose `field` has one of `values`, and for which `also` holds.

        The values are split over as few requests as the length of a URL allows. Each object is returned once. As with
        `list`, the result may hold other objects, too.
        """
        return await self._lists.read_where_in(path, field, values, also, fields)

    async def list_children(
        self,
        resource: str,
        parent_ids: Sequence[int],
        *,
        path: str,
        fields: Sequence[str] = (),
        conditions: Condition | None = None,
    ) -> dict[int, Objects]:
        """Return the children of many parents, by parent id, read in bundles.

        `path` is the list of one parent, such as `/finance/agreements/{parent_id}/additions`. It is read where a
        result of a bundle failed, if the children are more than a page, and for all parents if the tenant refuses
        bundles (`on_notice` is called then).
        """
        query = list_query(fields, conditions=conditions)
        return await self._lists.read_children(resource, parent_ids, path, query)

    async def get(self, path: str, *, fields: Sequence[str] = ()) -> Object:
        """Return one object. Raises `NotFound`."""
        query = encoded(list_query(fields))
        response = await self._session.send("GET", path, query=query, check=self._checks.of_object(path))
        found: Object = response.body
        return found

    async def count(self, path: str, *, conditions: Condition | None = None) -> int:
        """Return the number of objects in a list."""
        where = f"{path.rstrip('/')}/count"
        query = encoded(list_query((), conditions=conditions))
        response = await self._session.send("GET", where, query=query, check=self._checks.of_count(where))
        count: int = response.body["count"]
        return count

    async def info(self) -> Object:
        """Return the server's version and time zone, from `GET /system/info` [seen]."""
        return await self.get("/system/info")

    async def create(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        lookup: writing.Lookup,
        read_back: writing.ReadBack,
        write_only: Collection[str] = (),
    ) -> Object:
        """POST an object and return it as stored. The object is never created twice.

        `lookup` finds the whole object by its natural key; it is called when the response was lost. `read_back`
        compares the stored object with the sent one. `write_only` names fields whose values are never shown, such as
        a password. Raises `NotStored` when `read_back` finds a mismatch, and `StateUnknown` when the response was lost
        and `lookup` failed as well.
        """
        return await writing.create(
            self._session,
            self._checks,
            rooted(path),
            body,
            lookup=lookup,
            read_back=read_back,
            write_only=write_only,
        )

    async def patch(
        self, path: str, values: Mapping[str, Any], *, read_back: writing.ReadBack, write_only: Collection[str] = ()
    ) -> Object:
        """PATCH fields, replacing the whole value of each, and return the object as stored.

        Keys are field names. Raises `ValueError` for a sub-path such as `company/identifier`, for which ConnectWise can
        answer 200 and store nothing [seen]. Raises `NotStored` when `read_back` finds a mismatch.
        """
        return await writing.patch(
            self._session, self._checks, rooted(path), values, read_back=read_back, write_only=write_only
        )

    async def delete(self, path: str) -> None:
        """DELETE an object. An object that is already gone is fine. Raises `Conflict` when it is in use [docs]."""
        await writing.delete(self._session, path)

    def _notice(self, text: str) -> None:
        if self._on_notice is not None and text not in self._noticed:
            self._noticed.add(text)
            self._on_notice(text)
