"""The edge: load from the ledger, in one step, all that the pure half asks to know of the sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.kinds.billing_rules import BillingSettings, Rule, Unit
from reconciler.ledger import pulls
from reconciler.ledger.records import SKEW, Device, LastSeen, PullRecord, Reading, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import Collected
from reconciler.metering.period import period_of
from reconciler.metering.snapshot import Samples, SourceSnapshot, WholePull


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of one source."""

    ledger: Ledger
    source: str
    unit: Unit
    customers: frozenset[str]
    """Customers that a rule bills."""
    measured: frozenset[str]
    """Those that are measured over hours."""
    since: datetime
    """From when on their pulls are needed: before the period, by as much as a figure or an absence counts."""
    now: datetime


def load_snapshots(
    ledger: Ledger,
    units: Mapping[str, Unit],
    rules: Sequence[Rule],
    settings: BillingSettings,
    now: datetime,
    fresh: Sequence[Collected] = (),
) -> dict[str, SourceSnapshot]:
    """What is known at `now` of each source that `units` names.

    `fresh` are pulls just made: their samples are taken from memory. Without them everything comes from the
    ledger, so that a past hour can be computed again.
    """
    in_memory = {each.pull_id: each.pull.samples for each in fresh}
    since = period_of(now, settings.timezone).start - max(settings.max_age, settings.grace) - SKEW - timedelta(hours=1)

    def asked(source: str, unit: Unit) -> _Asked:
        mine = [rule for rule in rules if rule.source == source]
        measured = frozenset(rule.customer_id for rule in mine if rule.measure != "last")
        return _Asked(ledger, source, unit, frozenset(rule.customer_id for rule in mine), measured, since, now)

    return {source: _load(asked(source, unit), in_memory) for source, unit in units.items()}


def _load(asked: _Asked, in_memory: Mapping[int, tuple[Sample, ...]]) -> SourceSnapshot:
    ledger, source = asked.ledger, asked.source
    latest = pulls.latest_pull(ledger, source, before=asked.now)
    record = pulls.latest_whole_pull(ledger, source, before=asked.now)
    if record is None:
        return SourceSnapshot(source, asked.unit, latest=latest)
    samples = in_memory.get(record.id)
    whole = WholePull(record, _by_customer(pulls.samples_of_pull(ledger, record.id) if samples is None else samples))
    measured = set(asked.measured)
    if _has_later(ledger, source, record):
        # What the ledger remembers of each device is of a later time: the pulls before this one have to tell.
        measured |= asked.customers | {customer for customer, _ in _gaps([whole])}
    earlier = _earlier(asked, record, measured)
    devices = _Devices(ledger, source, (*earlier, whole), asked.customers, measured)
    return SourceSnapshot(
        source,
        asked.unit,
        latest=latest,
        whole=whole,
        earlier=_with_moved(ledger, earlier, devices.moving),
        before=devices.before,
        devices_since=devices.devices_since,
        known=pulls.customer_records(ledger, source),
        last_seen=devices.last_seen,
        first_seen=devices.first_seen,
        first_whole_at=pulls.first_whole_pull_at(ledger, source),
    )


def _has_later(ledger: Ledger, source: str, record: PullRecord) -> bool:
    newest = pulls.latest_whole_pull(ledger, source)
    return newest is not None and newest.started_at > record.started_at


def _earlier(asked: _Asked, newest: PullRecord, customer_ids: Collection[str]) -> tuple[WholePull, ...]:
    """Believed pulls before the newest, with the samples of these customers; none where nobody asks."""
    if not customer_ids:
        return ()
    end = newest.started_at + timedelta.resolution  # with pulls of the same moment, which were read before it
    found_between = pulls.whole_pulls_between(asked.ledger, asked.source, asked.since, end)
    records = [record for record in found_between if record.id != newest.id]
    found = pulls.samples_of_pulls(asked.ledger, [record.id for record in records], customer_ids)
    return tuple(WholePull(record, _by_customer(found[record.id])) for record in records)


