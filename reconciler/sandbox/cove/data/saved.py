"""The partners and devices of a console as JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reconciler.sandbox.cove.data.model import Device, Partner
from reconciler.sandbox.cove.data.world import World


class WorldState(msgspec.Struct, forbid_unknown_fields=True):
    """The whole content of a world. Times are in ISO 8601 with a zone, sizes in bytes."""

    seed: int
    customers: int
    started: datetime
    next_ids: dict[str, int]
    partners: list[Partner]
    devices: list[Device]


def dump_world(world: World) -> WorldState:
    """Return the state of a world, which `msgspec.json` writes."""
    return WorldState(
        seed=world.seed,
        customers=world.customers,
        started=world.started,
        next_ids=world.next_ids,
        partners=list(world.partners.values()),
        devices=list(world.devices.values()),
    )


def load_world(state: WorldState) -> World:
    """Return the world of a state."""
    world = World(state.seed, 0, state.started)
    world.customers = state.customers
    world.next_ids = state.next_ids
    world.partners = {partner.id: partner for partner in state.partners}
    world.devices = {device.id: device for device in state.devices}
    return world
