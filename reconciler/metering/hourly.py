"""Compute the hourly totals of a customer from the samples of all pulls of a period.

A figure counts in the hour that it is about, whenever it was read. Each device counts in an hour as follows:

    it has a figure in the hour            that figure, or 0 if a later pull of the hour no longer lists the device
    it is listed, without a figure         its last earlier figure, also from the customer that had it before
    otherwise                              0

An hour has a total if it contains a sample of the customer. It has the total 0 if it contains a pull without the
customer, and `graceHours` have passed since the customer's last sample. An hour has no total if a figure that it needs
is older than `maxAge`, or if the source reports a total for the customer beside its devices.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from reconciler.ledger.records import Sample
from reconciler.ledger.totals import CustomerTotals
from reconciler.metering.customer_now import is_mixed
from reconciler.metering.device_exclusions import DeviceExclusions, is_excluded
from reconciler.metering.figures import Figure, Figures, FiguresOfDevices
from reconciler.metering.measures import DeviceReading, HourTotal, SummedHours
from reconciler.metering.period import Span
from reconciler.metering.snapshot import DeviceId, SourceSnapshot

_NEVER = 1 << 62
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_Sampled = tuple[int, datetime]
"""The samples of an hour: the index of the first pull that has one of them, and the newest moment they are about."""


class HourlyTotals:
    """The hourly totals of the customers of one source."""

    def __init__(self, source: SourceSnapshot, span: Span, figures: Figures, exclusions: DeviceExclusions) -> None:
        self._source = source
        self._span = span
        self._figures = figures
        self._exclusions = exclusions
        self._pulls = source.pulls
        self._starts = [pull.record.started_at for pull in self._pulls]
        self._hours = [span.hour_of(start) for start in self._starts]
        self._last_pull_in = {number: index for index, number in enumerate(self._hours)}
        self._figures_of_latest: tuple[str | None, FiguresOfDevices] = (None, {})

    def of_customer(self, customer_id: str, since: datetime) -> Sequence[HourTotal]:
        """Return the hours of a customer that have a total, oldest first, from `since` to the end of the period."""
        sums = self._source.totals.get(customer_id)
        if sums is not None:
            return self._by_totals(sums, since)
        figures_in: dict[int, dict[DeviceId, Figure]] = {}
        sampled: dict[int, _Sampled] = {}
        listings: list[dict[DeviceId, Sample]] = []
        known = self._source.last_seen.get(customer_id)
        moments = [] if known is None else [known.observed_at]
        first_listed: dict[DeviceId, int] = {}
        moments_of: dict[DeviceId, list[datetime]] = {}
        first_samples = dict(self._source.devices_since.get(customer_id, {}))
        for index, pull in enumerate(self._pulls):
            samples = pull.samples.get(customer_id, ())
            listings.append(pull.newest_by_device(samples))
            start, hour = self._starts[index], self._hours[index]
            for sample in samples:
                device, moment, number = sample.device_id, sample.observed_at, hour
                first_listed.setdefault(device, index)
                size = sample.bytes
                if moment != start:
                    if pull.is_dated_ahead(sample):
                        moment, size = start, None
                    number = self._span.hour_of(moment)
                moments.append(moment)
                moments_of.setdefault(device, []).append(moment)
                if device not in first_samples or moment < first_samples[device]:
                    first_samples[device] = moment
                if not since <= moment < self._span.end:
                    continue
                first, newest = sampled.get(number, (index, moment))
                sampled[number] = (first, newest if newest > moment else moment)
                if size is not None:
                    figure = Figure(moment, index, size, customer_id)
                    in_hour = figures_in.setdefault(number, {})
                    if device not in in_hour or figure > in_hour[device]:
                        in_hour[device] = figure
        customer = _Customer(customer_id, listings, sorted(moments), first_listed, first_samples, moments_of)
        numbers = {*sampled, *self._hours_without(listings, since)}
        totals = (
            self._total(customer, number, sampled.get(number), figures_in.get(number, {})) for number in sorted(numbers)
        )
        return tuple(total for total in totals if total is not None)

    def _by_totals(self, sums: CustomerTotals, since: datetime) -> SummedHours:
        """Return the hours of a customer whose samples are not loaded. The last pull of an hour has its total."""
        hours, places, starts = self._hours_with_pulls
        first = bisect_left(starts, since)
        return SummedHours(hours[first:], starts[first:], sums.at(places[first:]))

    @cached_property
    def _hours_with_pulls(self) -> tuple[list[datetime], list[int], list[datetime]]:
        """The hours of the period that have a pull, with the places and the starts of their last pulls."""
        last = [(number, index) for number, index in self._last_pull_in.items() if self._starts[index] < self._span.end]
        places = [index for _, index in last]
        return [self._span.hour(number) for number, _ in last], places, [self._starts[index] for index in places]

    def _hours_without(self, listings: Sequence[Mapping[DeviceId, Sample]], since: datetime) -> Iterable[int]:
        """Yield the hours with a pull that has no sample of the customer."""
        for index, start in enumerate(self._starts):
            if not listings[index] and since <= start < self._span.end:
                yield self._hours[index]

    def _total(
        self, customer: _Customer, number: int, sampled: _Sampled | None, figures: Mapping[DeviceId, Figure]
    ) -> HourTotal | None:
        """Return the total of one hour. None if it is not known. `figures` are the figures in the hour.

        The last pull in the hour shows which devices the customer had. If there was no pull in the hour, see
        `_listed_without_pull`.
        """
        index = self._last_pull_in.get(number)
        has_pull = index is not None
        if index is None:
            index = sampled[0] if sampled is not None else -1
        record = self._pulls[index].record
        moment = record.started_at if has_pull or sampled is None else sampled[1]
        listed = customer.listings[index] if has_pull else self._listed_without_pull(customer, number, index)
        if has_pull and not listed and all(self._was_listed(customer, device, index) for device in figures):
            last = customer.last_sample(moment)
            if last is None or moment - last < self._span.grace:
                return None
            return HourTotal(self._span.hour(number), record.id, moment, (), ())
        if sampled is None or is_mixed(listed):
            return None
        devices: list[DeviceReading] = []
        missing: list[DeviceId] = []
        all_devices = listed if figures.keys() <= listed.keys() else dict.fromkeys((*listed, *figures))
        for device in all_devices:
            figure = figures.get(device)
            at = moment if figure is None else figure.at
            if self._exclusions and is_excluded(self._exclusions, customer.customer_id, device, at):
                continue
            if figure is not None:
                later = (moment, index) > (figure.at, figure.pull_index)
                gone = has_pull and device not in listed and later and self._was_listed(customer, device, index)
                if not gone:
                    devices.append(DeviceReading(device, figure.bytes, figure.at, held=False))
                continue
            own, end = self._figures_of(customer.customer_id), self._span.hour(number + 1)
            last_figure = self._figures.last_before(end, customer.customer_id, device, own, index)
            if last_figure is None:
                missing.append(device)
            elif moment - last_figure.at > self._span.max_age:
                return None
            else:
                devices.append(DeviceReading(device, last_figure.bytes, last_figure.at, held=True))
        kept = _totals_or_devices(devices) if is_mixed(all_devices) else tuple(devices)
        return HourTotal(self._span.hour(number), record.id, moment, kept, tuple(missing))

    def _listed_without_pull(self, customer: _Customer, number: int, index: int) -> Mapping[DeviceId, object]:
        """Return the devices that a customer had in an hour without a pull, of which it has samples.

        The next pull after the hour shows them, except for those that only come after the hour: that have neither a
        sample before its end nor a place in the pull before it. So a device counts that goes only later, whenever a
        sample of the hour was read. `index` is the first pull with a sample of the hour.
        """
        start, end = self._span.hour(number), self._span.hour(number + 1)
        after, before = bisect_left(self._starts, end), bisect_left(self._starts, start) - 1
        since = self._starts[max(before, 0)]
        had = customer.listings[before] if before >= 0 else {}
        listed = customer.listings[after if after < len(self._starts) else index]

        def came(device: DeviceId) -> bool:
            if before < 0:  # the pull before the hour is not loaded
                return customer.first_samples[device] < end
            return device in had or any(since < at < end for at in customer.moments_of[device])

        now = (device for device, moments in customer.moments_of.items() if any(start <= at < end for at in moments))
        return dict.fromkeys((*filter(came, listed), *now))

    def _was_listed(self, customer: _Customer, device: DeviceId, index: int) -> bool:
        """Return whether a pull before the one at `index` lists the device, also a pull that is not loaded."""
        if customer.first_listed.get(device, _NEVER) < index:
            return True
        first_ever = self._source.devices_since.get(customer.customer_id, {}).get(device)
        loaded = (
            pull.moment_of(sample)
            for pull in self._pulls
            for sample in pull.samples.get(customer.customer_id, ())
            if sample.device_id == device
        )
        return first_ever is not None and first_ever < min(loaded)

    def _figures_of(self, customer_id: str) -> FiguresOfDevices:
        """Return the customer's figures. Callers ask for one customer after the other, so only the latest is kept."""
        if self._figures_of_latest[0] != customer_id:
            self._figures_of_latest = (customer_id, self._figures.of_customer(customer_id))
        return self._figures_of_latest[1]


class _Customer(NamedTuple):
    """The samples and devices from which the totals of one customer are computed."""

    customer_id: str
    listings: Sequence[Mapping[DeviceId, Sample]]
    """The newest sample of each device, for each pull."""
    moments: Sequence[datetime]
    """The moments that the samples are about, sorted."""
    first_listed: Mapping[DeviceId, int]
    """The index of the first pull that lists each device."""
    first_samples: Mapping[DeviceId, datetime]
    """The moment of each device's first sample under this customer."""
    moments_of: Mapping[DeviceId, Sequence[datetime]]
    """The moments that the loaded samples of each device are about."""

    def last_sample(self, before: datetime) -> datetime | None:
        place = bisect_left(self.moments, before)
        return self.moments[place - 1] if place else None


def _totals_or_devices(devices: Sequence[DeviceReading]) -> tuple[DeviceReading, ...]:
    """Return either the customer total or the devices, whichever is newer, if a source changes within an hour."""
    newest = max(devices, key=lambda device: device.read_at, default=None)
    return tuple(device for device in devices if newest and (device.device_id is None) is (newest.device_id is None))
