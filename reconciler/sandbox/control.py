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

from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.control_bodies import (
    ClockBody,
    CodebaseBody,
    ColumnsBody,
    ControlError,
    CustomerBody,
    DeviceBody,
    FaultsBody,
    NewCustomer,
    ResetBody,
    SessionsBody,
    SettingsBody,
    read_factor,
    read_hours,
    read_moment,
)
from reconciler.sandbox.faults import FaultSpecError
from reconciler.sandbox.model import Device
from reconciler.sandbox.overview import DEFAULT_ROWS, overview
from reconciler.sandbox.world import World, WorldError

if TYPE_CHECKING:
    from reconciler.sandbox.server import Sandbox

_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LAST: Final = 100
_encode: Final = msgspec.json.Encoder().encode
_T = TypeVar("_T")
_Handler = Callable[["Sandbox", Request, bytes], Any]


def routes(sandbox: Sandbox) -> list[Route]:
    """All control routes over one sandbox."""
    table: tuple[tuple[str, str, _Handler], ...] = (
        ("GET", "/sandbox/state", _state),
        ("GET", "/sandbox/overview", _overview),
        ("GET", "/sandbox/clock", lambda sandbox, *_: _clock(sandbox)),
        ("POST", "/sandbox/clock", _move_clock),
        ("GET", "/sandbox/faults", lambda sandbox, *_: _faults(sandbox)),
        ("POST", "/sandbox/faults", _set_faults),
        ("POST", "/sandbox/settings", _set),
        ("GET", "/sandbox/requests", lambda sandbox, *_: _requests(sandbox)),
        ("POST", "/sandbox/requests", _reset_requests),
        ("POST", "/sandbox/codebase", _upgrade),
        ("GET", "/sandbox/console/customers", _customers),
        ("POST", "/sandbox/console/customers", _add_customer),
        ("GET", "/sandbox/console/customers/{id:int}", _customer),
        ("POST", "/sandbox/console/customers/{id:int}", _change_customer),
        ("POST", "/sandbox/console/devices/{id:int}", _change_device),
        ("POST", "/sandbox/console/columns", _columns),
        ("POST", "/sandbox/console/sessions", _sessions),
    )
    return [Route(path, _endpoint(sandbox, handler), methods=[method]) for method, path, handler in table]


def _endpoint(sandbox: Sandbox, handler: _Handler) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            _from_here(request)
            body = await request.body()
            if request.method == "POST" and not _is_json(request):
                raise ControlError("send Content-Type: application/json", 415)
            return _json(handler(sandbox, request, body))
        except ControlError as error:
            return _json({"error": str(error)}, error.status)
        except WorldError as error:
            return _json({"error": str(error)}, 409)
        except FaultSpecError as error:
            return _json({"error": str(error)}, 400)

    return endpoint


def _from_here(request: Request) -> None:
    """Only this machine, and only by its own name: a web page elsewhere cannot reach in by a name it owns."""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    client = request.client
    if client is None or not ip_address(client.host).is_loopback or name.lower() not in _LOCAL_NAMES:
        raise ControlError("the controls answer this machine only, at 127.0.0.1 or localhost", 403)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _json(value: Any, status: int = 200) -> Response:
    return Response(_encode(value), status, media_type="application/json", headers={"Cache-Control": "no-store"})


