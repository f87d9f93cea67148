"""What is known of one source at one moment: the pure half's whole view of sources and ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.kinds.billing_rules import Unit
from reconciler.ledger.records import SKEW, CustomerRecord, LastSeen, PullRecord, Reading, Sample

Samples = Mapping[str, tuple[Sample, ...]]
"""By customer id."""


@dataclass(frozen=True, slots=True)
class WholePull:
    """A believed pull with its samples; of an earlier pull, those of the customers whose measure needs them."""

    record: PullRecord
    samples: Samples

    def is_dated_ahead(self, sample: Sample) -> bool:
        """Whether a sample is dated after the run that read it: it counts as not read."""
        return sample.observed_at > self.record.started_at + SKEW


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    """One source: its newest pulls, and what was known before the first of them."""

    source: str
    unit: Unit
    latest: PullRecord | None = None
    """The newest pull, whole, failed or not believed."""
    whole: WholePull | None = None
    """The newest believed pull, with all its samples."""
    earlier: tuple[WholePull, ...] = ()
    """Believed pulls before `whole`, oldest first, for customers that are measured over hours. They reach back before
    the period, by as much as a figure may be old and a vanished customer is held."""
    before: Mapping[str, Mapping[str | None, Reading]] = field(default_factory=dict)
    """Last figures from before the first of these pulls, by customer and device, where a device needs one."""
    devices_since: Mapping[str, Mapping[str | None, datetime]] = field(default_factory=dict)
    """When devices had their first sample ever, by customer and device; of customers that are measured over hours."""
    known: Mapping[str, CustomerRecord] = field(default_factory=dict)
    last_seen: Mapping[str, LastSeen] = field(default_factory=dict)
    """Last samples from before the first of these pulls, of customers that one of the pulls does not list."""
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    """When customers had their first sample ever; of those that are measured over hours."""
    first_whole_at: datetime | None = None
    """The first believed pull that the ledger holds: nothing is known of what was before it."""

    @property
    def pulls(self) -> tuple[WholePull, ...]:
        return self.earlier if self.whole is None else (*self.earlier, self.whole)

    @property
    def newest_data(self) -> datetime | None:
        """The newest moment that the newest believed pull speaks of; its own where it has no samples.

        A sample that is dated ahead speaks of the moment of its pull: the device was listed then.
        """
        if self.whole is None:
            return None
        start = self.whole.record.started_at
        moments = [
            start if self.whole.is_dated_ahead(sample) else sample.observed_at
            for samples in self.whole.samples.values()
            for sample in samples
        ]
        return max(moments, default=start)

    def lists(self, customer_id: str) -> bool:
        """Whether the newest believed pull lists the customer, with devices or without."""
        known = self.known.get(customer_id)
        return known is not None and self.whole is not None and known.last_seen_at >= self.whole.record.started_at
