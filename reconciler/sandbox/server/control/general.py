"""The controls for both stand-ins: clock, faults, settings, the request log and the tenant's codebase."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from reconciler.sandbox.server.control.bodies import (
    ClockBody,
    CodebaseBody,
    ControlError,
    FaultsBody,
    ResetBody,
    SettingsBody,
    months_later,
    read_days,
    read_hours,
    read_moment,
)
from reconciler.sandbox.server.control.call import Call
from reconciler.sandbox.server.control.overview import DEFAULT_ROWS, overview

_LAST: Final = 100


def show_state(call: Call) -> dict[str, Any]:
    """Return clock, settings, faults, and the counts of requests and objects."""
    sandbox = call.sandbox
    console, usage = sandbox.console, sandbox.console.world.usage(sandbox.clock.now())
    return {
        "clock": show_clock(call),
        "settings": _settings(call),
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


def show_overview(call: Call) -> dict[str, Any]:
    """Return the tables of the page at `/`."""
    rows = call.rows or str(DEFAULT_ROWS)
    if not rows.isdecimal():
        raise ControlError(f"rows={rows} is not a number of rows")
    return overview(call.sandbox, int(rows))


def show_clock(call: Call) -> dict[str, Any]:
    """Return the sandbox's time, and whether its clock is frozen."""
    clock = call.sandbox.clock
    return {"now": clock.now().isoformat(), "frozen": clock.frozen}


def move_clock(call: Call) -> dict[str, Any]:
    """Advance, set or freeze the clock, and return it. Invoices that become due on the way are made."""
    sandbox = call.sandbox
    clock, now = sandbox.clock, sandbox.clock.now()
    try:
        match call.read(ClockBody).only():
            case "advance_hours", hours:
                sandbox.pass_time(now + read_hours(hours))
            case "advance_days", days:
                sandbox.pass_time(now + read_days(days))
            case "advance_months", months:
                sandbox.pass_time(months_later(now, months))
            case "now", text:
                sandbox.pass_time(read_moment(text))
            case _:
                clock.freeze()
    except OverflowError:
        raise ControlError("the clock cannot show that time") from None
    return show_clock(call)


def show_faults(call: Call) -> dict[str, Any]:
    """Return the active faults and how many requests each one has hit."""
    faults = call.sandbox.faults
    return {"faults": faults.specs, "struck": faults.struck}


def set_faults(call: Call) -> dict[str, Any]:
    """Replace all faults, and return them."""
    call.sandbox.faults.replace(call.read(FaultsBody).faults)
    return show_faults(call)


def set_settings(call: Call) -> dict[str, Any]:
    """Change the settings that the body names, and return all of them."""
    sandbox, wanted = call.sandbox, call.read(SettingsBody)
    if wanted.latency_ms is not msgspec.UNSET:
        sandbox.latency_ms = wanted.latency_ms
    if wanted.rate_per_second is not msgspec.UNSET:
        sandbox.rate_per_second = wanted.rate_per_second
    if wanted.page_ceiling is not msgspec.UNSET:
        sandbox.console.page_ceiling = wanted.page_ceiling
    return _settings(call)


def _settings(call: Call) -> dict[str, Any]:
    sandbox = call.sandbox
    return {
        "latency_ms": sandbox.latency_ms,
        "rate_per_second": sandbox.rate_per_second,
        "page_ceiling": sandbox.console.page_ceiling,
    }


def show_requests(call: Call) -> dict[str, Any]:
    """Return the counts of requests by route and status, and the last 100 requests."""
    log = call.sandbox.log
    last = [entry.as_json() for entry in list(log.entries)[-_LAST:]]
    return {"total": log.total, "by_route": log.by_route, "by_status": log.by_status, "last": last}


def reset_requests(call: Call) -> dict[str, Any]:
    """Clear the request log, and return it."""
    call.read(ResetBody).only()
    call.sandbox.log.clear()
    return show_requests(call)


def upgrade(call: Call) -> dict[str, Any]:
    """Move the tenant's API to another codebase, and return that."""
    codebase = call.read(CodebaseBody).codebase
    call.sandbox.tenant.codebase = codebase
    return {"codebase": codebase}