def _read(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ControlError(f"cannot read the body: {error}") from None


# ── both stand-ins ───────────────────────────────────────────────────────────────────────────────────────────


def _state(sandbox: Sandbox, _request: Request, _body: bytes) -> dict[str, Any]:
    console, usage = sandbox.console, sandbox.console.world.usage(sandbox.clock.now())
    return {
        "clock": _clock(sandbox),
        "settings": _settings(sandbox),
        "faults": sandbox.faults.struck,
        "requests": {"total": sandbox.log.total, "by_status": sandbox.log.by_status},
        "tenant": {name: len(table.rows) for name, table in sandbox.tenant.tables.items()},
        "console": {
            "customers": len(usage),
            "devices": sum(each.devices for each in usage),
            "missing": sum(each.missing for each in usage),
            "bytes": sum(each.used for each in usage),
            "failed_logins": console.failed_logins,
            "locked": console.locked,
        },
    }


def _overview(sandbox: Sandbox, request: Request, _body: bytes) -> dict[str, Any]:
    rows = request.query_params.get("rows", str(DEFAULT_ROWS))
    if not rows.isdecimal():
        raise ControlError(f"rows={rows} is no number of rows")
    return overview(sandbox, int(rows))


def _clock(sandbox: Sandbox) -> dict[str, Any]:
    return {"now": sandbox.clock.now().isoformat(), "frozen": sandbox.clock.frozen}


def _move_clock(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    match _read(body, ClockBody).only():
        case "advance_hours", hours:
            sandbox.clock.advance(read_hours(hours))
        case "now", text:
            sandbox.clock.set(read_moment(text))
        case _:
            sandbox.clock.freeze()
    return _clock(sandbox)


def _faults(sandbox: Sandbox) -> dict[str, Any]:
    return {"faults": sandbox.faults.specs, "struck": sandbox.faults.struck}


def _set_faults(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    sandbox.faults.replace(_read(body, FaultsBody).faults)
    return _faults(sandbox)


def _settings(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "latency_ms": sandbox.latency_ms,
        "rate_per_second": sandbox.rate_per_second,
        "page_ceiling": sandbox.console.page_ceiling,
    }


def _set(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    wanted = _read(body, SettingsBody)
    if wanted.latency_ms is not msgspec.UNSET:
        sandbox.latency_ms = wanted.latency_ms
    if wanted.rate_per_second is not msgspec.UNSET:
        sandbox.rate_per_second = wanted.rate_per_second
    if wanted.page_ceiling is not msgspec.UNSET:
        sandbox.console.page_ceiling = wanted.page_ceiling
    return _settings(sandbox)


def _requests(sandbox: Sandbox) -> dict[str, Any]:
    log = sandbox.log
    last = [entry.as_json() for entry in list(log.entries)[-_LAST:]]
    return {"total": log.total, "by_route": log.by_route, "by_status": log.by_status, "last": last}


def _reset_requests(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    _read(body, ResetBody).only()
    sandbox.log.clear()
    return _requests(sandbox)


def _upgrade(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    codebase = _read(body, CodebaseBody).codebase
    sandbox.tenant.codebase = codebase
    return {"codebase": codebase}


# ── the console ──────────────────────────────────────────────────────────────────────────────────────────────


def _customers(sandbox: Sandbox, _request: Request, _body: bytes) -> list[Any]:
    return [msgspec.to_builtins(each) for each in sandbox.console.world.usage(sandbox.clock.now())]


def _customer(sandbox: Sandbox, request: Request, _body: bytes) -> dict[str, Any]:
    return _shown(sandbox.console.world, request.path_params["id"], sandbox.clock.now())


def _shown(world: World, partner_id: int, at: datetime) -> dict[str, Any]:
    partner = world.partner(partner_id, at)
    below = world.subtree(partner_id, at)
    devices = [_device(world, each, at) for each in world.devices_of(below, at)]
    return {
        "id": partner.id,
        "parent_id": partner.parent_id,
        "name": partner.name,
        "level": partner.level,
        "state": partner.state,
        "bytes": sum(each["bytes"] or 0 for each in devices),
        "devices": devices,
    }


def _device(world: World, device: Device, at: datetime) -> dict[str, Any]:
    used = world.used(device, at)
    return {"id": device.id, "partner_id": device.partner_id, "name": device.name, "bytes": used}


def _add_customer(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    wanted = _read(body, NewCustomer)
    world, now = sandbox.console.world, sandbox.clock.now()
    partner = world.add_customer(wanted.name, now, wanted.parent_id, wanted.level)
    for used in wanted.devices:
        world.add_device(partner.id, now, used)
    return _shown(world, partner.id, now)


def _change_customer(sandbox: Sandbox, request: Request, body: bytes) -> dict[str, Any]:
    change = _read(body, CustomerBody).only()
    world, now, partner_id = sandbox.console.world, sandbox.clock.now(), request.path_params["id"]
    match change:
        case "bytes", total:
            world.set_bytes(partner_id, total, now)
        case "factor", factor:
            world.grow(partner_id, read_factor(factor), now)
        case "bytes_per_hour", per_hour:
            world.set_growth(partner_id, per_hour, now)
        case "add_device", device:
            world.add_device(partner_id, now, device.bytes, device.name)
        case "add_site", name:
            world.add_site(partner_id, name, now)
        case "rename", name:
            world.rename(partner_id, name, now)
        case "state", state:
            world.set_state(partner_id, state, now)
        case "recycle", _:
            world.recycle(partner_id, now)
        case _:
            world.remove_customer(partner_id, now)
            return {"removed": partner_id}
    return _shown(world, partner_id, now)


def _change_device(sandbox: Sandbox, request: Request, body: bytes) -> dict[str, Any]:
    change = _read(body, DeviceBody).only()
    world, now, device_id = sandbox.console.world, sandbox.clock.now(), request.path_params["id"]
    match change:
        case "missing", _:
            world.resize_device(device_id, None, now)
        case "bytes", used:
            world.resize_device(device_id, used, now)
        case "figure", figure:
            world.set_figure(device_id, figure, now)
        case "move_to", partner_id:
            world.move_device(device_id, partner_id, now)
        case _:
            world.remove_device(device_id, now)
            return {"removed": device_id}
    return _device(world, world.device(device_id, now), now)


def _columns(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    wanted, rights = _read(body, ColumnsBody), sandbox.console.rights
    if wanted.refused is not msgspec.UNSET:
        rights.refuse(wanted.refused)
    if wanted.retired is not msgspec.UNSET:
        rights.retire(wanted.retired)
    return {"refused": sorted(rights.refused), "retired": sorted(rights.retired)}


def _sessions(sandbox: Sandbox, _request: Request, body: bytes) -> dict[str, Any]:
    if _read(body, SessionsBody).only()[0] == "unlock":
        sandbox.console.unlock()
    else:
        sandbox.console.expire_visas()
    return {"failed_logins": sandbox.console.failed_logins, "locked": sandbox.console.locked}
