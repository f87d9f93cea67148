"""The values that are the same for every customer of one run: the time, the settings, the billing period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.kinds.billing_rules import BillingSettings
from reconciler.metering.period import Period, Span


@dataclass(frozen=True, slots=True)
class MeteringContext:
    """The moment of a run, the workspace's settings, and the billing period that contains the moment."""

    now: datetime
    settings: BillingSettings
    period: Period

    @property
    def span(self) -> Span:
        """Return the period's bounds with the moment and the workspace's time limits."""
        return Span(self.period.start, self.period.end, self.now, self.settings.max_age, self.settings.grace)
