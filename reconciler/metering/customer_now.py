"""A customer and its devices as the newest pull lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reconciler.metering.snapshot import DeviceId

DeviceState = Literal["fresh", "silent", "stale", "never"]
"""`fresh`: the pull has a new figure. `silent`: it has none, so the last figure counts. `stale`: the last figure is
older than `maxAge` and does not count. `never`: the device never reported a figure, and counts 0."""


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """A device that the newest pull lists, with its last figure."""

    device_id: DeviceId
    state: DeviceState
    bytes: int
    """The last figure. 0 if the device never reported one."""
    read_at: datetime | None
    """The moment that the figure is about."""


@dataclass(frozen=True, slots=True)
class CustomerNow:
    """A customer in the newest pull."""

    devices: tuple[DeviceNow, ...] = ()
    """The listed devices, without excluded ones."""
    excluded: tuple[DeviceNow, ...] = ()
    """The listed devices that an exclusion names."""
    listed: bool = False
    """True if the pull has a sample of the customer."""
    mixed: bool = False
    """True if the pull has a total for the customer beside its devices."""
    ahead: tuple[DeviceId, ...] = ()
    """Devices whose sample is dated after the run."""
    observed_at: datetime | None = None
    """The newest moment that the customer's samples are about."""

    def of(self, state: DeviceState) -> tuple[DeviceNow, ...]:
        """Return the devices in a state."""
        return tuple(device for device in self.devices if device.state == state)

    @property
    def bytes(self) -> int | None:
        """Return the customer's usage in bytes. None if no device has a figure, or if there is a total too."""
        known = [device.bytes for device in self.devices if device.state != "never"]
        return sum(known) if known and not self.mixed else None


def is_mixed(devices: Mapping[DeviceId, object]) -> bool:
    """Return whether a customer total (`None`) is among devices. Adding the two would count usage twice."""
    return None in devices and len(devices) > 1
