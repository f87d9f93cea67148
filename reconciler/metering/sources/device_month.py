"""The console's own count of a month: the highest values of each device, as its high-water report has them.

The vendor bills its partners by this report [seen]. So a month that was billed by hourly usage is compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class DeviceMonth:
    """A device in one month. The report also has a device that was deleted in the month."""

    customer_id: str
    customer_name: str
    device_id: str
    used: Decimal | None
    """The highest used storage, in GB as the console counts them. None if it had no figure."""
    users: int
    """The highest number of Microsoft 365 users. 0 without any."""
    recovery: int
    """0 for neither, 1 for recovery testing, 2 for a standby image [seen]."""
