"""Find the last figure of a device before a moment, also after the device moved to another customer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from reconciler.metering.snapshot import DeviceId, SourceSnapshot

BEFORE_ALL_PULLS = -1
"""The `pull_index` of a figure from before the loaded pulls."""


class Figure(NamedTuple):
    """One figure of a device. Figures sort by moment. Of two for one moment, the one from the later pull counts."""

    at: datetime
    """The moment that the figure is about."""
    pull_index: int
    """The index of its pull in `SourceSnapshot.pulls`."""
    bytes: int
    customer_id: str


FiguresOfDevices = Mapping[DeviceId, Sequence[Figure]]
"""The figures of each device, oldest first."""


class Figures:
    """All figures of one source, by customer and device."""

    def __init__(self, source: SourceSnapshot) -> None:
        self._source = source
        self._pulls = source.pulls
        self._of_moved = _figures_of(_moved_devices(source), source)

    def of_customer(self, customer_id: str) -> FiguresOfDevices:
        """Return the figures that the customer's devices reported while they belonged to it."""
        figures: dict[DeviceId, list[Figure]] = {
            device: [Figure(reading.observed_at, BEFORE_ALL_PULLS, reading.bytes, customer_id)]
            for device, reading in self._source.before.get(customer_id, {}).items()
        }
        for index, pull in enumerate(self._pulls):
            for sample in pull.samples.get(customer_id, ()):
                if sample.bytes is not None and not pull.is_dated_ahead(sample):
                    figure = Figure(sample.observed_at, index, sample.bytes, customer_id)
                    figures.setdefault(sample.device_id, []).append(figure)
        for of_device in figures.values():
            of_device.sort()
        return figures

    def last_before(
        self, moment: datetime, customer_id: str, device: DeviceId, own: FiguresOfDevices, pull_index: int
    ) -> Figure | None:
        """Return the last figure of a customer's device before `moment`. None if there is none.

        `own` are the customer's figures, from `of_customer`. A newer figure under another customer counts too, unless
        the pull at `pull_index` still lists the device there: then two devices of two customers have the same id.
        """
        last = _last_before(moment, own.get(device, ()))
        if device is None:
            return last
        for other, figures in self._of_moved.get(device, {}).items():
            if other == customer_id:
                continue
            figure = _last_before(moment, figures)
            if figure is None or (last is not None and last[:2] >= figure[:2]):
                continue
            if not any(each.device_id == device for each in self._pulls[pull_index].samples.get(other, ())):
                last = figure
        return last


def _last_before(moment: datetime, figures: Sequence[Figure]) -> Figure | None:
    place = bisect_left(figures, moment, key=lambda figure: figure.at)
    return figures[place - 1] if place else None


def _moved_devices(source: SourceSnapshot) -> frozenset[str]:
    """Return the ids of devices that more than one customer has had."""
    owners: dict[str, str] = {}
    moved: set[str] = set()
    before = ((customer, device) for customer, readings in source.before.items() for device in readings)
    listed = (
        (customer, sample.device_id)
        for pull in source.pulls
        for customer, samples in pull.samples.items()
        for sample in samples
    )
    for customer, device in chain(before, listed):
        if device is not None and owners.setdefault(device, customer) != customer:
            moved.add(device)
    return frozenset(moved)


def _figures_of(devices: frozenset[str], source: SourceSnapshot) -> dict[str, dict[str, list[Figure]]]:
    """Return the figures of these devices by device and customer, oldest first."""
    by_device: dict[str, dict[str, list[Figure]]] = {}
    if not devices:
        return by_device
    for customer_id, readings in source.before.items():
        for device, reading in readings.items():
            if device in devices and device is not None:
                figure = Figure(reading.observed_at, BEFORE_ALL_PULLS, reading.bytes, customer_id)
                by_device.setdefault(device, {}).setdefault(customer_id, []).append(figure)
    for index, pull in enumerate(source.pulls):
        for customer_id, samples in pull.samples.items():
            for sample in samples:
                device = sample.device_id
                if device not in devices or device is None or sample.bytes is None or pull.is_dated_ahead(sample):
                    continue
                figure = Figure(sample.observed_at, index, sample.bytes, customer_id)
                by_device.setdefault(device, {}).setdefault(customer_id, []).append(figure)
    for by_customer in by_device.values():
        for figures in by_customer.values():
            figures.sort()
    return by_device
