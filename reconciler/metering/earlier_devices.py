"""What the ledger has of devices and customers from before the loaded pulls: last figures, first and last samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from reconciler.ledger import pulls
from reconciler.ledger.records import SKEW, Device, LastSeen, Reading
from reconciler.ledger.store import Ledger
from reconciler.metering.snapshot import WholePull


class EarlierDevices:
    """Devices and customers as the ledger has them from before the loaded pulls.

    The attributes have the names and the shapes of `SourceSnapshot`.
    """

    def __init__(
        self,
        ledger: Ledger,
        source: str,
        loaded: Sequence[WholePull],
        customers: Collection[str],
        measured: Collection[str],
        summed: Collection[str],
    ) -> None:
        newest = loaded[-1]
        start, first = newest.record.started_at, loaded[0].record.started_at
        gaps = gaps_of(loaded)
        devices = pulls.devices_by_id(ledger, source, {device for _, device in gaps if device is not None})
        owners = Counter(device.device_id for device in devices)
        self.moved = frozenset(device for device, customers in owners.items() if device and customers > 1)
        """Devices that more than one customer has had."""
        devices += pulls.devices_of_customers(ledger, source, {customer for customer, device in gaps if device is None})
        absent = {each for each in customers if each not in newest.samples}
        sampled = set(measured) - set(summed)
        absent |= {each for each in sampled if any(each not in pull.samples for pull in loaded)}
        of_customers = pulls.devices_of_customers(ledger, source, absent | set(measured))
        self.before: dict[str, dict[str | None, Reading]] = {}
        for device in (*devices, *(each for each in of_customers if each.customer_id in sampled)):
            over_hours = device.customer_id in measured
            if reading := _reading_before(device, first if over_hours else start, inclusive=not over_hours):
                self.before.setdefault(device.customer_id, {})[device.device_id] = reading
        by_customer = _grouped(of_customers)
        self.devices_since = {
            each: {device.device_id: device.first_seen_at for device in by_customer[each]}
            for each in measured
            if each in by_customer
        }
        self.first_seen = {
            each: min(device.first_seen_at for device in by_customer[each]) for each in measured if each in by_customer
        }
        self.last_seen: dict[str, LastSeen] = {}
        for each in absent & by_customer.keys():
            over_hours = each in measured
            if seen := _seen_before(by_customer[each], first if over_hours else start, inclusive=not over_hours):
                self.last_seen[each] = seen


def gaps_of(loaded: Sequence[WholePull]) -> set[tuple[str, str | None]]:
    """Return (customer id, device id) of the samples that do not have the newest figure of their device.

    Such a sample has no figure, or one for an earlier moment, and another pull may have a newer one.
    """
    return {
        (sample.customer_id, sample.device_id)
        for pull in loaded
        for samples in pull.samples.values()
        for sample in samples
        if sample.bytes is None or sample.observed_at != pull.record.started_at
    }


def _reading_before(device: Device, moment: datetime, *, inclusive: bool) -> Reading | None:
    """Return a device's last figure from before a moment. None if it has none.

    The ledger keeps only the first and the last figure. If the last one is later than `moment`, the result is a figure
    of 0 at the time of the first one. That is older than `maxAge`, so it holds the customer.
    """
    limit = moment + SKEW if inclusive else moment - timedelta.resolution  # a figure of that moment is not from before
    if device.last_read_at is not None and device.last_bytes is not None and device.last_read_at <= limit:
        return Reading(device.customer_id, device.device_id, device.last_bytes, device.last_read_at)
    if device.first_read_at is not None and device.first_read_at < moment:
        return Reading(device.customer_id, device.device_id, 0, device.first_read_at)
    return None


def _seen_before(devices: Sequence[Device], moment: datetime, *, inclusive: bool) -> LastSeen | None:
    """Return a customer's last sample from before a moment, or the first if the last is not kept. None without both."""
    limit = moment + SKEW if inclusive else moment
    seen = max(device.last_seen_at for device in devices)
    if seen <= limit:
        newest = [device for device in devices if device.last_seen_at == seen]
        last = [device.last_bytes for device in newest if device.last_bytes is not None]
        return LastSeen(devices[0].customer_id, seen, sum(last) if last else None)
    first = min(device.first_seen_at for device in devices)
    return LastSeen(devices[0].customer_id, first, None) if first < moment else None


def _grouped(devices: Iterable[Device]) -> dict[str, list[Device]]:
    by_customer: dict[str, list[Device]] = {}
    for device in devices:
        by_customer.setdefault(device.customer_id, []).append(device)
    return by_customer
