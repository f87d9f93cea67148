"""The partners and devices of a console, and the bytes that they use at any hour.

    root MSP ── (Reseller) ── EndCustomer ── (Site)
                                  └── devices, each with segments: a start, a number of bytes, and a growth per hour

Nothing here reads a clock. Each question has its time as an argument, so the same seed and the same hour give the same
bytes, and a past month gives the same figures after today's changes. Bytes are whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

from reconciler.sandbox.cove.data.model import Device, Level, Partner, State
from reconciler.sandbox.cove.data.population import FIRST_CUSTOMER_ID, ROOT_ID, populate

DEFAULT_START: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""The time at which the devices have the sizes of the population, unless another is given."""
_HOUR: Final = timedelta(hours=1)
_FIRST_ADDED_DEVICE: Final = 3_000_001
_FIRST_ADDED_SITE: Final = 1_800_001
_MASK: Final = (1 << 64) - 1


class WorldError(ValueError):
    """A partner or device does not exist, or a change is not possible. The message says why."""


@dataclass(frozen=True, slots=True)
class CustomerUsage:
    """The usage of one owner at a time: an end customer with its sites, or a partner above that level.

    `devices` counts its devices, `missing` those without a known size, and `used` is the total of the others in bytes.
    """

    id: int
    name: str
    level: Level
    state: State
    devices: int
    missing: int
    used: int


@dataclass(slots=True, eq=False)
class Census:
    """All partners and devices.

    `Census(seed, customers)` has the population of that seed, as in `population`, with the sizes of the time `started`.
    `version` rises with every change, for caches. `next_ids` holds the next id of an added customer, site and device;
    no id is used twice.
    """

    seed: int = 1
    customers: int = 6
    started: datetime = DEFAULT_START
    partners: dict[int, Partner] = field(init=False, default_factory=dict)
    devices: dict[int, Device] = field(init=False, default_factory=dict)
    root_id: int = field(init=False, default=ROOT_ID)
    version: int = field(init=False, default=0)
    next_ids: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.next_ids = {
            "customer": FIRST_CUSTOMER_ID + self.customers,
            "site": _FIRST_ADDED_SITE,
            "device": _FIRST_ADDED_DEVICE,
        }
        partners, devices = populate(self.seed, self.customers, self.started)
        self.partners = {partner.id: partner for partner in partners}
        self.devices = {device.id: device for device in devices}

    def used(self, device: Device, at: datetime) -> int | None:
        """Return the bytes that a device uses at a time, or None when the console has no value or an odd one.

        Without a change the value never falls.
        """
        segment = device.segment(at)
        if segment.used is None or device.odd_at(at):
            return None
        hour = (at - segment.since) // _HOUR
        if not hour or not segment.per_hour:
            return segment.used
        wobble = _mix(self.seed, device.id, hour) % segment.per_hour
        return max(0, segment.used + hour * segment.per_hour + wobble)

    def partner(self, partner_id: int, at: datetime) -> Partner:
        """Return the partner with an id at a time.

        Raises:
            WorldError: there is no such partner at that time.
        """
        partner = self.partners.get(partner_id)
        if partner is None or not partner.present(at):
            raise WorldError(f"there is no partner {partner_id} in the console")
        return partner

    def device(self, device_id: int, at: datetime) -> Device:
        """Return the device with an id at a time.

        Raises:
            WorldError: there is no such device at that time.
        """
        device = self.devices.get(device_id)
        if device is None or not device.present(at):
            raise WorldError(f"there is no device {device_id} in the console")
        return device

    def children(self, parent_id: int, at: datetime, *, recursive: bool) -> Iterator[Partner]:
        """Return the partners below a partner, without itself. Parents come before their children."""
        below: dict[int, list[Partner]] = {}
        for partner in self.partners.values():
            if partner.id != self.root_id and partner.present(at):
                below.setdefault(partner.parent_id, []).append(partner)
        queue = [parent_id]
        for each in queue:
            for child in below.get(each, ()):
                yield child
                if recursive:
                    queue.append(child.id)

    def subtree(self, partner_id: int, at: datetime) -> set[int]:
        """Return the ids of a partner and of all partners below it."""
        return {partner_id, *(child.id for child in self.children(partner_id, at, recursive=True))}

    def devices_of(self, partner_ids: Iterable[int], at: datetime) -> list[Device]:
        """Return the devices that belong directly to any of these partners, by id."""
        wanted = set(partner_ids)
        return [each for each in self.devices.values() if each.partner_id in wanted and each.present(at)]

    def unchanged_span(self, at: datetime) -> tuple[datetime, datetime]:
        """Return the span around a time in which no partner or device is added or removed, for caches.

        The start belongs to the span, the end does not.
        """
        since, until = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        everyone: Iterable[Partner | Device] = chain(self.partners.values(), self.devices.values())
        for each in everyone:
            for moment in (each.created, each.removed or until):
                if moment <= at:
                    since = max(since, moment)
                else:
                    until = min(until, moment)
        return since, until

    def usage(self, at: datetime) -> list[CustomerUsage]:
        """Return the usage of every end customer, with its sites, and of other owners that have devices, by id."""
        tally: dict[int, list[int]] = {}
        for partner in self.children(self.root_id, at, recursive=True):
            if partner.level is Level.END_CUSTOMER:
                tally[partner.id] = [0, 0, 0]
        for device in self.devices.values():
            if device.present(at):
                count = tally.setdefault(self._owner(device.partner_id), [0, 0, 0])
                used = self.used(device, at)
                count[0] += 1
                count[1] += used is None
                count[2] += used or 0
        rows = []
        for partner_id, (devices, missing, used) in tally.items():
            partner = self.partners[partner_id]
            rows.append(CustomerUsage(partner_id, partner.name, partner.level, partner.state, devices, missing, used))
        return sorted(rows, key=lambda row: row.id)

    def _owner(self, partner_id: int) -> int:
        partner = self.partners[partner_id]
        while partner.level is Level.SITE:
            partner = self.partners[partner.parent_id]
        return partner.id


def _mix(seed: int, device: int, hour: int) -> int:
    x = (seed * 0x9E3779B97F4A7C15 + device * 0xBF58476D1CE4E5B9 + hour * 0x94D049BB133111EB) & _MASK
    x ^= x >> 31
    x = x * 0xD6E8FEB86659FD93 & _MASK
    return x ^ (x >> 32)
