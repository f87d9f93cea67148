"""The client: reads in bulk, writes that are read back. Knows paths and JSON, and no kind of object."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeAlias

import httpx

from reconciler.connectwise import bundles, writing
from reconciler.connectwise import conditions as _conditions
from reconciler.connectwise.checks import Checks
from reconciler.connectwise.conditions import Condition, Value
from reconciler.connectwise.connection import Connection, Timeouts
from reconciler.connectwise.counts import RequestCounts, route
from reconciler.connectwise.errors import ConnectWiseError, Redirected
from reconciler.connectwise.exchange import Answer
from reconciler.connectwise.paging import PAGE_SIZE, Habit, Mark, Page, Paging, every_page
from reconciler.connectwise.parallel import in_parallel
from reconciler.connectwise.wire import Clock, Wire
from reconciler.http.server_clock import ServerClock
from reconciler.http.shapes import Shape

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
    `on_notice` is told, once each, what a person should know though it stopped nothing. `shapes` says what the objects
    of a list hold, by its path: an answer that does not fit is an error.
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
        self._workers = connection.max_concurrency
        self._bundle_size = connection.bundle_size
        self._no_bundles: set[str] = set()
        self._no_search: set[str] = set()
        self._habits: dict[str, Habit] = defaultdict(Habit)
        """By route: what is known of its pages."""
        self._checks = Checks(shapes)
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

    async def reach(self) -> None:
        """Find the tenant's API, if nothing has asked for it yet: the first answer tells its clock, too."""
        await self._wire.reach()

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

        Filter again what you asked for by text: a text that no condition can ask for is left out of the conditions,
        and what comes is compared more loosely here than you may want it to be.
        `order_by` (`name asc`) needs navigable paging, and brings it.
        """
        loosened = _conditions.loosened(conditions)
        query = _query(loosened, child_conditions, fields, order_by)
        found = await self._pages(path, query, "navigable" if order_by else paging)
        if loosened == conditions and route("POST", path) not in self._no_search:
            return found
        return [row for row in found if _conditions.may_hold(conditions, row)]

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

        Each object comes once, whichever lists it was in; as with `list`, others may come as well.
        """

        async def part(run: tuple[Value, ...]) -> Objects:
            wanted = _conditions.all_of(_conditions.one_of(field, run), also) if run else also
            query = _query(_conditions.loosened(wanted), None, fields, "")
            return await self._pages(path, query, "forward-only", at_most=len(run) if run and field == "id" else None)

        runs = self._runs(path, field, values, also, fields)
        found = await in_parallel(part, runs, workers=self._workers)
        every = {entry["id"]: entry for objects in found for entry in objects}
        if all(runs) and route("POST", path) not in self._no_search:
            return [*every.values()]
        wanted = _conditions.one_of(field, values)
        return [entry for entry in every.values() if _conditions.may_hold(wanted, entry)]

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
        query = _encoded(_query(None, None, fields, ""))
        answer = await self._wire.send("GET", path, query=query, check=self._checks.of_object(path))
        found: Object = answer.body
        return found

    async def count(self, path: str, *, conditions: Condition | None = None) -> int:
        """How many objects a list has."""
        where = f"{path.rstrip('/')}/count"
        query = _encoded(_query(conditions, None, (), ""))
        answer = await self._wire.send("GET", where, query=query, check=self._checks.of_count(where))
        count: int = answer.body["count"]
        return count

    async def info(self) -> Object:
        """The server's version and time zone, `GET /system/info` [seen]."""
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

        `lookup` finds the whole object by its natural key; it is called when there was no usable response. `read_back`
        compares the stored object with what was sent. `write_only` names fields whose values are never shown, such as
        a password. Raises `NotStored` when `read_back` finds a mismatch, and `StateUnknown` when there was no usable
        response and `lookup` failed as well.
        """
        return await writing.create(
            self._wire,
            self._checks,
            _rooted(path),
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
            self._wire, self._checks, _rooted(path), values, read_back=read_back, write_only=write_only
        )

    async def delete(self, path: str) -> None:
        """DELETE an object. An object that is already gone is fine. Raises `Conflict` when it is in use [docs]."""
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

        async def alone(parent: int) -> Objects:
            return await self._pages(path.format(parent_id=parent), query, "forward-only")

        async def bundled(group: Sequence[int]) -> bundles.Opened:
            if resource in self._no_bundles:
                return bundles.Opened({}, list_of(group))
            try:
                asked = bundles.body(resource, group, query)
                answer = await self._wire.send("POST", bundles.PATH, body=asked, check=bundles.results_of)
            except ConnectWiseError as refused:
                if refused.status not in bundles.REFUSED and not isinstance(refused, Redirected):
                    raise
                self._no_bundles.add(resource)
                self._notice(
                    f"ConnectWise refused a bundle of {resource} reads ({refused.what}); "
                    "reading one by one, which takes more requests."
                )
                return bundles.Opened({}, list_of(group))
            return bundles.opened(answer.body, group, self._checks.of_list(path.format(parent_id=0)))

        parts = await in_parallel(bundled, groups, workers=self._workers)
        found: dict[int, Objects] = {}
        longest = max((len(children) for part in parts for children in part.whole.values()), default=0)
        for part in parts:
            found.update({parent: rows for parent, rows in part.whole.items() if bundles.is_whole(rows, longest)})
        left = [parent for parent in parents if parent not in found]
        found.update(zip(left, await in_parallel(alone, left, workers=self._workers), strict=True))
        return {parent: found[parent] for parent in parents}

    async def _pages(
        self, path: str, query: Mapping[str, str], paging: Paging, *, at_most: int | None = None
    ) -> Objects:
        async def fetch(mark: Mark | None) -> Page:
            by_id = paging == "forward-only" if mark is None else mark.parameter == "pageId"
            place: dict[str, str] = {} if mark is None else {mark.parameter: str(mark.value)}
            answer = await self._read_list(path, {**query, "pageSize": str(PAGE_SIZE), **place}, by_id=by_id)
            objects: Objects = answer.body
            return Page(objects, answer.headers.get("link"))

        return await every_page(
            fetch, paging=paging, endpoint=_rooted(path), habit=self._habits[route("GET", path)], at_most=at_most
        )

    async def _read_list(self, path: str, query: Mapping[str, str], *, by_id: bool) -> Answer:
        headers = _FORWARD_ONLY if by_id else {}
        check = self._checks.of_list(path)
        text = _encoded(query)
        if "conditions" in query and self._before_query(path) + len(text) > _conditions.URL_LIMIT:
            found = await self._search(path, query, headers)
        else:
            try:
                return await self._wire.send("GET", path, query=text, headers=headers, check=check)
            except ConnectWiseError as refused:
                if "conditions" not in query or refused.status not in _TOO_LONG:
                    raise
                found = await self._otherwise(path, query, headers, refused)
        if found is not None:
            return found
        text = _encoded({name: value for name, value in query.items() if name != "conditions"})
        return await self._wire.send("GET", path, query=text, headers=headers, check=check)

    async def _otherwise(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str], refused: ConnectWiseError
    ) -> Answer | None:
        """Asks by `…/search` for a list whose URL was refused: a server or proxy may take only short URLs.

        Returns None where the tenant has no search; the caller then reads the whole list. Raises `refused` where the
        search is refused, too: the URL was not too long.
        """
        if len(query["conditions"]) < _SHORT and refused.status != URI_TOO_LONG:
            raise refused
        try:
            found = await self._search(path, query, headers)
        except ConnectWiseError:
            raise refused from None
        if found is None and refused.status != URI_TOO_LONG:
            raise refused
        return found

    async def _search(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        """A list whose conditions are too long for a URL: they go in a body [docs]. None where there is no such way."""
        route_ = route("POST", path)
        if route_ in self._no_search:
            return None
        where = f"{path.rstrip('/')}/search"
        in_body = {name.lower() if name != "orderBy" else name: query[name] for name in _IN_BODY if name in query}
        rest = _encoded({name: value for name, value in query.items() if name not in _IN_BODY})
        try:
            return await self._wire.send(
                "POST", where, query=rest, body=in_body, headers=headers, check=self._checks.of_list(path, "POST")
            )
        except ConnectWiseError as refused:
            if refused.status not in _NO_SEARCH and not isinstance(refused, Redirected):
                raise
            self._no_search.add(route_)
            self._notice(f"ConnectWise takes no search at {where} ({refused.what}); reading the whole list instead.")
            return None

    def _before_query(self, path: str) -> int:
        """Characters of a URL before its query, at most: most sites take the same, so lists are split alike."""
        return max(_ROOM_FOR_ROOT, len(self._wire.base) + _ROOM_FOR_CODEBASE) + len(path) + len("?")

    def _runs(
        self,
        path: str,
        field: str,
        values: Sequence[str | int],
        also: Condition | None,
        fields: Sequence[str],
    ) -> Sequence[tuple[Value, ...]]:
        """The values of each list; one list without values where one of them cannot be asked for."""
        if not all(map(_conditions.askable, values)):
            return [()]
        # Room is measured for the longest form that `also` can take beside the list: `… in (…) and (also)`.
        rest = {**_query(None, None, fields, ""), "pageSize": str(PAGE_SIZE), "pageId": "9" * 10}
        taken = self._before_query(path) + len("conditions=&") + len(_encoded(rest))
        taken += _conditions.encoded_length(f" and ({also})") if also else 0
        return list_of(_conditions.in_chunks(field, values, room=_conditions.URL_LIMIT - taken))

    def _notice(self, text: str) -> None:
        if self._on_notice is not None and text not in self._noticed:
            self._noticed.add(text)
            self._on_notice(text)


list_of = list
"""The built-in, under a name that `ConnectWise.list` leaves alone."""

_FORWARD_ONLY = {"pagination-type": "forward-only"}
_IN_BODY = ("conditions", "childConditions", "orderBy")
"""Parameters that a search takes in its body, as `FilterValues` [spec]."""
URI_TOO_LONG = 414
_TOO_LONG = frozenset({400, URI_TOO_LONG})
"""Statuses that can say that a URL is too long."""
_SHORT = 60
"""Characters of conditions that no server finds too long."""
_NO_SEARCH = frozenset({404, 405, 413, 414, 501})
"""Statuses that say that a list has no search."""


def _rooted(path: str) -> str:
    """A path as errors name it."""
    return f"/{path.lstrip('/')}"


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
