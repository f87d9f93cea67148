"""Compute what a customer is billed, from the text of BILLING.md. It shares no code with the reconciler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

from tests.money_grid.rules import Billable, Charge, Meter, Price

ZERO = Fraction(0)
HOUR = timedelta(hours=1)
BYTES_IN = {None: 1, "GB": 10**9, "GiB": 2**30}
Columns = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source says of a device at a moment."""

    device: str
    at: datetime
    columns: Columns


@dataclass(frozen=True, slots=True)
class Line:
    """What a product bills of a charge."""

    charge: str
    product: str
    quantity: Decimal
    price: Decimal
    amount: Decimal


Hour = Mapping[str, Columns]
"""The last reading of each device."""


def month_of(moment: datetime, zone: ZoneInfo) -> tuple[date, datetime, datetime]:
    """Return the first day of the month that a moment is in, its begin, and its end."""
    first = moment.astimezone(zone).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first, midnight(first, zone), midnight(following, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def lines_of(terms: Billable, readings: Sequence[Reading], now: datetime) -> list[Line]:
    """Return the lines of the month of `now`, without those of no quantity."""
    first, begin, end = month_of(now, terms.zone)
    if terms.start is not None and terms.start > now.astimezone(terms.zone).date():
        return []
    since = begin if terms.start is None else max(begin, midnight(terms.start, terms.zone))
    hours = _hours([each for each in readings if since <= each.at < end and each.at <= now], begin)
    return [line for charge in terms.charges for line in _lines(charge, hours, first)]


def quantity_of(charge: Charge, hours: Sequence[Hour]) -> Decimal:
    """Return the billed quantity of a charge."""
    taken = _chosen(charge, hours)
    one = BYTES_IN[charge.unit]
    count = len(taken) or 1
    used = Fraction(sum(_total(charge.meter, hour) for hour in taken), count * one)
    if charge.allowance is not None:
        scope, free = charge.allowance
        if scope == "device":
            devices = {device for hour in taken for device in hour}
            means = [
                Fraction(sum(_one(charge.meter, hour[each]) for hour in taken if each in hour), count * one)
                for each in devices
            ]
            used = sum((max(ZERO, mean - Fraction(free)) for mean in means), ZERO)
        elif scope == "meter":
            assert charge.other is not None
            others = Fraction(sum(_total(charge.other, hour) for hour in taken), count)
            used = max(ZERO, used - Fraction(free) * others)
        else:
            used = max(ZERO, used - Fraction(free))
    quantity = _rounded(used, charge.rounding, charge.step)
    return quantity if charge.minimum is None else max(quantity, charge.minimum)


def _hours(readings: Sequence[Reading], begin: datetime) -> list[Hour]:
    """Return the known hours, oldest first. The last reading of an hour counts."""
    found: dict[int, dict[str, Reading]] = {}
    for each in sorted(readings, key=lambda reading: reading.at):
        found.setdefault((each.at - begin) // HOUR, {})[each.device] = each
    return [{name: each.columns for name, each in found[hour].items()} for hour in sorted(found)]


def _total(meter: Meter, hour: Hour) -> int:
    if meter.how == "distinct":
        return len({columns[meter.column] for columns in hour.values() if _counts(meter, columns)})
    return sum(_one(meter, columns) for columns in hour.values())


def _one(meter: Meter, columns: Columns) -> int:
    if not _counts(meter, columns):
        return 0
    return 1 if meter.how == "count" else int(columns[meter.column])


def _counts(meter: Meter, columns: Columns) -> bool:
    if meter.where is None:
        return True
    column, equal, value = meter.where
    return (columns[column] == value) is equal


def _chosen(charge: Charge, hours: Sequence[Hour]) -> Sequence[Hour]:
    totals = [_total(charge.meter, hour) for hour in hours]
    if not hours or charge.measure == "mean":
        return hours
    if charge.measure == "last":
        return hours[-1:]
    if charge.measure == "peak":
        wanted = max(totals)
    else:
        assert charge.measure == "p95"
        wanted = sorted(totals)[ceil(Fraction(95 * len(totals), 100)) - 1]
    return [hours[totals.index(wanted)]]


def _rounded(amount: Fraction, mode: str, step: Decimal) -> Decimal:
    if mode == "none":
        return Decimal(floor(amount * 10**6 + Fraction(1, 2))).scaleb(-6)
    steps = amount / Fraction(step)
    return {"up": ceil(steps), "down": floor(steps), "nearest": floor(steps + Fraction(1, 2))}[mode] * step


def _lines(charge: Charge, hours: Sequence[Hour], first: date) -> list[Line]:
    left, below, found = quantity_of(charge, hours), Decimal(0), []
    if charge.tiering != "graduated":
        taken = next(each for each in charge.slices if each.up_to is None or left <= each.up_to)
        parts = [(taken, left)]
    else:
        parts = []
        for each in charge.slices:
            top = left if each.up_to is None else min(left, each.up_to)
            parts.append((each, max(Decimal(0), top - below)))
            below = max(below, top)
    for part, quantity in parts:
        if quantity:
            price = _in_force(part.price, first)
            found.append(Line(charge.name, part.product, quantity, price, cents(quantity * price)))
    return found


def _in_force(price: Price, first: date) -> Decimal:
    """Return the price whose first day is the last one not after the first day of the month."""
    if price.plain is not None:
        return price.plain
    return [amount for day, amount in price.entries if day <= first][-1]


def cents(amount: Decimal) -> Decimal:
    """Return an amount, rounded half up to cents."""
    return Decimal(floor(Fraction(amount) * 100 + Fraction(1, 2))).scaleb(-2)
