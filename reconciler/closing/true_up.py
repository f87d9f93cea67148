"""Compare the samples of a month with the console's own count of it, its high-water report.

Both have the highest used storage of each device in the month. The vendor bills its partners by the report, so a device
that has more there costs more than our samples say, and one that is missing in our samples was never billed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.additions.month_terms import terms_from_json
from reconciler.kinds.money import amount_of
from reconciler.kinds.values import plain_decimal
from reconciler.metering.sources.device_month import DeviceMonth
from reconciler.rating.rate import lines_of

DevicePeaks = Mapping[tuple[str, str], int | None]
"""By customer id and device id: the highest figure in bytes. None if the device never had one."""

GB = Decimal(10**9)
"""Bytes of a GB of the report."""
TOLERANCE = Decimal("0.01")
"""The report rounds the figure of a device. A difference of up to 0.01 GB is none."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a source gives for a month."""

    source: str
    devices: Sequence[DeviceMonth] = ()
    """The rows of its report."""
    problem: str | None = None
    """Why the report could not be read."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a customer pays for the next unit of its used storage."""

    amount: Decimal
    bytes: int
    """The bytes of the unit."""


@dataclass(frozen=True, slots=True)
class DeviceDifference:
    """A device whose figures differ by more than the tolerance. None is a side without the device, or without a figure.

    A device to which the report gives no figure is not compared.
    """

    device: str
    ours: Decimal | None
    console: Decimal | None

    @property
    def difference(self) -> Decimal:
        """Return what the console has more, in GB. A side without the device counts 0."""
        return (self.console or Decimal(0)) - (self.ours or Decimal(0))


def prices_of(charges: Iterable[Mapping[str, Any]], source: str) -> dict[str, Price]:
    """Return by customer id what the next unit of used storage costs, from the charges that a close has frozen.

    A customer is left out if that is not known, or if none or several of its charges bill used storage.
    """
    found: defaultdict[str, list[Price | None]] = defaultdict(list)
    for charge in charges:
        of, _, customer = charge["customer"].partition("/")
        if of != source or charge["terms"] is None:
            continue
        rule = terms_from_json(charge["terms"], charge["mapping"]).rule
        if not rule.meter.is_storage:
            continue
        quantity = None if charge["quantity"] is None else Decimal(charge["quantity"])
        lines = () if quantity is None else lines_of(rule, quantity, None)[0]
        amount = lines[-1].unit_price if lines else None
        found[customer].append(None if amount is None else Price(amount, rule.divisor))
    return {customer: prices[0] for customer, prices in found.items() if len(prices) == 1 and prices[0] is not None}


def true_up(
    report: SourceReport, peaks: DevicePeaks, prices: Mapping[str, Price], currency: str | None
) -> dict[str, Any]:
    """Return the comparison of one source as JSON. `prices` has the known prices of its customers, by their ids.

    `state` is `compared`, `unavailable` if the report could not be read, or `empty` if it has no device. In the last
    two cases there is no figure of the console, which is not 0.
    """
    if report.problem is not None or not report.devices:
        state = "empty" if report.problem is None else "unavailable"
        return {"source": report.source, "state": state, "why": report.problem, "customers": []}
    rows = {each.device_id: each for each in report.devices}
    ours = _by_device(peaks)
    customers: defaultdict[str, list[DeviceDifference]] = defaultdict(list)
    names = {each.customer_id: each.customer_name for each in report.devices}
    unknown = {device for device, each in rows.items() if each.used is None}
    for device in sorted({*rows, *ours} - unknown):
        customer = rows[device].customer_id if device in rows else ours[device][0]
        here = _gigabytes(ours[device][1] if device in ours else None)
        there = rows[device].used if device in rows else None
        found = DeviceDifference(device, here, there)
        if abs(found.difference) > TOLERANCE:
            customers[customer].append(found)
    differing = [
        _customer(f"{report.source}/{customer}", names.get(customer, ""), found, prices.get(customer), currency)
        for customer, found in customers.items()
    ]
    known = [Decimal(each["money"]) for each in differing if each["money"] is not None]
    return {
        "source": report.source,
        "state": "compared",
        "why": None,
        "devices": len(rows),
        "without_figure": len(unknown),
        "ours": plain_decimal(_sum(_gigabytes(size) for _, size in ours.values())),
        "console": plain_decimal(_sum(each.used for each in report.devices)),
        "difference": plain_decimal(_sum(Decimal(each["difference"]) for each in differing)),
        "money": plain_decimal(_sum(known)),
        "unknown_money": len(differing) - len(known),
        "customers": sorted(differing, key=lambda each: (-abs(Decimal(each["difference"])), each["customer"])),
    }


def _by_device(peaks: DevicePeaks) -> dict[str, tuple[str, int | None]]:
    """Return by device the customer and the highest figure. A device that moved has one under each customer."""
    found: dict[str, tuple[str, int | None]] = {}
    for (customer, device), size in peaks.items():
        if device not in found or (size or 0) > (found[device][1] or 0):
            found[device] = (customer, size)
    return found


def _customer(
    address: str, name: str, devices: Sequence[DeviceDifference], price: Price | None, currency: str | None
) -> dict[str, Any]:
    difference = _sum(each.difference for each in devices)
    money = None if price is None else amount_of(difference * GB / price.bytes, price.amount, currency)
    return {
        "customer": address,
        "name": name,
        "difference": plain_decimal(difference),
        "money": None if money is None else plain_decimal(money),
        "devices": [
            {
                "device": each.device,
                "ours": None if each.ours is None else plain_decimal(each.ours),
                "console": None if each.console is None else plain_decimal(each.console),
            }
            for each in devices
        ],
    }


def _gigabytes(size: int | None) -> Decimal | None:
    return None if size is None else size / GB


def _sum(numbers: Iterable[Decimal | None]) -> Decimal:
    return sum((each for each in numbers if each is not None), Decimal(0))
