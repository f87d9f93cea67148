"""The world behind the backup console: partners, devices, and the bytes they use at any hour.

    root MSP ── (Reseller) ── EndCustomer ── (Site)
                                  └── devices, each a list of segments: from a moment on, so many bytes,
                                      and so many more each hour

Nothing here reads a clock: every question and every change takes its time as an argument, so the same seed and
the same hour give the same bytes, and a past month still answers after today's changes. Bytes are int.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import chain
from typing import Any, Final

from reconciler.sandbox.cove.data.model import Device, Level, Partner, Segment, State
from reconciler.sandbox.cove.data.population import FIRST_CUSTOMER_ID, ROOT_ID, populate

DEFAULT_START: Final = datetime(2026, 11, 1, tzinfo=UTC)
RECYCLE_BIN_ID: Final = 1_000_900
_HOUR: Final = timedelta(hours=1)
_FIRST_ADDED_DEVICE: Final = 3_000_001
_FIRST_ADDED_SITE: Final = 1_800_001
_MASK: Final = (1 << 64) - 1


class WorldError(ValueError):
    """A change that cannot be made, in a sentence that names what stands in the way."""


@dataclass(frozen=True, slots=True)
class CustomerUsage:
    """What one owner (an end customer with its sites, or a partner above) uses at a moment."""

    id: int
    name: str
    level: Level
    state: State
    devices: int
    missing: int
    """Devices whose used storage the console does not know."""
    used: int


@dataclass(slots=True, eq=False)
class World:
    """All partners and devices, asked and changed at given times.

    `World(seed, customers)` holds the population of that seed (see `population.py`), whose sizes are those of
    the moment `started`.
    """

    seed: int = 1
    customers: int = 6
    started: datetime = DEFAULT_START
    partners: dict[int, Partner] = field(init=False, default_factory=dict)
    devices: dict[int, Device] = field(init=False, default_factory=dict)
    root_id: int = field(init=False, default=ROOT_ID)
    version: int = field(init=False, default=0)
    """Rises with every change; for caches."""
    next_ids: dict[str, int] = field(init=False, default_factory=dict)
    """The next id of an added customer, site and device; none is ever given twice."""

    def __post_init__(self) -> None:
        self.next_ids = {
            "customer": FIRST_CUSTOMER_ID + self.customers,
            "site": _FIRST_ADDED_SITE,
            "device": _FIRST_ADDED_DEVICE,
        }
        partners, devices = populate(self.seed, self.customers, self.started)
        self.partners = {partner.id: partner for partner in partners}
        self.devices = {device.id: device for device in devices}

    # ── questions ────────────────────────────────────────────────────────────────────────────────────────

    def used(self, device: Device, at: datetime) -> int | None:
        """Bytes a device uses at a moment; None when the console has no value, or an odd one. Never falls by itself."""
        segment = device.segment(at)
        if segment.used is None or device.odd:
            return None
        hour = (at - segment.since) // _HOUR
        if not hour or not segment.per_hour:
            return segment.used
        wobble = _mix(self.seed, device.id, hour) % segment.per_hour
        return max(0, segment.used + hour * segment.per_hour + wobble)

    def partner(self, partner_id: int, at: datetime) -> Partner:
        """The partner that is there at a moment.

        Raises:
            WorldError: there is none of that id.
        """
        partner = self.partners.get(partner_id)
        if partner is None or not partner.present(at):
            raise WorldError(f"no partner {partner_id} is in the console")
        return partner

    def device(self, device_id: int, at: datetime) -> Device:
        """The device that is there at a moment.

        Raises:
            WorldError: there is none of that id.
        """
        device = self.devices.get(device_id)
        if device is None or not device.present(at):
            raise WorldError(f"no device {device_id} is in the console")
        return device

    def children(self, parent_id: int, at: datetime, *, recursive: bool) -> Iterator[Partner]:
        """Partners below one, parents before their children, without the parent itself."""
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
        """Ids of a partner and of everything below it."""
        return {partner_id, *(child.id for child in self.children(partner_id, at, recursive=True))}

    def devices_of(self, partner_ids: Iterable[int], at: datetime) -> list[Device]:
        """Devices owned directly by any of these partners, by id."""
        wanted = set(partner_ids)
        return [each for each in self.devices.values() if each.partner_id in wanted and each.present(at)]

    def settled(self, at: datetime) -> tuple[datetime, datetime]:
        """The span around a moment, half-open, in which nobody comes or goes; for caches."""
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
        """Every end customer, sites rolled up, also without devices; owners above that level if they have any."""
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

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────

    def set_bytes(self, partner_id: int, total: int, at: datetime) -> None:
        """Let a customer use exactly `total` bytes from now on, shared as its devices share today.

        Raises:
            WorldError: the total is negative, or no device of the customer has a value to change.
        """
        if total < 0:
            raise WorldError(f"a customer cannot use {total} bytes")
        known = self._known(partner_id, at)
        now = sum(used for _, used in known)
        shares = [total * used // now if now else total // len(known) for _, used in known]
        shares[0] += total - sum(shares)
        for (device, _), share in zip(known, shares, strict=True):
            self._resize(device, at, share)

    def grow(self, partner_id: int, factor: Fraction, at: datetime) -> None:
        """Multiply what a customer uses by a factor, rounded down to whole bytes.

        Raises:
            WorldError: the factor is negative, or no device of the customer has a value to change.
        """
        if factor < 0:
            raise WorldError(f"a factor of {factor} would leave less than nothing")
        now = sum(used for _, used in self._known(partner_id, at))
        self.set_bytes(partner_id, int(now * factor), at)

    def set_growth(self, partner_id: int, per_hour: int, at: datetime) -> None:
        """Let a customer grow by so many bytes an hour in all, from now on; 0 stops it.

        Raises:
            WorldError: it is negative, or no device of the customer has a value that could grow.
        """
        if per_hour < 0:
            raise WorldError("a device grows or stands still: bytes an hour are 0 or more")
        known = self._known(partner_id, at)
        for place, (device, used) in enumerate(known):
            share = per_hour // len(known) + (place < per_hour % len(known))
            self._append(device, Segment(at, used, share))

    def resize_device(self, device_id: int, used: int | None, at: datetime) -> None:
        """Let a device use exactly so many bytes from now on; None makes the console know nothing of it."""
        if used is not None and used < 0:
            raise WorldError(f"a device cannot use {used} bytes")
        self._resize(self.device(device_id, at), at, used)

    def set_figure(self, device_id: int, figure: Any, at: datetime) -> None:
        """Let the console give this value, whatever it is, as a device's used storage, until its size is set again."""
        self.device(device_id, at).odd = [figure]
        self.version += 1

    def add_device(self, partner_id: int, at: datetime, used: int | None, name: str = "", per_hour: int = 0) -> Device:
        """Add a device to a partner of any level; `used` None is one that has never finished a backup."""
        owner = self.partner(partner_id, at)
        identity = self._next_id("device")
        name = name or f"{owner.name.split()[0].lower()}-new{identity % 1000:03d}"
        device = Device(identity, partner_id, name, at, [Segment(at, used, per_hour)])
        self.devices[identity] = device
        self.version += 1
        return device

    def move_device(self, device_id: int, partner_id: int, at: datetime) -> None:
        """Give a device to another partner; its id and what it uses stay."""
        self.device(device_id, at).partner_id = self.partner(partner_id, at).id
        self.version += 1

    def remove_device(self, device_id: int, at: datetime) -> None:
        """Take a device out of the console; its past stays readable."""
        self.device(device_id, at).removed = at
        self.version += 1

    def add_customer(
        self, name: str, at: datetime, parent_id: int | None = None, level: Level = Level.END_CUSTOMER
    ) -> Partner:
        """Add a partner without devices, an end customer if nothing else is said; names need not be unique."""
        parent = self.partner(self.root_id if parent_id is None else parent_id, at)
        identity = self._next_id("customer")
        return self.put(Partner(identity, parent.id, name, level, State.IN_PRODUCTION, at))

    def add_site(self, customer_id: int, name: str, at: datetime) -> Partner:
        """Add a site below an end customer."""
        customer = self.partner(customer_id, at)
        if customer.level is not Level.END_CUSTOMER:
            raise WorldError(f"a site belongs to an end customer, and {customer.name} is a {customer.level}")
        identity = self._next_id("site")
        return self.put(Partner(identity, customer_id, name, Level.SITE, customer.state, at))

    def remove_customer(self, partner_id: int, at: datetime) -> None:
        """Take a partner, all below it and their devices out of the console."""
        self.partner(partner_id, at)
        self._not_root(partner_id)
        gone = self.subtree(partner_id, at)
        for device in self.devices_of(gone, at):
            device.removed = at
        for each in gone:
            self.partners[each].removed = at
        self.version += 1

    def rename(self, partner_id: int, name: str, at: datetime) -> None:
        """Give a partner another name; its id stays."""
        self.partner(partner_id, at).name = name
        self.version += 1

    def set_state(self, partner_id: int, state: State, at: datetime) -> None:
        """Put a partner into another state, such as a trial or expired."""
        self.partner(partner_id, at).state = state
        self.version += 1

    def recycle(self, partner_id: int, at: datetime) -> None:
        """Move a partner into the "… - Recycle Bin" below the root, where its devices stay countable [seen]."""
        partner = self.partner(partner_id, at)
        self._not_root(partner_id)
        if RECYCLE_BIN_ID not in self.partners:
            root = self.partners[self.root_id]
            name = f"{root.name} - Recycle Bin"
            self.put(Partner(RECYCLE_BIN_ID, root.id, name, Level.RESELLER, State.IN_PRODUCTION, at))
        partner.parent_id = RECYCLE_BIN_ID
        self.version += 1

    def put(self, partner: Partner) -> Partner:
        """Add a partner as it stands."""
        self.partners[partner.id] = partner
        self.version += 1
        return partner

    # ── inner parts ──────────────────────────────────────────────────────────────────────────────────────

    def _next_id(self, kind: str) -> int:
        identity = self.next_ids[kind]
        self.next_ids[kind] = identity + 1
        return identity

    def _known(self, partner_id: int, at: datetime) -> list[tuple[Device, int]]:
        partner = self.partner(partner_id, at)
        owned = self.devices_of(self.subtree(partner_id, at), at)
        known = [(device, used) for device in owned if (used := self.used(device, at)) is not None]
        if not known:
            raise WorldError(f"{partner.name} ({partner_id}) has no device with a known size: add one first")
        return known

    def _resize(self, device: Device, at: datetime, used: int | None) -> None:
        self._append(device, replace(device.segment(at), since=at, used=used))

    def _append(self, device: Device, segment: Segment) -> None:
        # A clock that was set back must not leave segments of a future that did not come to pass.
        device.odd = []
        device.segments = [each for each in device.segments if each.since < segment.since] + [segment]
        self.version += 1

    def _not_root(self, partner_id: int) -> None:
        if partner_id == self.root_id:
            raise WorldError("the root partner is the login's own: it cannot be moved or removed")


def _mix(seed: int, device: int, hour: int) -> int:
    x = (seed * 0x9E3779B97F4A7C15 + device * 0xBF58476D1CE4E5B9 + hour * 0x94D049BB133111EB) & _MASK
    x ^= x >> 31
    x = x * 0xD6E8FEB86659FD93 & _MASK
    return x ^ (x >> 32)
