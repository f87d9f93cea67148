"""The controls of the backup console: its customers, devices, columns and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from reconciler.sandbox.cove.data.model import Device
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.control.bodies import (
    ColumnsBody,
    CustomerBody,
    DeviceBody,
    NewCustomer,
    SessionsBody,
    read_factor,
)
from reconciler.sandbox.server.control.call import Call


def show_customers(call: Call) -> list[Any]:
    """Return the usage of each customer, in bytes."""
    return [msgspec.to_builtins(each) for each in call.sandbox.console.world.usage(call.sandbox.clock.now())]


def show_customer(call: Call) -> dict[str, Any]:
    """Return one partner with its devices and those of its sites."""
    return _shown(call.sandbox.console.world, call.id, call.sandbox.clock.now())


def add_customer(call: Call) -> dict[str, Any]:
    """Add a partner with its devices, and return it."""
    wanted = call.read(NewCustomer)
    world, now = call.sandbox.console.world, call.sandbox.clock.now()
    partner = world.add_customer(wanted.name, now, wanted.parent_id, wanted.level)
    for used in wanted.devices:
        world.add_device(partner.id, now, used)
    return _shown(world, partner.id, now)


def change_customer(call: Call) -> dict[str, Any]:
    """Make one change of a partner, and return the partner, or `{"removed": id}`."""
    change = call.read(CustomerBody).only()
    world, now, partner_id = call.sandbox.console.world, call.sandbox.clock.now(), call.id
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
        case "profile", profile:
            world.set_profile(partner_id, profile, now)
        case "external_code", code:
            world.set_external_code(partner_id, code, now)
        case "state", state:
            world.set_state(partner_id, state, now)
        case "recycle", _:
            world.recycle(partner_id, now)
        case _:
            world.remove_customer(partner_id, now)
            return {"removed": partner_id}
    return _shown(world, partner_id, now)


def change_device(call: Call) -> dict[str, Any]:
    """Make one change of a device, and return the device, or `{"removed": id}`."""
    change = call.read(DeviceBody).only()
    world, now, device_id = call.sandbox.console.world, call.sandbox.clock.now(), call.id
    match change:
        case "missing", _:
            world.resize_device(device_id, None, now)
        case "bytes", used:
            world.resize_device(device_id, used, now)
        case "figure", figure:
            world.set_figure(device_id, figure, now)
        case "users", users:
            world.set_users(device_id, users, now)
        case "recovery", recovery:
            world.set_recovery(device_id, recovery, now)
        case "move_to", partner_id:
            world.move_device(device_id, partner_id, now)
        case _:
            world.remove_device(device_id, now)
            return {"removed": device_id}
    return _device(world, world.device(device_id, now), now)


def set_columns(call: Call) -> dict[str, Any]:
    """Replace the refused columns, the retired ones or both, and return the codes of all of them."""
    wanted, rights = call.read(ColumnsBody), call.sandbox.console.rights
    if wanted.refused is not msgspec.UNSET:
        rights.refuse(wanted.refused)
    if wanted.retired is not msgspec.UNSET:
        rights.retire(wanted.retired)
    return {"refused": sorted(rights.refused), "retired": sorted(rights.retired)}


def change_sessions(call: Call) -> dict[str, Any]:
    """Unlock the account or expire all visas, and return the state of the login."""
    console = call.sandbox.console
    if call.read(SessionsBody).only()[0] == "unlock":
        console.unlock()
    else:
        console.expire_visas()
    return {"failed_logins": console.failed_logins, "locked": console.locked}


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
        "external_code": partner.external_code,
        "profile": partner.profile,
        "bytes": sum(each["bytes"] or 0 for each in devices),
        "devices": devices,
    }


def _device(world: World, device: Device, at: datetime) -> dict[str, Any]:
    used = world.used(device, at)
    return {"id": device.id, "partner_id": device.partner_id, "name": device.name, "bytes": used}
