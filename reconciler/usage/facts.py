"""What is known of one source at one moment: the pure half's whole view of sources and ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.ledger.records import KnownCustomer, LastSeen, PullRecord, Reading, Sample
from reconciler.usage.rules import Unit

Samples = Mapping[str, tuple[Sample, ...]]
"""By customer id."""


@dataclass(frozen=True, slots=True)
class WholePull:
    """A whole pull with its samples; of an earlier pull, those of the customers whose measure needs them."""

    record: PullRecord
    samples: Samples


@dataclass(frozen=True, slots=True)
class SourceFacts:
    source: str
    unit: Unit
    latest: PullRecord | None = None
    """The newest pull, whole or failed."""
    whole: WholePull | None = None
    """The newest whole pull, with all its samples."""
    earlier: tuple[WholePull, ...] = ()
    """Whole pulls of the period before `whole`, oldest first."""
    before: Mapping[str, Mapping[str | None, Reading]] = field(default_factory=dict)
    """Last readings from before the first of these pulls, by customer and device, where a device gave none."""
    known: Mapping[str, KnownCustomer] = field(default_factory=dict)
    last_seen: Mapping[str, LastSeen] = field(default_factory=dict)
    first_whole_at: datetime | None = None

    @property
    def newest_data(self) -> datetime | None:
        """The newest moment that the newest whole pull speaks of; its own where it has no samples."""
        if self.whole is None:
            return None
        moments = [sample.observed_at for samples in self.whole.samples.values() for sample in samples]
        return max(moments, default=self.whole.record.started_at)

    def lists(self, customer_id: str) -> bool:
        """Whether the newest whole pull lists the customer, with devices or without."""
        known = self.known.get(customer_id)
        return known is not None and self.whole is not None and known.last_seen_at >= self.whole.record.started_at