def _with_moved(ledger: Ledger, earlier: Sequence[WholePull], devices: Collection[str]) -> tuple[WholePull, ...]:
    """The pulls with the samples of these devices under every customer: a figure may have come along from one."""
    if not earlier or not devices:
        return tuple(earlier)
    found = pulls.samples_of_pulls(ledger, [pull.record.id for pull in earlier], device_ids=devices)
    return tuple(WholePull(pull.record, {**_by_customer(found[pull.record.id]), **pull.samples}) for pull in earlier)


class _Devices:
    """What was known of devices and customers before the first of some pulls."""

    def __init__(
        self,
        ledger: Ledger,
        source: str,
        loaded: Sequence[WholePull],
        customers: Collection[str],
        measured: Collection[str],
    ) -> None:
        newest = loaded[-1]
        start, first = newest.record.started_at, loaded[0].record.started_at
        gaps = _gaps(loaded)
        devices = pulls.devices_by_id(ledger, source, {device for _, device in gaps if device is not None})
        owners = Counter(device.device_id for device in devices)
        self.moving = frozenset(device for device, customers in owners.items() if device and customers > 1)
        """Devices that may bring a figure along from another customer."""
        devices += pulls.devices_of_customers(ledger, source, {customer for customer, device in gaps if device is None})
        absent = {each for each in customers if each not in newest.samples}
        absent |= {each for each in measured if any(each not in pull.samples for pull in loaded)}
        of_customers = pulls.devices_of_customers(ledger, source, absent | set(measured))
        self.before: dict[str, dict[str | None, Reading]] = {}
        for device in (*devices, *(each for each in of_customers if each.customer_id in measured)):
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


def _gaps(loaded: Sequence[WholePull]) -> set[tuple[str, str | None]]:
    """(customer id, device id) of samples that leave a device's figure to be looked for: they have none, or one of an
    earlier time, after which another may have been read."""
    return {
        (sample.customer_id, sample.device_id)
        for pull in loaded
        for samples in pull.samples.values()
        for sample in samples
        if sample.bytes is None or sample.observed_at != pull.record.started_at
    }


def _reading_before(device: Device, moment: datetime, *, inclusive: bool) -> Reading | None:
    """A device's last figure from before a moment.

    Where a later one is all that is known, its first figure stands for it: that one is older than a figure may be.
    """
    limit = moment + SKEW if inclusive else moment
    if device.last_read_at is not None and device.last_bytes is not None and device.last_read_at <= limit:
        return Reading(device.customer_id, device.device_id, device.last_bytes, device.last_read_at)
    if device.first_read_at is not None and device.first_read_at < moment:
        return Reading(device.customer_id, device.device_id, 0, device.first_read_at)
    return None


def _seen_before(devices: Sequence[Device], moment: datetime, *, inclusive: bool) -> LastSeen | None:
    """A customer's last sample from before a moment; its first sample where a later one is all that is known."""
    limit = moment + SKEW if inclusive else moment
    seen = max(device.last_seen_at for device in devices)
    if seen <= limit:
        last = [
            device.last_bytes for device in devices if device.last_seen_at == seen and device.last_bytes is not None
        ]
        return LastSeen(devices[0].customer_id, seen, sum(last) if last else None)
    first = min(device.first_seen_at for device in devices)
    return LastSeen(devices[0].customer_id, first, None) if first < moment else None


def _grouped(devices: Iterable[Device]) -> dict[str, list[Device]]:
    found: dict[str, list[Device]] = {}
    for device in devices:
        found.setdefault(device.customer_id, []).append(device)
    return found


def _by_customer(samples: Sequence[Sample]) -> Samples:
    grouped: dict[str, list[Sample]] = {}
    for sample in samples:
        grouped.setdefault(sample.customer_id, []).append(sample)
    return {customer_id: tuple(some) for customer_id, some in grouped.items()}
