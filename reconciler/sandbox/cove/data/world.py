"""The changes of a console's partners and devices: growth, new customers, renames, removals.

Each change has its time as an argument and takes effect from then on. The state before it stays readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from reconciler.sandbox.cove.data.census import Census, WorldError
from reconciler.sandbox.cove.data.model import Device, Level, Partner, Profile, Segment, State

RECYCLE_BIN_ID: Final = 1_000_900
"""The id of the partner that holds recycled partners."""


class World(Census):
    """A census that can be changed."""

    def set_bytes(self, partner_id: int, total: int, at: datetime) -> None:
        """Set the total of a customer to `total` bytes, shared between its devices in their current proportions.

        Raises:
            WorldError: the total is negative, or no device of the customer has a known size.
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
        """Multiply the total of a customer by a factor, rounded down to whole bytes.

        Raises:
            WorldError: the factor is negative, or no device of the customer has a known size.
        """
        if factor < 0:
            raise WorldError(f"the factor {factor} is negative: give 0 or more")
        now = sum(used for _, used in self._known(partner_id, at))
        self.set_bytes(partner_id, int(now * factor), at)

    def set_growth(self, partner_id: int, per_hour: int, at: datetime) -> None:
        """Set the growth of a customer in bytes per hour, for all its devices together. 0 stops it.

        Raises:
            WorldError: the growth is negative, or no device of the customer has a known size.
        """
        if per_hour < 0:
            raise WorldError("the growth is negative: give 0 or more bytes per hour")
        known = self._known(partner_id, at)
        for place, (device, used) in enumerate(known):
            share = per_hour // len(known) + (place < per_hour % len(known))
            self._append(device, replace(device.segment(at), since=at, used=used, per_hour=share))

    def resize_device(self, device_id: int, used: int | None, at: datetime) -> None:
        """Set the size of a device in bytes. None makes the size unknown to the console.

        Raises:
            WorldError: the size is negative, or there is no such device.
        """
        if used is not None and used < 0:
            raise WorldError(f"a device cannot use {used} bytes")
        self._resize(self.device(device_id, at), at, used)

    def set_users(self, device_id: int, users: int, at: datetime) -> None:
        """Set the number of Microsoft 365 users of a device.

        Raises:
            WorldError: the number is negative, or there is no such device of a Microsoft 365 tenant.
        """
        device = self.device(device_id, at)
        if users < 0 or device.account_type != 2:
            raise WorldError(f"device {device_id} cannot have {users} Microsoft 365 users")
        self._append(device, replace(device.segment(at), since=at, users=users), odd=device.odd)

    def set_recovery(self, device_id: int, recovery: int, at: datetime) -> None:
        """Set the recovery of a device: 0 for none, 1 for recovery testing, 2 for a standby image."""
        device = self.device(device_id, at)
        self._append(device, replace(device.segment(at), since=at, recovery=recovery), odd=device.odd)

    def set_figure(self, device_id: int, figure: Any, at: datetime) -> None:
        """Make the console return any value as the used storage of a device, until its size is set again."""
        device = self.device(device_id, at)
        device.odd, device.odd_since = [figure], at
        self.version += 1

    def add_device(self, partner_id: int, at: datetime, used: int | None, name: str = "", per_hour: int = 0) -> Device:
        """Add a device to a partner of any level. `used` is None for a device that has never finished a backup."""
        owner = self.partner(partner_id, at)
        identity = self._next_id("device")
        name = name or f"{owner.name.split()[0].lower()}-new{identity % 1000:03d}"
        device = Device(identity, partner_id, name, at, [Segment(at, used, per_hour)])
        self.devices[identity] = device
        self.version += 1
        return device

    def move_device(self, device_id: int, partner_id: int, at: datetime) -> None:
        """Give a device to another partner. Its id and its size stay the same."""
        self.device(device_id, at).partner_id = self.partner(partner_id, at).id
        self.version += 1

    def remove_device(self, device_id: int, at: datetime) -> None:
        """Remove a device. Its past stays readable."""
        self.device(device_id, at).removed = at
        self.version += 1

    def add_customer(
        self, name: str, at: datetime, parent_id: int | None = None, level: Level = Level.END_CUSTOMER
    ) -> Partner:
        """Add a partner without devices, by default an end customer below the root. Two partners can have one name."""
        parent = self.partner(self.root_id if parent_id is None else parent_id, at)
        identity = self._next_id("customer")
        return self.put(Partner(identity, parent.id, name, level, State.IN_PRODUCTION, at))

    def add_site(self, customer_id: int, name: str, at: datetime) -> Partner:
        """Add a site below an end customer.

        Raises:
            WorldError: the partner is not an end customer, or does not exist.
        """
        customer = self.partner(customer_id, at)
        if customer.level is not Level.END_CUSTOMER:
            raise WorldError(f"a site belongs to an end customer, and {customer.name} is a {customer.level}")
        identity = self._next_id("site")
        return self.put(Partner(identity, customer_id, name, Level.SITE, customer.state, at))

    def remove_customer(self, partner_id: int, at: datetime) -> None:
        """Remove a partner, all partners below it, and their devices."""
        self.partner(partner_id, at)
        self._not_root(partner_id)
        gone = self.subtree(partner_id, at)
        for device in self.devices_of(gone, at):
            device.removed = at
        for each in gone:
            self.partners[each].removed = at
        self.version += 1

    def rename(self, partner_id: int, name: str, at: datetime) -> None:
        """Change the name of a partner. Its id stays the same."""
        self.partner(partner_id, at).name = name
        self.version += 1

    def set_profile(self, partner_id: int, profile: Profile, at: datetime) -> None:
        """Change the console's contact details of a partner's company."""
        self.partner(partner_id, at).profile = profile
        self.version += 1

    def set_external_code(self, partner_id: int, code: str, at: datetime) -> None:
        """Change the reference of a partner in another system. An empty code removes it."""
        self.partner(partner_id, at).external_code = code
        self.version += 1

    def set_state(self, partner_id: int, state: State, at: datetime) -> None:
        """Change the state of a partner, for example to a trial or to expired."""
        self.partner(partner_id, at).state = state
        self.version += 1

    def recycle(self, partner_id: int, at: datetime) -> None:
        """Move a partner into the "… - Recycle Bin" below the root, where its devices still count [seen]."""
        partner = self.partner(partner_id, at)
        self._not_root(partner_id)
        if RECYCLE_BIN_ID not in self.partners:
            root = self.partners[self.root_id]
            name = f"{root.name} - Recycle Bin"
            self.put(Partner(RECYCLE_BIN_ID, root.id, name, Level.RESELLER, State.IN_PRODUCTION, at))
        partner.parent_id = RECYCLE_BIN_ID
        self.version += 1

    def put(self, partner: Partner) -> Partner:
        """Add a partner as it is, and return it."""
        self.partners[partner.id] = partner
        self.version += 1
        return partner

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

    def _append(self, device: Device, segment: Segment, *, odd: Sequence[Any] = ()) -> None:
        # After the clock was set back, later segments are no longer valid.
        device.odd = list(odd)
        device.segments = [each for each in device.segments if each.since < segment.since] + [segment]
        self.version += 1

    def _not_root(self, partner_id: int) -> None:
        if partner_id == self.root_id:
            raise WorldError("the root partner belongs to the login and cannot be moved or removed")
