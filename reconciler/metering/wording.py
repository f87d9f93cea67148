"""How messages write devices, figures, sizes, moments and durations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from reconciler.kinds.billing_rules import BYTES_OF
from reconciler.kinds.meters import Unit
from reconciler.manifests.suggestions import listed
from reconciler.metering.customer_now import DeviceNow
from reconciler.metering.snapshot import DeviceId

NAMED = 5
"""The most devices that a sentence names. The rest is counted."""

SILENT = "no new figure for {}; the last known figure is used"
"""A sentence on devices that are listed without a new figure."""

NEVER_READ = (
    "{} has never reported a size, so it is billed as 0",
    "{} have never reported a size, so they are billed as 0",
)
"""A sentence on a device that never reported a figure, and on several."""

NEVER_COUNTED = (
    "{} has never had the values that its meter needs, so it counts 0",
    "{} have never had the values that their meter needs, so they count 0",
)
"""The same for a meter without a unit."""

DATED_AHEAD = (
    "{} has a figure dated after this run, which is ignored",
    "{} have figures dated after this run, which are ignored",
)
"""A sentence on a device with a figure from the future, and on several."""


def named(devices: Sequence[DeviceId]) -> str:
    """Return device names for a sentence: at most `NAMED` of them, then a count. Empty without devices."""
    return _listed([device_name(device) for device in devices])


def figures(devices: Sequence[DeviceNow], unit: Unit | None) -> str:
    """Return devices with the last figure of each, for a sentence."""
    return _listed([figure_of(device, unit) for device in devices])


def figure_of(device: DeviceNow, unit: Unit | None) -> str:
    """Return a device's name with its last figure and the time of that figure."""
    last = "" if device.read_at is None else f" (last {size_text(device.bytes, unit)} at {when(device.read_at)})"
    return f"{device_name(device.device_id)}{last}"


def device_name(device: DeviceId) -> str:
    """Return how a message names a device. A source without devices reports the customer's total."""
    return f"device {device}" if device else "the customer's total"


def _listed(parts: Sequence[str]) -> str:
    shown = list(parts[:NAMED])
    if len(parts) > NAMED:
        shown.append(f"{len(parts) - NAMED} more")
    return listed(shown, "and") if shown else ""


def when(moment: datetime) -> str:
    """Return a moment for a message, in UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def hours(span: timedelta) -> str:
    """Return a duration for a message, in hours."""
    return f"{span.total_seconds() / 3600:g} h"


def size_text(size: int, unit: Unit | None) -> str:
    """Return a size in bytes for a message, in `unit` with at most three decimals. A number without a unit stays."""
    if unit is None:
        return str(size)
    return f"{(Decimal(size) / BYTES_OF[unit]).quantize(Decimal('0.001')).normalize():f} {unit}"
