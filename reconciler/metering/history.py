"""What a source has said, placed in time: hourly totals of a customer, and how its devices stand now. Pure.

A figure is placed by the moment it speaks of, never by when it was read. Whether a device was there is told by pulls,
at the moment of the pull:

    in the hour: its last figure in it, unless the hour's last pull comes later and no longer lists it
    else listed: the last figure before, under whichever customer, unless that customer lists the device too
    else 0

An hour of a customer is known where it holds one of its samples, or a pull that no longer lists it at all once the
grace is over. It is left out for good where a figure that counts is older than `max_age`, or where the source gives
the customer's total beside its devices.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal, NamedTuple

from reconciler.ledger.records import LastSeen, Sample
from reconciler.metering.measure import DeviceReading, HourTotal
from reconciler.metering.snapshot import SourceSnapshot, WholePull

_HOUR = timedelta(hours=1)
_NEVER = 1 << 62

Device = str | None
"""A device's id; None where a source counts the customer as one."""


class Span(NamedTuple):
    """The period at one moment, with the times that the workspace allows."""

    start: datetime
    """Hours are counted from here."""
    end: datetime
    now: datetime
    max_age: timedelta
    grace: timedelta

    def hour_of(self, moment: datetime) -> int:
        return (moment - self.start) // _HOUR

    def hour(self, number: int) -> datetime:
        return self.start + number * _HOUR


class Figure(NamedTuple):
    """A figure of a device; of two of one moment the one that was read later counts."""

    at: datetime
    order: int
    """Number of the pull that read it, in the order of pulls; -1 for one from before them."""
    bytes: int
    customer_id: str


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """How a device of the newest pull stands. `silent`: it gave no new figure, and the last one counts on; `stale`:
    that one is too old to count; `never`: it never gave any, and counts 0."""

    device_id: Device
    state: Literal["fresh", "silent", "stale", "never"]
    bytes: int
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerNow:
    """How a customer stands by the newest pull."""

    devices: tuple[DeviceNow, ...] = ()
    """Without those that are excluded."""
    excluded: tuple[DeviceNow, ...] = ()
    listed: bool = False
    """The pull has a sample of it."""
    mixed: bool = False
    """The pull has the customer's total beside its devices."""
    ahead: tuple[Device, ...] = ()
    """Devices whose sample is dated after the run."""
    observed_at: datetime | None = None
    """The newest moment that its samples speak of."""

    def of(self, state: str) -> tuple[DeviceNow, ...]:
        return tuple(device for device in self.devices if device.state == state)

    @property
    def bytes(self) -> int | None:
        """What it uses; None where no figure is known."""
        known = [device.bytes for device in self.devices if device.state != "never"]
        return sum(known) if known and not self.mixed else None


