"""A period's hourly totals of one customer → one number of bytes. `history` makes the totals of what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.kinds.billing_rules import Measure

LOOKING_BACK: tuple[Measure, ...] = ("peak", "p95")
"""Measures that choose an hour of their own; `last` and `mean` bill a device that moved once."""


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """A device's part of an hour; `read_at` is earlier than the hour where an older figure is kept."""

    device_id: str | None
    bytes: int
    read_at: datetime
    held: bool
    """No figure was read in this hour: the last one counts on."""


@dataclass(frozen=True, slots=True)
class HourTotal:
    """One hour of one customer, with a figure that is known. Without devices the customer used nothing in it."""

    hour: datetime
    """When the hour begins; hours are counted from the start of the period."""
    pull_id: int
    observed_at: datetime
    devices: tuple[DeviceReading, ...]
    missing: tuple[str | None, ...]
    """Devices that were there and had never given a figure; they count 0, and are named."""

    @property
    def bytes(self) -> int:
        return sum(device.bytes for device in self.devices)


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure taken: bytes per device summed over the chosen hours, which a division by their number ends.

    The division is left to rating, where the one division by the unit is, so that nothing is rounded twice.
    """

    measure: Measure
    chosen: tuple[HourTotal, ...]
    of_hours: int
    """Hours of the period that have a figure. The measure chooses among them."""
    hours_so_far: int | None = None
    """How many hours there were from the latest of the period's start, the mapping's start and the customer's first
    sample until now. Held hours and hours without a pull are among them, and not in `of_hours`."""

    @property
    def known_of_hours(self) -> tuple[int, int] | None:
        """Hours with a figure, of how many; None where the second is not told."""
        return None if self.hours_so_far is None else (self.of_hours, self.hours_so_far)

    @property
    def hours(self) -> int:
        return len(self.chosen)

    @property
    def total(self) -> int:
        """Bytes times hours."""
        return sum(hour.bytes for hour in self.chosen)

    @property
    def by_device(self) -> dict[str | None, int]:
        """Bytes times hours, per device; a device that an hour lacks used nothing in it."""
        sums: dict[str | None, int] = {}
        for hour in self.chosen:
            for device in hour.devices:
                sums[device.device_id] = sums.get(device.device_id, 0) + device.bytes
        return sums

    @property
    def missing(self) -> tuple[str | None, ...]:
        return tuple(dict.fromkeys(device for hour in self.chosen for device in hour.missing))


def take(measure: Measure, hours: Sequence[HourTotal], *, so_far: int | None = None) -> Measured | None:
    """The hours that a measure chooses, of hours in their order; None where there is none to choose from.

    `last` the newest; `peak` the highest; `mean` all; `p95` the nearest rank: the smallest total that at least 95 % of
    the hours do not exceed, so that it, too, is an hour one can point at. Of equal hours the first is chosen.
    """
    if not hours:
        return None
    match measure:
        case "last":
            chosen: tuple[HourTotal, ...] = (hours[-1],)
        case "peak":
            chosen = (max(hours, key=lambda hour: hour.bytes),)
        case "mean":
            chosen = tuple(hours)
        case _:
            totals = sorted(hour.bytes for hour in hours)
            rank = -(-95 * len(hours) // 100)
            chosen = (next(hour for hour in hours if hour.bytes == totals[rank - 1]),)
    return Measured(measure, chosen, len(hours), so_far)
