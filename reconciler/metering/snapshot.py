"""One source at one moment, as the ledger has it. The pure modules of metering read nothing else of a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.kinds.meters import Meter, Unit
from reconciler.ledger.records import SKEW, CustomerRecord, LastSeen, LastValues, PullRecord, Reading, Sample
from reconciler.ledger.totals import CustomerTotals

DeviceId = str | None
"""A device's id. None if the source reports one total for the customer, without devices."""

Samples = Mapping[str, tuple[Sample, ...]]
"""The samples of a pull, by customer id."""


@dataclass(frozen=True, slots=True)
class WholePull:
    """A believed pull with its samples. An earlier pull has only the samples of customers that are measured by hour."""

    record: PullRecord
    samples: Samples

    def is_dated_ahead(self, sample: Sample) -> bool:
        """Return whether a sample is dated after the run that read it. Such a sample counts as one without a figure."""
        return sample.observed_at > self.record.started_at + SKEW

    def moment_of(self, sample: Sample) -> datetime:
        """Return the moment that a sample is about. For a sample that is dated ahead, the moment of the pull."""
        return self.record.started_at if self.is_dated_ahead(sample) else sample.observed_at

    def newest_by_device(self, samples: Sequence[Sample]) -> dict[DeviceId, Sample]:
        """Return the newest of one customer's samples for each device. A file can have several for one device."""
        newest: dict[DeviceId, Sample] = {sample.device_id: sample for sample in samples}
        if len(newest) == len(samples):
            return newest
        newest = {}
        for sample in samples:
            known = newest.setdefault(sample.device_id, sample)
            if known is not sample and self.moment_of(sample) > self.moment_of(known):
                newest[sample.device_id] = sample
        return newest


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    """One source: its newest pulls, and figures and customers from before the first of them."""

    source: str
    unit: Unit
    latest: PullRecord | None = None
    """The newest pull in any state: whole, failed or not believed."""
    whole: WholePull | None = None
    """The newest believed pull, with all its samples."""
    earlier: tuple[WholePull, ...] = ()
    """Believed pulls before `whole`, oldest first, for customers that are measured by hour. They start before the
    period, earlier by the longer of `maxAge` and `graceHours`."""
    totals: Mapping[str, CustomerTotals] = field(default_factory=dict)
    """The totals of customers that are measured by hour and need no samples: one for each of `pulls`. The pulls before
    `whole` have no samples of these customers."""
    totals_of: Mapping[Meter, Mapping[str, CustomerTotals]] = field(default_factory=dict)
    """By other meters than used storage: their totals. A pull that did not read the columns of a meter has no total."""
    before: Mapping[str, Mapping[DeviceId, Reading]] = field(default_factory=dict)
    """The last figure from before the first of these pulls, by customer and device, if the device needs one."""
    values_before: Sequence[LastValues] = ()
    """The last values of other columns from before the first of these pulls, for customers measured by hour."""
    devices_since: Mapping[str, Mapping[DeviceId, datetime]] = field(default_factory=dict)
    """The moment of each device's first sample ever, by customer and device. Only for customers measured by hour."""
    known: Mapping[str, CustomerRecord] = field(default_factory=dict)
    """The ledger's record of each customer, by customer id."""
    last_seen: Mapping[str, LastSeen] = field(default_factory=dict)
    """The last sample from before the first of these pulls, for customers that one of the pulls does not list."""
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    """The moment of each customer's first sample ever, for customers that are measured by hour."""
    first_whole_at: datetime | None = None
    """The moment of the first believed pull in the ledger. The ledger has no figure from before it."""
    report: SourceSnapshot | None = None
    """The console's monthly report, as a source of its own. None if no meter counts it."""

    @property
    def pulls(self) -> tuple[WholePull, ...]:
        """Return all loaded believed pulls, oldest first."""
        return self.earlier if self.whole is None else (*self.earlier, self.whole)

    @property
    def newest_data(self) -> datetime | None:
        """Return the newest moment that the newest believed pull is about: its own moment if it has no samples.

        None if no pull was ever believed.
        """
        if self.whole is None:
            return None
        moments = (self.whole.moment_of(sample) for samples in self.whole.samples.values() for sample in samples)
        return max(moments, default=self.whole.record.started_at)

    def lists(self, customer_id: str) -> bool:
        """Return whether the newest believed pull lists the customer, with devices or without."""
        known = self.known.get(customer_id)
        return known is not None and self.whole is not None and known.last_seen_at >= self.whole.record.started_at


def usage_time(sources: Iterable[SourceSnapshot]) -> datetime | None:
    """Return the start of each source's newest believed pull, of several sources the oldest. None without a pull."""
    return min((each.whole.record.started_at for each in sources if each.whole is not None), default=None)