class History:
    """One source's pulls at one moment. `exempt`: excluded devices, each with the moment at which that ends."""

    def __init__(
        self, source: SourceSnapshot, span: Span, exempt: Mapping[tuple[str, str], datetime | None] | None = None
    ) -> None:
        self.source = source
        self.span = span
        self._exempt = exempt or {}
        self._pulls = source.pulls
        self._starts = [pull.record.started_at for pull in self._pulls]
        self._hours = [span.hour_of(start) for start in self._starts]
        self._last_in_hour = {number: order for order, number in enumerate(self._hours)}
        self._elsewhere = _figures_of(_shared(source), source)
        self._gathered: tuple[str | None, Mapping[Device, Sequence[Figure]]] = (None, {})

    def customer_now(self, customer_id: str) -> CustomerNow:
        """How the customer stands by the newest pull."""
        pull, order = self._pulls[-1], len(self._pulls) - 1
        samples = _newest(pull, pull.samples.get(customer_id, ()))
        if not samples:
            return CustomerNow()
        figures: dict[Device, list[Figure]] | None = None
        devices: list[DeviceNow] = []
        excluded: list[DeviceNow] = []
        ahead: list[Device] = []
        for device, sample in samples.items():
            now: DeviceNow
            if sample.bytes is not None and sample.observed_at == pull.record.started_at < self.span.end:
                now = self._now(device, Figure(sample.observed_at, order, sample.bytes, customer_id), silent=False)
            else:
                if pull.is_dated_ahead(sample):
                    ahead.append(device)
                figures = self._figures(customer_id) if figures is None else figures
                figure = self._carried(customer_id, device, figures, self.span.end, order)
                silent = sample.bytes is None or pull.is_dated_ahead(sample)
                now = self._now(device, figure, silent=silent)
            is_excluded = bool(self._exempt) and self._is_exempt(customer_id, device, pull.record.started_at)
            (excluded if is_excluded else devices).append(now)
        return CustomerNow(
            devices=tuple(devices),
            excluded=tuple(excluded),
            listed=True,
            mixed=_is_mixed(samples),
            ahead=tuple(ahead),
            observed_at=max(_moment(pull, sample) for sample in samples.values()),
        )

    def _now(self, device: Device, figure: Figure | None, *, silent: bool) -> DeviceNow:
        if figure is None:
            return DeviceNow(device, "never", 0, None)
        if self.span.now - figure.at > self.span.max_age:
            return DeviceNow(device, "stale", figure.bytes, figure.at)
        return DeviceNow(device, "silent" if silent else "fresh", figure.bytes, figure.at)

    def total_now(self, current: CustomerNow, since: datetime) -> HourTotal | None:
        """What the newest pull says, as one hour; None where it says nothing of the time since a moment."""
        record = self._pulls[-1].record
        spoken = current.observed_at if current.observed_at is not None else record.started_at
        if not since <= spoken < self.span.end:
            return None
        return HourTotal(
            self.span.hour(self.span.hour_of(spoken)),
            record.id,
            spoken,
            tuple(
                DeviceReading(each.device_id, each.bytes, each.read_at, held=each.state == "silent")
                for each in current.devices
                if each.read_at is not None
            ),
            tuple(each.device_id for each in current.of("never")),
        )

    def last_sample(self, customer_id: str) -> LastSeen | None:
        """The customer's last sample; None where it never had any."""
        best = self.source.last_seen.get(customer_id)
        for pull in self._pulls:
            samples = pull.samples.get(customer_id, ())
            moment = max((_moment(pull, sample) for sample in samples), default=None)
            if moment is not None and (best is None or moment >= best.observed_at):
                known = [each.bytes for each in samples if each.bytes is not None]
                best = LastSeen(customer_id, moment, sum(known) if known else None)
        return best

    def hours(self, customer_id: str, since: datetime) -> tuple[HourTotal, ...]:
        """The known hours of a customer from a moment on, oldest first."""
        placed: dict[int, dict[Device, Figure]] = {}
        spoken: dict[int, tuple[int, datetime]] = {}
        listings: list[dict[Device, Sample]] = []
        known = self.source.last_seen.get(customer_id)
        moments = [] if known is None else [known.observed_at]
        first_listed: dict[Device, int] = {}
        begins = dict(self.source.devices_since.get(customer_id, {}))
        for order, pull in enumerate(self._pulls):
            samples = pull.samples.get(customer_id, ())
            listings.append(_newest(pull, samples))
            start, hour = self._starts[order], self._hours[order]
            for sample in samples:
                device, moment, number = sample.device_id, sample.observed_at, hour
                first_listed.setdefault(device, order)
                size = sample.bytes
                if moment != start:
                    if pull.is_dated_ahead(sample):
                        moment, size = start, None
                    number = self.span.hour_of(moment)
                moments.append(moment)
                if device not in begins or moment < begins[device]:
                    begins[device] = moment
                if not since <= moment < self.span.end:
                    continue
                first, newest = spoken.get(number, (order, moment))
                spoken[number] = (first, max(newest, moment))
                if size is not None:
                    figure = Figure(moment, order, size, customer_id)
                    there = placed.setdefault(number, {})
                    if device not in there or figure > there[device]:
                        there[device] = figure
        of = _Customer(customer_id, listings, sorted(moments), first_listed, begins)
        numbers = {*spoken, *self._absences(listings, since)}
        totals = (self._hour(of, number, spoken.get(number), placed.get(number, {})) for number in sorted(numbers))
        return tuple(total for total in totals if total is not None)

    def _absences(self, listings: Sequence[Mapping[Device, Sample]], since: datetime) -> Iterable[int]:
        """Hours that hold a pull without any sample of the customer."""
        for order, start in enumerate(self._starts):
            if not listings[order] and since <= start < self.span.end:
                yield self._hours[order]

    def _hour(
        self, of: _Customer, number: int, spoken: tuple[int, datetime] | None, placed: Mapping[Device, Figure]
    ) -> HourTotal | None:
        """One hour's total; None where it is not known.

        Without a pull in it, the first that tells of it says which devices were there: one that came later was not.
        """
        order = self._last_in_hour.get(number)
        within = order is not None
        if order is None:
            order = spoken[0] if spoken is not None else -1
        record = self._pulls[order].record
        moment = record.started_at if within or spoken is None else spoken[1]
        listed = of.listings[order]
        if not listed and all(self._was_listed(of, device, order) for device in placed):
            last = of.last_sample(moment)
            if last is None or moment - last < self.span.grace:
                return None
            return HourTotal(self.span.hour(number), record.id, moment, (), ())
        if spoken is None or _is_mixed(listed):
            return None
        devices: list[DeviceReading] = []
        missing: list[Device] = []
        names = listed if placed.keys() <= listed.keys() else dict.fromkeys((*listed, *placed))
        for device in names:
            figure = placed.get(device)
            if self._exempt and self._is_exempt(of.customer_id, device, moment if figure is None else figure.at):
                continue
            if figure is not None:
                later = (moment, order) > (figure.at, figure.order)
                gone = within and device not in listed and later and self._was_listed(of, device, order)
                if not gone:
                    devices.append(DeviceReading(device, figure.bytes, figure.at, held=False))
                continue
            end = self.span.hour(number + 1)
            if not within and of.begins[device] >= end:
                continue
            carried = self._carried(of.customer_id, device, self._figures_of_hours(of.customer_id), end, order)
            if carried is None:
                missing.append(device)
            elif moment - carried.at > self.span.max_age:
                return None
            else:
                devices.append(DeviceReading(device, carried.bytes, carried.at, held=True))
        kept = _one_form(devices) if _is_mixed(names) else tuple(devices)
        return HourTotal(self.span.hour(number), record.id, moment, kept, tuple(missing))

    def _was_listed(self, of: _Customer, device: Device, order: int) -> bool:
        """Whether an earlier pull than this one lists the device: one of these, or one from before them."""
        if of.first_listed.get(device, _NEVER) < order:
            return True
        since = self.source.devices_since.get(of.customer_id, {}).get(device)
        here = (
            _moment(pull, sample)
            for pull in self._pulls
            for sample in pull.samples.get(of.customer_id, ())
            if sample.device_id == device
        )
        return since is not None and since < min(here)

    def _figures_of_hours(self, customer_id: str) -> Mapping[Device, Sequence[Figure]]:
        """The same for one customer after the other, each gathered once, and only where a device is silent."""
        if self._gathered[0] != customer_id:
            self._gathered = (customer_id, self._figures(customer_id))
        return self._gathered[1]

    def _figures(self, customer_id: str) -> dict[Device, list[Figure]]:
        """All figures that were read of the customer's devices under its own name, oldest first."""
        found: dict[Device, list[Figure]] = {
            device: [Figure(reading.observed_at, -1, reading.bytes, customer_id)]
            for device, reading in self.source.before.get(customer_id, {}).items()
        }
        for order, pull in enumerate(self._pulls):
            for sample in pull.samples.get(customer_id, ()):
                if sample.bytes is not None and not pull.is_dated_ahead(sample):
                    figure = Figure(sample.observed_at, order, sample.bytes, customer_id)
                    found.setdefault(sample.device_id, []).append(figure)
        for figures in found.values():
            figures.sort()
        return found

    def _carried(
        self, customer_id: str, device: Device, own: Mapping[Device, Sequence[Figure]], until: datetime, order: int
    ) -> Figure | None:
        """The last figure of a device before a moment: its own, or the one that it brings along from a customer that
        the pull of this order no longer lists it under."""
        found = _last(own.get(device, ()), until)
        if device is None:
            return found
        for other, figures in self._elsewhere.get(device, {}).items():
            if other == customer_id:
                continue
            figure = _last(figures, until)
            if figure is None or (found is not None and found[:2] >= figure[:2]):
                continue
            if not any(each.device_id == device for each in self._pulls[order].samples.get(other, ())):
                found = figure
        return found

    def _is_exempt(self, customer_id: str, device: Device, moment: datetime) -> bool:
        key = (customer_id, device or "")
        if key not in self._exempt:
            return False
        until = self._exempt[key]
        return until is None or moment < until


