"""Whether a whole pull is believed: one that lost much at once looks like customers who left, and is often a console
that answered wrongly. Pure.

What is counted are ids that were listed and no longer are: of customers with devices, and of devices. A device that
moved to another customer is listed on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from reconciler.kinds.values import plain_decimal

AT_LEAST = 3
"""How many must be gone for a share of them to count."""

Listed = tuple[str, str | None]
"""Customer id and device id; no device where the source counts the customer as one."""


def disbelief(before: Iterable[Listed] | None, now: Iterable[Listed], limit: Decimal) -> str | None:
    """Why a pull is not believed, or None. `before` is what the last believed pull lists, None where there is none;
    `limit` is the share, in percent, beyond which a loss is not believed."""
    had, has = list(before or ()), list(now)
    if not has and (had or before is None):
        was = f"; the last believed pull lists {_devices(len(had))}" if had else ""
        return f"it was read whole and lists no device at all{was}"
    customers = {customer for customer, _ in had}
    lost_customers = len(customers - {customer for customer, _ in has})
    devices = Counter(device or f"customer {customer}" for customer, device in had)
    lost_devices = (devices - Counter(device or f"customer {customer}" for customer, device in has)).total()
    found = [
        f"{lost} of {total} {what}"
        for lost, total, what in (
            (lost_customers, len(customers), "customers with devices"),
            (lost_devices, devices.total(), "devices"),
        )
        if lost >= AT_LEAST and lost * 100 > limit * total
    ]
    if not found:
        return None
    return f"it no longer lists {' and '.join(found)}, more than {plain_decimal(limit)} %"


def _devices(count: int) -> str:
    return f"{count} device{'' if count == 1 else 's'}"
