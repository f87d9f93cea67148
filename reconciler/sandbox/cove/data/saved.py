"""A world as JSON, so that a console goes on tomorrow where it stood today."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reconciler.sandbox.cove.data.model import Device, Partner
from reconciler.sandbox.cove.data.world import World


class WorldState(msgspec.Struct, forbid_unknown_fields=True):
    """Everything a world holds; times in ISO 8601 with zone, sizes in bytes."""

    seed: int
    customers: int
    started: datetime
    next_ids: dict[str, int]
    partners: list[Partner]
    devices: list[Device]


def dump_world(world: World) -> WorldState:
    """The world as it stands; `msgspec.json` writes it."""
    return WorldState(
        seed=world.seed,
        customers=world.customers,
        started=world.started,
        next_ids=world.next_ids,
        partners=list(world.partners.values()),
        devices=list(world.devices.values()),
    )


def load_world(state: WorldState) -> World:
    """The world that `dump_world` took down."""
    world = World(state.seed, 0, state.started)
    world.customers = state.customers
    world.next_ids = state.next_ids
    world.partners = {partner.id: partner for partner in state.partners}
    world.devices = {device.id: device for device in state.devices}
    return world