class _Customer(NamedTuple):
    """What one customer's hours are made from."""

    customer_id: str
    listings: Sequence[Mapping[Device, Sample]]
    """By pull."""
    moments: Sequence[datetime]
    """What its samples speak of, in their order."""
    first_listed: Mapping[Device, int]
    begins: Mapping[Device, datetime]
    """When each device had its first sample under this customer."""

    def last_sample(self, before: datetime) -> datetime | None:
        place = bisect_left(self.moments, before)
        return self.moments[place - 1] if place else None


def _moment(pull: WholePull, sample: Sample) -> datetime:
    """What a sample speaks of; one that is dated ahead says no more than that the device was listed."""
    return pull.record.started_at if pull.is_dated_ahead(sample) else sample.observed_at


def _newest(pull: WholePull, samples: Sequence[Sample]) -> dict[Device, Sample]:
    """By device; a file can hold several samples of one."""
    found: dict[Device, Sample] = {sample.device_id: sample for sample in samples}
    if len(found) == len(samples):
        return found
    found = {}
    for sample in samples:
        known = found.setdefault(sample.device_id, sample)
        if known is not sample and _moment(pull, sample) > _moment(pull, known):
            found[sample.device_id] = sample
    return found


def _last(figures: Sequence[Figure], until: datetime) -> Figure | None:
    place = bisect_left(figures, until, key=lambda figure: figure.at)
    return figures[place - 1] if place else None


