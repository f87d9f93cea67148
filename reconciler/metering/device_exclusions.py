"""Which devices are excluded at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from reconciler.metering.snapshot import DeviceId

DeviceExclusions = Mapping[tuple[str, str], datetime | None]
"""The moment at which each exclusion ends, by customer id and device id. None if it has no end."""


def is_excluded(exclusions: DeviceExclusions, customer_id: str, device: DeviceId, moment: datetime) -> bool:
    """Return whether a device is excluded at `moment`."""
    key = (customer_id, device or "")
    if key not in exclusions:
        return False
    end = exclusions[key]
    return end is None or moment < end
