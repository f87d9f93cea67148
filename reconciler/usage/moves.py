"""Devices that two customers are billed for in one period, because one moved and a peak looks back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.usage.bills import Bill
from reconciler.usage.facts import SourceFacts
from reconciler.usage.judgement import when
from reconciler.usage.measure import HourTotal
from reconciler.usage.period import Period

_LOOKING_BACK = ("peak", "p95")
"""Measures that choose an hour of their own; `last` and `mean` bill a moved device once."""


class _Billed(NamedTuple):
    bill: Bill
    hour: HourTotal


def billed_twice(bills: Sequence[Bill], facts: Mapping[str, SourceFacts], period: Period) -> Iterator[str]:
    """A warning for each device that moved and stands in the chosen hours of two customers."""
    found: dict[tuple[str, str], list[_Billed]] = {}
    for bill in bills:
        if bill.measured is None or bill.state == "held":
            continue
        seen: set[str] = set()
        for hour in bill.measured.chosen:
            for device in hour.devices:
                if device.device_id is not None and device.device_id not in seen:
                    seen.add(device.device_id)
                    found.setdefault((bill.source, device.device_id), []).append(_Billed(bill, hour))
    for (source, device_id), billed in found.items():
        measures = [each.bill.measured.measure for each in billed if each.bill.measured is not None]
        if len(billed) < 2 or not any(measure in _LOOKING_BACK for measure in measures):
            continue
        here = [each for each in billed if _lists(facts[source], each.bill.customer_id, device_id)]
        for before in billed:
            if len(here) == 1 and before is not here[0]:
                yield _told(source, device_id, before, here[0], period)


def _told(source: str, device: str, before: _Billed, now: _Billed, period: Period) -> str:
    whom = f"from customer {before.bill.customer_id} to {now.bill.customer_id}"
    hours = " and ".join(
        f"by CustomerMapping/{each.bill.mapping} in the hour from {when(each.hour.hour)}" for each in (before, now)
    )
    return f"{source}: device {device} moved {whom} in {period} and is billed under both: {hours}"


def _lists(source: SourceFacts, customer_id: str, device: str) -> bool:
    """Whether the newest believed pull lists the device under the customer."""
    samples = () if source.whole is None else source.whole.samples.get(customer_id, ())
    return any(sample.device_id == device for sample in samples)
