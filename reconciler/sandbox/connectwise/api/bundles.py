"""`POST /system/bundles`: many reads in one request, each with its own result or error [seen].

Only a few resource names are known to work. A request with any other name fails alone. The limit of a bundle is
unknown: public clients send 50 requests, so this tenant accepts 50 [guess].
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox.connectwise.query import selection
from reconciler.sandbox.connectwise.query.listing import MAX_PAGE_SIZE, Lists
from reconciler.sandbox.connectwise.schema.errors import Refusal, bad_query, not_found
from reconciler.sandbox.connectwise.schema.views import VIEWS, View
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

MAX_REQUESTS: Final = 50
"""The largest number of requests in a bundle."""
_BY_PATH: Final = {view.path: view for view in VIEWS}
RESOURCES: Final[dict[str, View | None]] = {
    "addition": _BY_PATH["finance/agreements/{parent}/additions"],
    "agreement": _BY_PATH["finance/agreements"],
    "configuration": None,
}
"""The view of each resource name, in lower case. `configuration` works too, but this tenant has no configurations."""


_ECHOED: Final = ("sequenceNumber", "resourceType", "version")


class Bundles:
    """Answers bundles from the lists of a tenant. `most` limits the rows of each read."""

    def __init__(self, store: Store, lists: Lists) -> None:
        self._store = store
        self._lists = lists
        self.most = MAX_PAGE_SIZE

    def answer(self, body: Any, *, count_only: bool = False) -> dict[str, Any]:
        """Return the results in the order of the requests.

        Raises:
            Refusal: 400, the body is not a bundle, or it has too many requests.
        """
        requests = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(requests, list) or not all(isinstance(each, dict) for each in requests):
            raise Refusal(400, "InvalidObject", "bundleRequestsCollection object is invalid: requests is required")
        if len(requests) > MAX_REQUESTS:
            raise Refusal(400, "InvalidObject", f"A bundle takes at most {MAX_REQUESTS} requests")
        return {"results": [self._result(request, count_only=count_only) for request in requests]}

    def _result(self, request: dict[str, Any], *, count_only: bool) -> dict[str, Any]:
        result: dict[str, Any] = {name: request[name] for name in _ECHOED if name in request}
        try:
            rows, shown = self._read(request, count_only=count_only)
        except Refusal as refusal:
            return {**result, "success": False, "statusCode": refusal.status, "entities": [], "error": refusal.body}
        entities = {} if count_only else {"entities": shown}
        return {**result, **entities, "count": rows, "success": True, "statusCode": 200}

    def _read(self, request: dict[str, Any], *, count_only: bool) -> tuple[int, list[dict[str, Any]]]:
        name = str(request.get("resourceType") or "").lower()
        if name not in RESOURCES:
            raise Refusal(400, "InvalidResourceType", f"Resource type {request.get('resourceType')!r} is not supported")
        asked = _part(request, "apiRequest")
        view = RESOURCES[name]
        if view is None:
            return 0, []
        parent = self._parent(view, asked)
        query = _query(asked)
        if count_only:
            return len(self._lists.rows(view, parent, query)), []
        forward = "pageId" in query
        rows = (
            self._one(view, parent, asked)
            or self._lists.page(view, parent, query, forward_only=forward, most=self.most).rows
        )
        data = [row.data for row in rows]
        if query.get("fields"):
            cut = selection.projection(view.table, view.fields, query["fields"])
            data = [cut(each) for each in data]
        return len(data), data

    def _parent(self, view: View, asked: dict[str, Any]) -> int | None:
        if not view.parent:
            return None
        parent = asked.get("parentId")
        if isinstance(parent, bool) or not isinstance(parent, int):
            raise not_found(view.parent, parent if parent is not None else "without parentId")
        return self._store.get(view.parent, parent).id

    def _one(self, view: View, parent: int | None, asked: dict[str, Any]) -> list[Row]:
        key = asked.get("id")
        if not key:
            return []
        row = self._store.get(view.table, key) if isinstance(key, int) else None
        if row is None or (parent is not None and row.parent != parent):
            raise not_found(view.table, key)
        return [row]


def _part(holder: dict[str, Any], name: str) -> dict[str, Any]:
    part = holder.get(name)
    if part is None:
        return {}
    if not isinstance(part, dict):
        raise bad_query(f"{name} must be an object")
    return part


def _query(asked: dict[str, Any]) -> dict[str, str]:
    filters, page = _part(asked, "filters"), _part(asked, "page")
    given = {
        "conditions": filters.get("conditions"),
        "orderBy": filters.get("orderBy"),
        "childConditions": filters.get("childconditions", filters.get("childConditions")),
        "customFieldConditions": filters.get("customfieldconditions", filters.get("customFieldConditions")),
        "fields": asked.get("fields"),
        "page": page.get("page"),
        "pageSize": page.get("pageSize"),
        "pageId": page.get("pageId"),
    }
    return {name: str(value) for name, value in given.items() if value not in (None, "")}
