"""The client: reads in bulk, writes that are read back. Knows paths and JSON, and no kind of object."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeAlias

import httpx

from reconciler.connectwise import bundles, writing
from reconciler.connectwise import conditions as _conditions
from reconciler.connectwise.conditions import Condition, Value
from reconciler.connectwise.connection import Connection, Timeouts
from reconciler.connectwise.counts import RequestCounts
from reconciler.connectwise.errors import ConnectWiseError, NotJson, TooLong
from reconciler.connectwise.paging import PAGE_SIZE, PARAMETER, Page, Paging, every_page
from reconciler.connectwise.parallel import in_parallel
from reconciler.connectwise.wire import Clock, Wire
from reconciler.http.server_clock import ServerClock

Object: TypeAlias = dict[str, Any]
Objects: TypeAlias = list[dict[str, Any]]

_ROOM_FOR_CODEBASE = 40
"""Characters of a URL kept free for what discovery puts between site and path, so that splitting needs no request."""
_ROOM_FOR_ROOT = 100
"""Characters of a URL kept free for site and codebase at least, so that most sites split a list alike."""


def _now() -> datetime:
    return datetime.now(UTC)


class ConnectWise:
    """One tenant, as an async context manager; every error is a `ConnectWiseError`.

    `transport` is httpx's: tests bring their own, production makes one over aiohttp. `sleep` waits for seconds, `now`
    is the time that the run goes by, and `clock` bundles both with the other ways in which time and chance come in.
    `on_notice` is told, once each, what a person should know though it stopped nothing.
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
    ) -> None:
        self._on_notice = on_notice
        self._noticed: set[str] = set()
        self._workers = connection.max_concurrency
        self._bundle_size = connection.bundle_size
        self._no_bundles: set[str] = set()
        self._wire = Wire(
            connection,
            transport=transport,
            timeouts=timeouts or Timeouts(),
            clock=clock or Clock(sleep=sleep, now=now),
            notice=self._notice,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.aclose()

    @property
    def requests(self) -> RequestCounts:
        """The requests made so far, by route, with the tries that repeated one counted apart."""
        return self._wire.tally.counts()

    @property
    def server_clock(self) -> ServerClock | None:
        """The tenant's time less the run's own, by the `Date` of its answers; None before the first one."""
        return self._wire.server_clock

    @contextmanager
    def fenced(self, check: Callable[[], None]) -> Iterator[None]:
        """While this lasts, `check` is called right before each request that may write leaves, repeated ones too.

        What it raises keeps the request here.
        """
        before, self._wire.before_write = self._wire.before_write, check
        try:
            yield
        finally:
            self._wire.before_write = before

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
        """Every object of a list, of all pages. With `fields`, only those and `id`; `_info` only when named [seen].

        `order_by` (`name asc`) needs navigable paging, and brings it.
        """
        query = _query(conditions, child_conditions, fields, order_by)
        return await self._pages(path, query, "navigable" if order_by else paging, after=None)

    async def list_where_in(
        self,
        path: str,
        field: str,
        values: Sequence[str | int],
        *,
        also: Condition | None = None,
        fields: Sequence[str] = (),
    ) -> Objects:
        """The objects whose `field` is one of `values`, asked for in as few lists as URLs are long enough for.

        Each object comes once, whichever lists it was in. Raises `TooLong` for a value too long for any URL.
        """

        async def part(run: tuple[Value, ...]) -> Objects:
            return await self.list(
                path, conditions=_conditions.all_of(_conditions.one_of(field, run), also), fields=fields
            )

        runs = self._runs(path, field, values, also, fields)
        found = await in_parallel(part, runs, workers=self._workers)
        return [*{entry.get("id", id(entry)): entry for objects in found for entry in objects}.values()]

    def in_chunks(
        self,
        path: str,
        field: str,
        values: Sequence[str | int],
        *,
        also: Condition | None = None,
        fields: Sequence[str] = (),
    ) -> int:
        """How many lists `list_where_in` would ask for; to choose between it and the whole table."""
        return len(self._runs(path, field, values, also, fields))

    async def get(self, path: str, *, fields: Sequence[str] = ()) -> Object:
        """One object. Raises `NotFound`."""
        answer = await self._wire.send("GET", path, query=_encoded(_query(None, None, fields, "")))
        return _object(answer.body, path)

    async def count(self, path: str, *, conditions: Condition | None = None) -> int:
        """How many objects a list has."""
        where = f"{path.rstrip('/')}/count"
        answer = await self._wire.send("GET", where, query=_encoded(_query(conditions, None, (), "")))
        count = _object(answer.body, where).get("count")
        if not isinstance(count, int):
            raise _wrong_shape("a count", where)
        return count

    async def info(self) -> Object:
        """The server's version and time zone, `GET /system/info` [seen]."""
        return await self.get("/system/info")

    async def create(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        find: Callable[[], Awaitable[dict[str, Any] | None]],
        check: writing.Check,
        unread: Collection[str] = (),
    ) -> Object:
        """POST an object and give it back as stored; it is never made twice.

        `find` looks the object up by its natural key, whole, and is called when the answer was lost. `check` says
        which fields of the answered object did not take. `unread` names write-only fields (a password), which are
        never shown. Raises `NotTaken` when something else was stored than asked, `StateUnknown` when the answer was
        lost and `find` failed as well.
        """
        return await writing.create(self._wire, path, body, find=find, check=check, unread=unread)

    async def patch(
        self, path: str, values: Mapping[str, Any], *, check: writing.Check, unread: Collection[str] = ()
    ) -> Object:
        """Replace fields of an object, each whole, and give it back as stored. Raises `NotTaken` for what `check`
        finds.

        Keys are field names; `ValueError` for a sub-path such as `company/identifier`, which can answer a false 200
        that stores nothing [seen].
        """
        return await writing.patch(self._wire, path, values, check=check, unread=unread)

    async def delete(self, path: str) -> None:
        """Delete an object; one that is gone already is fine. Raises `Conflict` when it is in use [docs]."""
        await writing.delete(self._wire, path)

    async def list_children(
        self,
        resource: str,
        parent_ids: Sequence[int],
        *,
        path: str,
        fields: Sequence[str] = (),
        conditions: Condition | None = None,
    ) -> dict[int, Objects]:
        """The children of many parents, by parent id, through bundles of reads.

        `path` is a single parent's list, such as `/finance/agreements/{parent_id}/additions`: it takes over where a
        bundle's item failed, where children go beyond a page, and altogether where bundles are refused (which is
        noticed once).
        """
        parents = list_of(dict.fromkeys(parent_ids))
        size = self._bundle_size
        groups = [parents[start : start + size] for start in range(0, len(parents), size)]
        query = _query(conditions, None, fields, "")

        async def alone(parent: int, begun: Objects | None = None) -> Objects:
            if begun:
                after = max(child["id"] for child in begun)
                rest = await self._pages(path.format(parent_id=parent), query, "forward-only", after=after)
                return begun + rest
            return await self._pages(path.format(parent_id=parent), query, "forward-only", after=None)

        async def bundled(group: Sequence[int]) -> bundles.Opened:
            if resource in self._no_bundles:
                return bundles.Opened({}, {}, list_of(group))
            try:
                answer = await self._wire.send("POST", bundles.PATH, body=bundles.body(resource, group, query))
            except ConnectWiseError as refused:
                if refused.status not in bundles.REFUSED:
                    raise
                self._no_bundles.add(resource)
                self._notice(
                    f"ConnectWise refused a bundle of {resource} reads ({refused.what}); "
                    "reading one by one, which takes more requests."
                )
                return bundles.Opened({}, {}, list_of(group))
            return bundles.opened(answer.body, group)

        parts = await in_parallel(bundled, groups, workers=self._workers)
        found: dict[int, Objects] = {}
        begun: dict[int, Objects | None] = {}
        for part in parts:
            found.update(part.whole)
            begun.update(part.begun)
            begun.update(dict.fromkeys(part.missing))
        left = list_of(begun)
        rest = await in_parallel(lambda parent: alone(parent, begun[parent]), left, workers=self._workers)
        found.update(zip(left, rest, strict=True))
        return {parent: found[parent] for parent in parents}

    async def _pages(self, path: str, query: Mapping[str, str], paging: Paging, *, after: int | None) -> Objects:
        headers = _FORWARD_ONLY if paging == "forward-only" else {}
        shared = _encoded({**query, "pageSize": str(PAGE_SIZE)})

        async def fetch(mark: int | None) -> Page:
            place = f"&{PARAMETER[paging]}={mark}" if mark is not None else ""
            answer = await self._wire.send("GET", path, query=shared + place, headers=headers)
            objects = answer.body
            if not isinstance(objects, list_of) or not all(isinstance(entry, dict) for entry in objects):
                raise _wrong_shape("a list of objects", path)
            return Page(objects, answer.headers.get("link"))

        return await every_page(fetch, paging=paging, endpoint=path, after=after, size=PAGE_SIZE)

    def _runs(
        self,
        path: str,
        field: str,
        values: Sequence[str | int],
        also: Condition | None,
        fields: Sequence[str],
    ) -> Sequence[tuple[Value, ...]]:
        # Room is measured for the longest form that `also` can take beside the list: `… in (…) and (also)`.
        rest = {**_query(None, None, fields, ""), "pageSize": str(PAGE_SIZE), "pageId": "9" * 10}
        taken = max(_ROOM_FOR_ROOT, len(self._wire.base) + _ROOM_FOR_CODEBASE) + len(path) + len("?conditions=&")
        taken += len(_encoded(rest)) + (_conditions.encoded_length(f" and ({also})") if also else 0)
        try:
            return list_of(_conditions.in_chunks(field, values, room=_conditions.URL_LIMIT - taken))
        except ValueError as error:
            raise TooLong(str(error), method="GET", endpoint=path, advice="Shorten the value.") from error

    def _notice(self, text: str) -> None:
        if self._on_notice is not None and text not in self._noticed:
            self._noticed.add(text)
            self._on_notice(text)


list_of = list
"""The built-in, under a name that `ConnectWise.list` leaves alone."""

_FORWARD_ONLY = {"pagination-type": "forward-only"}


def _query(
    conditions: Condition | None, child_conditions: Condition | None, fields: Sequence[str], order_by: str
) -> dict[str, str]:
    """A list's parameters, as far as they are given; `id` joins the fields, for paging and for who reads them."""
    named = dict.fromkeys(["id", *fields]) if fields else {}
    given = {
        "conditions": "" if conditions is None else str(conditions),
        "childConditions": "" if child_conditions is None else str(child_conditions),
        "fields": ",".join(named),
        "orderBy": order_by,
    }
    return {name: value for name, value in given.items() if value}


def _encoded(query: Mapping[str, str]) -> str:
    return "&".join(f"{name}={_conditions.encode(value)}" for name, value in query.items())


def _object(body: Any, path: str) -> Object:
    if not isinstance(body, dict):
        raise _wrong_shape("an object", path)
    return body


def _wrong_shape(wanted: str, path: str) -> NotJson:
    return NotJson(
        f"the answer is not {wanted}",
        method="GET",
        endpoint=path,
        advice="A proxy may have answered in place of ConnectWise, or the path is another kind's; check the site.",
    )
