"""The highest values of each device within a month, which the vendor bills a partner by [seen].

The report has a row for every device that existed at any moment of the month, also for a deleted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.sandbox.cove.data.census import Census
from reconciler.sandbox.cove.data.model import Device, Level, Partner


@dataclass(frozen=True, slots=True)
class Highest:
    """The highest value of a device in a month, and the first moment at which it had it. Both None if it had none."""

    value: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceMonth:
    """A device in one month: its customer, and its highest values. Sizes are in bytes.

    `recovery` is 0 for none, 1 for recovery testing and 2 for a standby image.
    """

    device: Device
    customer: Partner
    used: Highest
    users: Highest
    recovery: Highest


def device_months(world: Census, partner_id: int, start: datetime, end: datetime) -> list[DeviceMonth]:
    """Return the devices below a partner that existed in [start, end), by device id."""
    found = []
    for device in sorted(world.devices.values(), key=lambda each: each.id):
        begins, ends = max(start, device.created), min(end, device.removed or end)
        if begins < ends and partner_id in _chain(world, device.partner_id):
            found.append(_month(world, device, begins, ends))
    return found


def _month(world: Census, device: Device, start: datetime, end: datetime) -> DeviceMonth:
    moments = list(_moments(device, start, end))
    return DeviceMonth(
        device,
        _customer(world, device.partner_id),
        _highest(moments, lambda at: world.used(device, at)),
        _highest(moments, lambda at: device.segment(at).users),
        _highest(moments, lambda at: device.segment(at).recovery),
    )


def _highest(moments: list[datetime], value: Callable[[datetime], int | None]) -> Highest:
    best: tuple[int, datetime] | None = None
    for at in moments:
        found = value(at)
        if found is not None and (best is None or found > best[0]):
            best = found, at
    return Highest(None, None) if best is None else Highest(*best)


def _moments(device: Device, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the moments at which a device can have its highest value: a size never falls within a segment."""
    yield start
    changes = [each.since for each in device.segments if start < each.since < end]
    if device.odd_since is not None and start < device.odd_since < end:
        changes.append(device.odd_since)
    for change in sorted(changes):
        yield change - timedelta.resolution
        yield change
    yield end - timedelta.resolution


def _chain(world: Census, partner_id: int) -> list[int]:
    """Return the ids of a partner and of all partners above it, also of removed ones."""
    chain = [partner_id]
    while (parent := world.partners[chain[-1]].parent_id) in world.partners:
        chain.append(parent)
    return chain


def _customer(world: Census, partner_id: int) -> Partner:
    """Return the end customer of a site, or the partner itself."""
    partner = world.partners[partner_id]
    while partner.level is Level.SITE:
        partner = world.partners[partner.parent_id]
    return partner
