"""The ConnectWise API as a function from a request to a response."""

from __future__ import annotations

import logging
from typing import Any, Final

from reconciler.sandbox.connectwise.api import habits
from reconciler.sandbox.connectwise.api.access import LOGIN, VERSION, Access
from reconciler.sandbox.connectwise.api.bundles import Bundles
from reconciler.sandbox.connectwise.api.http import finished, json_body, response_media, root_of
from reconciler.sandbox.connectwise.api.reads import Reads
from reconciler.sandbox.connectwise.api.routing import Collection, Special, match
from reconciler.sandbox.connectwise.api.writes import Writes
from reconciler.sandbox.connectwise.query.listing import MAX_PAGE_SIZE, Lists
from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.errors import Refusal, no_endpoint
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.shared.environment import Environment
from reconciler.sandbox.shared.messages import Request, Response, error_response, json_response

MAX_TARGET: Final = 2000
"""The longest request target, in bytes; a longer one is answered with 414."""
_LOG: Final = logging.getLogger("reconciler.sandbox")


def is_connectwise(path: str) -> bool:
    """Return whether a path belongs to ConnectWise."""
    return path.startswith("/v") or path.startswith(LOGIN)


class ConnectWise:
    """The API of one tenant.

    It applies the faults that change what the API does: `uri-limit`, `auth-404`, those of roles, of lists, links and
    bundles, and the habits. `outages.Outages` applies those that happen between API and client.
    """

    def __init__(self, tenant: Tenant, environment: Environment) -> None:
        self._tenant = tenant
        self._environment = environment
        self._access = Access(tenant, environment)
        lists = Lists(tenant)
        self._reads = Reads(tenant, lists)
        self._writes = Writes(tenant)
        self._bundles = Bundles(tenant, lists)

    def answer(self, request: Request) -> Response:
        """Answer one request. Every error is a JSON response too."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return refusal.response()
        except Exception:  # noqa: BLE001  # a bug of the sandbox: the client gets a 500, the log the traceback
            _LOG.exception("%s %s", request.method, request.path)
            return error_response(500, "InternalServerError", "The sandbox itself failed; its log says where.")

    def _answer(self, request: Request) -> Response:
        if len(request.target) > MAX_TARGET:
            return error_response(414, "UriTooLong", "The request URI is too long.")
        limit = self._environment.faults.hit("uri-limit", request.path)
        if limit is not None and len(request.target) > limit.options["size"]:
            return error_response(414, "UriTooLong", "The request URI is too long.")
        if request.path.startswith(LOGIN):
            return self._access.company_info(request)
        prefix = f"/{self._tenant.codebase}apis/3.0"
        if not request.path.startswith(f"{prefix}/"):
            raise no_endpoint()
        if (refused := self._access.refusal(request)) is not None:
            return refused
        media = response_media(request)
        asked = match(request.path[len(prefix) :])
        if asked is None:
            raise no_endpoint()
        if request.method not in asked.methods:
            allowed = (b"allow", ", ".join(asked.methods).encode())
            return error_response(405, "MethodNotAllowed", f"The method {request.method} is not allowed.", allowed)
        if self._is_forbidden(request, asked):
            raise Refusal(403, "Forbidden", "You do not have security permission to perform this action.")
        response = self._special(request, asked) if isinstance(asked, Special) else self._collection(request, asked)
        if faults := self._environment.faults:
            table = asked.view.table if isinstance(asked, Collection) else None
            response = habits.answered(faults, request.path, response, table)
        return finished(response, media, f"{root_of(request)}{prefix}")

    def _is_forbidden(self, request: Request, asked: Special | Collection) -> bool:
        """Return whether a fault gives the API member a role that does not allow this request."""
        faults = self._environment.faults
        if faults.hit("forbidden", request.path):
            return True
        writes = isinstance(asked, Collection) and not asked.search and request.method != "GET"
        return writes and faults.hit("read-only", request.path) is not None

    def _collection(self, request: Request, asked: Collection) -> Response:
        reads, writes, faults = self._reads, self._writes, self._environment.faults
        if asked.search:
            return reads.search(request, asked, faults)
        if asked.parent is not None:
            self._tenant.get(asked.view.parent, asked.parent)
        match request.method:
            case "GET":
                return reads.get(request, asked, faults)
            case "POST":
                return writes.post(request, asked, faults)
            case "PUT":
                return writes.put(request, asked, faults)
            case "PATCH":
                return writes.patch(request, asked, faults)
            case _:
                return writes.delete(request, asked, faults)

    def _special(self, request: Request, asked: Special) -> Response:
        match asked.name:
            case "info":
                return json_response(200, _INFO)
            case "bundles" | "bundles/count":
                return self._bundle(request, count_only=asked.name == "bundles/count")
            case "pricing":
                return self._pricing(request, asked)
            case table:
                return json_response(200, _default(table))

    def _bundle(self, request: Request, *, count_only: bool) -> Response:
        faults = self._environment.faults
        if faults.hit("bundles-off", request.path):
            raise Refusal(403, "Forbidden", "This member may not use bundles.")
        self._tenant.update_statuses()
        cap = faults.hit("page-cap", request.path)
        self._bundles.most = cap.options["size"] if cap else MAX_PAGE_SIZE
        return json_response(200, self._bundles.answer(json_body(request), count_only=count_only))

    def _pricing(self, request: Request, asked: Special) -> Response:
        product = self._tenant.get("catalogItem", asked.key or 0)
        body = json_body(request)
        if not isinstance(body, dict):
            raise Refusal(400, "InvalidObject", "catalogPricing object is invalid")
        return json_response(200, {**body, "price": product.data["price"]})


_INFO: Final = {
    "version": VERSION,
    "isCloud": True,
    "serverTimeZone": "Coordinated Universal Time",
    "licenseBits": [{"name": "Agreements", "activeFlag": True}],
    "cloudRegion": "NA",
}
"""The body of `/system/info`."""


def _default(table: str) -> dict[str, Any]:
    """Return a new object as the user interface starts it: the defaults of its fields, without an id."""
    return {name: value for name, value in ENTITIES[table].defaults if value is not None}
