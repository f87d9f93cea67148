"""Devices that two customers are billed for in one period, because one moved and a peak looks back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.additions.charge import ChargedCustomer
from reconciler.kinds.billing_rules import Measure
from reconciler.metering.customer_status import when
from reconciler.metering.measure import RANKED_MEASURES, HourTotal
from reconciler.metering.period import Period
from reconciler.metering.snapshot import SourceSnapshot, WholePull


class _Billed(NamedTuple):
    mapping: str
    customer_id: str
    measure: Measure
    hour: HourTotal


def billed_twice(
    customers: Sequence[ChargedCustomer], snapshots: Mapping[str, SourceSnapshot], period: Period
) -> Iterator[str]:
    """A warning for each device that moved and stands in the chosen hours of two customers."""
    for (source, device), billed in _by_device(customers).items():
        if len(billed) < 2 or not any(each.measure in RANKED_MEASURES for each in billed):
            continue
        here = [each for each in billed if _lists(snapshots[source].whole, each.customer_id, device)]
        if not here and not _ever_together(snapshots[source], billed, device):
            here = [max(billed, key=lambda each: each.hour.hour)]  # it is gone from both: where it was later
        for before in billed:
            if len(here) == 1 and before is not here[0]:
                yield _told(source, device, before, here[0], period)


def _by_device(customers: Sequence[ChargedCustomer]) -> Mapping[tuple[str, str], Sequence[_Billed]]:
    """What is billed of each device, by source and device; the first chosen hour of each customer that holds it."""
    found: dict[tuple[str, str], list[_Billed]] = {}
    for customer in customers:
        measured = customer.measured
        for hour in () if measured is None else measured.chosen:
            for reading in hour.devices:
                if reading.device_id is None or measured is None:
                    continue
                billed = found.setdefault((customer.charge.source, reading.device_id), [])
                if not billed or billed[-1].customer_id != customer.charge.customer_id:
                    billed.append(_Billed(customer.charge.mapping, customer.charge.customer_id, measured.measure, hour))
    return found


def _told(source: str, device: str, before: _Billed, now: _Billed, period: Period) -> str:
    whom = f"from customer {before.customer_id} to {now.customer_id}"
    hours = " and ".join(
        f"by CustomerMapping/{each.mapping} in the hour from {when(each.hour.hour)}" for each in (before, now)
    )
    return f"{source}: device {device} moved {whom} in {period} and is billed under both: {hours}"


def _ever_together(source: SourceSnapshot, billed: Sequence[_Billed], device: str) -> bool:
    """Whether one pull lists the device under several of these customers: then there are several of that id."""
    return any(sum(_lists(pull, each.customer_id, device) for each in billed) > 1 for pull in source.pulls)


def _lists(pull: WholePull | None, customer_id: str, device: str) -> bool:
    samples = () if pull is None else pull.samples.get(customer_id, ())
    return any(sample.device_id == device for sample in samples)
