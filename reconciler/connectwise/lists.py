"""Reads lists of objects: all pages of a list, conditions of any length, and the lists of many parents in bundles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from reconciler.connectwise import bundles
from reconciler.connectwise import conditions as _conditions
from reconciler.connectwise.checks import ResponseChecks
from reconciler.connectwise.conditions import Condition, Value
from reconciler.connectwise.counts import route
from reconciler.connectwise.errors import ConnectWiseError, Redirected
from reconciler.connectwise.exchange import Response
from reconciler.connectwise.paging import PAGE_SIZE, Page, PageStart, Paging, PagingHistory, read_all_pages
from reconciler.connectwise.parallel import in_parallel
from reconciler.connectwise.session import Session

Objects: TypeAlias = list[dict[str, Any]]

_CODEBASE_LENGTH = 40
"""Characters of a URL reserved for the codebase, so that splitting a list needs no discovery before it."""
_ROOT_LENGTH = 100
"""Characters of a URL reserved for the site and the codebase at least, so that most sites split a list alike."""
_FORWARD_ONLY = {"pagination-type": "forward-only"}
_IN_BODY = ("conditions", "childConditions", "orderBy")
"""Parameters that a search has in its body, as `FilterValues` [spec]."""
_URI_TOO_LONG = 414
_MAYBE_TOO_LONG = frozenset({400, _URI_TOO_LONG})
"""Statuses of a request whose URL may be too long."""
_SHORT = 60
"""Characters of conditions that no server finds too long."""
_NO_SEARCH = frozenset({404, 405, 413, 414, 501})
"""Statuses which show that a list has no search."""


class ListReader:
    """Reads the lists of one tenant, and keeps in its attributes what their endpoints support.

    `notice` is called with a sentence for the user; `workers` is the most requests in flight.
    """

    def __init__(
        self, session: Session, checks: ResponseChecks, *, notice: Callable[[str], None], workers: int, bundle_size: int
    ) -> None:
        self._session = session
        self._checks = checks
        self._notice = notice
        self._workers = workers
        self._bundle_size = bundle_size
        self._no_bundles: set[str] = set()
        """Resources for which the tenant refused bundles."""
        self._no_search: set[str] = set()
        """Routes of searches that do not exist."""
        self._paging_histories: dict[str, PagingHistory] = defaultdict(PagingHistory)
        """The history of the pages of a list, by route."""

    async def read(self, path: str, query: Mapping[str, str], conditions: Condition | None, paging: Paging) -> Objects:
        """Return all objects of a list that match the conditions; see `ConnectWise.list`."""
        queryable = _conditions.queryable_part(conditions)
        sent = {"conditions": str(queryable), **query} if queryable is not None else query
        found = await self._pages(path, sent, paging)
        if queryable == conditions and self._has_search(path):
            return found
        return [row for row in found if _conditions.may_match(conditions, row)]

    async def read_where_in(
        self, path: str, field: str, values: Sequence[str | int], also: Condition | None, fields: Sequence[str]
    ) -> Objects:
        """Return the objects whose field has one of the values; see `ConnectWise.list_where_in`."""

        async def part(chunk: tuple[Value, ...]) -> Objects:
            conditions = _conditions.all_of(_conditions.one_of(field, chunk), also) if chunk else also
            query = list_query(fields, conditions=_conditions.queryable_part(conditions))
            at_most = len(chunk) if chunk and field == "id" else None
            return await self._pages(path, query, "forward-only", at_most=at_most)

        chunks = self.chunks(path, field, values, also, fields)
        found = await in_parallel(part, chunks, workers=self._workers)
        every = {entry["id"]: entry for objects in found for entry in objects}
        if all(chunks) and self._has_search(path):
            return [*every.values()]
        conditions = _conditions.one_of(field, values)
        return [entry for entry in every.values() if _conditions.may_match(conditions, entry)]

    def chunks(
        self, path: str, field: str, values: Sequence[str | int], also: Condition | None, fields: Sequence[str] = ()
    ) -> Sequence[tuple[Value, ...]]:
        """Return the values in one chunk for each request; one empty chunk where a value cannot be queried."""
        if not all(map(_conditions.can_query, values)):
            return [()]
        # The longest form of `also` together with the list of values is `… in (…) and (also)`.
        rest = {**list_query(fields), "pageSize": str(PAGE_SIZE), "pageId": "9" * 10}
        used = self._length_before_query(path) + len("conditions=&") + len(encoded(rest))
        used += _conditions.encoded_length(f" and ({also})") if also else 0
        return list(_conditions.in_chunks(field, values, room=_conditions.URL_LIMIT - used))

    async def read_children(
        self, resource: str, parent_ids: Sequence[int], path: str, query: Mapping[str, str]
    ) -> dict[int, Objects]:
        """Return the children of many parents, by parent id; see `ConnectWise.list_children`."""
        parents = list(dict.fromkeys(parent_ids))
        size = self._bundle_size
        groups = [parents[start : start + size] for start in range(0, len(parents), size)]

        async def single(parent: int) -> Objects:
            return await self._pages(path.format(parent_id=parent), query, "forward-only")

        async def bundled(group: Sequence[int]) -> bundles.BundleResult:
            if resource in self._no_bundles:
                return bundles.BundleResult({}, list(group))
            try:
                body = bundles.request_body(resource, group, query)
                response = await self._session.send("POST", bundles.PATH, body=body, check=bundles.results_in)
            except ConnectWiseError as refused:
                if refused.status not in bundles.FALLBACK_STATUSES and not isinstance(refused, Redirected):
                    raise
                self._no_bundles.add(resource)
                self._notice(
                    f"ConnectWise refused a bundle of {resource} reads ({refused.what}). "
                    "Each list is read on its own, which takes more requests."
                )
                return bundles.BundleResult({}, list(group))
            return bundles.parse(response.body, group, self._checks.of_list(path.format(parent_id=0)))

        results = await in_parallel(bundled, groups, workers=self._workers)
        found: dict[int, Objects] = {}
        longest = max((len(rows) for result in results for rows in result.complete.values()), default=0)
        for result in results:
            found.update({key: rows for key, rows in result.complete.items() if bundles.is_complete(rows, longest)})
        left = [parent for parent in parents if parent not in found]
        found.update(zip(left, await in_parallel(single, left, workers=self._workers), strict=True))
        return {parent: found[parent] for parent in parents}

    async def _pages(
        self, path: str, query: Mapping[str, str], paging: Paging, *, at_most: int | None = None
    ) -> Objects:
        async def fetch(start: PageStart | None) -> Page:
            by_id = paging == "forward-only" if start is None else start.parameter == "pageId"
            place: dict[str, str] = {} if start is None else {start.parameter: str(start.value)}
            response = await self._request(path, {**query, "pageSize": str(PAGE_SIZE), **place}, by_id=by_id)
            return Page(response.body, response.headers.get("link"))

        history = self._paging_histories[route("GET", path)]
        return await read_all_pages(fetch, paging=paging, endpoint=rooted(path), history=history, at_most=at_most)

    async def _request(self, path: str, query: Mapping[str, str], *, by_id: bool) -> Response:
        """Request one page: by GET, by a search where the URL would be too long, or without conditions."""
        headers = _FORWARD_ONLY if by_id else {}
        check = self._checks.of_list(path)
        text = encoded(query)
        if "conditions" in query and self._length_before_query(path) + len(text) > _conditions.URL_LIMIT:
            found = await self._search(path, query, headers)
        else:
            try:
                return await self._session.send("GET", path, query=text, headers=headers, check=check)
            except ConnectWiseError as refused:
                if "conditions" not in query or refused.status not in _MAYBE_TOO_LONG:
                    raise
                found = await self._search_instead(path, query, headers, refused)
        if found is not None:
            return found
        text = encoded({name: value for name, value in query.items() if name != "conditions"})
        return await self._session.send("GET", path, query=text, headers=headers, check=check)

    async def _search_instead(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str], refused: ConnectWiseError
    ) -> Response | None:
        """Request a page by `…/search` after its URL was refused: a server or proxy may accept only short URLs.

        Returns None if the tenant has no search; the caller then reads the whole list. Raises `refused` where the
        search is refused, too: the URL was not too long.
        """
        if len(query["conditions"]) < _SHORT and refused.status != _URI_TOO_LONG:
            raise refused
        try:
            found = await self._search(path, query, headers)
        except ConnectWiseError:
            raise refused from None
        if found is None and refused.status != _URI_TOO_LONG:
            raise refused
        return found

    async def _search(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response | None:
        """Request a page by `…/search`, with its conditions in the body [docs]; None if there is no search."""
        route_ = route("POST", path)
        if route_ in self._no_search:
            return None
        where = f"{path.rstrip('/')}/search"
        in_body = {name.lower() if name != "orderBy" else name: query[name] for name in _IN_BODY if name in query}
        rest = encoded({name: value for name, value in query.items() if name not in _IN_BODY})
        check = self._checks.of_list(path, "POST")
        try:
            return await self._session.send("POST", where, query=rest, body=in_body, headers=headers, check=check)
        except ConnectWiseError as refused:
            if refused.status not in _NO_SEARCH and not isinstance(refused, Redirected):
                raise
            self._no_search.add(route_)
            self._notice(f"ConnectWise has no search at {where} ({refused.what}). The whole list is read instead.")
            return None

    def _has_search(self, path: str) -> bool:
        """Return False once a search of this list was refused: then the whole list was read, without conditions."""
        return route("POST", path) not in self._no_search

    def _length_before_query(self, path: str) -> int:
        """Return the most characters that a URL has before its query; the same for most sites."""
        return max(_ROOT_LENGTH, len(self._session.base) + _CODEBASE_LENGTH) + len(path) + len("?")


def rooted(path: str) -> str:
    """Return a path with its leading slash, as errors show it."""
    return f"/{path.lstrip('/')}"


def list_query(
    fields: Sequence[str],
    *,
    conditions: Condition | None = None,
    child_conditions: Condition | None = None,
    order_by: str = "",
) -> dict[str, str]:
    """Return the parameters of a list that are given. `id` is always among the fields, because paging needs it."""
    named = dict.fromkeys(["id", *fields]) if fields else {}
    given = {
        "conditions": "" if conditions is None else str(conditions),
        "childConditions": "" if child_conditions is None else str(child_conditions),
        "fields": ",".join(named),
        "orderBy": order_by,
    }
    return {name: value for name, value in given.items() if value}


def encoded(query: Mapping[str, str]) -> str:
    """Return parameters as the query of a URL."""
    return "&".join(f"{name}={_conditions.encode(value)}" for name, value in query.items())
