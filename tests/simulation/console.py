"""The customers and devices of the simulation. Each change is made here and in the sandbox's console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.shop import Shop


@dataclass
class Console:
    """Customers with their devices, in bytes. None is a device without a figure."""

    shop: Shop
    customers: dict[int, dict[int, int | None]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    away: dict[int, dict[int, int | None]] = field(default_factory=dict)
    """Customers that the console no longer lists, with their devices."""
    recycled: set[int] = field(default_factory=set)
    gone: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    """Devices that the console no longer lists, with their customer and figure."""

    @property
    def world(self) -> Any:
        return self.shop.world

    @property
    def listing(self) -> dict[int, dict[int, int | None]]:
        """Return what a pull reads. A customer in the recycle bin counts as one without devices."""
        return {**{number: {} for number in self.recycled}, **self.customers}

    def past(self, moment: datetime, former: Mapping[int, int]) -> dict[int, dict[int, int | None]]:
        """Return what the console's history has for a moment. Owners are those of today.

        A device whose customer is gone belongs to the customer that `former` names, and counts for nobody without one.
        """
        found: dict[int, dict[int, int | None]] = {number: {} for number in (*self.recycled, *self.customers)}
        for device in self.world.devices.values():
            if not device.present(moment) or device.partner_id in self.recycled:
                continue
            owner = device.partner_id if device.partner_id in self.customers else former.get(device.id)
            if owner is not None:
                found.setdefault(owner, {})[device.id] = self.world.used(device, moment)
        return found

    def add(self, name: str, *sizes: int | None) -> int:
        number: int = self.world.add_customer(name, self.shop.time).id
        self.customers[number], self.names[number] = {}, name
        for size in sizes:
            self.add_device(number, size)
        return number

    def add_device(self, number: int, size: int | None) -> int:
        device: int = self.world.add_device(number, self.shop.time, size).id
        self.customers[number][device] = size
        return device

    def resize(self, number: int, device: int, size: int | None) -> None:
        self.world.resize_device(device, size, self.shop.time)
        self.customers[number][device] = size

    def odd(self, number: int, device: int, figure: Any) -> None:
        """Set a figure that is not a number of bytes. It counts as no figure."""
        self.world.set_figure(device, figure, self.shop.time)
        self.customers[number][device] = None

    def move(self, device: int, old: int, new: int) -> None:
        self.world.move_device(device, new, self.shop.time)
        self.customers[new][device] = self.customers[old].pop(device)

    def remove_device(self, number: int, device: int) -> None:
        self.world.remove_device(device, self.shop.time)
        self.gone[device] = (number, self.customers[number].pop(device))

    def return_device(self, device: int) -> None:
        number, size = self.gone.pop(device)
        self.world.devices[device].removed = None
        self.world.version += 1
        self.customers[number][device] = size

    def remove(self, number: int, *, recycle: bool = False) -> None:
        if recycle:
            self.world.recycle(number, self.shop.time)
            self.recycled.add(number)
        else:
            self.world.remove_customer(number, self.shop.time)
        self.away[number] = self.customers.pop(number)

    def give_back(self, number: int) -> None:
        self.customers[number] = self.away.pop(number)
        self.recycled.discard(number)
        partner = self.world.partners[number]
        partner.removed, partner.parent_id = None, self.world.root_id
        for device in self.customers[number]:
            self.world.devices[device].removed = None
        self.world.version += 1

    def rename(self, number: int, name: str) -> None:
        self.world.rename(number, name, self.shop.time)
        self.names[number] = name
