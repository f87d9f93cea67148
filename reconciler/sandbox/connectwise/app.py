"""ConnectWise's HTTP face: a request to its answer."""

from __future__ import annotations

import logging
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from reconciler.sandbox.connectwise import habits, patching, selection
from reconciler.sandbox.connectwise.bundles import Bundles
from reconciler.sandbox.connectwise.entities import ENTITIES
from reconciler.sandbox.connectwise.errors import Problem, Refusal, bad_query, invalid_object, no_endpoint, not_found
from reconciler.sandbox.connectwise.listing import MAX_PAGE_SIZE, Lists
from reconciler.sandbox.connectwise.references import HREF_ROOT_JSON
from reconciler.sandbox.connectwise.routing import Match, match
from reconciler.sandbox.connectwise.tables import Row
from reconciler.sandbox.messages import Request, Response, error_response, http_date, json_response

if TYPE_CHECKING:
    from reconciler.sandbox.server import Sandbox

VERSION: Final = "v2026.4.98765"
MAX_TARGET: Final = 2000
#: The host that a proxy in front of the tenant knows it by.
ELSEWHERE: Final = "http://inside.example.test"
#: `FilterValues` of a search [spec], and the parameter that each stands for.
_FILTERS: Final = {
    "conditions": "conditions",
    "orderBy": "orderBy",
    "childconditions": "childConditions",
    "customfieldconditions": "customFieldConditions",
}
_BESIDE_SEARCH: Final = ("fields", "page", "pageSize", "pageId")
_LOGIN: Final = "/login/companyinfo/"
_MEDIA: Final = "application/vnd.connectwise.com+json"
_LOG: Final = logging.getLogger("reconciler.sandbox")
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


def is_connectwise(path: str) -> bool:
    """Whether a path is ConnectWise's to answer."""
    return path.startswith("/v") or path.startswith(_LOGIN)