def _is_mixed(devices: Mapping[Device, object]) -> bool:
    """Whether there is a total beside devices."""
    return None in devices and len(devices) > 1


def _one_form(devices: Sequence[DeviceReading]) -> tuple[DeviceReading, ...]:
    """A source that changes within an hour from devices to totals, or back, counts as it last did: never both."""
    newest = max(devices, key=lambda device: device.read_at, default=None)
    return tuple(device for device in devices if newest and (device.device_id is None) is (newest.device_id is None))


def _shared(source: SourceSnapshot) -> frozenset[str]:
    """Devices that were seen under more than one customer: they may bring a figure along from one to another."""
    owners: dict[str, str] = {}
    found: set[str] = set()
    seen = ((customer, device) for customer, readings in source.before.items() for device in readings)
    listed = (
        (customer, sample.device_id)
        for pull in source.pulls
        for customer, samples in pull.samples.items()
        for sample in samples
    )
    for customer, device in chain(seen, listed):
        if device is not None and owners.setdefault(device, customer) != customer:
            found.add(device)
    return frozenset(found)


def _figures_of(devices: frozenset[str], source: SourceSnapshot) -> dict[str, dict[str, list[Figure]]]:
    """Of these devices: by device and customer, the figures, oldest first."""
    found: dict[str, dict[str, list[Figure]]] = {}
    if not devices:
        return found
    for customer_id, readings in source.before.items():
        for device, reading in readings.items():
            if device in devices and device is not None:
                figure = Figure(reading.observed_at, -1, reading.bytes, customer_id)
                found.setdefault(device, {}).setdefault(customer_id, []).append(figure)
    for order, pull in enumerate(source.pulls):
        for customer_id, samples in pull.samples.items():
            for sample in samples:
                device = sample.device_id
                if device not in devices or device is None or sample.bytes is None or pull.is_dated_ahead(sample):
                    continue
                figure = Figure(sample.observed_at, order, sample.bytes, customer_id)
                found.setdefault(device, {}).setdefault(customer_id, []).append(figure)
    for by_customer in found.values():
        for figures in by_customer.values():
            figures.sort()
    return found
