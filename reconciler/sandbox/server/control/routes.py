"""The control routes below `/sandbox/`, for tests, the demo and people who try the product.

| request | what it does |
|---|---|
| `GET  /sandbox/state` | returns clock, settings, faults, and the counts of requests and objects |
| `GET  /sandbox/overview?rows=N` | returns the tables of the page at `/`, with at most N rows each (default 200) |
| `GET  /sandbox/clock` | returns `{"now", "frozen"}` |
| `POST /sandbox/clock` | moves or freezes the clock, as below |
| `GET  /sandbox/faults` | returns the active faults, and how many requests each one has hit |
| `POST /sandbox/faults` | `{"faults": ["429:2@/company", …]}` replaces all faults; `[]` ends them |
| `POST /sandbox/settings` | any of `{"latency_ms": 20, "rate_per_second": 40 or null, "page_ceiling": 300}` |
| `GET  /sandbox/requests` | returns `{"total", "by_route", "by_status", "last"}`, the newest request last |
| `POST /sandbox/requests` | `{"reset": true}` sets all counts to 0 |
| `POST /sandbox/codebase` | `{"codebase": "v2026_5/"}` upgrades the tenant; its old API root then returns 404 |
| `POST /sandbox/tenant/PATH` | creates, changes or deletes an object of ConnectWise as another login, as below |
| `GET  /sandbox/invoicing` | returns when the invoices of each agreement are made, and the next one, as below |
| `POST /sandbox/invoicing` | `{"timing": "advance", "arrears" or "none", "days"?: 0, "agreement"?: ID}`, as below |
| `GET  /sandbox/invoices` | returns each invoice of a period with its lines, as below |
| `GET  /sandbox/invoices/{id}` | returns one invoice with its lines |
| `POST /sandbox/invoices` | `{"agreement"?: ID, "through"?: "2026-10-31"}` makes invoices today, as below |
| `GET  /sandbox/truth` | returns the company of each customer in a messy estate, as below |
| `GET  /sandbox/truth/{id}` | returns the truth of one customer of the console |
| `POST /sandbox/truth/score` | `{"proposals": […]}` as of `import --json` returns their score, as below |
| `GET  /sandbox/console/customers` | returns each customer: id, name, level, state, devices, missing, used (bytes) |
| `POST /sandbox/console/customers` | `{"name", "devices"?: [bytes or null, …], "parent_id"?, "level"?}` adds one |
| `GET  /sandbox/console/customers/{id}` | returns one partner with its devices and those of its sites |
| `POST /sandbox/console/customers/{id}` | changes a partner, as below |
| `POST /sandbox/console/devices/{id}` | changes a device, as below |
| `POST /sandbox/console/columns` | `{"refused"?: ["I14"], "retired"?: ["I14"]}`, as below |
| `POST /sandbox/console/sessions` | one of `{"unlock": true}` (after failed logins), `{"expire_visas": true}` |

A request moves the clock in one way: `{"advance_hours": 1}` (also 0.25 or -1), `{"advance_days": 1}`,
`{"advance_months": 1}`, `{"now": "ISO 8601"}`, or `{"freeze": true}`.

PATH is the path of an object or a list below the API root, such as `finance/agreements/12/additions/34`. Its body has
one of `{"create": {…}}` (for a list), `{"set": {…}}` and `{"delete": true}`. It may have `"by"`, the login that
writes.

A request changes one thing of a partner: `{"bytes": N}` sets its total, `{"factor": "1.5"}` multiplies the total,
`{"bytes_per_hour": N}` sets its growth, `{"add_device": {"bytes": N or null, "name"?}}` adds a device, `{"add_site":
"name"}` adds a site, `{"rename": "name"}`, `{"profile": {…}}` and `{"external_code": "text"}` replace its contact
details and its external code, `{"state": "InTrial"}`, `{"recycle": true}` moves it into the recycle bin, and
`{"remove": true}`. The level of a new partner is `EndCustomer` unless the request gives another, such as `Reseller`.

A request changes one thing of a device: `{"missing": true}`, `{"bytes": N}`, `{"figure": V}`, `{"users": N}` of
Microsoft 365, `{"recovery": 0}` (or 1, 2), `{"move_to": ID}` gives it to another partner, and `{"remove": true}`.
A `figure` is any JSON value; the console returns it unchanged as the
used storage (`"-1"`, `"123.0"`, `" "`, `null`) until a request sets the device's `bytes`.

A call that names a refused column fails with 13501. A retired column is left out of the response without an error. An
empty list ends either.

A control accepts JSON only, from this machine, and for the host names of this machine, so no web page can use it. A
refusal is `{"error": "sentence"}`. Each change takes effect at the sandbox's current time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.cove.data.census import WorldError
from reconciler.sandbox.server.control import console, general, invoicing, tenant, truth
from reconciler.sandbox.server.control.bodies import ControlError
from reconciler.sandbox.server.control.call import Call
from reconciler.sandbox.shared.faults import FaultSpecError
from reconciler.sandbox.state.sandbox import Sandbox

_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_encode: Final = msgspec.json.Encoder().encode
_Handler = Callable[[Call], Any]
_CONTROLS: Final[tuple[tuple[str, str, _Handler], ...]] = (
    ("GET", "/sandbox/state", general.show_state),
    ("GET", "/sandbox/overview", general.show_overview),
    ("GET", "/sandbox/clock", general.show_clock),
    ("POST", "/sandbox/clock", general.move_clock),
    ("GET", "/sandbox/faults", general.show_faults),
    ("POST", "/sandbox/faults", general.set_faults),
    ("POST", "/sandbox/settings", general.set_settings),
    ("GET", "/sandbox/requests", general.show_requests),
    ("POST", "/sandbox/requests", general.reset_requests),
    ("POST", "/sandbox/codebase", general.upgrade),
    ("POST", "/sandbox/tenant/{path:path}", tenant.write),
    ("GET", "/sandbox/invoicing", invoicing.show_routines),
    ("POST", "/sandbox/invoicing", invoicing.set_routine),
    ("GET", "/sandbox/invoices", invoicing.show_invoices),
    ("GET", "/sandbox/invoices/{id:int}", invoicing.show_invoice),
    ("POST", "/sandbox/invoices", invoicing.make_invoices),
    ("GET", "/sandbox/truth", truth.show_truth),
    ("GET", "/sandbox/truth/{id:int}", truth.show_customer),
    ("POST", "/sandbox/truth/score", truth.score_proposals),
    ("GET", "/sandbox/console/customers", console.show_customers),
    ("POST", "/sandbox/console/customers", console.add_customer),
    ("GET", "/sandbox/console/customers/{id:int}", console.show_customer),
    ("POST", "/sandbox/console/customers/{id:int}", console.change_customer),
    ("POST", "/sandbox/console/devices/{id:int}", console.change_device),
    ("POST", "/sandbox/console/columns", console.set_columns),
    ("POST", "/sandbox/console/sessions", console.change_sessions),
)


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the control routes of one sandbox."""
    return [Route(path, _endpoint(sandbox, handler), methods=[method]) for method, path, handler in _CONTROLS]


def _endpoint(sandbox: Sandbox, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            _check_origin(request)
            body = await request.body()
            if request.method == "POST" and not _is_json(request):
                raise ControlError("send Content-Type: application/json", 415)
            rows = request.query_params.get("rows", "")
            place = request.path_params
            sandbox.catch_up()
            return _json(handler(Call(sandbox, body, place.get("id", 0), rows, place.get("path", ""))))
        except ControlError as error:
            return _json({"error": str(error)}, error.status)
        except WorldError as error:
            return _json({"error": str(error)}, 409)
        except FaultSpecError as error:
            return _json({"error": str(error)}, 400)

    return endpoint


def _check_origin(request: Request) -> None:
    """Refuse requests from other machines and for other host names, which a web page elsewhere might send."""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    client = request.client
    if client is None or not ip_address(client.host).is_loopback or name.lower() not in _LOCAL_NAMES:
        raise ControlError("the controls answer this machine only, at 127.0.0.1 or localhost", 403)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _json(value: Any, status: int = 200) -> Response:
    return Response(_encode(value), status, media_type="application/json", headers={"Cache-Control": "no-store"})