class ConnectWise:
    """One tenant's API. Everything it answers comes from the tenant; faults and latency are the server's."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._lists = Lists(sandbox.tenant)
        self._bundles = Bundles(sandbox.tenant, self._lists)
        self._good_authorization: bytes | None = None
        self._second, self._in_second = 0, 0

    def answer(self, request: Request) -> Response:
        """Answer one request, in JSON whatever happens."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return refusal.response()
        except Exception:  # noqa: BLE001  # a fault of the sandbox: told in its log, and to the client as a server's 500
            _LOG.exception("%s %s", request.method, request.path)
            return error_response(500, "InternalServerError", "The sandbox itself failed; its log says where.")

    def _answer(self, request: Request) -> Response:
        if len(request.target) > MAX_TARGET:
            return error_response(414, "UriTooLong", "The request URI is too long.")
        limit = self._sandbox.faults.hit("uri-limit", request.path)
        if limit is not None and len(request.target) > limit.options["size"]:
            return error_response(414, "UriTooLong", "The request URI is too long.")
        if request.path.startswith(_LOGIN):
            return self._company_info(request)
        prefix = f"/{self._sandbox.tenant.codebase}apis/3.0"
        if not request.path.startswith(f"{prefix}/"):
            raise no_endpoint()
        if (refused := self._unauthorized(request) or self._over_rate()) is not None:
            return refused
        media = _negotiated(request)
        found = match(request.path[len(prefix) :])
        if found is None:
            raise no_endpoint()
        if request.method not in found.methods:
            allowed = (b"allow", ", ".join(found.methods).encode())
            return error_response(405, "MethodNotAllowed", f"The method {request.method} is not allowed.", allowed)
        response = self._dispatch(request, found)
        if faults := self._sandbox.faults:
            table = found.view.table if found.view is not None else None
            response = habits.answered(faults, request.path, response, table)
        return _finished(response, media, self._root(request, prefix))

    # Who is asking

    def _company_info(self, request: Request) -> Response:
        if request.method != "GET":
            return error_response(405, "MethodNotAllowed", "Only GET.", (b"allow", b"GET"))
        company = request.path[len(_LOGIN) :]
        if company.casefold() != self._sandbox.credentials.company.casefold():
            return json_response(200, None)
        site = _host(request)
        return json_response(
            200,
            {
                "CompanyName": "Sandbox",
                "Codebase": self._sandbox.tenant.codebase,
                "VersionCode": VERSION,
                "VersionNumber": VERSION,
                "CompanyID": self._sandbox.credentials.company,
                "IsCloud": True,
                "SiteUrl": site.partition("://")[2],
            },
        )

    def _unauthorized(self, request: Request) -> Response | None:
        given = request.headers.get(b"authorization", b"")
        known = self._sandbox.credentials
        if given != self._good_authorization:
            good = f"{known.company}+{known.public_key}:{known.private_key}".encode()
            if not compare_digest(_basic(given), good):
                if self._sandbox.faults.hit("auth-404", request.path):
                    return no_endpoint().response()
                challenge = (b"www-authenticate", b'Basic realm="ConnectWise"')
                told = "Username or password is incorrect."
                return error_response(401, "Unauthorized", told, challenge)
            self._good_authorization = given
        client = request.headers.get(b"clientid", b"")
        if not compare_digest(client.strip().lower(), known.client_id.lower().encode()):
            told = "The clientId header is missing." if not client else "The clientId is not known."
            return error_response(403, "Forbidden", told)
        return None

    def _over_rate(self) -> Response | None:
        limit = self._sandbox.rate_per_second
        if limit is None:
            return None
        second = int(time.monotonic())
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        return too_many(1) if self._in_second > limit else None

    def _root(self, request: Request, prefix: str) -> str:
        return f"{_host(request)}{prefix}"

    # What is asked

    def _dispatch(self, request: Request, found: Match) -> Response:
        if found.view is None:
            return self._special(request, found)
        if found.search:
            return self._search(request, found)
        handle: dict[str, Callable[[Request, Match], Response]] = {
            "GET": self._get,
            "POST": self._post,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        if found.parent is not None:
            self._sandbox.tenant.get(found.view.parent, found.parent)
        return handle[request.method](request, found)

    def _special(self, request: Request, found: Match) -> Response:
        tenant = self._sandbox.tenant
        if found.special == "info":
            body = {
                "version": VERSION,
                "isCloud": True,
                "serverTimeZone": "Coordinated Universal Time",
                "licenseBits": [{"name": "Agreements", "activeFlag": True}],
                "cloudRegion": "NA",
            }
            return json_response(200, body)
        if found.special.startswith("bundles"):
            if self._sandbox.faults.hit("bundles-off", request.path):
                raise Refusal(403, "Forbidden", "This member may not use bundles.")
            tenant.settle_statuses()
            cap = self._sandbox.faults.hit("page-cap", request.path)
            self._bundles.most = cap.options["size"] if cap else MAX_PAGE_SIZE
            return json_response(200, self._bundles.answer(_body(request), count_only=found.special == "bundles/count"))
        if found.special == "pricing":
            return self._pricing(request, found)
        return json_response(200, self._default(found.special))

    def _pricing(self, request: Request, found: Match) -> Response:
        product = self._sandbox.tenant.get("catalogItem", found.key or 0)
        body = _body(request)
        if not isinstance(body, dict):
            raise Refusal(400, "InvalidObject", "catalogPricing object is invalid")
        return json_response(200, {**body, "price": product.data["price"]})

    def _default(self, table: str) -> dict[str, Any]:
        """A new object as the user interface would start it: its defaults, and no id."""
        return {name: value for name, value in ENTITIES[table].defaults if value is not None}

    def _get(self, request: Request, found: Match) -> Response:
        view = found.view
        assert view is not None  # noqa: S101  # _dispatch sends views only
        self._sandbox.tenant.settle_statuses()
        return self._list(request, found, request.query)

    def _list(self, request: Request, found: Match, query: dict[str, str]) -> Response:
        view = found.view
        assert view is not None  # noqa: S101  # _dispatch sends views only
        faults = self._sandbox.faults
        self._lists.dates_wrong = bool(faults) and faults.hit("dates-wrong", request.path) is not None
        cut = selection.projection(view.table, view.fields, query["fields"]) if query.get("fields") else None
        if found.key is not None:
            row = self._row(found)
            return json_response(200, cut(_shown(found, row)) if cut else _shown(found, row))
        if found.count:
            return json_response(200, {"count": len(self._lists.rows(view, found.parent, query))})
        return self._page(request, found, query, cut)

    def _page(
        self, request: Request, found: Match, query: dict[str, str], cut: selection.Projection | None
    ) -> Response:
        """One page of a list, and the links to the others, as the faults in force have them."""
        view, faults, path = found.view, self._sandbox.faults, request.path
        assert view is not None  # noqa: S101  # _dispatch sends views only
        forward = request.headers.get(b"pagination-type", b"").strip().lower() == b"forward-only"
        if faults.hit("navigable", path):
            forward, query = False, {name: value for name, value in query.items() if name != "pageId"}
        cap = faults.hit("page-cap", path)
        overlap = faults.hit("page-overlap", path) is not None
        most = cap.options["size"] if cap else MAX_PAGE_SIZE
        page = self._lists.page(view, found.parent, query, forward_only=forward, most=most, overlap=overlap)
        data = [_shown(found, row) for row in page.rows] if view.fields else [row.data for row in page.rows]
        response = json_response(200, [cut(each) for each in data] if cut else data)
        if page.links and not faults.hit("no-link", path):
            link = ", ".join(self._links(request, page.links))
            return Response(200, response.body, (*response.headers, (b"link", link.encode())))
        return response

    def _links(self, request: Request, links: dict[str, str]) -> Iterator[str]:
        faults, path = self._sandbox.faults, request.path
        base = f"{ELSEWHERE if faults.hit('link-host', path) else _host(request)}{path}"
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

    def _search(self, request: Request, found: Match) -> Response:
        """`POST …/search`: a list whose conditions stand in the body, as `FilterValues`; paging stays in the query."""
        if self._sandbox.faults.hit("no-search", request.path):
            raise no_endpoint()
        if found.parent is not None and found.view is not None:
            self._sandbox.tenant.get(found.view.parent, found.parent)
        body, query = _object(request, found), request.query
        if odd := [name for name in query if name not in _BESIDE_SEARCH]:
            raise bad_query(f"{odd[0]} belongs in the body of a search")
        for name, value in body.items():
            if name not in _FILTERS or not isinstance(value, str):
                raise Refusal(400, "InvalidObject", f"filterValues object is invalid: {name}")
            query[_FILTERS[name]] = value
        asked = Request(request.method, request.path, request.target, request.headers)
        return self._list(asked, found, query)

    def _post(self, request: Request, found: Match) -> Response:
        view = found.view
        assert view is not None  # noqa: S101  # _dispatch sends views only
        self._sandbox.tenant.deleted_hold = self._sandbox.faults.hit("deleted-hold", request.path) is not None
        row = self._sandbox.tenant.insert(view.table, self._stored(request, _object(request, found)), found.parent)
        return json_response(201, self._told(request, found, row))

    def _put(self, request: Request, found: Match) -> Response:
        view, row = found.view, self._row(found)
        assert view is not None  # noqa: S101  # _dispatch sends views only
        body = self._stored(request, _object(request, found))
        if view.table == "contact" and body.get("communicationItems"):
            raise Refusal(400, "InvalidObject", "contact object is invalid: communicationItems cannot be replaced")
        self._sandbox.tenant.update(view.table, row, body, whole=True)
        return json_response(200, _shown(found, row))

    def _patch(self, request: Request, found: Match) -> Response:
        view, row = found.view, self._row(found)
        assert view is not None  # noqa: S101  # _dispatch sends views only
        body = self._stored(request, _body(request))
        written = patching.changes(ENTITIES[view.table], body)
        if "customFields" not in written and self._sandbox.faults.hit("custom-fields", request.path):
            told = Problem("MissingRequiredField", "The customFields are required", view.table, "customFields")
            raise invalid_object(ENTITIES[view.table].resource, [told])
        if written and not self._sandbox.faults.hit("forgets", request.path):
            if self._sandbox.faults.hit("refills", request.path):
                written = {name: self._refilled(view.table, name, value) for name, value in written.items()}
            self._sandbox.tenant.update(view.table, row, written)
        return json_response(200, self._told(request, found, row))

    def _refilled(self, table: str, name: str, value: Any) -> Any:
        """What a server stores that leaves some fields never empty."""
        if value is None and ENTITIES[table].fields[name].kind == "number":
            return Decimal(0)
        if value is None and name == "billingTerms":
            rows = self._sandbox.tenant.tables["billingTerm"].rows.values()
            return next({"id": row.id} for row in rows if row.data["defaultFlag"])
        return value

    def _told(self, request: Request, found: Match, row: Row) -> Any:
        """What the answer to a write says of the object."""
        shown = _shown(found, row)
        return {"id": shown["id"]} if self._sandbox.faults.hit("short-answers", request.path) else shown

    def _stored(self, request: Request, body: Any) -> Any:
        return habits.stored(self._sandbox.faults, request.path, body)

    def _delete(self, _request: Request, found: Match) -> Response:
        assert found.view is not None  # noqa: S101  # _dispatch sends views only
        self._sandbox.tenant.delete(found.view.table, self._row(found))
        return Response(204)

    def _row(self, found: Match) -> Row:
        view = found.view
        assert view is not None  # noqa: S101  # _dispatch sends views only
        row = self._sandbox.tenant.get(view.table, found.key or 0)
        if found.parent is not None:
            owner = row.data[view.by]["id"] if view.by else row.parent
            if owner != found.parent:
                raise not_found(ENTITIES[view.table].resource, found.key)
        return row


def too_many(seconds: int, now: datetime | None = None) -> Response:
    """429, with the seconds after which to come back; as a date, where it is told what time it is."""
    told = "API rate limit has been exceeded."
    when = str(seconds).encode() if now is None else http_date(now + timedelta(seconds=seconds))
    return error_response(429, "TooManyRequests", told, (b"retry-after", when))


def _shown(found: Match, row: Row) -> dict[str, Any]:
    view = found.view
    return selection.narrowed(view.fields)(row.data) if view is not None and view.fields else row.data


def _basic(header: bytes) -> bytes:
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        return b64decode(encoded.strip(), validate=True)
    except ValueError:
        return b""


def _host(request: Request) -> str:
    host = request.headers.get(b"host", b"127.0.0.1").decode("latin-1")
    return f"http://{host}"


def _negotiated(request: Request) -> bytes:
    """The media type to answer in; a 406 when the client accepts no JSON [guess]."""
    accept = request.headers.get(b"accept", b"*/*").decode("latin-1")
    for part in accept.split(","):
        media, _, parameters = part.partition(";")
        name = media.strip().lower()
        if name == _MEDIA:
            version = next((p.strip() for p in parameters.split(";") if p.strip().startswith("version=")), "")
            return f"{_MEDIA}; {version or 'version=2026.4'}; charset=utf-8".encode()
        if name in {"*/*", "application/*", "application/json"}:
            return b"application/json; charset=utf-8"
    raise Refusal(406, "NotAcceptable", f"Cannot answer in {accept}")


def _body(request: Request) -> Any:
    media = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media not in {b"application/json", _MEDIA.encode(), b"application/json-patch+json", b"text/json"}:
        raise Refusal(415, "UnsupportedMediaType", "The body must be application/json")
    try:
        return _DECODER.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "InvalidObject", f"The body is not JSON: {error}") from None


def _object(request: Request, found: Match) -> dict[str, Any]:
    body = _body(request)
    if not isinstance(body, dict):
        resource = ENTITIES[found.view.table].resource if found.view is not None else "object"
        raise Refusal(400, "InvalidObject", f"{resource} object is invalid: an object is required")
    return body


def _finished(response: Response, media: bytes, root: str) -> Response:
    """The answer in the media type asked for, its links made absolute."""
    body = response.body.replace(HREF_ROOT_JSON, root.encode()) if response.body else b""
    headers = tuple((name, media if name == b"content-type" else value) for name, value in response.headers)
    return Response(response.status, body, headers)
