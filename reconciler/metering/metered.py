"""Put what a meter counts in the place of used storage, so that the same rules measure every meter. Pure.

Each sample gets a whole number: the value of the summed column, or 1 if the device counts. A device that does not fit
`where` counts 0. If a value that decides this is missing, the number is unknown, like a missing size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from reconciler.kinds.meters import USED, Meter, whole_number
from reconciler.ledger.records import PullRecord, Reading
from reconciler.ledger.totals import USED_STORAGE, Counted, CustomerTotal
from reconciler.manifests.suggestions import listed
from reconciler.metering.customer_now import DeviceNow
from reconciler.metering.measures import DeviceReading
from reconciler.metering.snapshot import DeviceId, SourceSnapshot, WholePull

D = TypeVar("D", DeviceNow, DeviceReading)


def meter_problem(source: SourceSnapshot, meter: Meter) -> str | None:
    """Return why a meter cannot be measured in the newest believed pull. None if it can, and without such a pull."""
    if source.whole is None or has_columns(source.whole.record, meter):
        return None
    missing = sorted(meter.columns - set(source.whole.record.columns))
    names = f"column{'s' if len(missing) > 1 else ''} {listed(missing, 'and')}"
    reasons = [note for note in source.whole.record.notes if any(f"column {each} " in note for each in missing)]
    why = "; ".join(reasons) or "the next pull asks for it"
    return f"meter {meter.name} needs {names}, which the newest pull of {source.source} does not have: {why}"


def has_columns(record: PullRecord, meter: Meter) -> bool:
    """Return whether a pull read all columns of a meter."""
    return meter.columns <= set(record.columns)


def metered(source: SourceSnapshot, meter: Meter) -> SourceSnapshot:
    """Return a source with the numbers of a meter in place of used storage.

    Earlier pulls that did not read the columns of the meter are left out: what it counts is unknown in their hours.
    Call it only if `meter_problem` is None.
    """
    if meter.is_storage:
        return source
    numbers = _Numbers(meter)
    earlier = tuple(numbers.pull(each) for each in source.earlier if has_columns(each.record, meter))
    first = source.first_whole_at
    if len(earlier) < len(source.earlier):
        first = min(each.record.started_at for each in (*earlier, source.whole) if each is not None)
    return replace(
        source,
        whole=None if source.whole is None else numbers.pull(source.whole),
        earlier=earlier,
        totals=source.totals_of.get(meter, {}),
        before=numbers.before(source),
        last_seen={each: replace(seen, bytes=None) for each, seen in source.last_seen.items()},
        first_whole_at=first,
    )


def counted_by(meter: Meter) -> Counted | None:
    """Return how the ledger adds up what a meter counts. None if it cannot, so that all samples are needed.

    The number of a device must follow from its columns alone, and be added up with those of other devices.
    """
    if meter.is_storage:
        return USED_STORAGE
    if meter.how == "distinct" or any(each.column == USED for each in meter.where):
        return None
    of_storage = meter.how == "sum" and meter.column == USED
    numbers = _Numbers(replace(meter, how="count") if of_storage else meter)
    return Counted(meter.columns, lambda values: numbers.number(None, values), of_storage)


def total_in(pull: WholePull, customer_id: str, meter: Meter) -> CustomerTotal | None:
    """Return what a meter counts of a customer in a pull. None if a device has no number, or one of another moment."""
    samples = pull.samples.get(customer_id, ())
    numbers = _Numbers(meter)
    found = [numbers.number(each.bytes, each.values) for each in samples if each.observed_at == pull.record.started_at]
    known = [each for each in found if each is not None]
    if not samples or len(known) < len(samples):
        return None
    return CustomerTotal(pull.record.id, sum(known), sum(1 for each in known if each))


class _Numbers:
    """The number that a meter gives each device. Different values have different numbers."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._values: dict[str, int] = {}

    def pull(self, pull: WholePull) -> WholePull:
        samples = {
            customer_id: tuple(replace(each, bytes=self.number(each.bytes, each.values)) for each in of_customer)
            for customer_id, of_customer in pull.samples.items()
        }
        return WholePull(pull.record, samples)

    def before(self, source: SourceSnapshot) -> Mapping[str, Mapping[DeviceId, Reading]]:
        found: dict[str, dict[DeviceId, Reading]] = {}
        for each in source.values_before:
            used = source.before.get(each.customer_id, {}).get(each.device_id)
            number = self.number(None if used is None else used.bytes, each.values)
            if number is not None:
                reading = Reading(each.customer_id, each.device_id, number, each.observed_at)
                found.setdefault(each.customer_id, {})[each.device_id] = reading
        return found

    def number(self, used: int | None, values: Mapping[str, str]) -> int | None:
        """Return what a device counts. None if that is unknown."""

        def value(column: str) -> str | None:
            if column == USED:
                return None if used is None else str(used)
            return values.get(column)

        fits = [each.holds(value(each.column)) for each in self._meter.where]
        if False in fits:
            return 0
        if None in fits:
            return None
        if self._meter.how == "count":
            return 1
        found = value(self._meter.column)
        if found is None:
            return None
        return (
            whole_number(found) if self._meter.how == "sum" else self._values.setdefault(found, len(self._values) + 1)
        )


def counted_once(devices: Iterable[D]) -> Sequence[D]:
    """Return devices that count 1 for each different value: the first device with a value counts, the others 0."""
    seen: set[int] = {0}
    found: list[D] = []
    for device in devices:
        found.append(replace(device, bytes=int(device.bytes not in seen)))
        seen.add(device.bytes)
    return found
