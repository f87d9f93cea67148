"""Choose the hours that a measure bills, from the hourly totals of one customer in a period. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

from reconciler.kinds.billing_rules import Measure
from reconciler.ledger.totals import CustomerTotal, CustomerTotals

RANKED_MEASURES: tuple[Measure, ...] = ("peak", "p95")
"""Measures that rank the hours by size and bill one of them. They can bill a moved device under both customers."""


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """The part of a device in an hour."""

    device_id: str | None
    bytes: int
    """Its bytes. For a meter of another kind, the number that the meter gives it, such as 1 in a count of devices."""
    read_at: datetime
    """The moment that the figure is about. It is before the hour if `held` is true."""
    held: bool
    """True if the device has no figure in this hour, so its last figure counts."""


@dataclass(frozen=True, slots=True)
class HourTotal:
    """The usage of one customer in one hour. It is 0 without devices."""

    hour: datetime
    """The first moment of the hour. Hours are counted from the start of the period."""
    pull_id: int
    observed_at: datetime
    devices: tuple[DeviceReading, ...]
    missing: tuple[str | None, ...]
    """Devices that were listed but had never reported a figure. They count 0, and messages name them."""
    sum: CustomerTotal | None = None
    """The sum over all devices, if they are not loaded. Then `devices` is empty."""

    @property
    def bytes(self) -> int:
        """Return the sum over all devices, in bytes or as the meter counts."""
        return sum(device.bytes for device in self.devices) if self.sum is None else self.sum.bytes

    @property
    def counted_devices(self) -> int:
        """Return how many devices count, because their number is not 0."""
        return sum(1 for device in self.devices if device.bytes) if self.sum is None else self.sum.devices

    @property
    def has_devices(self) -> bool:
        """Return whether a device has a figure in this hour."""
        return bool(self.devices) or self.sum is not None


@dataclass(frozen=True, slots=True)
class SummedHours(Sequence[HourTotal]):
    """The hours of a customer whose devices are not loaded, in columns. An hour is made when it is asked for."""

    hours: Sequence[datetime]
    observed_at: Sequence[datetime]
    totals: CustomerTotals
    """The total of each hour."""

    def __len__(self) -> int:
        return len(self.hours)

    @overload
    def __getitem__(self, place: int) -> HourTotal: ...

    @overload
    def __getitem__(self, place: slice) -> SummedHours: ...

    def __getitem__(self, place: int | slice) -> HourTotal | SummedHours:
        if isinstance(place, slice):
            return SummedHours(self.hours[place], self.observed_at[place], self.totals[place])
        total = self.totals[place]
        return HourTotal(self.hours[place], total.pull_id, self.observed_at[place], (), (), total)


def sizes_of(hours: Sequence[HourTotal]) -> Sequence[int]:
    """Return the sum of each hour, in bytes or as the meter counts."""
    return hours.totals.sizes if isinstance(hours, SummedHours) else [hour.bytes for hour in hours]


@dataclass(frozen=True, slots=True)
class Measured:
    """The hours that a measure chose, with their sums in bytes × hours.

    Rating divides by the number of hours together with the unit. So there is one division, and nothing is rounded
    twice.
    """

    measure: Measure
    chosen: Sequence[HourTotal]
    known_hours: int
    """The number of hours in the period that have a total. The measure chooses from these."""
    elapsed_hours: int | None = None
    """The number of hours until now, from the latest of three moments: the start of the period, the start of the
    mapping, and the customer's first sample. It also counts held hours and hours without a pull. None if unknown."""
    others: int = 0
    """The sum of the meter of the allowance over the chosen hours. 0 if the allowance has none."""

    @property
    def known_of_elapsed(self) -> tuple[int, int] | None:
        """Return (`known_hours`, `elapsed_hours`). None if the second is unknown."""
        return None if self.elapsed_hours is None else (self.known_hours, self.elapsed_hours)

    @property
    def hours(self) -> int:
        """Return the number of chosen hours."""
        return len(self.chosen)

    @property
    def total(self) -> int:
        """Return the sum over the chosen hours, in bytes × hours."""
        return sum(sizes_of(self.chosen))

    @property
    def by_device(self) -> dict[str | None, int]:
        """Return the sum of each device in bytes × hours. A device counts 0 in an hour that does not contain it.

        Raises `ValueError` if the devices are not loaded.
        """
        if any(hour.sum is not None for hour in self.chosen):
            raise ValueError("the devices of these hours are not loaded")
        sums: dict[str | None, int] = {}
        for hour in self.chosen:
            for device in hour.devices:
                sums[device.device_id] = sums.get(device.device_id, 0) + device.bytes
        return sums

    @property
    def missing(self) -> tuple[str | None, ...]:
        """Return each device that had never reported a figure in a chosen hour, once."""
        return tuple(dict.fromkeys(device for hour in self.chosen for device in hour.missing))


def choose_hours(measure: Measure, hours: Sequence[HourTotal], *, elapsed: int | None = None) -> Measured | None:
    """Return the hours that a measure bills. `hours` are oldest first. None if there are none.

    `last` chooses the newest hour, `peak` the highest, and `mean` all. `p95` chooses the nearest rank: the smallest
    total that at least 95 % of the hours do not exceed. If hours are equal, the first of them is chosen.
    """
    if not hours:
        return None
    if measure == "mean":
        return Measured(measure, hours, len(hours), elapsed)
    if measure == "last":
        place = -1
    else:
        sizes = sizes_of(hours)
        rank = len(hours) if measure == "peak" else -(-95 * len(hours) // 100)
        place = sizes.index(sorted(sizes)[rank - 1])
    return Measured(measure, (hours[place],), len(hours), elapsed)
