"""Control endpoints under `/sandbox/`: what tests, the demo and a curious person turn.

| request | does |
|---|---|
| `GET  /sandbox/state` | clock, settings, faults, requests and counts of both stand-ins |
| `GET  /sandbox/overview?rows=N` | the tables of the page at `/`, at most N rows each (200 unless given) |
| `GET  /sandbox/clock` | `{"now", "frozen"}` |
| `POST /sandbox/clock` | one of `{"advance_hours": 1}` (0.25, -1), `{"now": ISO 8601 with zone}`, `{"freeze": true}` |
| `GET  /sandbox/faults` | the faults in force, and how often each struck |
| `POST /sandbox/faults` | `{"faults": ["429:2@/company", …]}` replaces them all; `[]` ends them (kinds: `faults.py`) |
| `POST /sandbox/settings` | any of `{"latency_ms": 20, "rate_per_second": 40 or null, "page_ceiling": 300}` |
| `GET  /sandbox/requests` | `{"total", "by_route", "by_status", "last"}`, the newest last |
| `POST /sandbox/requests` | `{"reset": true}` starts counting anew |
| `POST /sandbox/codebase` | `{"codebase": "v2026_5/"}`: the tenant is upgraded and its old API root answers 404 |
| `GET  /sandbox/console/customers` | each customer: id, name, level, state, devices, missing, used (bytes) |
| `POST /sandbox/console/customers` | `{"name", "devices"?: [bytes or null, …], "parent_id"?, "level"?}` adds one |
| `GET  /sandbox/console/customers/{id}` | one partner and its devices, those of its sites too |
| `POST /sandbox/console/customers/{id}` | one of the changes below |
| `POST /sandbox/console/devices/{id}` | one of the changes of a device below |
| `POST /sandbox/console/columns` | `{"refused"?: ["I14"], "retired"?: ["I14"]}`, explained below |
| `POST /sandbox/console/sessions` | one of `{"unlock": true}` (after failed logins), `{"expire_visas": true}` |

Changes of a customer (of any partner, by id), one to a request: `{"bytes": N}` sets its total · `{"factor": "1.5"}`
multiplies it · `{"bytes_per_hour": N}` sets how fast it grows · `{"add_device": {"bytes": N or null, "name"?}}` ·
`{"add_site": "name"}` · `{"rename": "name"}` · `{"state": "InTrial"}` · `{"recycle": true}` moves it into the recycle
bin · `{"remove": true}`. A new partner's level is `EndCustomer`, or another of the console's, such as `Reseller`, whose
devices belong to no customer. Changes of a device: `{"missing": true}` · `{"bytes": N}` · `{"figure": V}` ·
`{"move_to": ID}` gives it to another customer · `{"remove": true}`. A device's `figure` is any JSON value: the console
gives it as it is (`"-1"`, `"123.0"`, `" "`, `null`), until the device's `bytes` are set. A refused column fails each
call that names it with 13501; a retired one is left out of the answers without an error. An empty list ends either.

Only from this machine and only JSON: a request from another address, for another host name, or with a body that is
not `application/json` is refused, so that no web page can turn these knobs. A refusal is `{"error": "sentence"}`.
Everything takes effect at the sandbox's current time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.cove.data.world import WorldError
from reconciler.sandbox.server.control import console, general
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
            return _json(handler(Call(sandbox, body, request.path_params.get("id", 0), rows)))
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
