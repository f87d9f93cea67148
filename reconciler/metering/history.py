"""The history of one source at one moment: how a customer is now, its last sample, and its hourly totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.kinds.meters import STORAGE, Meter
from reconciler.ledger.records import LastSeen, Trial
from reconciler.metering.customer_now import CustomerNow, DeviceNow, is_mixed
from reconciler.metering.device_exclusions import DeviceExclusions, is_excluded
from reconciler.metering.figures import Figure, Figures, FiguresOfDevices
from reconciler.metering.hourly import HourlyTotals
from reconciler.metering.measures import DeviceReading, HourTotal
from reconciler.metering.metered import counted_once, metered
from reconciler.metering.period import Span
from reconciler.metering.snapshot import DeviceId, SourceSnapshot


class History:
    """The believed pulls of one source up to the moment of `span`.

    The source must have a believed pull. `exclusions` are the devices that do not count. What counts of a device is
    `meter`: the used storage, if it is left out. With `bill_trials`, hours in trial count like others.
    """

    def __init__(
        self,
        source: SourceSnapshot,
        span: Span,
        exclusions: DeviceExclusions | None = None,
        meter: Meter = STORAGE,
        *,
        bill_trials: bool = True,
    ) -> None:
        source = metered(source, meter)
        self.source = source
        self.span = span
        self.meter = meter
        self._bill_trials = bill_trials
        self._distinct = meter.how == "distinct"
        self._exclusions = exclusions or {}
        self._pulls = source.pulls
        self._figures = Figures(source)
        self._hourly = HourlyTotals(source, span, self._figures, self._exclusions)

    def hours(self, customer_id: str, since: datetime) -> Sequence[HourTotal]:
        """Return the hours of a customer that have a total, oldest first, from `since` to the end of the period.

        Hours in trial are left out.
        """
        hours = self._hourly.of_customer(customer_id, since)
        known = None if self._bill_trials else self.source.known.get(customer_id)
        if known is not None and known.trials:
            hours = tuple(hour for hour in hours if not known.in_trial_at(hour.observed_at))
        if not self._distinct:
            return hours
        return tuple(replace(hour, devices=tuple(counted_once(hour.devices))) for hour in hours)

    def in_trial(self, customer_id: str) -> bool:
        """Return whether a customer is in trial now, and is not billed for that reason."""
        known = None if self._bill_trials else self.source.known.get(customer_id)
        return known is not None and known.in_trial_at(self.span.now)

    def trial_hours(self, customer_id: str, first: int, last: int) -> int:
        """Return how many of the hours with these numbers are in the trial of a customer that is not billed for it."""
        known = None if self._bill_trials else self.source.known.get(customer_id)
        return sum(
            max(0, min(last, self._last_hour(trial)) - max(first, self.span.hour_of(trial.since)) + 1)
            for trial in (() if known is None else known.trials)
        )

    def _last_hour(self, trial: Trial) -> int:
        return self.span.hour_of(self.span.now) if trial.until is None else self.span.hour_of(trial.until) - 1

    def customer_now(self, customer_id: str) -> CustomerNow:
        """Return a customer and its devices as the newest pull lists them."""
        pull, index = self._pulls[-1], len(self._pulls) - 1
        samples = pull.newest_by_device(pull.samples.get(customer_id, ()))
        if not samples:
            return CustomerNow()
        figures: FiguresOfDevices | None = None
        devices: list[DeviceNow] = []
        excluded: list[DeviceNow] = []
        ahead: list[DeviceId] = []
        for device, sample in samples.items():
            now: DeviceNow
            if sample.bytes is not None and sample.observed_at == pull.record.started_at < self.span.end:
                now = self._device_now(
                    device, Figure(sample.observed_at, index, sample.bytes, customer_id), silent=False
                )
            else:
                if pull.is_dated_ahead(sample):
                    ahead.append(device)
                figures = self._figures.of_customer(customer_id) if figures is None else figures
                figure = self._figures.last_before(self.span.end, customer_id, device, figures, index)
                silent = sample.bytes is None or pull.is_dated_ahead(sample)
                now = self._device_now(device, figure, silent=silent)
            started_at = pull.record.started_at
            leave_out = bool(self._exclusions) and is_excluded(self._exclusions, customer_id, device, started_at)
            (excluded if leave_out else devices).append(now)
        return CustomerNow(
            devices=tuple(counted_once(devices) if self._distinct else devices),
            excluded=tuple(excluded),
            listed=True,
            mixed=is_mixed(samples),
            ahead=tuple(ahead),
            observed_at=max(pull.moment_of(sample) for sample in samples.values()),
        )

    def _device_now(self, device: DeviceId, figure: Figure | None, *, silent: bool) -> DeviceNow:
        if figure is None:
            return DeviceNow(device, "never", 0, None)
        if self.span.now - figure.at > self.span.max_age:
            return DeviceNow(device, "stale", figure.bytes, figure.at)
        return DeviceNow(device, "silent" if silent else "fresh", figure.bytes, figure.at)

    def total_now(self, current: CustomerNow, since: datetime) -> HourTotal | None:
        """Return the customer's usage in the newest pull as one hour.

        None if the samples of that pull are about a moment before `since` or after the period.
        """
        record = self._pulls[-1].record
        moment = current.observed_at if current.observed_at is not None else record.started_at
        if not since <= moment < self.span.end:
            return None
        return HourTotal(
            self.span.hour(self.span.hour_of(moment)),
            record.id,
            moment,
            tuple(
                DeviceReading(each.device_id, each.bytes, each.read_at, held=each.state == "silent")
                for each in current.devices
                if each.read_at is not None
            ),
            tuple(each.device_id for each in current.of("never")),
        )

    def last_sample(self, customer_id: str) -> LastSeen | None:
        """Return the customer's last sample, summed over its devices. None if it never had one."""
        last = self.source.last_seen.get(customer_id)
        for pull in self._pulls:
            samples = pull.samples.get(customer_id, ())
            moment = max((pull.moment_of(sample) for sample in samples), default=None)
            if moment is not None and (last is None or moment >= last.observed_at):
                known = [each.bytes for each in samples if each.bytes is not None]
                last = LastSeen(customer_id, moment, sum(known) if known else None)
        return last
