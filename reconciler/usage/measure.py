"""A period's samples of one customer → one number of bytes.

Samples of one hour are summed over the customer's devices first; the measure is taken over those hourly totals.
Hours are hours of UTC, so that none is doubled or lost when clocks change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.ledger.records import Reading, Sample
from reconciler.usage.rules import Measure


@dataclass(frozen=True, slots=True)
class Observation:
    """What one whole pull said about one customer; without samples it used nothing."""

    pull_id: int
    at: datetime
    samples: tuple[Sample, ...]

    @property
    def observed_at(self) -> datetime:
        """The newest moment it speaks of."""
        return max((sample.observed_at for sample in self.samples), default=self.at)


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """A device's part of an hour; `read_at` is earlier than the hour where an older figure is held."""

    device_id: str | None
    bytes: int
    read_at: datetime
    held: bool


@dataclass(frozen=True, slots=True)
class HourTotal:
    """One hour of one customer: the last pull in it that gave a figure."""

    hour: datetime
    pull_id: int
    observed_at: datetime
    devices: tuple[DeviceReading, ...]
    missing: tuple[str | None, ...]
    """Devices that were there without a figure, now or ever; they count for nothing, and are named."""

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
    """How many hours the measure had to choose from."""

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


def hourly_totals(observations: Sequence[Observation], known: Mapping[str | None, Reading]) -> tuple[HourTotal, ...]:
    """One total per hour, oldest first; `known` holds each device's last reading from before.

    A device without a figure counts with its last known one. An observation in which no device has any is left
    out: it is not 0.
    """
    last: dict[str | None, tuple[int, datetime]] = {
        device_id: (reading.bytes, reading.observed_at) for device_id, reading in known.items()
    }
    hours: dict[datetime, HourTotal] = {}
    for observation in observations:
        devices: list[DeviceReading] = []
        missing: list[str | None] = []
        for sample in observation.samples:
            if sample.bytes is not None:
                last[sample.device_id] = (sample.bytes, sample.observed_at)
                devices.append(DeviceReading(sample.device_id, sample.bytes, sample.observed_at, held=False))
            elif sample.device_id in last:
                size, read_at = last[sample.device_id]
                devices.append(DeviceReading(sample.device_id, size, read_at, held=True))
            else:
                missing.append(sample.device_id)
        if missing and not devices:
            continue
        moment = observation.observed_at
        hour = moment.replace(minute=0, second=0, microsecond=0)
        hours[hour] = HourTotal(hour, observation.pull_id, moment, tuple(devices), tuple(missing))
    return tuple(hours[hour] for hour in sorted(hours))


def take(measure: Measure, hours: Sequence[HourTotal]) -> Measured | None:
    """The hours that a measure chooses; None where there is none to choose from.

    `last` the newest; `peak` the highest, the first of equals; `mean` all; `p95` the nearest rank: the smallest
    total that at least 95 % of the hours do not exceed, so that it, too, is an hour one can point at.
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
            rank = -(-95 * len(hours) // 100)
            chosen = (sorted(hours, key=lambda hour: hour.bytes)[rank - 1],)
    return Measured(measure, chosen, len(hours))
