"""Answer GET requests and searches: one object, a page of a list, or a count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlencode

from reconciler.sandbox.connectwise.api.http import ELSEWHERE, object_body, root_of
from reconciler.sandbox.connectwise.api.objects import row_of, shown
from reconciler.sandbox.connectwise.api.routing import Collection
from reconciler.sandbox.connectwise.query import selection
from reconciler.sandbox.connectwise.query.listing import MAX_PAGE_SIZE, Lists
from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.errors import Refusal, bad_query, no_endpoint
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.shared.messages import Request, Response, json_response

_FILTERS: Final = {
    "conditions": "conditions",
    "orderBy": "orderBy",
    "childconditions": "childConditions",
    "customfieldconditions": "customFieldConditions",
}
"""The members of a search's body, `FilterValues` [spec], and the query parameter of each one."""
_BESIDE_SEARCH: Final = ("fields", "page", "pageSize", "pageId")
"""The query parameters that a search may have."""


class Reads:
    """Reads of a tenant's collections. `lists` holds the indexes that all reads share."""

    def __init__(self, tenant: Tenant, lists: Lists) -> None:
        self._tenant = tenant
        self._lists = lists

    def get(self, request: Request, asked: Collection, faults: Faults) -> Response:
        """Answer a GET of a list, a count or one object."""
        self._tenant.update_statuses()
        return self._list(request, asked, request.query, faults)

    def search(self, request: Request, asked: Collection, faults: Faults) -> Response:
        """Answer `POST …/search`: a list whose conditions are in the body as `FilterValues`.

        Paging stays in the query.
        """
        if faults.hit("no-search", request.path):
            raise no_endpoint()
        if asked.parent is not None:
            self._tenant.get(asked.view.parent, asked.parent)
        body, query = object_body(request, ENTITIES[asked.view.table].resource), request.query
        if odd := [name for name in query if name not in _BESIDE_SEARCH]:
            raise bad_query(f"{odd[0]} belongs in the body of a search")
        for name, value in body.items():
            if name not in _FILTERS or not isinstance(value, str):
                raise Refusal(400, "InvalidObject", f"filterValues object is invalid: {name}")
            query[_FILTERS[name]] = value
        return self._list(request, asked, query, faults)

    def _list(self, request: Request, asked: Collection, query: dict[str, str], faults: Faults) -> Response:
        view = asked.view
        self._lists.dates_wrong = bool(faults) and faults.hit("dates-wrong", request.path) is not None
        cut = selection.projection(view.table, view.fields, query["fields"]) if query.get("fields") else None
        if asked.key is not None:
            data = shown(asked, row_of(self._tenant, asked))
            return json_response(200, cut(data) if cut else data)
        if asked.count:
            return json_response(200, {"count": len(self._lists.rows(view, asked.parent, query))})
        return self._page(request, asked, query, cut, faults)

    def _page(
        self,
        request: Request,
        asked: Collection,
        query: dict[str, str],
        cut: selection.Projection | None,
        faults: Faults,
    ) -> Response:
        """Return one page of a list and the links to the others, both as the active faults change them."""
        view, path = asked.view, request.path
        forward = request.headers.get(b"pagination-type", b"").strip().lower() == b"forward-only"
        if faults.hit("navigable", path):
            forward, query = False, {name: value for name, value in query.items() if name != "pageId"}
        cap = faults.hit("page-cap", path)
        overlap = faults.hit("page-overlap", path) is not None
        most = cap.options["size"] if cap else MAX_PAGE_SIZE
        page = self._lists.page(view, asked.parent, query, forward_only=forward, most=most, overlap=overlap)
        data = [shown(asked, row) for row in page.rows] if view.fields else [row.data for row in page.rows]
        response = json_response(200, [cut(each) for each in data] if cut else data)
        if page.links and not faults.hit("no-link", path):
            link = ", ".join(_links(request, page.links, faults))
            return Response(200, response.body, (*response.headers, (b"link", link.encode())))
        return response


def _links(request: Request, links: dict[str, str], faults: Faults) -> Iterator[str]:
    path = request.path
    base = f"{ELSEWHERE if faults.hit('link-host', path) else root_of(request)}{path}"
    for name, query in links.items():
        text = (
            query
            if request.method == "GET"
            else urlencode([(key, value) for key, value in parse_qsl(query) if key in _BESIDE_SEARCH])
        )
        if name == "next" and faults.hit("link-loop", path):
            text = request.target.partition(b"?")[2].decode("latin-1")
        elif name == "next" and faults.hit("link-cursor", path):
            text = f"cursor={abs(hash(query))}"
        yield f'<{base}?{text}>; rel="{name}"'
