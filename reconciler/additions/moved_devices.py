"""Find devices that moved from one customer to another and are billed for both in one period. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.additions.charge import ChargedCustomer
from reconciler.kinds.billing_rules import Measure
from reconciler.metering.measures import RANKED_MEASURES, HourTotal
from reconciler.metering.period import Period
from reconciler.metering.snapshot import SourceSnapshot, WholePull
from reconciler.metering.wording import when


class _BilledHour(NamedTuple):
    """The first chosen hour of a customer that contains a device."""

    mapping: str
    customer_id: str
    measure: Measure
    hour: HourTotal


def billed_twice(
    customers: Sequence[ChargedCustomer], snapshots: Mapping[str, SourceSnapshot], period: Period
) -> Iterator[str]:
    """Yield a warning for each device that moved and is in the chosen hours of two customers.

    That happens with a measure that looks back, such as a peak. `snapshots` is by source name.
    """
    for (source, device), billed in _by_device(customers).items():
        if len(billed) < 2 or not any(each.measure in RANKED_MEASURES for each in billed):
            continue
        current = [each for each in billed if _lists(snapshots[source].whole, each.customer_id, device)]
        if not current and not _is_shared(snapshots[source], billed, device):
            current = [max(billed, key=lambda each: each.hour.hour)]  # both no longer list it: take the later one
        for before in billed:
            if len(current) == 1 and before is not current[0]:
                yield _warning(source, device, before, current[0], period)


def _by_device(customers: Sequence[ChargedCustomer]) -> Mapping[tuple[str, str], Sequence[_BilledHour]]:
    """Return the billed hours of each device, by source and device id. Each customer has one hour at most."""
    found: dict[tuple[str, str], list[_BilledHour]] = {}
    for customer in customers:
        measured, charge = customer.measured, customer.charge
        for hour in () if measured is None else measured.chosen:
            for reading in hour.devices:
                if reading.device_id is None or measured is None:
                    continue
                billed = found.setdefault((charge.source, reading.device_id), [])
                if not billed or billed[-1].customer_id != charge.customer_id:
                    billed.append(_BilledHour(charge.mapping, charge.customer_id, measured.measure, hour))
    return found


def _warning(source: str, device: str, before: _BilledHour, now: _BilledHour, period: Period) -> str:
    move = f"from customer {before.customer_id} to {now.customer_id}"
    hours = " and ".join(
        f"by CustomerMapping/{each.mapping} in the hour from {when(each.hour.hour)}" for each in (before, now)
    )
    return f"{source}: device {device} moved {move} in {period} and is billed twice: {hours}"


def _is_shared(source: SourceSnapshot, billed: Sequence[_BilledHour], device: str) -> bool:
    """Return whether one pull lists the device id under several of these customers. Then it did not move."""
    return any(sum(_lists(pull, each.customer_id, device) for each in billed) > 1 for pull in source.pulls)


def _lists(pull: WholePull | None, customer_id: str, device: str) -> bool:
    """Return whether a pull lists the device under the customer."""
    samples = () if pull is None else pull.samples.get(customer_id, ())
    return any(sample.device_id == device for sample in samples)
