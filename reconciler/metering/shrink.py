"""Decide whether a complete pull is believed, by how much it lost since the last believed pull. Pure.

A console that responds incorrectly looks like many customers who left at once. Two counts are compared with the last
believed pull: ids of customers with devices, and ids of devices. A device that moved to another customer is not lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from reconciler.kinds.values import plain_decimal

SMALLEST_LOSS = 3
"""The smallest number of lost customers or devices that can make a pull not believed, whatever their share is."""

ListedDevice = tuple[str, str | None]
"""Customer id and device id. The device id is None if the source reports one total for the customer."""


def shrink_problem(before: Iterable[ListedDevice] | None, now: Iterable[ListedDevice], limit: Decimal) -> str | None:
    """Return why a pull is not believed. None if it is.

    `before` is the list of the last believed pull, or None if there is none. `now` is the list of this pull. `limit`
    is the largest accepted loss in percent. An empty pull is believed only if the last believed pull was empty too.
    """
    listed_before, listed_now = list(before or ()), list(now)
    if not listed_now and (listed_before or before is None):
        last = f"; the last believed pull lists {_devices(len(listed_before))}" if listed_before else ""
        return f"it is complete but lists no devices{last}"
    customers = {customer for customer, _ in listed_before}
    lost_customers = len(customers - {customer for customer, _ in listed_now})
    devices = Counter(device or f"customer {customer}" for customer, device in listed_before)
    lost_devices = (devices - Counter(device or f"customer {customer}" for customer, device in listed_now)).total()
    losses = [
        f"{lost} of {total} {what}"
        for lost, total, what in (
            (lost_customers, len(customers), "customers with devices"),
            (lost_devices, devices.total(), "devices"),
        )
        if lost >= SMALLEST_LOSS and lost * 100 > limit * total
    ]
    if not losses:
        return None
    return f"it no longer lists {' and '.join(losses)}, which is more than {plain_decimal(limit)} %"


def _devices(count: int) -> str:
    return f"{count} device{'' if count == 1 else 's'}"
